"""Findings on speedups: the verdict on each PyTorch cell, its sentence, and the likely cause.

`bench.results.verdicts` decides by the interval alone: faster, slower, tie or unsettled. A cell
without a time is absent, and its sentence gives the reason. A cell whose time cannot be true is
implausible. A sentence names a cause only if the file shows it: in other cells of the same
workload, in the measured peaks, or in the names of the libraries.
"""

import math
from dataclasses import dataclass
from functools import cached_property

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.findings.ratios import hedged
from reports.findings.reasons import Reason, reason
from reports.findings.roofline import NEAR_ROOF, memory_bound, roof_share
from reports.findings.statement import Finding, about_cell
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import ABSENT, IMPLAUSIBLE, NO_SPEEDUP, Row, Timed

CALLS = {  # what a time shorter than so many empty calls is explained by
    2: "; at this size a call costs more than the work",
    5: "; at this size the cost of a call is a large part of the time",
}
CALL_S = 50e-6  # a call costs less: a longer shortest time says nothing about the cost of a call
EXPLAINS = 0.5  # share of a speedup, in logarithms, that a sufficient cause explains
SCALES = 1.3  # speedup on all cores over one, below which the work does not use all cores
OF_BLAS = frozenset({"matmul", "matvec"})  # workloads that are one call of BLAS on either side
SENTENCES = {
    FASTER: "{where}: {contender} is {ratio} times as fast as NumPy (95 % interval {interval})",
    SLOWER: "{where}: NumPy is {ratio} times as fast as {contender} (95 % interval {interval})",
    TIE: "{where}: NumPy and {contender} are equally fast, within 10 %; {contender} runs at {ratio}"
    " times NumPy's speed (95 % interval {interval})",
    ABSENT: "{where}: {contender} has no speedup ({reason})",
    IMPLAUSIBLE: "{where}: the time of {contender} cannot be true and is left out: {reason}",
}
OPEN = {  # of an unsettled speedup, by the verdict that its interval rules out
    "": "{where}: whether NumPy or {contender} is faster is unsettled; {contender} runs at {ratio}"
    " times NumPy's speed (95 % interval {interval})",
    SLOWER: "{where}: whether {contender} is faster than NumPy or they tie is unsettled;"
    " {contender} runs at {ratio} times NumPy's speed (95 % interval {interval})",
    FASTER: "{where}: whether NumPy is faster than {contender} or they tie is unsettled;"
    " {contender} runs at {ratio} times NumPy's speed (95 % interval {interval})",
}


def speedup(row: Row, missing: str = "", cause: Reason | None = None) -> Finding:
    """State one cell's speedup over NumPy, or why there is none.

    `missing` is the reason why NumPy has no time in this case, "" if it has one.
    """
    cause = cause or Reason()
    if isinstance(row, Timed) and row.speedup is not None and row.state not in NO_SPEEDUP:
        return _with_speedup(row, row.speedup, cause)
    why = row.reason or missing or "NumPy has no time in this case"
    return Finding(
        id=f"speedup/{row.cell}",
        state=row.state,
        sentence=SENTENCES[row.state],
        words={"where": row.case_text, "contender": row.contender, "reason": why},
        cells=(row.numpy_cell, row.cell),
        about=about_speedup(row),
    )


def _with_speedup(row: Timed, ratio: Interval, cause: Reason) -> Finding:
    leading = ratio.inverted if row.state == SLOWER else ratio
    numbers = {"ratio": units.ratio(*leading), "interval": units.interval(*leading)}
    sentence = _sentence(row, ratio)
    if _medians_apart(row, ratio) and (medians := row.by_medians) is not None:
        sentence += "; {medians} times by their medians"
        numbers["medians"] = units.ratio(*(medians.inverted if row.state == SLOWER else medians))
    return Finding(
        id=f"speedup/{row.cell}",
        state=row.state,
        sentence=sentence,
        words={"where": row.case_text, "contender": row.contender},
        numbers={**numbers, **cause.numbers},
        cells=(row.numpy_cell, row.cell),
        of=cause.of,
        interval=ratio,
        cause=cause.clause,
        about=about_speedup(row),
    )


def about_speedup(row: Row) -> dict[str, str]:
    """Return the `about` of the finding on a cell's speedup."""
    return about_cell(row) | {"threads": str(row.threads)}


def _sentence(row: Timed, ratio: Interval) -> str:
    if row.state != UNSETTLED:
        return hedged(SENTENCES[row.state], ratio)
    ruled_out = SLOWER if ratio.low >= 1 else FASTER if ratio.high <= 1 else ""
    sentence = OPEN[ruled_out] + (", from one visit" if row.visits == 1 else "")
    return hedged(sentence, ratio)


