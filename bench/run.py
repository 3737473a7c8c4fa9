"""A run: measures the cells of one invocation within a budget and writes one result file.

It visits every case twice, each time with fresh processes. Then it visits the cells that
`bench.schedule` expects to settle soonest, until all verdicts are known or the time is spent. After
each visit the journal is written, so that an interrupted run can be resumed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.budget import COMPILER_START_S, FORK_S, FRESH, LATER_VISIT_S, Budget
from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, Contender
from bench.machine import gpus
from bench.options import Options
from bench.outcomes.journal import Journal, result_name
from bench.outcomes.outcome import IMPLAUSIBLE, Outcome
from bench.outcomes.outcomes import Outcomes
from bench.outcomes.plausibility import Roofs
from bench.outcomes.record import extra_info, record, state
from bench.outcomes.resume import resumed
from bench.outcomes.selftest import self_test
from bench.progress import Progress
from bench.results.scaling import Scaling, ScalingPoint
from bench.results.verdicts import Verdict
from bench.scaling import launch
from bench.scaling.launch import Launch
from bench.scaling.point import Point
from bench.schedule import (
    FIRST_VISIT_S,
    PlannedVisit,
    Schedule,
    compiles,
    curve_of,
    fits,
    times_the_work,
)
from bench.timing.arena import Arena
from bench.timing.peaks import Peaks
from bench.timing.workers import Workers

DYNAMO = ("torch._dynamo",)  # 2 s; optimizers and forward mode import it at their first call
COMPILER = ("torch._inductor.compile_fx",)  # 20 s with triton; so only fork servers import it
NEEDS_DYNAMO = {"training", "autograd"}  # families
RECENT = 20  # a first visit is expected to take the mean of the last 20 visits
START_S = 4.0  # expected start of the first fork servers

OPTIONS: pytest.StashKey[Options] = pytest.StashKey()
CELLS: pytest.StashKey[Mapping[str, Cell]] = pytest.StashKey()  # by the ids of their tests
POINTS: pytest.StashKey[Mapping[str, Point]] = pytest.StashKey()  # of scaling, by the same


class Run:
    """Measures cells within a budget and keeps their outcomes."""

    def __init__(
        self,
        options: Options,
        selected: Mapping[str, Cell],
        header: Mapping[str, Any],
        started_s: float,
        print_line: Callable[[str], None] = print,
        launches: Sequence[Launch] = (),
    ) -> None:
        """Prepare a run.

        Parameters
        ----------
        selected : the cells, by the node ids of their tests.
        header : what the result file says of the run as a whole.
        started_s : when the budget began, on `time.perf_counter`.
        print_line : prints a line of progress.
        launches : what is measured of several ranks, after the cells.

        Raises
        ------
        ResumeError : there is no run to resume, or it differs from this one.

        """
        self.options = options
        self.result: Path | None = None
        self._launches = launches
        self._scaling_s = launch.share_s(options.budget_s) if launches and selected else 0.0
        self._print_line = print_line
        self.budget = Budget(options, started_s, self._scaling_s)
        self._nodes = {cell.id: node for node, cell in selected.items()}
        self._outcomes = Outcomes(list(_with_twins(selected.values(), twins=options.self_test)))
        # before an interrupted run is restored, so that its failed cells count too
        can_run = self._outcomes.open_cells()
        self._keys = list(dict.fromkeys((cell.contender, cell.case.threads) for cell in can_run))
        self._visit_s = self.budget.visit_s(len(can_run))
        self.journal = self._open_journal(header)
        self.schedule = Schedule(self._outcomes, self.budget.total_s)
        families = {case.workload.family for case in self.schedule.cases}
        imports = DYNAMO if families & NEEDS_DYNAMO else ()
        generation = self._outcomes.generation()
        self.workers = Workers(self.budget.limit_s, imports, generation)
        self.arena = Arena(self._keys, self.workers, self.budget.large_s)
        self.roofs = Roofs(self._measure_peaks)
        self._progress = Progress(self, print_line)
        self._renewal_s = START_S

    def _open_journal(self, header: Mapping[str, Any]) -> Journal:
        """Return a new journal; of an interrupted run its own, and restore its outcomes."""
        started = datetime.now(UTC)
        workloads = {case.workload.name: case.workload for case in self._outcomes.cases}
        header = {
            "datetime": started.isoformat(),
            **header,
            "run": {
                "budget_s": self.options.budget_s,
                "sources": {name: w.source_sha256 for name, w in workloads.items()},
            },
        }
        folder = self.options.results / self.options.label
        if self.options.resume:
            journal = resumed(folder, header, list(self._nodes))
            self.budget.resume(journal.spent_s)
            self._outcomes.restore(journal.records(), self.budget.started_s)
            return journal
        cells = [cell for cell in self._outcomes.cells if cell.id in self._nodes]
        return Journal(
            folder / result_name(started), header, [state(cell, Outcome()) for cell in cells]
        )

    def outcome(self, cell: Cell) -> Outcome:
        """Return the outcome of a cell."""
        return self._outcomes[cell]

    def outcomes(self, case: Case) -> dict[Contender, Outcome]:
        """Return the outcome of each contender of a case."""
        return self._outcomes.of(case)

    def verdicts(self) -> list[tuple[Cell, Verdict | None, int]]:
        """Return the verdict so far and the number of visits of each PyTorch cell."""
        return self._outcomes.verdicts()

    def cases(self) -> list[Case]:
        """Return the cases in the order of their first visits."""
        return self.schedule.cases

    def left_s(self) -> float:
        """Return the seconds left for measuring."""
        return self.budget.left_s

    def extra_info(self, cell: Cell) -> dict[str, Any]:
        """Return the figures of a cell beside its times."""
        return extra_info(cell, self._outcomes[cell], self.budget.started_s)

    def measure(self) -> None:
        """Visit all cases twice, then the unsettled ones until all are settled or time is spent.

        After that comes what several ranks gain.
        """
        try:
            if self._nodes:
                self._measure_cells()
        finally:
            self.workers.end()
            self.arena.end()
            self._outcomes.settle_all()
        self._measure_scaling()
        self.journal.end()

    def _measure_cells(self) -> None:
        self._first_two_visits()
        self._open_visits(self.budget.compiled_s)
        self._compiled_visits()
        self._open_visits(0.0)
        self._skip_unreached()
        self.journal.observe(gpu_states=self._gpu_states())

    def _measure_scaling(self) -> None:
        """Measure what several ranks gain, unless the interrupted run has done so."""
        before = self.journal.header.get("scaling") or {}
        if not self._launches or before.get("complete"):
            return
        seconds = self._scaling_s if self._nodes else self.left_s()
        short = seconds < launch.LEAST_S
        if reason := launch.why_not() or (self._too_short() if short else ""):
            self.journal.keep_scaling(launch.absent(self._launches, reason))
            return
        ranks = " and ".join(str(each.group.world) for each in self._launches)
        self._print_line(f"several processes: {ranks} ranks of torchrun, about {seconds:.0f} s")
        launch.measure(self._launches, self.options, seconds, self.journal.keep_scaling)

    def _too_short(self) -> str:
        if not self._nodes:
            return f"a budget of {self.options.budget_s:g} s is too short to start ranks"
        return (
            f"a tenth of the budget of {self.options.budget_s:g} s is too short to start ranks; "
            f"--budget {launch.LEAST_S / launch.SHARE:g}, or -k scaling, which gives them all of it"
        )

    def point(self, point_id: str) -> ScalingPoint:
        """Return a point of scaling as it was measured."""
        scaling = Scaling.model_validate(self.journal.header["scaling"])
        return next(point for point in scaling.points if point.id == point_id)

    def _first_two_visits(self) -> None:
        """Visit every case twice, with two generations of processes.

        The run decides first whether the second generation gets new fork servers, because the first
        visits must leave time to start them.
        """
        first = self.schedule.first()
        self._renew(first)
        self.roofs.probe()
        before = self.journal.header["machine_info"].get("observed", {})  # of a resumed run
        observed = {**before, **self.workers.observed}
        self.journal.observe(observed=observed, peaks=self.roofs.peaks)
        if self.options.resume:
            self.budget.refund_start(self.journal.spent_s)
        self._progress.plan(self._outcomes.open_cells(), self.roofs.peaks)
        fresh = self.left_s() > FRESH * self._renewal_s
        self._renewal_s = self._renewal_s if fresh else FORK_S
        self._visit_all(first, begin=True)
        self._outcomes.refit()
        self._progress.first_results()
        if self.left_s() > self._renewal_s:
            second = self.schedule.second()
            self._renew(second, servers=fresh)
            self._visit_all(second)

    def _open_visits(self, reserved_s: float) -> None:
        """Visit unsettled cells until all are settled or only `reserved_s` seconds are left."""
        while self.left_s() > 0:
            self._outcomes.refit()
            planned = self.schedule.open(self.left_s() - reserved_s - self._renewal_s)
            if not planned:
                return
            planned = [self._with_twins(visit) for visit in planned]
            self._renew(planned, servers=False)
            self._visit_all(planned)

    def _compiled_visits(self) -> None:
        """Visit contenders that compile, each twice, if there is time for their first calls."""
        if self.left_s() > COMPILER_START_S + self._renewal_s and (
            planned := self.schedule.compiled()
        ):
            self.workers.preload(COMPILER)
            self._renew(planned)
            self._visit_all(planned, begin=True)
        if self.left_s() > 0:
            planned = self.schedule.second()
            self._renew(planned, servers=False)
            self._visit_all(planned)

    def finish(self) -> Path | None:
        """Write the result file and return its path; None if nothing was timed: it has no file."""
        cells = self._outcomes.cells
        scaling = self.journal.header.get("scaling") or {}
        ranked = any(point.get("time_s") for point in scaling.get("points", ()))
        if not ranked and not any(self._outcomes[cell].visits for cell in cells):
            self.journal.discard()
            return None
        points = [(cell.case, cell.contender, self._outcomes[cell]) for cell in cells]
        for case, contender, reason in list(self.roofs.steep(points)):
            self._outcomes.fail(case, contender, IMPLAUSIBLE, reason)
        for case in self._outcomes.cases:
            if any(outcome.visits for outcome in self._outcomes.of(case).values()):
                self._keep(case)
        tested = self_test(cells, self._outcomes.by_id()) if self.options.self_test else None
        timed_s = sum(outcome.timed_s for outcome in self._outcomes.by_id().values())
        self.journal.summarize(timed_s=timed_s, self_test=tested)
        self.result = self.journal.assemble()
        return self.result

    def _measure_peaks(self, known: Mapping[str, Peaks], only: str) -> dict[str, Peaks]:
        """Measure the peaks of all devices, or of one."""
        cells = self._outcomes.cells
        precisions = {cell.contender.precision(cell.case) for cell in cells}
        peaks = self.workers.peaks(self._keys, self.budget.probe_s, precisions, known, only)
        if only:
            self.journal.observe(peaks=peaks)
        return peaks

    def _gpu_states(self) -> dict[str, Any]:
        """Return the GPUs' states before the run and at its end, without the run's own workers."""
        before = self.journal.header["machine_info"].get("gpu_states", {})
        own: dict[str, Any] = {"used_bytes": None, "processes": None}
        return {**before, "end": [gpu | own for gpu in gpus.states()]}

    def _renew(self, planned: Sequence[PlannedVisit], *, servers: bool = True) -> None:
        """Start fresh processes for some visits, if there are any."""
        if planned:
            spent_s = self.budget.spent_s
            keys = (
                (contender, visit.case.threads)
                for visit in planned
                for contender in visit.contenders
            )
            self.workers.renew(list(dict.fromkeys(keys)), servers=servers)
            self._renewal_s = self.budget.spent_s - spent_s

    def _visit_all(self, planned: Sequence[PlannedVisit], *, begin: bool = False) -> None:
        """Make planned visits while there is time; with `begin`, only if a second one fits too."""
        begun_s = self.schedule.begun_s()
        all_compile = bool(planned) and all(map(compiles, planned))
        costs = [COMPILER_START_S if begin and all_compile else FIRST_VISIT_S]
        for number, visit in enumerate(planned):
            expected_s = (not begin and self.schedule.last_s(visit)) or sum(costs) / len(costs)
            if begin and not fits(expected_s, begun_s, self.left_s(), self._renewal_s):
                continue
            if self.left_s() < expected_s:
                continue
            costs = [*costs[-RECENT:], self._visit(visit)]
            begun_s += costs[-1] * begin
            after = planned[number + 1] if number + 1 < len(planned) else None
            if after is None or _inputs(after.case) != _inputs(visit.case):
                self.arena.remove_files(visit.case)
            self._progress.report(visit.case, first=begin)

    def _visit(self, visit: PlannedVisit) -> float:
        """Visit a case, keep the results, and return the seconds that this took."""
        spent_s, case = self.budget.spent_s, visit.case
        self._skip_slow_numpy(case)
        outcomes = self._outcomes.of(case)
        histories = {
            contender: outcomes[contender].history
            for contender in visit.contenders
            if contender in outcomes and outcomes[contender].open
        }
        later = all(history.visits > 1 for history in histories.values())
        visit_s = LATER_VISIT_S if later else self._visit_s
        number = self._outcomes.next_visit(case)
        results = self.arena.visit(case, histories, number, visit_s)
        self._outcomes.add(case, results, self.roofs)
        self._keep(case)
        cost_s = self.budget.spent_s - spent_s
        self.schedule.cost_s[case.id].append(cost_s)
        return cost_s

    def _skip_slow_numpy(self, case: Case) -> None:
        """Skip NumPy in a large case if its time at a smaller size exceeds the limit here."""
        numpy = self._outcomes.of(case).get(NUMPY)
        if numpy is None or not case.size.large or not numpy.open or numpy.visits:
            return
        smaller = [
            (other.axis_value, figures.best_s * times_the_work(case, other))
            for other in self.schedule.cases
            if curve_of(other) == curve_of(case)
            and other.threads == case.threads
            and other.axis_value < case.axis_value
            and NUMPY in (outcomes := self._outcomes.of(other))
            and (figures := outcomes[NUMPY].figures) is not None
        ]
        limit_s = self.budget.large_s
        if smaller and (expected_s := max(smaller)[1]) > limit_s:
            reason = (
                f"one call would take about {expected_s:.2g} s, by NumPy's time at a smaller size; "
                f"a run of {self.options.budget_s:g} s waits {limit_s:g} s"
            )
            self._outcomes.fail(case, NUMPY, "skipped", reason)

    def _with_twins(self, visit: PlannedVisit) -> PlannedVisit:
        """Add the twins of a visit's contenders in a self-test."""
        twins = (contender.as_twin for contender in visit.contenders if self.options.self_test)
        return replace(visit, contenders=(*visit.contenders, *twins))

    def _skip_unreached(self) -> None:
        """Mark each cell that was never visited as skipped, because the time was spent."""
        reason = (
            f"the budget of {self.options.budget_s:g} s was spent before this cell's turn; "
            "a larger --budget or a narrower selection reaches it"
        )
        unreached = list(self._outcomes.never_visited())
        for case, contender in unreached:
            self._outcomes.fail(case, contender, "skipped", reason)
        for case in {case.id: case for case, _ in unreached}.values():
            self._keep(case)

    def _keep(self, case: Case) -> None:
        """Write the records of a case to the journal."""
        records = (
            record(cell, self._outcomes[cell], self._nodes.get(cell.id, ""), self.budget.started_s)
            for cell in self._outcomes.members(case).values()
        )
        self.journal.add(records, self.budget.spent_s)


def _with_twins(cells: Iterable[Cell], *, twins: bool) -> Iterator[Cell]:
    for cell in cells:
        yield cell
        if twins:
            yield Cell(case=cell.case, contender=cell.contender.as_twin)


def _inputs(case: Case) -> tuple[str, str, str]:
    """Return the key of a case's inputs; cases with the same key share them."""
    return case.workload.name, case.size.label, case.dtype


RUN: pytest.StashKey[Run] = pytest.StashKey()
"""The run of a session that measures."""
