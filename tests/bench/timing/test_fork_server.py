"""A worker process is fresh, equal for all, deaf to Ctrl-C, and can be frozen."""

import os
import signal
import time

import psutil
import pytest

from bench.cases.contenders import NUMPY
from bench.machine.environment import MALLOC, worker_environment
from bench.timing.fork_server import FREEZES, ForkServer, WorkerError


@pytest.fixture(scope="module")
def forking():
    server = ForkServer(1)
    yield server
    server.end()


@pytest.fixture(scope="module", params=["forked", "spawned"])
def worker(request, forking):
    server = forking if request.param == "forked" else ForkServer(1, forks=False)
    worker = server.start(NUMPY)
    yield worker
    worker.end()
    if server is not forking:
        server.end()


def test_it_reads_back_what_it_was_given(worker):
    assert set(worker.observed(60)["threads"].values()) == {1}


def test_all_threads_and_the_allocator_are_set_the_same_for_every_contender():
    one, four = worker_environment(1, [0]), worker_environment(4, [0, 1, 2, 3])
    assert {one[f"{pool}_NUM_THREADS"] for pool in ("OMP", "OPENBLAS", "MKL")} == {"1"}
    assert "OMP_PROC_BIND" not in one
    assert four["OMP_PLACES"] == "{0},{1},{2},{3}"
    assert set(MALLOC.items()) <= set(one.items())


def test_the_run_keeps_its_own_environment(worker):
    assert not MALLOC.keys() & os.environ.keys()


def test_an_interrupt_from_the_terminal_does_not_end_it(worker):
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(worker.pid, number)
    worker.call("release", limit_s=30)
    assert worker.alive


def test_a_step_that_is_unknown_is_an_error_and_not_an_end(worker):
    with pytest.raises(WorkerError, match="AttributeError"):
        worker.call("nonsense", limit_s=30)
    assert worker.alive


def becomes(condition, within_s=5.0):
    """Whether `condition` comes true: a busy kernel takes its time over a signal."""
    end = time.monotonic() + within_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    return condition()


@pytest.mark.skipif(not FREEZES, reason="processes are frozen on Linux alone")
def test_a_frozen_worker_stands_still_and_answers_when_called(worker):
    worker.call("release", limit_s=30)
    worker.freeze()
    assert becomes(lambda: psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED)
    worker.call("release", limit_s=30)
    assert psutil.Process(worker.pid).status() != psutil.STATUS_STOPPED


def test_workers_of_one_fork_server_are_processes_of_their_own(forking):
    first, second = forking.start(NUMPY), forking.start(NUMPY)
    assert first.pid != second.pid
    for worker in (first, second):
        worker.observed(60)
    first.end()
    second.call("release", limit_s=10)
    second.end()


def test_without_its_fork_server_no_worker_lives_or_starts():
    server = ForkServer(1, forks=FREEZES)
    worker = server.start(NUMPY)
    worker.observed(60)
    server._process.kill()
    server._process.join()
    if FREEZES:
        assert psutil.wait_procs([psutil.Process(worker.pid)], timeout=10)[1] == []
        with pytest.raises(WorkerError, match="release: the process"):
            worker.call("release", limit_s=10)
    with pytest.raises(WorkerError, match="the process that starts workers ended"):
        server.start(NUMPY)
    worker.end()
