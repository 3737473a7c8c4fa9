"""The same cells in plain pytest-benchmark fixtures, for `bench.trust.overhead` to compare with.

    pytest bench/trust/plain.py --benchmark-only --threads 1 --benchmark-max-time 1

All contenders run one after the other in one process, on one thread, as most projects do.
"""

from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from threadpoolctl import threadpool_limits

from bench.cases.cell import Cell
from bench.cases.selection import cells
from bench.run import OPTIONS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of every cell that can run on this machine."""
    selected = [
        cell
        for cell in cells(metafunc.config.stash[OPTIONS])
        if not cell.contender.unavailable(cell.case)
    ]
    metafunc.parametrize("cell", [pytest.param(cell, id=cell.test_id) for cell in selected])


def test_plain(cell: Cell, benchmark: BenchmarkFixture) -> None:
    """Time one contender as pytest-benchmark does."""
    contender = cell.contender
    placed = contender.place(cell.case.inputs(), cell.case.workload.on_host)
    iterate = contender.iteration(cell.case, placed)

    def iteration() -> Any:
        result = iterate()
        contender.synchronize()
        return result

    benchmark.extra_info["cell"] = cell.id
    with threadpool_limits(cell.case.threads):
        torch.set_num_threads(cell.case.threads)
        benchmark(iteration)
