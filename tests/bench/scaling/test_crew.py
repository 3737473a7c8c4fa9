"""NumPy's processes: what they answer, and which of them is named if one fails."""

import os
import signal
import time
from types import SimpleNamespace

import pytest

from bench.scaling import crew, point
from bench.scaling.crew import CrewError, Processes
from bench.scaling.point import NUMPY, Point
from bench.workload import size

POINT = Point(workload="w", size=size(n=8), mode="strong", ranks=3, contender=NUMPY)
LIMIT_S = 0.6


class Step:
    """Waits for the others in each call; one rank fails instead."""

    most = 100

    def __init__(self, place, fault):
        self.place, self.fault = place, fault

    def reset(self):
        pass

    def __call__(self):
        if self.place.rank == 1:
            self.fault()
        self.place.barrier.wait()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def hang():
    time.sleep(60)


def boom():
    raise ArithmeticError("planted")


def exhaust():
    raise MemoryError("planted")


def nothing():
    pass


@pytest.fixture
def processes(monkeypatch):
    """Return processes whose rank 1 has a fault."""
    started = []

    def with_fault(fault):
        workload = SimpleNamespace(
            numpy=lambda place: Step(place, fault), shared=lambda *_, **__: {}
        )
        monkeypatch.setattr(point, "workloads", lambda: {"w": workload})
        monkeypatch.setattr(crew, "inputs_of", lambda _: {})
        started.append(Processes([3], 0, LIMIT_S))
        started[0].ask(POINT, "begin")
        return started[0]

    yield with_fault
    for each in started:
        each.end()
        assert not any(process.is_alive() for process in each._processes)


def test_each_rank_answers_in_turn(processes):
    times = processes(nothing).ask(POINT, "block", 2)
    assert len(times) == 3
    assert all(0 < seconds < LIMIT_S for seconds in times)


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (die, "oom", "its process was killed"),
        (stop, "timeout", "its process is stopped"),
        (hang, "timeout", "no answer within 1 s"),
        (boom, "crashed", "ArithmeticError: planted"),
        (exhaust, "oom", "MemoryError: planted"),
    ],
)
def test_the_rank_that_fails_is_named_and_not_one_that_waits_for_it(
    processes, fault, status, reason
):
    with pytest.raises(CrewError) as caught:
        processes(fault).ask(POINT, "block", 1)
    assert (caught.value.rank, caught.value.status) == (1, status)
    assert reason in caught.value.reason
