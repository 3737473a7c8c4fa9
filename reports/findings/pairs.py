"""Findings that compare two cells of a file: all cores with one, float32 with float64."""

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
    UNSETTLED: "{where}: whether {threads} cores make {contender} faster is unsettled; {ratio}"
    " times the speed of one (95 % interval {interval})",
}


def scalings(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State how much faster each cell is on all cores than on one; `rows` is keyed by cell id."""
    for row in rows.values():
        one_core = rows.get(row.sibling(threads=1))
        if row.on_cpu and row.threads != 1 and one_core is not None:
            words = {"where": one_core.case_text, "threads": str(row.threads)}
            yield _pair("scaling", one_core, row, SCALINGS, words)


DTYPES = {
    FASTER: "{where}: {contender} is {ratio} times as fast in float32 as in float64 (95 % interval"
    " {interval})",
    TIE: "{where}: {contender} is as fast in float32 as in float64, within 10 %; {ratio} times the"
    " speed (95 % interval {interval})",
    SLOWER: "{where}: {contender} is {ratio} times as fast in float64 as in float32 (95 % interval"
    " {interval})",
    UNSETTLED: "{where}: whether {contender} is faster in float32 or in float64 is unsettled;"
    " float32 runs at {ratio} times the speed (95 % interval {interval})",
}


def dtypes(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State how much faster each cell is in float32 than in float64, if both were measured."""
    for row in rows.values():
        double = rows.get(row.sibling(dtype="float64"))
        if row.dtype == "float32" and double is not None:
            words = {"where": row.case_text.replace(", float32", "")}
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
        words={"contender": fast.contender_name, **words},
        numbers=ratio_texts(ratio.inverted if state == SLOWER else ratio),
        cells=(slow.cell, fast.cell),
        interval=ratio,
        about=about_cell(fast),
    )
