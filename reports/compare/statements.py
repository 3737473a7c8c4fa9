"""What a comparison says, as findings: the mean of each family, the largest gain and loss.

To swap two machines turns every sentence round: each names the faster side first.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.compare.comparison import ALL, Comparison
from reports.compare.verdicts import NOT_COMPARABLE
from reports.findings.lessons import told
from reports.findings.speedups import hedged
from reports.findings.statement import Finding, Interval
from reports.read.load import records

Row = Mapping[Any, Any]

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
        found = sorted(records(rows[other]), key=lambda row: row["family"] != ALL)
        for row in found:
            yield _mean(row, words, cells[str(row["family"])])
        yield _extreme(mine, "gain", words)
        yield _extreme(mine, "loss", words)


def _nothing(words: Mapping[str, str]) -> Finding:
    return Finding(
        id=f"compare/{words['other']}/{ALL}",
        state="absent",
        sentence="Nothing of {other} can be compared with {base}",
        words=words,
    )


def _mean(row: Row, words: Mapping[str, str], cells: tuple[str, ...]) -> Finding:
    state, family = str(row["verdict"]), str(row["family"])
    ratio = Interval(value=row["ratio"], low=row["low"], high=row["high"])
    ruled_out = SLOWER if ratio.low >= 1 else FASTER if ratio.high <= 1 else ""
    open_to = CANNOT_TELL.get(ruled_out, MEANS[UNSETTLED])
    sentence = open_to if state == UNSETTLED else MEANS[state]
    count = f"{row['cells']} cell{'' if row['cells'] == 1 else 's'}"
    return Finding(
        id=f"compare/{words['other']}/{family}",
        state=state,
        sentence=hedged(sentence, ratio) + BASIS,
        words={**words, "family": "Like for like" if family == ALL else family},
        numbers=told(ratio, inverted=state == SLOWER) | {"cells": count},
        cells=cells,
        interval=ratio,
        about={"family": family},
    )


def _extreme(mine: pd.DataFrame, kind: str, words: Mapping[str, str]) -> Finding:
    verdict = FASTER if kind == "gain" else SLOWER
    clear = mine[mine["verdict"] == verdict]
    name = f"compare/{words['other']}/largest-{kind}"
    if clear.empty:
        return Finding(id=name, state="none", sentence=NONE[kind], words=words)
    place = clear["ratio"].idxmax() if kind == "gain" else clear["ratio"].idxmin()
    row = records(clear.loc[[place]])[0]
    ratio = Interval(value=row["ratio"], low=row["low"], high=row["high"])
    return Finding(
        id=name,
        state=verdict,
        sentence=hedged(EXTREMES[kind], ratio),
        words={**words, "where": where(row)},
        numbers=told(ratio, inverted=kind == "loss") | times(row),
        cells=(str(row["cell_base"]), str(row["cell"])),
        of={"time_base": str(row["cell_base"])},
        interval=ratio,
        about={key: str(row[key]) for key in ("workload", "size", "dtype", "contender")},
    )


def where(row: Row) -> str:
    """Return what a pair's case and contender are called in a sentence."""
    if not row["workload"]:
        return str(row["key"])
    size = str(row["size"]).replace(",", ", ")
    return f"{row['workload']} at {size}, {row['dtype']}, {row['setting']}, {row['contender']}"


def times(row: Row) -> dict[str, str]:
    """Return both times of a pair as texts."""
    sides = ("time", "time_base")
    return {name: units.seconds(row[f"{name}_s"]) for name in sides}
