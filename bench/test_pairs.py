"""The benchmark: one test for each case and contender, so that pytest can select and report them.

A cell is measured before its test runs. The test replays the recorded blocks to pytest-benchmark.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.cases.cell import Cell
from bench.cases.selection import cells
from bench.replay import Playback, replay
from bench.run import CELLS, OPTIONS, RUN


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test for every cell that the command line selects."""
    selected = {cell.test_id: cell for cell in cells(metafunc.config.stash[OPTIONS])}
    metafunc.config.stash[CELLS] = selected
    params = [
        pytest.param(
            *cell.params.values(),
            id=name,
            marks=pytest.mark.benchmark(group=cell.case.id, timer=Playback()),
        )
        for name, cell in selected.items()
    ]
    metafunc.parametrize(["workload", "size", "dtype", "threads", "contender"], params)


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Cell:
    """Return the test's cell, or skip: `benchmark` warns if a test requests it and skips later."""
    cell = request.config.stash[CELLS][request.node.callspec.id]
    if RUN not in request.config.stash:  # the session was asked to measure nothing
        pytest.skip("not measured: --benchmark-disable or --benchmark-skip")
    outcome = request.config.stash[RUN].outcome(cell)
    if outcome.status == "skipped":
        pytest.skip(outcome.reason)
    return cell


@pytest.mark.usefixtures("workload", "size", "dtype", "threads", "contender")
def test_pair(cell: Cell, benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> None:
    """A contender computes its case correctly; its blocks go into pytest-benchmark's table."""
    run = request.config.stash[RUN]
    outcome = run.outcome(cell)
    benchmark.extra_info.update(run.extra_info(cell))
    reason = f"{cell.id}: {outcome.status}: {outcome.reason}"
    replay(request, benchmark, outcome.seconds if outcome.blocks else (), reason)
