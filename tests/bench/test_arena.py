"""Whatever goes wrong with one contender costs its own cell alone."""

from dataclasses import replace

import numpy as np
import pytest

from bench import machine
from bench.arena import measure
from bench.case import Case
from bench.contenders import NUMPY, TORCH_CPU, contenders
from bench.estimate import MIN_BLOCKS
from bench.worker import Worker
from bench.workload import discover


def tiny(**changes):
    workload = replace(discover()["matmul"], **changes)
    return Case(workload=workload, size=workload.sizes[0], dtype="float32", threads=1)


def raising(error):
    def body(a, b):
        raise error

    return body


def test_both_sides_are_timed_in_pairs_with_a_speedup_and_its_interval():
    found = measure(tiny(), [NUMPY, TORCH_CPU], 0.3)
    assert {outcome.status for outcome in found.values()} <= {"ok", "unstable"}
    assert len(found["numpy"].blocks) == len(found["torch-cpu"].blocks) >= MIN_BLOCKS
    speedup = found["torch-cpu"].facts["speedup"]
    assert 0 < speedup["low"] <= speedup["ratio"] <= speedup["high"]
    assert found["numpy"].facts["speedup"] == {"ratio": 1.0, "low": 1.0, "high": 1.0}
    assert found["numpy"].facts["first_call_s"] > 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no"), "crashed"),
        (MemoryError("full"), "oom"),
        (RuntimeError("a\nb"), "crashed"),
    ],
)
def test_a_contender_that_raises_costs_its_own_cell(error, status):
    found = measure(tiny(torch=raising(error)), [NUMPY, TORCH_CPU], 0.1)
    assert found["torch-cpu"].status == status
    assert type(error).__name__ in found["torch-cpu"].reason
    assert found["numpy"].status == "ok"
    assert found["numpy"].facts["reference"] == "numpy"
    assert "\n" not in found["torch-cpu"].reason


def test_inputs_that_cannot_be_made_cost_the_case_and_say_so():
    def make(rng, n):
        raise MemoryError("too large")

    found = measure(tiny(make=make), list(contenders(tiny().workload, ("cpu", "xpu"))), 0.1)
    assert [outcome.status for outcome in found.values()] == ["skipped", "oom", "oom"]
    assert "too large" in found["numpy"].reason


def test_each_side_is_held_against_the_other():
    found = measure(tiny(), [NUMPY, TORCH_CPU], 0.05)
    assert found["numpy"].facts["reference"] == "torch-cpu"
    assert found["torch-cpu"].facts["reference"] == "numpy"


def test_a_failure_while_timing_leaves_the_other_whole(monkeypatch):
    timed = Worker.block
    count = 0

    def fails_late(worker):
        nonlocal count
        count += worker.contender is TORCH_CPU
        if worker.contender is TORCH_CPU and count > 12:
            raise RuntimeError("late")
        return timed(worker)

    monkeypatch.setattr(Worker, "block", fails_late)
    found = measure(tiny(), [NUMPY, TORCH_CPU], 0.3)
    assert found["torch-cpu"].status == "crashed"
    assert found["torch-cpu"].reason == "RuntimeError: late"
    assert not found["torch-cpu"].blocks
    assert len(found["numpy"].blocks) >= MIN_BLOCKS


def test_an_absent_device_is_skipped_with_a_reason():
    absent = list(contenders(tiny().workload, ("xpu:7",)))
    found = measure(tiny(), absent, 0.05)
    assert found["torch-xpu7"].status == "skipped"
    assert "xpu" in found["torch-xpu7"].reason


def test_other_threads_than_asked_for_are_no_number(monkeypatch):
    monkeypatch.setattr(machine, "observed_threads", lambda: {"torch": 3})
    found = measure(tiny(), [NUMPY, TORCH_CPU], 0.05)
    assert {outcome.status for outcome in found.values()} == {"skipped"}
    assert "asked for 1 threads, observed {'torch': 3}" in found["numpy"].reason


def test_a_block_is_about_five_milliseconds_of_whole_iterations():
    case = tiny()
    inputs = case.inputs()
    worker = Worker(case, NUMPY, inputs)
    worker.check(Worker(case, TORCH_CPU, inputs).reference())
    worker.calibrate()
    assert worker.iterations > 100
    assert 0.0005 < worker.block().wall_s < 0.05


def test_placing_copies_so_that_no_contender_sees_anothers_writes():
    inputs = {"a": np.ones(3), "axis": 1}
    for contender in (NUMPY, TORCH_CPU):
        placed = contender.place(inputs)
        placed["a"][0] = 7
        assert inputs["a"][0] == 1
        assert placed["axis"] == 1
