"""What happens in a worker: blocks of a few milliseconds, memory given back, threads read back."""

import errno
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.machine import affinity
from bench.timing import device
from bench.timing.reference import CaseFiles
from bench.timing.verify import verify
from bench.timing.worker import BLOCK_S, LONG_S, Worker, failure
from bench.variant import CHANNELS_LAST, PLAIN
from bench.workload import discover, size
from tests import faulty
from tests.simulated import HostClock, Simulated


@pytest.fixture
def worker(tmp_path):
    case = Case(workload=faulty.GOOD, size=faulty.GOOD.sizes[0], dtype="float32", threads=1)
    worker = Worker(NUMPY, 1)
    worker.make(case, tmp_path / "inputs")
    samples = worker.reference(case, tmp_path / "inputs", tmp_path / "r")
    worker.begin(case, tmp_path / "inputs", samples, tmp_path / "r")
    return worker


def test_a_block_is_about_five_milliseconds_of_whole_iterations(worker):
    iterations, block_s = worker.calibrate()
    assert iterations > 100
    assert BLOCK_S / 10 < block_s < 10 * BLOCK_S


def test_a_slow_first_call_does_not_make_a_long_iteration(worker):
    worker._iteration_s = 1.0  # as when a library is loaded in it
    assert worker.calibrate() == (1, 1.0)
    worker.block()  # which shows that the others are not
    assert worker.calibrate()[0] > 100


@pytest.mark.parametrize("slow", range(4))
def test_one_slow_iteration_does_not_make_a_short_block(worker, slow):
    calls, iterate = iter(range(10**6)), worker.iterate

    def stumbles():
        if next(calls) == slow:
            time.sleep(0.03)
        return iterate()

    worker.iterate = stumbles
    assert worker.calibrate()[0] > 100


def test_one_long_iteration_is_a_block(worker):
    worker.iterate = lambda: time.sleep(2 * LONG_S)
    worker._timed_call()
    iterations, block_s = worker.calibrate()
    assert iterations == 1
    assert 2 * LONG_S <= block_s < 1.0


def test_a_block_knows_when_it_began_and_what_one_iteration_took(worker):
    before = time.perf_counter()
    first, second = worker.blocks(2, 10, None)
    assert before < first.start_s < second.start_s < time.perf_counter()
    assert first.time_s * 10 <= second.start_s - first.start_s


@pytest.mark.parametrize(
    ("threads", "waited_s", "stolen_s", "disturbed"),
    [(1, 0.0, 0.0, False), (2, 1.0, 0.0, True), (1, 0.0, 1.0, True)],
)
def test_a_block_that_lost_its_core_is_marked(
    worker, monkeypatch, threads, waited_s, stolen_s, disturbed
):
    waits, steals = iter(range(100)), iter(range(100))
    monkeypatch.setattr(affinity, "waited_s", lambda: waited_s * next(waits))
    monkeypatch.setattr(affinity, "stolen_s", lambda: stolen_s * next(steals))
    monkeypatch.setattr(time, "process_time", time.perf_counter)  # it had the core throughout
    worker.threads = threads
    assert [block.disturbed for block in worker.blocks(2, 10_000, None)] == [disturbed] * 2


@pytest.mark.parametrize("variant", [PLAIN, CHANNELS_LAST], ids=lambda v: v.name)
def test_only_the_plain_variant_has_a_ledger(tmp_path, variant):
    case = Case(workload=faulty.GOOD, size=faulty.GOOD.sizes[0], dtype="float32", threads=1)
    worker = Worker(replace(TORCH_CPU, variant=variant), 1)
    worker._clock = HostClock("cpu")
    worker.make(case, tmp_path / "inputs")
    samples = worker.reference(case, tmp_path / "inputs", None)
    worker.begin(case, tmp_path / "inputs", samples, None)
    times = worker.device_times(tmp_path / "inputs")
    assert min(times.latency_s, times.cold_s) > 0
    assert (times.ledger is None) == (variant != PLAIN)


class Busy(HostClock):
    """A device that still computes for a second when the last block is said to be over."""

    def between_s(self, first, last):
        return last - first + 1.0


@pytest.mark.parametrize("clock", [HostClock, Busy])
def test_a_block_is_timed_by_the_devices_own_clock_too(monkeypatch, clock):
    monkeypatch.setattr(device, "Accelerator", clock)
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda device: None)
    worker = Worker(replace(TORCH_CPU, device="cpu:0"), 1)
    worker.iterate = lambda: time.sleep(2 * LONG_S)
    for block in (worker.block(), worker.block()):
        assert (block.device_s > 1.05 * block.time_s) == (clock is Busy)
        assert not block.disturbed
    assert Worker(TORCH_CPU, 1).block().device_s is None


