"""Who is faster: the state of each speedup, its sentence, and the likely cause.

The interval of a speedup decides, by the one rule of `bench.results.verdicts`: PyTorch is faster or
slower, the two tie, or it is unsettled. A cell without a time is absent, with its reason, and one
whose time cannot be true is implausible. A wide interval changes the digits of a number, never who
is named. A cause is named only where the file shows it: in other cells of the same workload, in the
measured peaks, in the libraries' own names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED, verdict
from reports import units
from reports.findings.names import NUMPY, sibling, where
from reports.findings.roofline import memory_bound, of_roof
from reports.findings.statement import Finding, Interval
from reports.read.load import Result, records

CALLS = 10  # a time of fewer empty calls than this is mostly the price of calling
CALL_S = 50e-6  # no single call costs more; a file whose least time is longer shows no call
SCALES = 1.3  # a time that all cores shorten by less was not shared among them
NEAR_ROOF = 0.5  # of the measured peak: what is above is limited by it
ABSENT, IMPLAUSIBLE = "absent", "implausible"
SENTENCES = {
    FASTER: "{where}: {contender} is {ratio} times as fast as NumPy (95 % interval {interval})",
    SLOWER: "{where}: NumPy is {ratio} times as fast as {contender} (95 % interval {interval})",
    TIE: "{where}: NumPy and {contender} are equally fast, within 10 %; {contender} runs at {ratio}"
    " times NumPy's speed (95 % interval {interval})",
    ABSENT: "{where}: {contender} has no speedup ({reason})",
    IMPLAUSIBLE: "{where}: the time of {contender} cannot be true and is left out: {reason}",
}
CANNOT_TELL = {  # by what the interval still rules out
    "": "{where}: cannot tell whether NumPy or {contender} is faster; {contender} runs at {ratio}"
    " times NumPy's speed, and the 95 % interval {interval} holds both answers",
    SLOWER: "{where}: cannot tell whether {contender} is faster than NumPy or as fast; it runs at"
    " {ratio} times NumPy's speed, and the 95 % interval {interval} holds both answers",
    FASTER: "{where}: cannot tell whether NumPy is faster than {contender} or as fast; {contender}"
    " runs at {ratio} times NumPy's speed, and the 95 % interval {interval} holds both answers",
}
ABOUT = ("workload", "family", "size", "dtype", "contender", "device", "variant")
UNTOLD = {ABSENT, IMPLAUSIBLE}  # states without a speedup to quote

Row = Mapping[Any, Any]


def state_of(row: Row) -> str:
    """Return the verdict on a cell's speedup, or that it is absent or implausible."""
    if row["status"] == IMPLAUSIBLE:
        return IMPLAUSIBLE
    if pd.isna(row["ratio"]) or row["status"] != "ok":
        return ABSENT
    return verdict(row["low"], row["high"])


def open_to_both(row: Row) -> bool:
    """Tell whether a cell has a speedup whose interval names no winner and no tie."""
    return state_of(row) == UNSETTLED


def speedup(row: Row, missing: str = "", cause: str = "") -> Finding:
    """State one cell's speedup over NumPy, or why there is none: NumPy's time may be `missing`."""
    state = state_of(row)
    words = {"where": where(row), "contender": str(row["contender"])}
    if state in UNTOLD:
        words["reason"] = str(row["reason"]) or missing or "NumPy has no time in this case"
    return Finding(
        id=f"speedup/{row['cell']}",
        state=state,
        sentence=_sentence(row, state) + _medians_clause(row, state),
        words=words,
        numbers={} if state in UNTOLD else _numbers(row, state),
        cells=(ids.cell(row["case"], NUMPY), str(row["cell"])),
        interval=None
        if state in UNTOLD
        else Interval(value=row["ratio"], low=row["low"], high=row["high"]),
        cause=cause,
        about={key: str(row[key]) for key in ABOUT} | {"threads": f"{row['threads']:.0f}"},
    )


def _sentence(row: Row, state: str) -> str:
    if state in UNTOLD:
        return SENTENCES[state]
    ruled_out = SLOWER if row["low"] >= 1 else FASTER if row["high"] <= 1 else ""
    sentence = CANNOT_TELL[ruled_out] if state == UNSETTLED else SENTENCES[state]
    if state == UNSETTLED and row["visits"] == 1:
        sentence += ", from one visit"
    return hedged(sentence, Interval(value=row["ratio"], low=row["low"], high=row["high"]))


def hedged(sentence: str, ratio: Interval) -> str:
    """Return a sentence that says "about" before its ratio where the interval is wide."""
    rough = units.rough(ratio.value, ratio.low, ratio.high)
    return sentence.replace("{ratio}", "about {ratio}") if rough else sentence


def _numbers(row: Row, state: str) -> dict[str, str]:
    def of(ratio: float, low: float, high: float) -> tuple[float, float, float]:
        return (1 / ratio, 1 / high, 1 / low) if state == SLOWER else (ratio, low, high)

    leading = of(row["ratio"], row["low"], row["high"])
    numbers = {"ratio": units.ratio(*leading), "interval": units.interval(*leading)}
    if _apart(row):
        medians = of(row["typical_ratio"], row["typical_low"], row["typical_high"])
        numbers["medians"] = units.ratio(*medians)
    return numbers


