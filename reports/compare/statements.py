"""What a comparison says, as findings: the mean of each family, the largest gain and loss.

To swap two machines turns every sentence round: each names the faster side first.
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
CANNOT_TELL = {  # by what the interval rules out
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
    "gain": "Nothing is clearly faster on {other} than on {base}",
    "loss": "Nothing is clearly slower on {other} than on {base}",
}


def statements(
    comparison: Comparison, machines: Collection[str] | None = None
) -> Iterator[Finding]:
    """State the means of each machine, that of all cells first, then its largest gain and loss.

    Parameters
    ----------
    comparison : what is stated.
    machines : the machines to speak of, all where None.

    """
    wanted = comparison.others if machines is None else list(machines)
    pairs = comparison.pairs[comparison.pairs["machine"].isin(wanted)]
    table = comparison.means[comparison.means["machine"].isin(wanted)]
    known = pairs[pairs["verdict"] != NOT_COMPARABLE]
    by_machine = dict(tuple(known.groupby("machine", observed=True)))
    rows = {str(name): part for name, part in table.groupby("machine", observed=True)}
    base = comparison.labels[comparison.baseline]
    for other in wanted:
        mine = by_machine.get(other, known.iloc[:0])
        words = {"other": other, "base": base}
        if mine.empty:
            yield _nothing(words)
            continue
        cells = {ALL: tuple(mine["cell"].astype(str))}
        for family, part in mine.groupby("family", observed=True):
            cells |= {str(family): tuple(part["cell"].astype(str))} if family else {}
        for mean in sorted(means_in(rows[other]), key=lambda mean: mean.family != ALL):
            yield _mean(mean, words, cells[mean.family])
        yield _extreme(mine, "gain", words)
        yield _extreme(mine, "loss", words)


def _nothing(words: Mapping[str, str]) -> Finding:
    return Finding(
        id=f"compare/{words['other']}/{ALL}",
        state="absent",
        sentence="Nothing of {other} can be compared with {base}",
        words=words,
    )


def _mean(mean: Mean, words: Mapping[str, str], cells: tuple[str, ...]) -> Finding:
    state, ratio = mean.verdict, mean.ratio
    ruled_out = SLOWER if ratio.low >= 1 else FASTER if ratio.high <= 1 else ""
    open_to = CANNOT_TELL.get(ruled_out, MEANS[UNSETTLED])
    sentence = open_to if state == UNSETTLED else MEANS[state]
    leading = ratio.inverted if state == SLOWER else ratio
    return Finding(
        id=f"compare/{words['other']}/{mean.family}",
        state=state,
        sentence=hedged(sentence, ratio) + BASIS,
        words={**words, "family": "Like for like" if mean.family == ALL else mean.family},
        numbers=ratio_texts(leading) | {"cells": units.count(mean.cells, "cell")},
        cells=cells,
        interval=ratio,
        about={"family": mean.family},
    )


def _extreme(mine: pd.DataFrame, kind: str, words: Mapping[str, str]) -> Finding:
    verdict = FASTER if kind == "gain" else SLOWER
    clear = mine[mine["verdict"] == verdict]
    name = f"compare/{words['other']}/largest-{kind}"
    if clear.empty:
        return Finding(id=name, state="none", sentence=NONE[kind], words=words)
    place = clear["ratio"].idxmax() if kind == "gain" else clear["ratio"].idxmin()
    (pair,) = pairs_in(clear.loc[[place]])
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
