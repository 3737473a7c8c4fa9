"""A run: from the cells of one invocation to one result file, within a budget.

Two generations of fresh processes visit every case. Then time goes where `schedule` expects it to
settle most, until every verdict is known or the time is spent. Every visit goes to the journal at
once, and a run that was cut off is resumed from there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.budget import FORK_S, FRESH, LATER_S, SLOW_START_S, Budget
from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, Contender
from bench.machine import gpus
from bench.options import Options
from bench.outcomes.journal import Journal
from bench.outcomes.outcome import IMPLAUSIBLE, Outcome
from bench.outcomes.outcomes import Outcomes
from bench.outcomes.plausibility import Ceilings
from bench.outcomes.record import extra_info, record, state
from bench.outcomes.resume import resumed
from bench.outcomes.selftest import self_test
from bench.progress import Progress
from bench.results.verdicts import Verdict
from bench.schedule import UNKNOWN_S, Schedule, Stay, compiles, curve_of, fits, times_the_work
from bench.timing.arena import Arena
from bench.timing.peaks import Peaks
from bench.timing.workers import Workers

DYNAMO = ("torch._dynamo",)  # 2 s; optimizers and forward mode import it at their first call
COMPILER = ("torch._inductor.compile_fx",)  # 20 s with triton; imported once, not in every process
NEEDS_DYNAMO = {"training", "autograd"}  # families
RECENT = 20  # visits whose mean cost is what a first visit is expected to cost
START_S = 4.0  # that the first fork servers are expected to take

OPTIONS: pytest.StashKey[Options] = pytest.StashKey()
CELLS: pytest.StashKey[Mapping[str, Cell]] = pytest.StashKey()  # by the ids of their tests


class Run:
    """Measures cells within a budget and keeps them."""

    def __init__(
        self,
        options: Options,
        asked: Mapping[str, Cell],
        header: Mapping[str, Any],
        started_s: float,
        say: Callable[[str], None] = print,
    ) -> None:
        """Prepare a run of the cells `asked` for, by the node ids of their tests.

        The budget counts from `started_s`, on the clock of `time.perf_counter`; `say` prints a line
        of progress.

        Raises
        ------
        ResumeError : the run to be resumed is not there, or was another one; the message says how.

        """
        self.options = options
        self.result: Path | None = None
        self.budget = Budget(options, started_s)
        self._nodes = {cell.id: node for node, cell in asked.items()}
        self._outcomes = Outcomes(list(_with_twins(asked.values(), twins=options.self_test)))
        can = self._outcomes.open_cells()  # of the whole run, so before a resumed one is restored
        self._keys = list(dict.fromkeys((cell.contender, cell.case.threads) for cell in can))
        self._visit_s = self.budget.visit_s(len(can))
        self.journal = self._begun(header)
        self.schedule = Schedule(self._outcomes, self.budget.total_s)
        families = {case.workload.family for case in self.schedule.cases}
        imports = DYNAMO if families & NEEDS_DYNAMO else ()
        generation = self._outcomes.generation()
        self.workers = Workers(self.budget.limit_s, imports, generation)
        self.arena = Arena(self._keys, self.workers, self.budget.large_s)
        self.ceilings = Ceilings(self._measure_peaks)
        self._progress = Progress(self, say)
        self._renewal_s = START_S

    def _begun(self, header: Mapping[str, Any]) -> Journal:
        """Return the journal of a new run, or of the one that is resumed."""
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
        name = f"{started:%Y-%m-%dT%H-%M-%S}.{started.microsecond // 1000:03d}Z.json"
        cells = [cell for cell in self._outcomes.cells if cell.id in self._nodes]
        return Journal(folder / name, header, [state(cell, Outcome()) for cell in cells])

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
        """Visit every case twice, then what is still open, until all is known or time is spent."""
        try:
            self._first_two_visits()
            self._open_visits(self.budget.slow_s)
            self._compiled_visits()
            self._open_visits(0.0)
            self._skip_unreached()
            self.journal.observe(gpu_states=self._gpu_states())
            self.journal.end()
        finally:
            self.workers.end()
            self.arena.end()
            self._outcomes.settle_all()

    def _first_two_visits(self) -> None:
        """Visit every case twice, by two generations of processes.

        Whether the second gets fork servers of its own is decided first: each case that is begun
        must leave time for that.
        """
        first = self.schedule.first()
        self._renew(first)
        self.ceilings.probe()
        self.journal.observe(observed=self.workers.observed, peaks=self.ceilings.peaks)
        if self.options.resume:
            self.budget.forgive_start(self.journal.spent_s)
        self._progress.plan(self._outcomes.open_cells(), self.ceilings.peaks)
        fresh = self.left_s() > FRESH * self._renewal_s
        self._renewal_s = self._renewal_s if fresh else FORK_S
        self._visit_all(first, begin=True)
        self._outcomes.refit()
        self._progress.so_far()
        if self.left_s() > self._renewal_s:
            second = self.schedule.second()
            self._renew(second, servers=fresh)
            self._visit_all(second)

    def _open_visits(self, kept_s: float) -> None:
        """Visit open cells while more time is left than is to be kept."""
        while self.left_s() > 0:
            self._outcomes.refit()
            stays = self.schedule.open(self.left_s() - kept_s - self._renewal_s)
            if not stays:
                return
            stays = [self._with_twins(stay) for stay in stays]
            self._renew(stays, servers=False)
            self._visit_all(stays)

    def _compiled_visits(self) -> None:
        """Visit the contenders that compile, twice, if their first calls may end in time."""
        if self.left_s() > SLOW_START_S + self._renewal_s and (stays := self.schedule.compiled()):
            self.workers.preload(COMPILER)
            self._renew(stays)
            self._visit_all(stays, begin=True)
        if self.left_s() > 0:
            stays = self.schedule.second()
            self._renew(stays, servers=False)
            self._visit_all(stays)

    def finish(self) -> Path:
        """Write the result file and return its path."""
        cells = self._outcomes.cells
        points = [(cell.case, cell.contender, self._outcomes[cell]) for cell in cells]
        for case, contender, reason in list(self.ceilings.steep(points)):
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
        """Return the GPUs' states before the run and now, without what its own workers hold."""
        before = self.journal.header["machine_info"].get("gpu_states", {})
        own: dict[str, Any] = {"used_bytes": None, "processes": None}
        return {**before, "end": [gpu | own for gpu in gpus.states()]}

    def _renew(self, stays: Sequence[Stay], *, servers: bool = True) -> None:
        """Start fresh processes for some visits, if there are any."""
        if stays:
            spent_s = self.budget.spent_s
            keys = (
                (contender, stay.case.threads) for stay in stays for contender in stay.contenders
            )
            self.workers.renew(list(dict.fromkeys(keys)), servers=servers)
            self._renewal_s = self.budget.spent_s - spent_s

    def _visit_all(self, stays: Sequence[Stay], *, begin: bool = False) -> None:
        """Visit cases in turn while there is time; `begin` only what can be visited twice."""
        begun_s = self.schedule.begun_s()
        all_compile = bool(stays) and all(map(compiles, stays))
        costs = [SLOW_START_S if begin and all_compile else UNKNOWN_S]
        for number, stay in enumerate(stays):
            expected_s = (not begin and self.schedule.last_s(stay)) or sum(costs) / len(costs)
            if begin and not fits(expected_s, begun_s, self.left_s(), self._renewal_s):
                continue
            if self.left_s() < expected_s:
                continue
            costs = [*costs[-RECENT:], self._visit(stay)]
            begun_s += costs[-1] * begin
            after = stays[number + 1] if number + 1 < len(stays) else None
            if after is None or _inputs(after.case) != _inputs(stay.case):
                self.arena.put_away(stay.case)
            self._progress.tell(stay.case, first=begin)

    def _visit(self, stay: Stay) -> float:
        """Visit a case, keep what that showed, and return what it cost, in seconds."""
        spent_s, case = self.budget.spent_s, stay.case
        self._spare_numpy(case)
        outcomes = self._outcomes.of(case)
        take_part = {
            contender: outcomes[contender].known
            for contender in stay.contenders
            if contender in outcomes and outcomes[contender].open
        }
        later = all(known.visits > 1 for known in take_part.values())
        visit_s = LATER_S if later else self._visit_s
        seen = self.arena.visit(case, take_part, self._outcomes.next_visit(case), visit_s)
        self._outcomes.add(case, seen, self.ceilings)
        self._keep(case)
        cost_s = self.budget.spent_s - spent_s
        self.schedule.cost_s[case.id].append(cost_s)
        return cost_s

    def _spare_numpy(self, case: Case) -> None:
        """Skip NumPy in a large case if its time in a smaller one shows that it cannot finish."""
        numpy = self._outcomes.of(case).get(NUMPY)
        if numpy is None or not case.size.large or not numpy.open or numpy.visits:
            return
        smaller = [
            (one.axis_value, figures.best_s * times_the_work(case, one))
            for one in self.schedule.cases
            if curve_of(one) == curve_of(case)
            and one.threads == case.threads
            and one.axis_value < case.axis_value
            and NUMPY in (outcomes := self._outcomes.of(one))
            and (figures := outcomes[NUMPY].figures) is not None
        ]
        limit_s = self.budget.large_s
        if smaller and (expected_s := max(smaller)[1]) > limit_s:
            reason = (
                f"one call would take about {expected_s:.2g} s, by NumPy's time at a smaller size; "
                f"a run of {self.options.budget_s:g} s waits {limit_s:g} s"
            )
            self._outcomes.fail(case, NUMPY, "skipped", reason)

    def _with_twins(self, stay: Stay) -> Stay:
        """Let the second workers of a self-test take part with their firsts."""
        twins = (contender.as_twin for contender in stay.contenders if self.options.self_test)
        return replace(stay, contenders=(*stay.contenders, *twins))

    def _skip_unreached(self) -> None:
        """Give each cell that was never visited its reason: the time was spent."""
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
        """Put on disk what is known of a case now."""
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
    """Return what cases have in common that share their inputs."""
    return case.workload.name, case.size.label, case.dtype


RUN: pytest.StashKey[Run] = pytest.StashKey()
"""The run of a session that measures."""
