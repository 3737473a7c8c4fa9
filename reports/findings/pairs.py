"""One cell against another of the same file: all cores against one, float32 against float64."""

from collections.abc import Iterator, Mapping

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports.findings.ratios import hedged, ratio_of, ratio_texts, verdict_on
from reports.findings.statement import Finding, about_cell
from reports.read.row import Timed

SCALINGS = {
    FASTER: "{where}: {contender} is {ratio} times as fast on {threads} cores as on one (95 %"
    " interval {interval})",
    TIE: "{where}: {contender} is as fast on {threads} cores as on one, within 10 %; {ratio} times"
    " the speed (95 % interval {interval})",
    SLOWER: "{where}: {contender} is {ratio} times as fast on one core as on {threads} (95 %"
    " interval {interval})",
    UNSETTLED: "{where}: cannot tell whether {threads} cores make {contender} faster; {ratio} times"
    " the speed of one (95 % interval {interval})",
}


def scalings(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State what all cores do for each cell, against one core; `rows` are by their ids."""
    for row in rows.values():
        alone = rows.get(row.sibling(threads=1))
        if row.on_cpu and row.threads != 1 and alone is not None:
            words = {"where": alone.where, "threads": str(row.threads)}
            yield _pair("scaling", alone, row, SCALINGS, words)


DTYPES = {
    FASTER: "{where}: {contender} is {ratio} times as fast in float32 as in float64 (95 % interval"
    " {interval})",
    TIE: "{where}: {contender} is as fast in float32 as in float64, within 10 %; {ratio} times the"
    " speed (95 % interval {interval})",
    SLOWER: "{where}: {contender} is {ratio} times as fast in float64 as in float32 (95 % interval"
    " {interval})",
    UNSETTLED: "{where}: cannot tell whether {contender} is faster in float32 or in float64;"
    " float32 runs at {ratio} times the speed (95 % interval {interval})",
}


def dtypes(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State what half the width of a number is worth, where a file holds both."""
    for row in rows.values():
        double = rows.get(row.sibling(dtype="float64"))
        if row.dtype == "float32" and double is not None:
            words = {"where": row.where.replace(", float32", "")}
            yield _pair("dtype", double, row, DTYPES, words)


def _pair(
    kind: str, slow: Timed, fast: Timed, sentences: Mapping[str, str], words: Mapping[str, str]
) -> Finding:
    ratio = ratio_of(slow, fast)
    state = verdict_on(ratio)
    return Finding(
        id=f"{kind}/{fast.cell}",
        state=state,
        sentence=hedged(sentences[state], ratio),
        words={"contender": fast.name, **words},
        numbers=ratio_texts(ratio.inverted if state == SLOWER else ratio),
        cells=(slow.cell, fast.cell),
        interval=ratio,
        about=about_cell(fast),
    )
