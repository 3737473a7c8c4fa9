"""The outcomes of all cells of a run: takes the results of visits, gives figures and verdicts."""

from collections.abc import Iterator, Mapping, Sequence

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import Contender
from bench.outcomes.outcome import (
    IMPLAUSIBLE,
    Evidence,
    Outcome,
    Priors,
    fit_priors,
    gather,
    settle,
)
from bench.outcomes.plausibility import Roofs
from bench.outcomes.record import restored
from bench.results.journal import Record
from bench.results.verdicts import Verdict
from bench.timing.visits import VisitResult


class Outcomes:
    """The outcome of each cell of a run. Only this class changes outcomes.

    Attributes
    ----------
    cells : the selected cells, and their twins.
    cases : their cases, each once.

    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = list(cells)
        self.cases = list({cell.case.id: cell.case for cell in cells}.values())
        self._members: dict[str, dict[Contender, Cell]] = {case.id: {} for case in self.cases}
        for cell in cells:
            self._members[cell.case.id][cell.contender] = cell
        self._outcomes = {cell.id: _unmeasured(cell) for cell in cells}
        self._evidence: dict[str, Mapping[Contender, Evidence]] = {}
        self._priors: Priors = {}

    def __getitem__(self, cell: Cell) -> Outcome:
        return self._outcomes[cell.id]

    def by_id(self) -> Mapping[str, Outcome]:
        """Return every outcome by the id of its cell."""
        return self._outcomes

    def members(self, case: Case) -> Mapping[Contender, Cell]:
        """Return the cells of a case."""
        return self._members[case.id]

    def of(self, case: Case) -> dict[Contender, Outcome]:
        """Return the outcomes of a case."""
        return {
            contender: self._outcomes[cell.id] for contender, cell in self._members[case.id].items()
        }

    def generation(self) -> int:
        """Return the last generation of processes that visited a case; 0 before the first."""
        visits = (visit for outcome in self._outcomes.values() for visit in outcome.visits)
        return max((visit.worker for visit in visits), default=0)

    def next_visit(self, case: Case) -> int:
        """Return the number of a case's next visit."""
        visits = (visit.number for outcome in self.of(case).values() for visit in outcome.visits)
        return 1 + max(visits, default=0)

    def restore(self, records: Sequence[Record], started_s: float) -> None:
        """Take over the records of a resumed run that began at `started_s`."""
        by_id = {record.cell.id: record for record in records}
        for cell in self.cells:
            if cell.id in by_id:
                self._outcomes[cell.id] = restored(by_id[cell.id], started_s)
        self._gather(*self.cases)
        self.refit()

    def add(self, case: Case, results: Mapping[Contender, VisitResult], roofs: Roofs) -> None:
        """Apply the results of a visit, compute the case's figures, and mark implausible times."""
        outcomes = self.of(case)
        for contender, result in results.items():
            outcomes[contender].add(result)
        self._settle(case)
        for contender, reason in list(roofs.impossible(case, outcomes)):
            self.fail(case, contender, IMPLAUSIBLE, reason)
        self._gather(case)

    def fail(self, case: Case, contender: Contender, status: str, reason: str) -> None:
        """Mark a cell failed. If its times are implausible, speedups over it are dropped too."""
        self.of(case)[contender].fail(status, reason)
        if status == IMPLAUSIBLE:
            self._settle(case)

    def refit(self) -> None:
        """Fit the priors to all visits so far."""
        self._priors = fit_priors(
            evidence
            for cells in self._evidence.values()
            for contender, evidence in cells.items()
            if not contender.twin
        )

    def settle_all(self) -> None:
        """Compute the final figures of all cells, with the priors of all visits."""
        self._gather(*self.cases)
        self.refit()
        for case in self.cases:
            self._settle(case)

    def verdicts(self) -> list[tuple[Cell, Verdict | None, int]]:
        """Return the verdict so far and the number of visits of each PyTorch cell that can run."""
        verdicts: list[tuple[Cell, Verdict | None, int]] = []
        for cell in self.cells:
            outcome, contender = self[cell], cell.contender
            if contender.library == "numpy" or contender.twin:
                continue
            if outcome.open or outcome.visits:
                evidence = self._evidence.get(cell.case.id, {}).get(contender)
                verdict = evidence.verdict(self._priors) if evidence else None
                verdicts.append((cell, verdict, len(outcome.visits)))
        return verdicts

    def missing(self, case: Case, most: int) -> dict[Contender, int]:
        """Return how many visits may settle each open cell of a case, at most `most`."""
        outcomes = self.of(case)
        return {
            contender: evidence.missing(self._priors, most)
            for contender, evidence in self._evidence.get(case.id, {}).items()
            if outcomes[contender].open and not contender.twin
        }

    def open_cells(self) -> list[Cell]:
        """Return the cells that can be visited."""
        return [cell for cell in self.cells if self[cell].open]

    def never_visited(self) -> Iterator[tuple[Case, Contender]]:
        """Yield the cells that can be visited and have not been."""
        for cell in self.cells:
            if self[cell].open and not self[cell].visits:
                yield cell.case, cell.contender

    def _settle(self, case: Case) -> None:
        settle(case, self.of(case), self._priors)

    def _gather(self, *cases: Case) -> None:
        for case in cases:
            self._evidence[case.id] = gather(case, self.of(case))


def _unmeasured(cell: Cell) -> Outcome:
    reason = cell.contender.unavailable(cell.case)
    return Outcome(reason=reason) if reason else Outcome()
