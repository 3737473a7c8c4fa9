"""The times of an accelerator by its own clock, and a ledger of where the time of one call goes.

An accelerator works through a queue of calls while the host continues. So one kernel has several
times:

- throughput: many queued calls before one synchronization. Blocks are timed this way. Their inputs
  stay in place, so data that fits the device's cache is found there (warm).
- latency: one call, followed by a synchronization.
- device time: the time between two events in the queue, without the host's work.
- cold time: the device time of a call after other queued work has overwritten the cache.

The device time of a block is measured in the block itself, between events before its first call and
after its last. It is longer than the wall time only if the wall clock did not wait for the device.

The ledger splits the time of one call as a NumPy user pays for it: host to device, launch, kernel,
device to host. All parts come from the same call, the one with the median wall time of several.
Events in the queue separate the parts, and the measured cost of an event is subtracted. Launch is
the rest: the wall time minus copies and kernels, which is the host's work. So the parts sum to the
wall time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Protocol

import torch

L2_BYTES = 64 * 2**20  # if the device does not report it
REPEATS_S = 0.03  # seconds for each figure; a run has hundreds
FEWEST, MOST = 3, 10  # repeats
OCCUPIED = 1.5  # work queued before a cold call, as a multiple of the time to queue that call
TICK_S = 1e-9  # the shortest time that a call can take
MARKS = 100  # marks in a row, to measure what one costs


class Clock(Protocol):
    """What the measurements need of a device. A mark is an event in its queue, with a time."""

    def now_s(self) -> float:
        """Return the host's clock."""

    def synchronize(self) -> None:
        """Wait until the queue is empty."""

    def mark(self) -> Any:
        """Put a mark into the queue."""

    def between_s(self, first: Any, last: Any) -> float:
        """Return the device's time between two marks; wait for the last."""

    def flush(self) -> None:
        """Queue work that overwrites the cache."""


class Accelerator:
    """The clock of a real device."""

    def __init__(self, device: str) -> None:
        self._device = torch.device(device)
        self._module = torch.get_device_module(self._device)
        self._waste: torch.Tensor | None = None

    def now_s(self) -> float:
        """Return the host's clock."""
        return time.perf_counter()

    def synchronize(self) -> None:
        """Wait until the queue is empty."""
        torch.accelerator.synchronize(self._device)

    def mark(self) -> Any:
        """Put a mark into the queue."""
        event = self._module.Event(enable_timing=True)
        event.record()
        return event

    def between_s(self, first: Any, last: Any) -> float:
        """Return the device's time between two marks; wait for the last."""
        last.synchronize()
        return float(first.elapsed_time(last)) / 1e3

    def flush(self) -> None:
        """Queue work that overwrites the cache."""
        if self._waste is None:
            size = 4 * cache_bytes(self._device)
            self._waste = torch.empty(size, dtype=torch.uint8, device=self._device)
        self._waste.zero_()


def cache_bytes(device: torch.device) -> int:
    """Return the size of a device's last-level cache."""
    properties = getattr(torch.get_device_module(device), "get_device_properties", None)
    return int(getattr(properties(device), "L2_cache_size", L2_BYTES)) if properties else L2_BYTES


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The parts of the time of one call that starts and ends in the host's memory."""

    host_to_device_s: float
    launch_s: float
    kernel_s: float
    device_to_host_s: float
    wall_s: float


def latency_s(clock: Clock, call: Callable[[], Any]) -> float:
    """Return the median wall time of a call with its synchronization, with a warm cache."""

    def once() -> float:
        clock.synchronize()
        start = clock.now_s()
        call()
        clock.synchronize()
        return clock.now_s() - start

    return _median_s(clock, once)


def cold_s(clock: Clock, call: Callable[[], Any]) -> float:
    """Return the median device time of a call whose data is not in the device's cache.

    Enough flushes are queued first to keep the device busy until the call is queued. So the host's
    time is not in the figure.
    """
    clock.synchronize()
    start = clock.now_s()
    call()
    queueing_s = clock.now_s() - start
    clock.synchronize()
    first = clock.mark()
    clock.flush()
    last = clock.mark()
    clock.synchronize()
    flush_s = max(clock.between_s(first, last), 1e-6)
    flushes = 1 + min(1000, round(OCCUPIED * queueing_s / flush_s))

    def once() -> float:
        for _ in range(flushes):
            clock.flush()
        first = clock.mark()
        call()
        last = clock.mark()
        clock.synchronize()
        return clock.between_s(first, last)

    return _median_s(clock, once)


def ledger(
    clock: Clock,
    place: Callable[[], Any],
    compute: Callable[[Any], Any],
    bring_back: Callable[[Any], Any],
    kernel_s: float,
) -> Ledger:
    """Return the ledger of the call with the median wall time of several.

    `place` copies the inputs to the device, `compute` queues the kernels and `bring_back` copies
    the result to the host. `kernel_s` is the device time of the kernels, known from the blocks.
    Marks separate the parts, so that no synchronization is needed between them.
    """
    mark_s = _mark_s(clock)
    calls: list[Ledger] = []

    def once() -> float:
        clock.synchronize()
        start = clock.now_s()
        marks = [clock.mark()]
        placed = place()
        marks.append(clock.mark())
        result = compute(placed)
        marks.append(clock.mark())
        bring_back(result)
        wall_s = max(TICK_S, clock.now_s() - start - len(marks) * mark_s)
        marks.append(clock.mark())
        to_device, computing, to_host = (
            max(0.0, clock.between_s(*pair) - mark_s) for pair in pairwise(marks)
        )
        kernels = min(kernel_s, computing)
        calls.append(
            Ledger(
                host_to_device_s=to_device,
                launch_s=max(0.0, wall_s - to_device - kernels - to_host),
                kernel_s=kernels,
                device_to_host_s=to_host,
                wall_s=wall_s,
            )
        )
        return wall_s

    bring_back(compute(place()))
    _median_s(clock, once)
    return sorted(calls, key=lambda call: call.wall_s)[len(calls) // 2]


def _mark_s(clock: Clock) -> float:
    """Return the host's time for one mark."""

    def once() -> float:
        clock.synchronize()
        start = clock.now_s()
        for _ in range(MARKS):
            clock.mark()
        return (clock.now_s() - start) / MARKS

    return min(once() for _ in range(FEWEST))


def _median_s(clock: Clock, once: Callable[[], float]) -> float:
    """Return the median over 3 to 10 repeats, as many as fit into `REPEATS_S`."""
    times_s: list[float] = []
    until = clock.now_s() + REPEATS_S
    while len(times_s) < FEWEST or (clock.now_s() < until and len(times_s) < MOST):
        times_s.append(once())
    return median(times_s)
