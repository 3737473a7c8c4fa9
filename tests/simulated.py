"""Simulated clocks: a device with a queue and planted times, and a device that is the host."""

import time
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass
class Simulated:
    """A device that works through its queue while the host continues.

    A call takes `kernel_s` if its data is in the cache, else `cold_kernel_s`. A mark takes `mark_s`
    of the host's time.
    """

    launch_s: float = 10e-6
    kernels: int = 1
    kernel_s: float = 1e-3
    cold_kernel_s: float = 2e-3
    copy_s: float = 5e-3
    flush_s: float = 100e-6
    mark_s: float = 0.0
    waits: bool = True
    host_s: float = 0.0
    busy_until_s: float = 0.0
    warm: bool = field(default=False)

    def now_s(self) -> float:
        return self.host_s

    def synchronize(self) -> None:
        if self.waits:
            self.host_s = max(self.host_s, self.busy_until_s)

    def mark(self) -> float:
        self.host_s += self.mark_s
        return max(self.host_s, self.busy_until_s)

    def between_s(self, first: float, last: float) -> float:
        return last - first

    def flush(self) -> None:
        self._queue(self.flush_s)
        self.warm = False

    def call(self, _: Any = None) -> None:
        for _ in range(self.kernels):
            self._queue((self.kernel_s if self.warm else self.cold_kernel_s) / self.kernels)
        self.warm = True

    def copy(self, _: Any = None) -> None:
        """Copy from or to the host; the host waits for the copy."""
        self._queue(self.copy_s)
        self.host_s = self.busy_until_s

    def _queue(self, time_s: float) -> None:
        self.host_s += self.launch_s
        self.busy_until_s = max(self.host_s, self.busy_until_s) + time_s


class HostClock:
    """The clock of a device that is the host itself, so there is no queue."""

    now_s = mark = staticmethod(time.perf_counter)

    def __init__(self, name: str) -> None:
        self.name = name

    def synchronize(self) -> None:
        pass

    def between_s(self, first: float, last: float) -> float:
        return last - first

    def flush(self) -> None:
        torch.zeros(2**20)
