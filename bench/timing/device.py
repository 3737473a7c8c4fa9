"""What an accelerator's own clock says beside the wall clock, and where a call's time goes.

An accelerator works through a queue while the host goes on, so one kernel has several times. Queued
calls, waited for together, give throughput; a call that is waited for by itself gives latency; the
device's events leave out what the host does. Blocks are queued calls on inputs that stay where they
are, so they are warm: what fits the device's cache is found there. The cold time is of a call after
the cache was overwritten, with other work before it in the queue, so that the host is out of it.

The device's time of a block is taken in the block itself, between marks in its queue before the
first call and after the last: it can only be longer than the wall clock's if nobody waited.

The ledger is of one call as a NumPy user pays for it: host to device, launch, kernel, device to
host. Parts and wall are of the same call, the one of several whose wall time is the median; what
its copies and kernels leave of the wall is the launch, which is the host's work. So they add up.
Marks tell the parts apart; what marks cost is measured and taken off.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Protocol

import torch

L2_BYTES = 64 * 2**20  # where the device does not say
REPEATS_S = 0.03  # for each of the figures, of which a run has hundreds
FEWEST, MOST = 3, 10  # repeats
OCCUPIED = 1.5  # times as long as a call takes to queue, other work is queued before it
TICK_S = 1e-9  # no call takes less
MARKS = 100  # in a row, to tell what one costs


class Clock(Protocol):
    """What is asked of a device: waiting, marks in its queue, work that overwrites its cache."""

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
    known = getattr(torch.get_device_module(device), "get_device_properties", None)
    return int(getattr(known(device), "L2_cache_size", L2_BYTES)) if known else L2_BYTES


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Seconds of one call from the host's memory and back, by where they go."""

    host_to_device_s: float
    launch_s: float
    kernel_s: float
    device_to_host_s: float
    wall_s: float


def latency_s(clock: Clock, call: Callable[[], Any]) -> float:
    """Return the wall time of one call that is waited for, the median of several, warm."""

    def once() -> float:
        clock.synchronize()
        start = clock.now_s()
        call()
        clock.synchronize()
        return clock.now_s() - start

    return _median_s(clock, once)


def cold_s(clock: Clock, call: Callable[[], Any]) -> float:
    """Return the device's time of one call whose data is not in its cache, the host left out."""
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
    """Return where the time of one call goes, of the call of several whose wall is the median.

    `place` brings inputs to the device, `compute` queues the kernels, whose time on the device is
    known to be `kernel_s`, and `bring_back` returns what they found to the host. Marks in the queue
    tell the parts apart, so that nothing is stopped between them.
    """
    mark_s = _mark_s(clock)
    calls: list[Ledger] = []

    def booked() -> float:
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
    _median_s(clock, booked)
    return sorted(calls, key=lambda call: call.wall_s)[len(calls) // 2]


def _mark_s(clock: Clock) -> float:
    """Return what a mark costs the host."""

    def once() -> float:
        clock.synchronize()
        start = clock.now_s()
        for _ in range(MARKS):
            clock.mark()
        return (clock.now_s() - start) / MARKS

    return min(once() for _ in range(FEWEST))


def _median_s(clock: Clock, once: Callable[[], float]) -> float:
    """Return the median of a figure over as many repeats as there is time for, three at least."""
    found: list[float] = []
    until = clock.now_s() + REPEATS_S
    while len(found) < FEWEST or (clock.now_s() < until and len(found) < MOST):
        found.append(once())
    return median(found)
