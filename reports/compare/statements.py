"""States a comparison as findings: the mean of each family, the largest gain and loss.

Each sentence names the faster machine first, whichever of them is the baseline.
"""

from collections.abc import Collection, Iterator, Mapping

import pandas as pd

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.compare.comparison import ALL, Comparison
from reports.compare.pair import Mean, means_in, pairs_in
from reports.compare.verdicts import NOT_COMPARABLE
from reports.findings.ratios import hedged, ratio_texts
from reports.findings.statement import Finding

MEANS = {
    FASTER: "{family}: {other} is {ratio} times as fast as {base}",
    SLOWER: "{family}: {base} is {ratio} times as fast as {other}",
    TIE: "{family}: {other} and {base} are equally fast, within 10 %; {other} runs at {ratio} times"
    " the speed of {base}",
    UNSETTLED: "{family}: cannot tell whether {other} or {base} is faster; {other} runs at {ratio}"
    " times the speed of {base}",
}
CANNOT_TELL = {  # by the verdict that the interval rules out
    SLOWER: "{family}: cannot tell whether {other} is faster than {base} or as fast; it runs at"
    " {ratio} times the speed of {base}",
    FASTER: "{family}: cannot tell whether {base} is faster than {other} or as fast; {other} runs"
    " at {ratio} times the speed of {base}",
}
BASIS = " (95 % interval {interval}, {cells} compared)"
EXTREMES = {
    "gain": "{other} gains most in {where}: it is {ratio} times as fast as {base}, {time} instead"
    " of {time_base} (95 % interval {interval})",
    "loss": "{other} loses most in {where}: {base} is {ratio} times as fast, {time_base} instead"
    " of {time} (95 % interval {interval})",
}
NONE = {
    "gain": "No cell is clearly faster on {other} than on {base}",
    "loss": "No cell is clearly slower on {other} than on {base}",
}


def statements(
    comparison: Comparison, machines: Collection[str] | None = None
) -> Iterator[Finding]:
    """Yield each machine's means, the overall mean first, then its largest gain and loss.

    Parameters
    ----------
    machines : only these machines; None means all.

    """
    wanted = comparison.others if machines is None else list(machines)
    pairs = comparison.pairs[comparison.pairs["machine"].isin(wanted)]
    table = comparison.means[comparison.means["machine"].isin(wanted)]
    comparable = pairs[pairs["verdict"] != NOT_COMPARABLE]
    by_machine = dict(tuple(comparable.groupby("machine", observed=True)))
    means_of = {str(name): part for name, part in table.groupby("machine", observed=True)}
    base = comparison.labels[comparison.baseline]
    for other in wanted:
        own_pairs = by_machine.get(other, comparable.iloc[:0])
        words = {"other": other, "base": base}
        if own_pairs.empty:
            yield _not_comparable(words)
            continue
        cells = {ALL: tuple(own_pairs["cell"].astype(str))}
        for family, part in own_pairs.groupby("family", observed=True):
            cells |= {str(family): tuple(part["cell"].astype(str))} if family else {}
        for mean in sorted(means_in(means_of[other]), key=lambda mean: mean.family != ALL):
            yield _mean(mean, words, cells[mean.family])
        yield _extreme(own_pairs, "gain", words)
        yield _extreme(own_pairs, "loss", words)


def _not_comparable(words: Mapping[str, str]) -> Finding:
    return Finding(
        id=f"compare/{words['other']}/{ALL}",
        state="absent",
        sentence="No cell of {other} can be compared with {base}",
        words=words,
    )


def _mean(mean: Mean, words: Mapping[str, str], cells: tuple[str, ...]) -> Finding:
    state, ratio = mean.verdict, mean.ratio
    ruled_out = SLOWER if ratio.low >= 1 else FASTER if ratio.high <= 1 else ""
    undecided = CANNOT_TELL.get(ruled_out, MEANS[UNSETTLED])
    sentence = undecided if state == UNSETTLED else MEANS[state]
    shown = ratio.inverted if state == SLOWER else ratio
    return Finding(
        id=f"compare/{words['other']}/{mean.family}",
        state=state,
        sentence=hedged(sentence, ratio) + BASIS,
        words={**words, "family": "Overall" if mean.family == ALL else mean.family},
        numbers=ratio_texts(shown) | {"cells": units.count(mean.cells, "cell")},
        cells=cells,
        interval=ratio,
        about={"family": mean.family},
    )


def _extreme(own_pairs: pd.DataFrame, kind: str, words: Mapping[str, str]) -> Finding:
    verdict = FASTER if kind == "gain" else SLOWER
    clear = own_pairs[own_pairs["verdict"] == verdict]
    name = f"compare/{words['other']}/largest-{kind}"
    if clear.empty:
        return Finding(id=name, state="none", sentence=NONE[kind], words=words)
    row = clear["ratio"].idxmax() if kind == "gain" else clear["ratio"].idxmin()
    (pair,) = pairs_in(clear.loc[[row]])
    times = {"time": pair.time_s, "time_base": pair.time_base_s}
    return Finding(
        id=name,
        state=verdict,
        sentence=hedged(EXTREMES[kind], pair.ratio),
        words={**words, "where": pair.where},
        numbers=ratio_texts(pair.ratio.inverted if kind == "loss" else pair.ratio)
        | {key: units.seconds(time_s) for key, time_s in times.items()},
        cells=(pair.cell_base, pair.cell),
        of={"time_base": pair.cell_base},
        interval=pair.ratio,
        about={
            "workload": pair.workload,
            "size": pair.size,
            "dtype": pair.dtype,
            "contender": pair.contender,
        },
    )
