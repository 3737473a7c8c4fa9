"""States what is compared of several ranks: when training steps are done, and like for like."""

from collections.abc import Collection, Iterator

import pandas as pd

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.compare.comparison import ALL, Comparison
from reports.compare.gate import most_frequent_reason
from reports.compare.pair import Pair, means_in, pairs_in
from reports.compare.points import MANY_STEPS, POINTS, STEPS
from reports.compare.verdicts import NOT_COMPARABLE
from reports.compare.wording import CAUSE, GAIN, LIKE_FOR_POINTS, LOSS, SAME, Speaker
from reports.findings.ratios import hedged, ratio_texts
from reports.findings.statement import NAMED, QUOTED, Finding

SCOPE = "Overall, of what ranks did:"
OPENING = "{count} steps of {where}: "
STEP_SENTENCES = {
    FASTER: "{other} is done {ratio} times sooner than {base}, after {time} ({by}) instead of"
    " {time_base} ({by_base}; 95 % interval {interval})",
    SLOWER: "{base} is done {ratio} times sooner than {other}, after {time_base} ({by_base})"
    " instead of {time} ({by}; 95 % interval {interval})",
    TIE: "{other} and {base} are done equally soon, within 10 %: after {time} ({by}) and"
    " {time_base} ({by_base}); {other} works at {ratio} times the speed of {base} (95 % interval"
    " {interval})",
    UNSETTLED: "whether {other} or {base} is done sooner is unsettled: after {time} ({by}) and"
    " {time_base} ({by_base}); {other} works at {ratio} times the speed of {base} (95 % interval"
    " {interval})",
    SAME: "{other} and {base} are the same: one file, so the same time, {time} ({by})",
}
NOT_ASKED = "{other} cannot be compared with {base}: {reason}"
NOTHING = "No training steps of {other} can be compared with {base}: {reason}"


def point_statements(
    comparison: Comparison, machines: Collection[str] | None = None
) -> Iterator[Finding]:
    """Yield what several ranks of each machine gain over those of the baseline.

    Parameters
    ----------
    machines : only these machines; None means all.

    """
    for other in comparison.others if machines is None else machines:
        yield from _steps(comparison, other)
        yield from _points(comparison, other)


def of_machine(comparison: Comparison, question: str, other: str) -> pd.DataFrame | None:
    """Return a machine's pairs of a question; None if neither file has any."""
    answer = comparison.answers.get(question)
    if answer is None:
        return None
    pairs = answer.pairs[answer.pairs["machine"].astype(str) == other]
    return None if pairs.empty else pairs


def _steps(comparison: Comparison, other: str) -> Iterator[Finding]:
    pairs = of_machine(comparison, STEPS, other)
    if pairs is None:
        return
    words = {"other": other, "base": comparison.base}
    if (pairs["verdict"] == NOT_COMPARABLE).all():
        yield Finding(
            id=f"compare/{STEPS}/{other}/nothing",
            state="absent",
            sentence=NOTHING,
            words=words | {QUOTED: most_frequent_reason(pairs)},
            about={"question": STEPS},
        )
        return
    for pair in pairs_in(pairs):
        yield _of_steps(pair, words)


def _of_steps(pair: Pair, words: dict[str, str]) -> Finding:
    """State when the steps of one size are done."""
    name = f"compare/{STEPS}/{pair.machine}/{pair.key}"
    about = {"question": STEPS, "workload": pair.workload, "size": pair.size, "dtype": pair.dtype}
    count, where = {"count": f"{MANY_STEPS:,}"}, {"where": pair.work}
    if pair.verdict == NOT_COMPARABLE:
        return Finding(
            id=name,
            state="absent",
            sentence=OPENING + NOT_ASKED,
            words=words | where | {QUOTED: pair.reason},
            numbers=count,
            cells=tuple(filter(None, (pair.cell_base, pair.cell))),
            about=about,
        )
    state = SAME if pair.ratio.low == pair.ratio.value == pair.ratio.high == 1 else pair.verdict
    sentence = STEP_SENTENCES[state]
    numbers = count | {"time": units.seconds(pair.time_s)}
    if state != SAME:
        sentence = hedged(sentence, pair.ratio)
        shown = pair.ratio.inverted if state == SLOWER else pair.ratio
        numbers |= ratio_texts(shown) | {"time_base": units.seconds(pair.time_base_s)}
    caused = state in {FASTER, SLOWER} and pair.cause
    return Finding(
        id=name,
        state=state,
        sentence=OPENING + sentence,
        words=words
        | where
        | {"by": pair.by_ranks, "by_base": pair.by_ranks_base, NAMED: pair.cause},
        numbers=numbers,
        cells=(pair.cell_base, pair.cell),
        of={"time_base": pair.cell_base} if state != SAME else {},
        interval=pair.ratio,
        cause=CAUSE if caused else "",
        about=about,
    )


def _points(comparison: Comparison, other: str) -> Iterator[Finding]:
    """State points like for like: the mean, and the largest gain and loss."""
    pairs = of_machine(comparison, POINTS, other)
    if pairs is None or pairs["cell_base"].isin(LACKING).all() or pairs["cell"].isin(LACKING).all():
        return  # one of the files has no points, which is said of the steps
    speaker = Speaker(question=POINTS, wording=LIKE_FOR_POINTS, other=other, base=comparison.base)
    comparable = pairs[pairs["verdict"] != NOT_COMPARABLE]
    if comparable.empty:
        yield speaker.nothing(pairs)
        return
    mean = next(
        each
        for each in means_in(comparison.answers[POINTS].means)
        if (each.machine, each.family) == (other, ALL)
    )
    yield (first := speaker.mean(mean, tuple(comparable["cell"].astype(str)), SCOPE))
    if first.state != SAME:
        yield speaker.extreme(comparable, GAIN)
        yield speaker.extreme(comparable, LOSS)


LACKING = ("", None, float("nan"))  # in place of a cell that a file does not have