def _apart(row: Row) -> bool:
    return bool(row["typical_low"] > row["high"] or row["typical_high"] < row["low"])


def _medians_clause(row: Row, state: str) -> str:
    """Quote the medians beside the fastest blocks where their intervals are apart."""
    return "; {medians} times by their medians" if state not in UNTOLD and _apart(row) else ""


@dataclass(frozen=True)
class Speedups:
    """The speedups of a result, and what in the same file explains them."""

    result: Result

    def all(self) -> dict[str, Finding]:
        """Return what each PyTorch cell says of NumPy against PyTorch, by the finding's id."""
        table = self.result.table
        rows = table[(table["contender"] != NUMPY) & table["workload"].notna()]
        found = (self.of(row) for row in records(rows))
        return {finding.id: finding for finding in found}

    def of(self, row: Row) -> Finding:
        """Return what one cell says."""
        return speedup(row, self._missing.get(row["case"], ""), self.cause(row))

    @cached_property
    def _missing(self) -> dict[str, str]:
        """Why NumPy has no time to compare with, by case, where it has none."""
        rows = self.result.table[self.result.table["contender"] == NUMPY]
        rows = rows[(rows["status"] != "ok") & (rows["reason"] != "")]
        return dict(zip(rows["case"], rows["reason"], strict=True))

    @cached_property
    def _cells(self) -> dict[str, Row]:
        timed = self.result.table[self.result.table["time_s"].notna()]
        return {str(row["cell"]): row for row in records(timed)}

    @cached_property
    def _call_s(self) -> dict[tuple[str, float], float]:
        """The least time of each contender with as many threads: about what a call costs."""
        timed = self.result.table[self.result.table["time_s"].notna()]
        least = timed.groupby(["contender", "threads"])["time_s"].min().reset_index()
        return {(row["contender"], row["threads"]): row["time_s"] for row in records(least)}

    def cause(self, row: Row) -> str:
        """Return why a contender is faster, slower or as fast, as far as the file shows."""
        numpy = self._cells.get(ids.cell(row["case"], NUMPY))
        if numpy is None or state_of(row) not in {FASTER, SLOWER, TIE}:
            return ""
        both = (numpy, row)
        if all(one["time_s"] < CALLS * self._call(one) for one in both):
            return "; at this size a call costs more than the work"
        if row["device"] != "cpu":
            return ""
        roofs = [of_roof(one, self.result.machine.peaks) for one in both]
        if state_of(row) == TIE and all(share > NEAR_ROOF for share, _ in roofs):
            limit = "memory" if roofs[1][1] == "bytes/s" else "the processor's arithmetic"
            return f"; both are near what {limit} gives"
        if row["threads"] > 1 and (clause := self._threads(numpy, row)):
            return clause
        return self._blas(row) or self._bandwidth(row, roofs)

    def _call(self, row: Row) -> float:
        """Return about what a call costs, 0 where no cell of the file is small enough to tell."""
        least = self._call_s.get((str(row["contender"]), float(row["threads"])), 0.0)
        return least if least < CALL_S else 0.0

    def _threads(self, numpy: Row, row: Row) -> str:
        gains = [self._gain(one) for one in (numpy, row)]
        if gains[0] and gains[1]:
            if gains[0] < SCALES < gains[1]:
                return "; PyTorch shares this work among the cores and NumPy does not"
            if gains[1] < SCALES < gains[0]:
                return "; NumPy shares this work among the cores and PyTorch does not"
        return ""

    def _gain(self, row: Row) -> float:
        """Return how much faster a cell is than the same on one core, 0 where that is unknown."""
        alone = sibling(self._cells, row, threads=1)
        return float(alone["time_s"] / row["time_s"]) if alone is not None else 0.0

    def _blas(self, row: Row) -> str:
        """Name the libraries that do the work, where it is a matrix product."""
        blas = self.result.machine.blas
        first = next((pool for pool in blas.numpy if pool.internal_api), None)
        if row["family"] != "matmul" or not row["plain"]:
            return ""
        if first is None or not blas.torch.library:
            return ""
        brands = _brand(first.internal_api), _brand(blas.torch.library)
        return f"; the work is done by {brands[0]} and {brands[1]}"

    def _bandwidth(self, row: Row, roofs: list[tuple[float, str]]) -> str:
        if not memory_bound(row, self.result.machine.peaks):
            return ""
        sides = zip(("NumPy", "PyTorch"), roofs, strict=True)
        near = [name for name, (share, unit) in sides if share > NEAR_ROOF and unit == "bytes/s"]
        if len(near) != 1:
            return ""
        other = {"NumPy": "PyTorch", "PyTorch": "NumPy"}[near[0]]
        return f"; {near[0]} is near what memory gives, {other} is not"


BRANDS = {"openblas": "OpenBLAS", "mkl": "MKL", "accelerate": "Accelerate", "blis": "BLIS"}


def _brand(name: str) -> str:
    """Return a library's name as its makers write it; a name unknown here stands in no sentence."""
    return BRANDS.get(name.lower(), "another BLAS")
