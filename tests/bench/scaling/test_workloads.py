"""Verifies both bodies of each scaling workload: one rank alone, and two in this process."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.distributed as dist

from bench.scaling import runs
from bench.scaling.crew import shared_bytes
from bench.scaling.point import GLOO, NUMPY, Point
from bench.scaling.runs import Run, expected, inputs_of, tolerance
from bench.scaling.workload import Crew, Team, part, workloads
from bench.scaling.workloads import all_reduce, matmul_sharded
from bench.workload import size

SMALL = {
    "all_reduce": size(bytes=4096),
    "matmul_sharded": size(n=24),
    "train_data_parallel": size(inputs=64, hidden=8, batch=240),
}
MODES = [(name, mode) for name, workload in workloads().items() for mode in workload.modes]


def point(name, mode, ranks, contender):
    return Point(workload=name, size=SMALL[name], mode=mode, ranks=ranks, contender=contender)


def crews(of):
    """Return the places of NumPy's ranks: threads here."""
    shared = {name: np.zeros(shape, "float32") for name, shape in of.shared.items()}
    barrier = threading.Barrier(of.ranks)
    return [
        Crew(rank=rank, ranks=of.ranks, shared=shared, barrier=barrier) for rank in range(of.ranks)
    ]


def verified(of, steps, meet):
    """Verify the steps of all ranks side by side; return what each says."""
    for step in steps:
        step.reset()
    with ThreadPoolExecutor(len(steps)) as pool:
        jobs = [pool.submit(Run(step, meet).verify, expected(of), tolerance(of)) for step in steps]
        return [job.result(timeout=20) for job in jobs]


def of_numpy(of, change=lambda step: step):
    places = crews(of)
    steps = [of.of.numpy(place, **inputs_of(of)) for place in places]
    return verified(of, [change(step) for step in steps], places[0].barrier.wait)


class Meeting:
    """Collectives of ranks that are threads: `group` is a rank with its meeting."""

    def __init__(self, ranks):
        self.barrier, self.rows = threading.Barrier(ranks), [None] * ranks

    def exchanged(self, rank, row):
        self.rows[rank] = row.clone()
        self.barrier.wait()
        rows = list(self.rows)
        self.barrier.wait()
        return rows


def all_reduced(buffer, group):
    meeting, rank = group
    buffer.copy_(torch.stack(meeting.exchanged(rank, buffer)).sum(0))


def all_gathered(whole, own, group):
    meeting, rank = group
    torch.cat(meeting.exchanged(rank, own), out=whole)


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    runs.forget()


@pytest.fixture
def gloo():
    """A group of one rank."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield dist.group.WORLD
    dist.destroy_process_group()


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize(("name", "mode"), MODES)
def test_ranks_of_numpy_compute_what_one_process_does(name, mode, ranks):
    errors = of_numpy(point(name, mode, ranks, NUMPY))
    assert len(errors) == ranks
    assert all(isinstance(error, float) for error in errors), errors


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_one_rank_of_pytorch_computes_the_same(name, mode, gloo):
    of = point(name, mode, 1, GLOO)
    team = Team(rank=0, ranks=1, group=gloo, device="cpu")
    (error,) = verified(of, [of.of.torch(team, **inputs_of(of))], lambda: None)
    assert isinstance(error, float), error


@pytest.mark.parametrize("name", ["all_reduce", "matmul_sharded"])
def test_two_ranks_of_pytorch_compute_the_same(name, monkeypatch):
    monkeypatch.setattr(all_reduce, "dist", SimpleNamespace(all_reduce=all_reduced))
    monkeypatch.setattr(matmul_sharded, "all_gather_single", all_gathered)
    of, meeting = point(name, "strong" if name == "matmul_sharded" else "", 2, GLOO), Meeting(2)
    teams = [Team(rank=r, ranks=2, group=(meeting, r), device="cpu") for r in range(2)]
    steps = [of.of.torch(team, **inputs_of(of)) for team in teams]
    errors = verified(of, steps, meeting.barrier.wait)
    assert all(isinstance(error, float) for error in errors), errors


def test_a_sum_for_a_mean_is_caught(monkeypatch):
    monkeypatch.setattr(np, "mean", np.sum)
    errors = of_numpy(point("train_data_parallel", "strong", 2, NUMPY))
    assert all("exceeds the bound" in error for error in errors)


def test_a_rank_that_sees_another_result_says_so_alone():
    def change(step):
        if step.rank == 1:
            step.outputs = lambda: (step.x.sum(0) * (1 + 1e-5),)
        return step

    first, second = of_numpy(point("all_reduce", "", 2, NUMPY), change)
    assert isinstance(first, float)
    assert "exceeds the bound" in second


def test_a_rank_with_a_result_of_another_shape_says_what_was_expected():
    def change(step):
        if step.rank == 1:
            step.outputs = lambda: (np.zeros(3, "float32"),)
        return step

    _, second = of_numpy(point("all_reduce", "", 2, NUMPY), change)
    assert second.startswith("output 0: shape (")
    assert second.endswith("expected, got (3,)")


@pytest.mark.parametrize(("count", "ranks"), [(10, 3), (2, 4), (240, 8)])
def test_parts_hold_each_item_once(count, ranks):
    parts = [range(count)[part(count, rank, ranks)] for rank in range(ranks)]
    assert [item for each in parts for item in each] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_shared_memory_holds_the_largest_point():
    points = [point("all_reduce", "", ranks, NUMPY) for ranks in (2, 3)]
    assert shared_bytes(points) >= 4096 * 4  # three rows and their sum
