"""A run: one invocation, from the cells that were asked for to one result file.

Two generations of fresh processes see every case; then time goes where `schedule` expects it to
settle most, until every verdict is known or the time is spent. Every visit goes to the journal at
once, and a run that was cut off goes on from there.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, Contender, slow_to_start
from bench.machine import gpus
from bench.options import Options
from bench.outcomes.journal import Journal
from bench.outcomes.judge import Judge
from bench.outcomes.outcome import Outcome, Priors, Seen, all_priors, seen_in, settle
from bench.outcomes.plausible import precision_of
from bench.outcomes.record import extra_info, record, restored, state
from bench.outcomes.resume import refuse_changed, unfinished
from bench.outcomes.selftest import self_test
from bench.progress import Progress
from bench.results.verdicts import Verdict
from bench.schedule import (
    MOST_VISITS,
    Standing,
    Stay,
    curve_of,
    first_stays,
    fits,
    in_order,
    open_stays,
    second_stays,
)
from bench.timing.arena import Arena, twin

FINISH_S, REPORT_S = 3.0, 5.0  # of the budget, kept for the end of the run and for its pages
VISIT_SHARE, VISIT_S = 0.13, (0.02, 0.2)  # of the budget, for the blocks of all first two visits
LATER_S = 0.06  # of blocks of a contender in a later visit: many short ones see more
FRESH, FORK_S = 10, 0.5  # times what nurseries cost must be left for fresh ones; else forks do
SLOW_SHARE = 0.25  # of the budget, kept for contenders that are slow to start
SLOW_START_S = 20.0  # the first of them is reckoned to cost
GENERATION_S = 10.0  # at least, of visits with the same processes
HANG_SHARE, LEAST_HANG_S = 1 / 8, 5.0  # of the budget: a worker silent for longer has hung
DYNAMO = ("torch._dynamo",)  # 2 s; optimizers and forward mode import it at their first call
COMPILER = ("torch._inductor.compile_fx",)  # with triton 20 s and more, else in every process
NEEDS_DYNAMO = {"training", "autograd"}  # families
LARGE_SHARE = 1 / 60  # of the budget, for NumPy to compute a case of a large size once
PROBE_SHARE, PROBES_S = 1 / 3000, (0.02, 0.2)  # of the budget, for each figure of the peaks

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
        self._zero_s = started_s
        self._ends_s = started_s + options.budget_s - FINISH_S - REPORT_S * options.report
        self._nodes = {cell.id: node for node, cell in asked.items()}
        self._cells = list(_with_twins(asked.values(), twins=options.self_test))
        self._outcomes = {cell.id: _unmeasured(cell) for cell in self._cells}
        self._cases: dict[str, Case] = {
            case.id: case for case in in_order(cell.case for cell in self._cells)
        }
        self._members: dict[str, dict[Contender, Cell]] = {name: {} for name in self._cases}
        for cell in self._cells:
            self._members[cell.case.id][cell.contender] = cell
        self._seen: dict[str, Mapping[Contender, Seen]] = {}
        self._priors: Priors = {}
        self._cost_s: dict[str, list[float]] = {}  # of each visit of a case
        self._renewal_s = 4.0
        self._progress = Progress(self, say)
        limit_s = max(LEAST_HANG_S, HANG_SHARE * options.budget_s)
        keys = _keys(cell for cell in self._cells if self._outcomes[cell.id].open)
        families = {case.workload.family for case in self._cases.values()}
        imports = DYNAMO if families & NEEDS_DYNAMO else ()
        self._arena = Arena(keys, limit_s, LARGE_SHARE * options.budget_s, imports)
        least_s, most_s = PROBES_S
        probe_s = min(most_s, max(least_s, PROBE_SHARE * options.budget_s))
        precisions = {precision_of(cell.case, cell.contender) for cell in self._cells}
        self._judge = Judge(self._arena, probe_s, precisions)
        can = sum(outcome.open for outcome in self._outcomes.values())
        share_s = VISIT_SHARE * options.budget_s / (2 * max(1, can))
        self._visit_s = min(VISIT_S[1], max(VISIT_S[0], share_s))
        self.journal = self._begun(header)

    def _begun(self, header: Mapping[str, Any]) -> Journal:
        """Return the journal of a new run, or of the one to be resumed, which is restored."""
        started = datetime.now(UTC)
        name = f"{started:%Y-%m-%dT%H-%M-%S}.{started.microsecond // 1000:03d}Z.json"
        folder = self.options.results / self.options.label
        workloads = {case.workload.name: case.workload for case in self._cases.values()}
        header = {
            "datetime": started.isoformat(),
            **header,
            "run": {
                "budget_s": self.options.budget_s,
                "sources": {name: w.source_sha256 for name, w in workloads.items()},
            },
        }
        asked = list(self._nodes)
        if not self.options.resume:
            cells = [state(cell, Outcome()) for cell in self._cells if cell.id in self._nodes]
            return Journal(folder / name, header, cells)
        journal = unfinished(folder)
        refuse_changed(journal, header, asked)
        journal.rewrite()
        self._zero_s = time.perf_counter() - journal.spent_s
        kept = {line.cell.id: line for line in journal.records()}
        for cell in self._cells:
            if cell.id in kept:
                self._outcomes[cell.id] = restored(cell, kept[cell.id], self._zero_s)
        self._seen = {
            name: seen_in(case, self.outcomes(case)) for name, case in self._cases.items()
        }
        self._refit()
        visits = (visit for outcome in self._outcomes.values() for visit in outcome.visits)
        self._arena.generation = max((visit.worker for visit in visits), default=0)
        return journal

    def outcome(self, cell: Cell) -> Outcome:
        """Return what became of a cell."""
        return self._outcomes[cell.id]

    def extra_info(self, cell: Cell) -> dict[str, Any]:
        """Return the figures of a cell beside its times."""
        return extra_info(cell, self._outcomes[cell.id], self._zero_s)

    def left_s(self) -> float:
        """Return the seconds left for measuring."""
        return self._ends_s - time.perf_counter()

    def measure(self) -> None:
        """See every case twice, then what is not known yet, until all is or the time is spent."""
        try:
            first, second = self._first_visits(), self._second_visits
            self._renew(first)
            self._begin()
            self._progress.plan(
                [cell for cell in self._cells if self._outcomes[cell.id].open], self._judge.peaks
            )
            fresh = self.left_s() > FRESH * self._renewal_s
            self._renewal_s = self._renewal_s if fresh else FORK_S
            self._see(first, begin=True)
            self._refit()
            self._progress.so_far()
            if self.left_s() > self._renewal_s:
                self._renew(second(), nurseries=fresh)
                self._see(second())
            slow_is_due = True
            while self.left_s() > 0:
                self._refit()
                stays = self._open_visits(SLOW_SHARE * slow_is_due)
                if not stays and not slow_is_due:
                    break
                if not stays:
                    slow_is_due = False
                    in_time = self.left_s() > SLOW_START_S + self._renewal_s
                    stays = self._slow_visits() if in_time else []
                    self._arena.preload(COMPILER if stays else ())
                    self._renew(stays, nurseries=bool(stays))
                    self._see(stays, begin=True)
                    stays = second()
                self._renew(stays, nurseries=False)
                self._see(stays)
            self._skip_unreached()
            self.journal.observe(gpu_states=self._gpu_states())
            self.journal.complete = True
        finally:
            self._arena.end()
            self._settle()

    def _gpu_states(self) -> dict[str, Any]:
        """Return the GPUs' states before the run and now, without what its own workers hold."""
        before = self.journal.header["machine_info"].get("gpu_states", {})
        own: dict[str, Any] = {"used_bytes": None, "processes": None}
        return {**before, "end": [state | own for state in gpus.states()]}

    def _settle(self) -> None:
        """Compute the final figures of all cells from all visits, with one prior."""
        self._seen = {
            name: seen_in(case, self.outcomes(case)) for name, case in self._cases.items()
        }
        self._refit()
        for case in self._cases.values():
            settle(case, self.outcomes(case), self._priors)

    def _begin(self) -> None:
        """Measure what the devices can do at most."""
        self._judge.probe()
        self.journal.observe(observed=self._arena.observed, peaks=self._judge.peaks)
        if self.options.resume:  # the interrupted run has paid for its own start
            self._ends_s += time.perf_counter() - self._zero_s - self.journal.spent_s

    def _renew(self, stays: Sequence[Stay], *, nurseries: bool = True) -> None:
        """Start fresh processes for some visits, if there are any."""
        if not stays:
            return
        start = time.perf_counter()
        keys = dict.fromkeys((who, stay.case.threads) for stay in stays for who in stay.contenders)
        self._arena.renew(list(keys), nurseries=nurseries)
        self._renewal_s = time.perf_counter() - start

    def _see(self, stays: Sequence[Stay], *, begin: bool = False) -> None:
        """Visit cases in turn while there is time; `begin` only what can be seen twice."""
        begun_s = sum(spent[0] for spent in self._cost_s.values() if len(spent) == 1)
        costs = [SLOW_START_S if begin and _all_slow(stays) else 0.5]
        for number, stay in enumerate(stays):
            left_s = self.left_s()
            expected_s = (not begin and self._expected_s(stay)) or sum(costs) / len(costs)
            if begin and not fits(expected_s, begun_s, left_s, self._renewal_s):
                continue
            if left_s < expected_s:
                continue
            start = time.perf_counter()
            self._visit(stay)
            costs = [*costs[-20:], time.perf_counter() - start]
            begun_s += costs[-1] * begin
            after = stays[number + 1] if number + 1 < len(stays) else None
            if after is None or _inputs(after.case) != _inputs(stay.case):
                self._arena.put_away(stay.case)
            self._progress.tell(stay.case, first=begin)

    def _expected_s(self, stay: Stay) -> float:
        """Return what a visit cost the last time, 0 if there was none."""
        return self._cost_s.get(stay.case.id, [0.0])[-1]

    def _first_visits(self) -> list[Stay]:
        stays = first_stays(list(self._cases.values()), self._standings())
        return [stay for stay in stays if not _slow(stay)]

    def _second_visits(self) -> list[Stay]:
        return second_stays(list(self._cases.values()), self._standings())

    def _slow_visits(self) -> list[Stay]:
        stays = first_stays(list(self._cases.values()), self._standings())
        return [stay for stay in stays if _slow(stay)]

    def _open_visits(self, kept_share: float) -> list[Stay]:
        """Return visits for about one generation; none if too little is left but what is kept."""
        left_s = self.left_s() - kept_share * self.options.budget_s - self._renewal_s
        stays = open_stays(
            list(self._cases.values()), self._standings(), left_s, self.options.budget_s
        )
        planned_s = 0.0
        for number, stay in enumerate(stays):
            planned_s += self._expected_s(stay)
            if planned_s > GENERATION_S:
                stays = stays[: number + 1]
                break
        return [self._with_twins(stay) for stay in stays]

    def _with_twins(self, stay: Stay) -> Stay:
        """Let the second workers of a self-test take part with their firsts."""
        twins = (twin(who) for who in stay.contenders if self.options.self_test)
        return replace(stay, contenders=(*stay.contenders, *twins))

    def _standings(self) -> dict[str, Standing]:
        return {name: self._standing(case) for name, case in self._cases.items()}

    def _standing(self, case: Case) -> Standing:
        """Return how far a case is, of the contenders that can be visited."""
        can = {who: outcome for who, outcome in self.outcomes(case).items() if outcome.open}
        seen = self._seen.get(case.id, {})
        costs = self._cost_s.get(case.id, [])
        return Standing(
            visits={who: len(outcome.visits) for who, outcome in can.items()},
            missing={
                who: seen[who].missing(self._priors, MOST_VISITS)
                for who in can
                if who in seen and not who.twin
            },
            cost_s=costs[-1] if costs else 0.0,
            spent_s=sum(costs),
        )

    def outcomes(self, case: Case) -> dict[Contender, Outcome]:
        """Return what became of each contender of a case."""
        return {who: self._outcomes[cell.id] for who, cell in self._members[case.id].items()}

    def cases(self) -> list[Case]:
        """Return the cases in the order of their first visits."""
        return list(self._cases.values())

    def _visit(self, stay: Stay) -> None:
        start = time.perf_counter()
        case, outcomes = stay.case, self.outcomes(stay.case)
        self._spare_numpy(case, outcomes)
        later = all(len(outcomes[who].visits) > 1 for who in stay.contenders if who in outcomes)
        self._arena.visit(case, outcomes, stay.contenders, LATER_S if later else self._visit_s)
        known = self._judge.peaks
        settle(case, outcomes, self._priors)
        if self._judge.hear(case, outcomes):
            settle(case, outcomes, self._priors)
        if self._judge.peaks is not known:
            self.journal.observe(peaks=self._judge.peaks)
        self._seen[case.id] = seen_in(case, outcomes)
        self._keep(case)
        self._cost_s.setdefault(case.id, []).append(time.perf_counter() - start)

    def _spare_numpy(self, case: Case, outcomes: Mapping[Contender, Outcome]) -> None:
        """Skip NumPy in a large case if its time in a smaller one shows that it cannot finish."""
        new = NUMPY in outcomes and outcomes[NUMPY].open and not outcomes[NUMPY].visits
        if not (case.size.large and new):
            return
        smaller = [
            (one.axis_value, self._outcomes[cell.id].facts["best_s"] * _times_the_work(case, one))
            for name, one in self._cases.items()
            if (cell := self._members[name].get(NUMPY)) is not None
            and curve_of(one) == curve_of(case)
            and one.threads == case.threads
            and one.axis_value < case.axis_value
            and self._outcomes[cell.id].visits
        ]
        limit_s = self._arena.large_s
        if smaller and (expected_s := max(smaller)[1]) > limit_s:
            outcomes[NUMPY].fail(
                "skipped",
                f"one call would take about {expected_s:.2g} s, by NumPy's time at a smaller size; "
                f"a run of {self.options.budget_s:g} s waits {limit_s:g} s",
            )

    def _refit(self) -> None:
        """Fit anew how visits differ, over all cells seen so far."""
        self._priors = all_priors(
            seen for cells in self._seen.values() for who, seen in cells.items() if not who.twin
        )

    def _skip_unreached(self) -> None:
        """Say of each cell that was not seen that the time was spent before its turn."""
        for case in self._cases.values():
            skipped = False
            for outcome in self.outcomes(case).values():
                if outcome.open and not outcome.visits:
                    skipped = True
                    outcome.fail(
                        "skipped",
                        f"the budget of {self.options.budget_s:g} s was spent before this cell's "
                        "turn; a larger --budget or a narrower selection reaches it",
                    )
            if skipped:
                self._keep(case)

    def _keep(self, case: Case) -> None:
        """Put on disk what is known of a case now."""
        spent_s = time.perf_counter() - self._zero_s
        self.journal.add(
            (
                record(cell, self._outcomes[cell.id], self._nodes.get(cell.id, ""), self._zero_s)
                for cell in self._members[case.id].values()
            ),
            spent_s,
        )

    def verdicts(self) -> list[tuple[Cell, Verdict | None, int]]:
        """Return, of each PyTorch cell that can have one, its verdict and its number of visits."""
        known: list[tuple[Cell, Verdict | None, int]] = []
        for name, members in self._members.items():
            for who, cell in members.items():
                outcome = self._outcomes[cell.id]
                if who.library == "numpy" or who.twin or not (outcome.open or outcome.visits):
                    continue
                seen = self._seen.get(name, {}).get(who)
                verdict = seen.verdict(self._priors) if seen else None
                known.append((cell, verdict, len(outcome.visits)))
        return known

    def finish(self) -> Path:
        """Write the result file and return its path."""
        everyone = [(cell.case, cell.contender, self._outcomes[cell.id]) for cell in self._cells]
        for case in self._judge.hear_curves(everyone):
            settle(case, self.outcomes(case), self._priors)
        for case in self._cases.values():
            if any(outcome.visits for outcome in self.outcomes(case).values()):
                self._keep(case)
        if self.options.self_test:
            self.journal.self_test = self_test(self._cells, self._outcomes)
        self.journal.timed_s = sum(
            block.time_s * outcome.facts["iterations_per_block"]
            for outcome in self._outcomes.values()
            for block in outcome.blocks
        )
        self.result = self.journal.assemble()
        return self.result


