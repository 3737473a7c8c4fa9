"""Progress: the lines that a run prints while it measures."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import Contender
from bench.outcomes.outcome import Outcome
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED, Verdict
from bench.schedule import expected_s
from bench.timing.peaks import Peaks

INTERVAL_S = 5.0  # between lines, once every case was visited
ENOUGH_VISITS = 2  # for a verdict to count as known
LEAST = 0.1  # a smaller speedup is not written with two decimals
EXPLAINED = "x is NumPy's time over PyTorch's: at 2.00x PyTorch is twice as fast, at 0.50x NumPy is"


class Source(Protocol):
    """What progress needs of a run."""

    def left_s(self) -> float:
        """Return the seconds left for measuring."""

    def cases(self) -> list[Case]:
        """Return the cases in the order of their first visits."""

    def outcomes(self, case: Case) -> dict[Contender, Outcome]:
        """Return the outcome of each contender of a case."""

    def verdicts(self) -> list[tuple[Cell, Verdict | None, int]]:
        """Return the verdict so far and the number of visits of each PyTorch cell."""


class Progress:
    """Prints the lines. The number of known verdicts that it prints never falls."""

    def __init__(self, run: Source, print_line: Callable[[str], None]) -> None:
        self._run = run
        self._print = print_line
        self._known = 0
        self._printed_s = time.perf_counter()
        self._begun: set[str] = set()

    def plan(self, cells: Sequence[Cell], peaks: Mapping[str, Peaks]) -> None:
        """Print how many cells will be measured, and how long two visits of each should take."""
        cases = len({cell.case.id for cell in cells})
        self._print(
            f"{len(cells)} cells in {cases} cases: two visits of each take about "
            f"{expected_s(cells, peaks):.0f} s, of {max(0.0, self._run.left_s()):.0f} s left; the "
            "rest of the time goes to what is still unsettled then"
        )
        self._print(EXPLAINED)

    def report(self, case: Case, *, first: bool) -> None:
        """Print a line after the first visit of a case, and every few seconds in later visits."""
        if first:
            again = case.id in self._begun
            self._begun.add(case.id)
            total = len(self._run.cases())
            place = f"[{len(self._begun):>{len(str(total))}}/{total}]"
            place = f"{'[again]':<{len(place)}}" if again else place
            self._print(f"{place} {self._left()}  {case.id:<52} {self._figures(case)}")
        elif time.perf_counter() - self._printed_s > INTERVAL_S:
            self._printed_s = time.perf_counter()
            verdicts = self._run.verdicts()
            known = sum(
                verdict not in (None, UNSETTLED) and visits >= ENOUGH_VISITS
                for _, verdict, visits in verdicts
            )
            self._known = max(known, self._known)
            self._print(
                f"{self._known} of {len(verdicts)} speedups settled by two visits, {self._left()}"
            )

    def _left(self) -> str:
        minutes, seconds = divmod(max(0, round(self._run.left_s())), 60)
        return f"{minutes}:{seconds:02d} left"

    def _figures(self, case: Case) -> str:
        parts = []
        for contender, outcome in self._run.outcomes(case).items():
            speedup = outcome.figures and outcome.figures.speedup
            if contender.library == "torch" and (outcome.visits or outcome.status != "skipped"):
                ok = outcome.status == "ok"
                figure = _times(speedup.value) if ok and speedup else outcome.status
                parts.append(f"{contender.name} {figure}")
        return ", ".join(parts)

    def first_results(self) -> None:
        """Print the verdicts at the largest sizes, counted, after one visit of each case."""
        largest: dict[tuple[str, str], float] = {}
        plain = [
            (cell, verdict)
            for cell, verdict, _ in self._run.verdicts()
            if cell.contender == cell.contender.plain and verdict is not None
        ]
        for cell, _ in plain:
            key = (cell.case.workload.name, cell.case.curve)
            largest[key] = max(cell.case.axis_value, largest.get(key, 0.0))
        at_largest = [
            verdict
            for cell, verdict in plain
            if cell.case.axis_value == largest[cell.case.workload.name, cell.case.curve]
        ]
        if at_largest:
            counts = {word: at_largest.count(word) for word in (FASTER, SLOWER, TIE, UNSETTLED)}
            self._print(
                f"after one visit of each case: at the largest sizes PyTorch looks faster in "
                f"{counts[FASTER]}, NumPy in {counts[SLOWER]}, a tie in {counts[TIE]}, "
                f"unsettled in {counts[UNSETTLED]}"
            )


def _times(speedup: float) -> str:
    """Return a speedup as text. Small ones keep two digits: 2.35x, 0.00037x."""
    return f"{speedup:.2f}x" if speedup >= LEAST else f"{speedup:.2g}x"