def _medians_apart(row: Timed, ratio: Interval) -> bool:
    """Return whether the speedup by medians and the one by fastest blocks have disjoint intervals.

    The finding then quotes the speedup by medians too.
    """
    medians = row.by_medians
    return medians is not None and (medians.low > ratio.high or medians.high < ratio.low)


@dataclass(frozen=True)
class Speedups:
    """The findings on the speedups of a result, with causes that the same file shows."""

    result: Result

    def all(self) -> dict[str, Finding]:
        """Return the finding on each PyTorch cell, by the finding's id."""
        findings = (self.of(row) for row in self.result.rows if not row.is_numpy)
        return {finding.id: finding for finding in findings}

    def of(self, row: Row) -> Finding:
        """Return the finding on one cell."""
        return speedup(row, self._missing.get(row.case, ""), self.cause(row))

    @cached_property
    def _missing(self) -> dict[str, str]:
        """The reasons why NumPy has no time, by case."""
        without_time = (row for row in self.result.rows if row.is_numpy and row.status != "ok")
        return {row.case: row.reason for row in without_time if row.reason}

    @cached_property
    def _cells(self) -> dict[str, Timed]:
        return {row.cell: row for row in self.result.timed}

    @cached_property
    def _call_s(self) -> dict[tuple[str, int], float]:
        """The shortest time of each contender and thread count, about the cost of a call."""
        groups = grouped(self.result.timed, lambda row: (row.contender, row.threads))
        return {key: min(row.time_s for row in rows) for key, rows in groups.items()}

    def cause(self, row: Row) -> Reason:
        """Return why a cell is faster, slower or as fast; an empty clause if this is unknown."""
        numpy = self._cells.get(row.numpy_cell)
        if numpy is None or not isinstance(row, Timed) or row.state not in {FASTER, SLOWER, TIE}:
            return Reason()
        for most, clause in CALLS.items():
            if all(each.time_s < most * self._call(each) for each in (numpy, row)):
                return Reason(clause=clause)
        if row.state != TIE:
            why = reason(row, self._cells, self.result.machine.peaks)
            if why.clause:
                return why
        return Reason(clause=self._clause(numpy, row) if row.on_cpu else "")

    def _clause(self, numpy: Timed, row: Timed) -> str:
        """Return why, from what holds for all workloads; "" if it is unknown."""
        both = (numpy, row)
        roofs = [roof_share(each, self.result.machine.peaks) for each in both]
        if row.state == TIE and all(share > NEAR_ROOF for share, _ in roofs):
            limit = "memory" if roofs[1][1] == "bytes/s" else "the processor's arithmetic"
            return f"; both are near what {limit} gives"
        if row.threads > 1 and row.state != TIE and (clause := self._threads(numpy, row)):
            return clause
        return self._blas(row) or self._bandwidth(row, roofs)

    def _call(self, row: Timed) -> float:
        """Return about what a call costs, 0 if no cell of the file is small enough to show it."""
        shortest_s = self._call_s.get((row.contender, row.threads), 0.0)
        return shortest_s if shortest_s < CALL_S else 0.0

    def _threads(self, numpy: Timed, row: Timed) -> str:
        """Name the faster side if it uses all cores and the other does not.

        The clause says how much that explains: all cores against one explain `gains` of a speedup.
        """
        gains = {"NumPy": self._gain(numpy), "PyTorch": self._gain(row)}
        slow, fast = ("NumPy", "PyTorch") if row.state == FASTER else ("PyTorch", "NumPy")
        if not 0 < gains[slow] < SCALES < gains[fast] or row.speedup is None:
            return ""
        explained = math.log(gains[fast] / gains[slow]) / abs(math.log(row.speedup.value))
        words = "" if explained > EXPLAINS else "part of it is that "
        return f"; {words}{fast} shares this work among the cores and {slow} does not"

    def _gain(self, row: Timed) -> float:
        """Return a cell's speedup over the same cell on one core, 0 if unknown."""
        one_core = self._cells.get(row.sibling(threads=1))
        return one_core.time_s / row.time_s if one_core is not None else 0.0

    def _blas(self, row: Row) -> str:
        """Name the BLAS libraries, if all of the work is one call of theirs."""
        blas = self.result.machine.blas
        first = next((pool for pool in blas.numpy if pool.internal_api), None)
        if row.workload not in OF_BLAS or not row.plain:
            return ""
        if first is None or not blas.torch.library:
            return ""
        brands = _brand(first.internal_api), _brand(blas.torch.library)
        return f"; the work is done by {brands[0]} and {brands[1]}"

    def _bandwidth(self, row: Timed, roofs: list[tuple[float, str]]) -> str:
        """Name the side that is near the peak of memory, if the other is not."""
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
    """Return a library's proper name; a name from a file is never quoted if unknown here."""
    return BRANDS.get(name.lower(), "another BLAS")
