"""What a visit's process says of its errors, and of the share of collectives."""

import numpy as np
import pytest
import torch
import torch.distributed as dist

from bench.scaling.blame import LOST
from bench.scaling.collectives import collective_share
from bench.scaling.crew import CrewError
from bench.scaling.member import described, within
from bench.scaling.runs import Run
from bench.scaling.workload import Team
from bench.scaling.workloads.all_reduce import Reduced


def test_overlapping_collectives_count_once():
    events = [
        ("step", 0.0, 10.0),
        ("gloo:all_reduce", 2.0, 5.0),
        ("gloo:all_reduce", 4.0, 6.0),
        ("nccl:all_gather", 4.5, 5.5),
        ("nccl:all_gather", 5.5, 6.0),
        ("aten::mm", 6.0, 9.0),
    ]
    assert collective_share(events) == pytest.approx(0.4)


def test_on_a_gpu_its_own_time_counts_not_that_of_queueing():
    on_host = [("nccl:all_reduce", 0.0, 4.0), ("aten::mm", 4.0, 5.0)]
    on_device = [
        ("nccl:all_reduce", 5.0, 7.0),
        ("ncclDevKernel_AllReduce_Sum_f32_RING_LL", 5.0, 7.0),
        ("gemm", 7.0, 10.0),
    ]
    assert collective_share(on_host, on_device) == pytest.approx(0.2)
    assert collective_share(on_host, [("gemm", 7.0, 10.0)]) == pytest.approx(0.4)


def test_a_step_without_collectives_has_the_share_0():
    assert collective_share([("aten::mm", 1.0, 2.0)]) == 0
    assert collective_share([]) is None


@pytest.mark.parametrize(
    ("error", "status", "rank"),
    [
        (MemoryError("full"), "oom", -1),
        (torch.OutOfMemoryError("full"), "oom", -1),
        (ArithmeticError("boom"), "crashed", -1),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "crashed", -1),
        (RuntimeError("[pair.cc:553] Connection closed by peer"), LOST, -1),
        (dist.DistError("wait timeout"), LOST, -1),
        (CrewError(3, "timeout", "no answer"), "timeout", 3),
    ],
)
def test_an_error_tells_whether_this_rank_failed_or_lost_another(error, status, rank):
    assert described(error)[::2] == (status, rank)


def test_a_block_has_no_more_all_reduces_than_a_float32_stands():
    team = Team(rank=0, ranks=4, group=None, device="cpu")
    run = Run(Reduced(team, np.ones((4, 8), "float32")), lambda: None)
    assert within((300, 0.01), run) == (30, pytest.approx(0.001))
    assert within((20, 0.01), run) == (20, 0.01)
    assert within((300, 0.01), None) == (300, 0.01)