def _times_the_work(case: Case, smaller: Case) -> float:
    """Return how many times the work of a smaller case another is."""
    if smaller.cost.flops:
        return case.cost.flops / smaller.cost.flops
    return case.cost.elements / smaller.cost.elements


def _slow(stay: Stay) -> bool:
    return any(map(slow_to_start, stay.contenders))


def _all_slow(stays: Sequence[Stay]) -> bool:
    return bool(stays) and all(map(_slow, stays))


def _with_twins(cells: Iterable[Cell], *, twins: bool) -> Iterator[Cell]:
    for cell in cells:
        yield cell
        if twins:
            yield Cell(case=cell.case, contender=twin(cell.contender))


def _keys(cells: Iterable[Cell]) -> list[tuple[Contender, int]]:
    """Return each contender and thread setting of some cells once."""
    return list(dict.fromkeys((cell.contender, cell.case.threads) for cell in cells))


def _unmeasured(cell: Cell) -> Outcome:
    reason = cell.contender.unavailable(cell.case)
    return Outcome(reason=reason) if reason else Outcome()


def _inputs(case: Case) -> tuple[str, str, str]:
    """Return what cases have in common that share their inputs."""
    return case.workload.name, case.size.label, case.dtype


RUN: pytest.StashKey[Run] = pytest.StashKey()
"""The run of a session that measures."""