def test_a_block_waits_for_its_device_and_gives_the_times_of_one_iteration(monkeypatch):
    simulated = Simulated(kernel_s=1e-3, cold_kernel_s=1e-3)
    monkeypatch.setattr(device, "Accelerator", lambda name: simulated)
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda device: simulated.synchronize())
    monkeypatch.setattr(time, "perf_counter", simulated.now_s)
    worker = Worker(replace(TORCH_CPU, device="cpu:0"), 1)
    worker.iterate, worker.iterations = simulated.call, 8
    block = worker.block()
    assert block.time_s == pytest.approx(1e-3, rel=0.01)
    assert block.device_s == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize("contender", [NUMPY, TORCH_CPU], ids=lambda contender: contender.name)
def test_a_reference_is_computed_in_float64_from_the_inputs_of_float32(tmp_path, contender):
    case = Case(workload=faulty.GOOD, size=faulty.GOOD.sizes[0], dtype="float32", threads=1)
    worker = Worker(contender, 1)
    worker.make(case, tmp_path / "inputs")
    (sample,) = worker.reference(case, tmp_path / "inputs", None)
    a, b = (value.astype("float64") for value in case.inputs().values())
    assert sample.values.dtype == "float64"
    assert np.abs(sample.values - (a @ b).reshape(-1)).max() < 1e-12 * sample.scale


def test_a_reference_of_a_few_rows_stands_for_a_large_output(tmp_path):
    matmul = discover()["matmul"]
    case = Case(workload=matmul, size=size(n=300, large=True), dtype="float32", threads=1)
    worker = Worker(TORCH_CPU, 1)
    worker.make(case, tmp_path / "inputs")
    (sample,) = worker.reference(case, tmp_path / "inputs", None)
    inputs = case.inputs()
    right = inputs["a"] @ inputs["b"]
    assert sample.shape == right.shape
    rows = np.unique(sample.places // 300)
    assert {0, 299} <= set(rows)
    assert len(rows) < 100
    assert worker.begin(case, tmp_path / "inputs", [sample], None).verification.reason == ""
    assert verify(case, right, [sample]).reason == ""
    wrong = right.copy()
    wrong[299] *= 1.01
    assert "exceeds the bound" in verify(case, wrong, [sample]).reason


def test_a_released_worker_holds_nothing(worker):
    worker.release()
    assert worker._case is None
    assert not worker._placed


def test_placing_copies_so_that_no_contender_sees_anothers_writes():
    inputs = {"a": np.ones(3), "axis": 1}
    for contender in (NUMPY, TORCH_CPU):
        placed = contender.place(inputs)
        placed["a"][0] = 7
        assert inputs["a"][0] == 1
        assert placed["axis"] == 1


def test_after_the_blocks_a_right_worker_is_confirmed_and_names_its_peak_memory(worker):
    answer = worker.confirm()
    assert answer.failure is None
    assert answer.peak_memory_bytes is not None or sys.platform != "linux"


def test_a_body_is_held_against_the_other_librarys_in_float64():
    case = Case(workload=faulty.GOOD, size=faulty.GOOD.sizes[0], dtype="float64", threads=1)
    theirs = Worker(TORCH_CPU, 1).float64_outputs(case)
    assert Worker(NUMPY, 1).difference(case, theirs) == ""
    off = tuple(output * (1 + 1e-9) for output in theirs)
    assert "relative error 1e-09 exceeds" in Worker(NUMPY, 1).difference(case, off)


def test_a_full_disk_is_a_reason_that_names_the_folder_and_its_variable():
    status, reason = failure(OSError(errno.ENOSPC, "No space left on device"))
    assert status == "crashed"
    assert f"No space left on device, in {tempfile.gettempdir()}: TMPDIR chooses" in reason


@pytest.mark.parametrize(("free", "kept"), [(2**10, False), (2**20, True)])
def test_inputs_that_take_much_of_a_small_disk_do_not_stay_on_it(tmp_path, monkeypatch, free, kept):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    files = CaseFiles(tmp_path, made=True)
    files.inputs.write_bytes(b"0" * 2**9)
    files.remove()
    assert files.made == files.inputs.exists() == kept
