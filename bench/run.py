"""A run: one invocation, from the cells that were asked for to one result file.

It shares the time out over the cases, has the arena measure each when its first cell is asked for,
and hands every cell to the journal as soon as it is known.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.stats import Stats

from bench.arena import measure
from bench.cell import Cell
from bench.journal import Journal
from bench.options import ROOT, Options
from bench.outcome import Outcome

FINISH_S, REPORT_S = 2.5, 7.0  # of the budget, kept for the end of the run and for its pages


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
    ) -> None:
        """Begin a run of the cells `asked` for, by the node ids of their tests.

        The budget counts from `started_s`, on the clock of `time.perf_counter`.
        """
        self.options = options
        self.result: Path | None = None
        self._started_s = started_s
        self.news: list[str] = []
        self._nodes = {cell.id: node for node, cell in asked.items()}
        self._cases: dict[str, list[Cell]] = {}
        for cell in asked.values():
            self._cases.setdefault(cell.case.id, []).append(cell)
        self._outcomes: dict[str, Outcome] = {}
        self._done = 0
        started = datetime.now(UTC)
        name = f"{started:%Y-%m-%dT%H-%M-%S}.{started.microsecond // 1000:03d}Z.json"
        self.journal = Journal(
            options.results / options.label / name,
            {"datetime": started.isoformat(), **header},
            [cell.id for cell in asked.values()],
        )

    def outcome(self, cell: Cell) -> Outcome:
        """Return what became of a cell, after measuring its whole case if need be."""
        if cell.id not in self._outcomes:
            self._measure(self._cases[cell.case.id])
        return self._outcomes[cell.id]

    def left_s(self) -> float:
        """Return the seconds left for measuring."""
        spent_s = time.perf_counter() - self._started_s
        return self.options.budget_s - spent_s - FINISH_S - REPORT_S * self.options.report

    def _measure(self, members: Sequence[Cell]) -> None:
        case = members[0].case
        if (left_s := self.left_s()) <= 0:
            reason = (
                f"the budget of {self.options.budget_s:g} s was spent before this case's turn; "
                "a larger --budget or a narrower selection reaches it"
            )
            outcomes: Mapping[str, Outcome] = {
                cell.contender.name: Outcome(status="skipped", reason=reason) for cell in members
            }
        else:
            share_s = left_s * _weight(members) / self._weight_left()
            outcomes = measure(case, [cell.contender for cell in members], share_s)
        self._done += 1
        self._outcomes |= {cell.id: outcomes[cell.contender.name] for cell in members}
        self.journal.add(self.record(cell) for cell in members)
        self.news.append(self._line(members))

    def _weight_left(self) -> int:
        open_cases = [m for m in self._cases.values() if m[0].id not in self._outcomes]
        return sum(_weight(members) for members in open_cases)

    def _line(self, members: Sequence[Cell]) -> str:
        parts = []
        for cell in members:
            outcome = self._outcomes[cell.id]
            speedup = outcome.facts.get("speedup")
            if cell.contender.name == "numpy" or outcome.status == "skipped":
                continue
            parts.append(
                f"{cell.contender.name} "
                + (f"{speedup['ratio']:.2f}x" if speedup else outcome.status)
            )
        minutes, seconds = divmod(max(0, round(self.left_s())), 60)
        count = f"[{self._done:>{len(str(len(self._cases)))}}/{len(self._cases)}]"
        return f"{count} {minutes}:{seconds:02d} left  {members[0].case.id:<52} {', '.join(parts)}"

    def record(self, cell: Cell) -> dict[str, Any]:
        """Return what the journal keeps of a cell."""
        outcome = self._outcomes[cell.id]
        state = {"id": cell.id, "status": outcome.status, "reason": outcome.reason}
        return {"cell": state, "benchmark": self._entry(cell) if outcome.blocks else None}

    def _entry(self, cell: Cell) -> dict[str, Any]:
        """Return a cell as pytest-benchmark writes it in its JSON."""
        stats = Stats()
        for seconds in self._outcomes[cell.id].seconds:
            stats.update(seconds)
        return {
            "group": cell.case.id,
            "name": f"test_pair[{cell.test_id}]",
            "fullname": self._nodes[cell.id],
            "params": cell.params,
            "param": cell.test_id,
            "extra_info": self.extra_info(cell),
            "options": {},
            "stats": {**stats.as_dict(), "data": stats.data, "iterations": 1},
        }

    def extra_info(self, cell: Cell) -> dict[str, Any]:
        """Return the figures of a cell beside its times; see the result file in the README."""
        case, facts = cell.case, self._outcomes[cell.id].facts
        return {
            "cell": cell.id,
            "workload": case.workload.name,
            "family": case.workload.family,
            "size": case.size.label,
            "axis": case.workload.axis,
            "axis_value": case.axis_value,
            "variant": case.variant,
            "dtype": case.dtype,
            "contender": cell.contender.name,
            "device": cell.contender.device,
            "threads": case.threads,
            "flops": case.cost.flops,
            "bytes": case.moved_bytes,
            "device_time_s": None,
            "peak_memory_bytes": None,
            "workers": 1,
            "sources": [path.relative_to(ROOT).as_posix() for path in case.workload.sources],
            "source_sha256": case.workload.source_sha256,
            **facts,
        }

    def finish(self) -> Path:
        """Write the result file and return its path."""
        self.result = self.journal.assemble()
        return self.result


def _weight(members: Sequence[Cell]) -> int:
    """Return how many cells of a case take time."""
    return max(1, sum(not cell.contender.unavailable(cell.case) for cell in members))


RUN: pytest.StashKey[Run] = pytest.StashKey()
