"""Device times and the ledger, on a simulated device with known times and on a real one."""

from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.cases.case import Case
from bench.cases.contenders import contenders
from bench.timing import device
from bench.workload import discover
from tests.simulated import Simulated

PARTS = ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s")


def test_latency_is_the_time_of_one_synchronized_call():
    clock = Simulated(launch_s=10e-6, kernel_s=1e-3)
    assert device.latency_s(clock, clock.call) == pytest.approx(1.01e-3)


def test_cold_time_is_that_of_the_kernels_even_if_launches_take_longer():
    clock = Simulated(launch_s=10e-6, kernels=50, kernel_s=50e-6, cold_kernel_s=100e-6)
    assert device.cold_s(clock, clock.call) == pytest.approx(100e-6)


def booked(clock):
    kernel_s = device.cold_s(clock, clock.call)
    clock.flush()

    def compute(placed):
        clock.warm = False  # the data has just come
        clock.call()

    return device.ledger(clock, clock.copy, compute, clock.copy, kernel_s)


@pytest.mark.parametrize("mark_s", [0.0, 5e-6])
@pytest.mark.parametrize("kernels", [1, 30])
def test_the_ledger_subtracts_the_cost_of_marks(kernels, mark_s):
    clock = Simulated(
        launch_s=10e-6, kernels=kernels, cold_kernel_s=30e-6, copy_s=5e-3, mark_s=mark_s
    )
    parts = booked(clock)
    assert parts.host_to_device_s == pytest.approx(5e-3, rel=0.01)
    assert parts.device_to_host_s == pytest.approx(5e-3, rel=0.01)
    assert parts.kernel_s == pytest.approx(30e-6, abs=mark_s + 1e-9)
    expected_s = {1: 10e-6, 30: 271e-6}  # 30 launches of 10 us, and one kernel of 1 us after them
    assert parts.launch_s == pytest.approx(expected_s[kernels], abs=2 * mark_s + 2e-6)


@pytest.mark.parametrize("seed", range(40))
def test_the_parts_of_the_ledger_sum_to_the_wall_time_on_any_device(seed):
    rng = np.random.default_rng(seed)
    kernel_s, copy_s, mark_s = 10 ** rng.uniform([-6, -5.5, -6], [-2, -2, -5.3])
    clock = Simulated(
        launch_s=5e-6,
        kernels=int(rng.integers(1, 20)),
        cold_kernel_s=kernel_s,
        copy_s=copy_s,
        mark_s=mark_s,
    )
    parts = booked(clock)
    assert sum(getattr(parts, name) for name in PARTS) == pytest.approx(parts.wall_s, rel=0.05)


class Event:
    """An event of a device whose clock goes on by 2 ms at every mark, as CUDA counts them."""

    now_ms = 0.0

    def __init__(self, *, enable_timing):
        assert enable_timing

    def record(self):
        Event.now_ms += 2.0
        self.at_ms = Event.now_ms

    def elapsed_time(self, other):
        assert other.waited_for
        return other.at_ms - self.at_ms

    def synchronize(self):
        self.waited_for = True


def test_a_real_clock_is_in_seconds_and_flushes_more_than_the_cache(monkeypatch):
    properties = SimpleNamespace(L2_cache_size=1000)
    module = SimpleNamespace(Event=Event, get_device_properties=lambda device: properties)
    monkeypatch.setattr(torch, "get_device_module", lambda device: module)
    clock = device.Accelerator("cpu")
    assert clock.between_s(clock.mark(), clock.mark()) == pytest.approx(2e-3)
    clock.flush()
    assert clock._waste.nbytes == 4000
    del properties.L2_cache_size
    assert device.cache_bytes(torch.device("cpu")) == device.L2_BYTES


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def on_cuda(name, size):
    """Return a clock, the usual CUDA contender of a workload, its body and its inputs."""
    workload = discover()[name]
    case = Case(workload=workload, size=size, dtype="float32", threads=1)
    (who,) = [c for c in contenders(workload, ("cuda",)) if c.name == "torch-cuda"]
    return device.Accelerator("cuda"), who, who.body(case), case.inputs()


@needs_cuda
@pytest.mark.parametrize("name", ["matmul", "softmax", "conv2d"])
def test_the_ledger_sums_to_the_wall_on_cuda(name):
    chosen = [size for size in discover()[name].sizes if not size.large][-1]
    clock, who, body, inputs = on_cuda(name, chosen)
    hosted = {k: torch.tensor(v) if hasattr(v, "shape") else v for k, v in inputs.items()}
    placed = who.place(inputs)
    kernel_s = device.cold_s(clock, lambda: body(**placed))
    parts = device.ledger(
        clock, lambda: who.moved(hosted), lambda moved: body(**moved), who.bring_back, kernel_s
    )
    assert sum(asdict(parts)[key] for key in PARTS) == pytest.approx(parts.wall_s, rel=0.05)


@needs_cuda
@pytest.mark.parametrize("name", ["matmul", "softmax"])
def test_the_ledgers_kernel_time_agrees_with_the_profiler(name):
    clock, who, body, inputs = on_cuda(name, discover()[name].sizes[3])
    placed = who.place(inputs)
    cold_s = device.cold_s(clock, lambda: body(**placed))
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(10):
            clock.flush()
            body(**placed)
        clock.synchronize()
    kernels = [
        event
        for event in profile.events()
        if event.device_type == torch.autograd.DeviceType.CUDA
        and "fill" not in event.name.lower()
        and "memset" not in event.name.lower()
    ]
    seen_s = sum(event.device_time for event in kernels) / 10 / 1e6
    assert cold_s == pytest.approx(seen_s, rel=0.15, abs=3e-6)
