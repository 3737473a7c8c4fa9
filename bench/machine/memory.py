"""What memory an iteration takes at its peak, and giving memory back between cases."""

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import torch

SELF = Path("/proc/self")
MALLOC = {
    # glibc raises both thresholds as a process frees large arrays, up to these values, so that what
    # an allocation costs depends on what the process did before. Set, they stay (mallopt(3)).
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}


def give_back(device: str) -> None:
    """Return what is free to the operating system and the device, so that the next case has it."""
    gc.collect()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", int)(0)  # glibc alone has it
    if device != "cpu":
        getattr(torch.get_device_module(device), "empty_cache", int)()


def peak_bytes(call: Callable[[], Any], device: str) -> dict[str, int | None]:
    """Return by how much a call raises the process's memory at its peak, and the device's peak.

    The host's is the rise of the resident set, to the page, from Linux's own high-water mark
    (proc(5), clear_refs and VmHWM); the device's is all that is allocated there by PyTorch at the
    peak. What cannot be told is None.
    """
    give_back(device)
    with _host() as host, _device(device) as on_device:
        call()
    return {"host": host[0], "device": on_device[0]}


@contextmanager
def _host() -> Iterator[list[int | None]]:
    """Yield a list that in the end holds the rise of the resident set in bytes."""
    rise: list[int | None] = [None]
    mark = SELF / "clear_refs"
    if not mark.exists():
        yield rise
        return
    mark.write_text("5")  # the high-water mark falls to what is resident now
    before = psutil.Process().memory_info().rss
    yield rise
    lines = (SELF / "status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    rise[0] = max(0, int(peak) * 1024 - before)


@contextmanager
def _device(device: str) -> Iterator[list[int | None]]:
    """Yield a list that in the end holds the device's peak in bytes."""
    peak: list[int | None] = [None]
    module = None if device == "cpu" else torch.get_device_module(device)
    known = hasattr(module, "max_memory_allocated")
    if known:
        module.reset_peak_memory_stats(device)  # type: ignore[union-attr]
    yield peak
    if known:
        peak[0] = int(module.max_memory_allocated(device))  # type: ignore[union-attr]
