"""A run: one invocation, from the cells that were asked for to one result file.

It visits every case, then every case again with fresh processes, then those where a visit tells
most, until all are known well enough or the time is spent. Every visit goes to the journal at
once, and a run that was cut off goes on from there.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.arena import Arena, twin
from bench.case import Case
from bench.cell import Cell
from bench.contenders import Contender
from bench.journal import Journal
from bench.judge import Judge
from bench.options import Options
from bench.outcome import TARGET_HALF_WIDTH, Outcome, settle
from bench.record import extra_info, record, restored, state
from bench.resume import refuse_changed, unfinished
from bench.selftest import self_test

FINISH_S, REPORT_S = 3.0, 4.0  # of the budget, kept for the end of the run and for its pages
FULL_PASSES = 3  # visit every case; the later ones visit those where that tells most
ENOUGH_VISITS = 5  # with a narrow interval; fewer can agree by luck
MAX_VISITS = 24
HANG_SHARE, LEAST_HANG_S = 1 / 8, 5.0  # of the budget: a worker silent for longer has hung
LARGE_SHARE = 1 / 60  # of the budget, for NumPy to compute a case of a large size once
PROBE_SHARE, PROBES_S = 1 / 3000, (0.02, 0.2)  # of the budget, for each figure of the peaks
NEWS_S = 10.0  # between lines of progress, once every case was seen

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
        self._say = say
        self._zero_s = started_s
        self._ends_s = started_s + options.budget_s - FINISH_S - REPORT_S * options.report
        self._nodes = {cell.id: node for node, cell in asked.items()}
        self._cells = list(_with_twins(asked.values(), twins=options.self_test))
        self._outcomes = {cell.id: _unmeasured(cell) for cell in self._cells}
        self._cases = {cell.case.id: cell.case for cell in self._cells}
        self._cost_s: dict[str, float] = {}
        self._renewal_s = 0.0
        self._news_s = -math.inf
        limit_s = max(LEAST_HANG_S, HANG_SHARE * options.budget_s)
        keys = _keys(cell for cell in self._cells if self._outcomes[cell.id].open)
        self._arena = Arena(keys, limit_s, LARGE_SHARE * options.budget_s)
        least_s, most_s = PROBES_S
        probe_s = min(most_s, max(least_s, PROBE_SHARE * options.budget_s))
        self._judge = Judge(self._arena, probe_s)
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
        """Visit cases until all are known well enough or the time is spent."""
        try:
            for number in count(1):
                due = self._due(number)
                if due and not self._renewed(number, due):
                    break
                if not self._pass(number, due) and number >= FULL_PASSES:
                    break
            self.journal.complete = True
        finally:
            self._arena.end()

    def _renewed(self, number: int, due: Sequence[Sequence[Case]]) -> bool:
        """Start fresh processes for a pass, if there is time for that; the first is always."""
        start = time.perf_counter()
        if number > 1 and self.left_s() < 2 * self._renewal_s:
            return False
        cells = [
            cell for cases in due for case in cases for cell, o in self._members(case) if o.open
        ]
        self._arena.renew(_keys(cells))
        self._renewal_s = time.perf_counter() - start
        if number == 1:
            self._judge.probe()
            self.journal.observe(observed=self._arena.observed, peaks=self._judge.peaks)
            if self.options.resume:  # the interrupted run has paid for its own start
                self._ends_s += time.perf_counter() - self._zero_s - self.journal.spent_s
        return True

    def _pass(self, number: int, due: Sequence[Sequence[Case]]) -> bool:
        """Visit each case that is due once, in as far as there is time; tell whether any was."""
        visited = False
        for done, cases in enumerate(due):
            left_s = self.left_s()
            if number == 1 and left_s <= 0:
                self._skip(cases)
            elif number == 1 or self._cost_s.get(_group(cases[0]), 0.0) < left_s:
                share_s = left_s / sum(map(len, due[done:])) / max(1, 1 + FULL_PASSES - number)
                self._visit(cases, share_s)
                visited = True
            self._tell(number, cases)
        return visited

    def _due(self, number: int) -> list[list[Case]]:
        """Return the cases that a pass visits, those together that share their inputs.

        Three passes visit all, the cheap ones first if the time is too short for all. After that a
        pass visits the half where a second spent narrows most.
        """
        groups: dict[str, list[Case]] = {}
        for case in self._cases.values():
            if self._wants(case, number):
                groups.setdefault(_group(case), []).append(case)
        if number > 1:
            left_s = self.left_s() - self._renewal_s
            groups = {k: v for k, v in groups.items() if self._cost_s.get(k, 0.0) < left_s}
        costs_s = {name: self._cost_s.get(name, 0.0) for name in groups}
        if number > FULL_PASSES:
            worth = {
                name: -max(1.0, *map(self._width, cases)) / costs_s[name] / self._visits(cases[0])
                for name, cases in groups.items()
            }
            chosen = sorted(groups, key=worth.__getitem__)[: math.ceil(len(groups) / 2)]
            return [cases for name, cases in groups.items() if name in chosen]
        if sum(costs_s.values()) > self.left_s():
            return sorted(groups.values(), key=lambda cases: costs_s[_group(cases[0])])
        return list(groups.values())

    def _wants(self, case: Case, number: int) -> bool:
        """Tell whether a case is to be visited in a pass."""
        if not any(outcome.open for _, outcome in self._members(case)):
            return False
        visits = self._visits(case)
        if number <= FULL_PASSES:
            return visits < number
        return visits < ENOUGH_VISITS or (visits < MAX_VISITS and self._width(case) > 1)

    def _visits(self, case: Case) -> int:
        return max(len(outcome.visits) for _, outcome in self._members(case))

    def _width(self, case: Case) -> float:
        """Return the widest half interval of a case, in units of the target."""
        widths = (outcome.half_width for _, outcome in self._members(case))
        return max(widths, default=0.0) / TARGET_HALF_WIDTH

    def _members(self, case: Case) -> Iterator[tuple[Cell, Outcome]]:
        for cell in self._cells:
            if cell.case is case:
                yield cell, self._outcomes[cell.id]

    def _visit(self, cases: Sequence[Case], share_s: float) -> None:
        start = time.perf_counter()
        entries = [
            (case, {cell.contender: outcome for cell, outcome in self._members(case)})
            for case in cases
        ]
        self._arena.visit(entries, share_s)
        known = self._judge.peaks
        for case, members in entries:
            self._judge.hear(case, members)
        if self._judge.peaks is not known:
            self.journal.observe(peaks=self._judge.peaks)
        self._cost_s[_group(cases[0])] = time.perf_counter() - start
        self._keep(cases)

    def _skip(self, cases: Sequence[Case]) -> None:
        for case in cases:
            for _, outcome in self._members(case):
                if outcome.open:
                    outcome.fail(
                        "skipped",
                        f"the budget of {self.options.budget_s:g} s was spent before this case's "
                        "turn; a larger --budget or a narrower selection reaches it",
                    )
        self._keep(cases)

    def _keep(self, cases: Sequence[Case]) -> None:
        """Put on disk what is known of some cases now."""
        spent_s = time.perf_counter() - self._zero_s
        self.journal.add(
            (
                record(cell, outcome, self._nodes.get(cell.id, ""), self._zero_s)
                for case in cases
                for cell, outcome in self._members(case)
            ),
            spent_s,
        )

    def _tell(self, number: int, cases: Sequence[Case]) -> None:
        """Print a line for each case when it is first seen, and now and then later."""
        minutes, seconds = divmod(max(0, round(self.left_s())), 60)
        left = f"{minutes}:{seconds:02d} left"
        if number == 1:
            for case in cases:
                done = list(self._cases).index(case.id) + 1
                total = len(self._cases)
                place = f"[{done:>{len(str(total))}}/{total}]"
                self._say(f"{place} {left}  {case.id:<52} {self._figures(case)}")
        elif time.perf_counter() - self._news_s > NEWS_S:
            self._news_s = time.perf_counter()
            settled = sum(self._width(case) <= 1 for case in self._cases.values())
            self._say(f"visit {number}: {settled} of {len(self._cases)} cases known to 2 %, {left}")

    def _figures(self, case: Case) -> str:
        parts = []
        for cell, outcome in self._members(case):
            speedup = outcome.facts.get("speedup")
            if cell.contender.name != "numpy" and outcome.status != "skipped":
                told = speedup if outcome.status != "implausible" else None
                figure = f"{told['ratio']:.2f}x" if told else outcome.status
                parts.append(f"{cell.contender.name} {figure}")
        return ", ".join(parts)

    def finish(self) -> Path:
        """Write the result file and return its path."""
        everyone = [(cell.case, cell.contender, self._outcomes[cell.id]) for cell in self._cells]
        if marked := self._judge.hear_curves(everyone):
            for case in marked:
                settle({cell.contender.name: o for cell, o in self._members(case)})
            self._keep(marked)
        if self.options.self_test:
            self.journal.self_test = self_test(self._cells, self._outcomes)
        self.result = self.journal.assemble()
        return self.result


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


def _group(case: Case) -> str:
    """Return what cases have in common that share their inputs."""
    return case.id.rpartition("/")[0]


RUN: pytest.StashKey[Run] = pytest.StashKey()
"""The run of a session that measures."""
