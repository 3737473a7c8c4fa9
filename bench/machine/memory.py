"""Peak memory of one iteration, and returning free memory between cases."""

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


def give_back(device: str) -> None:
    """Return free memory to the operating system and the device, so the next case can use it."""
    gc.collect()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", int)(0)  # only glibc has it
    if device != "cpu":
        getattr(torch.get_device_module(device), "empty_cache", int)()


def peak_bytes(call: Callable[[], Any], device: str) -> dict[str, int | None]:
    """Return the peak memory of one call, on the host and on the device; None if it is not known.

    The host's figure is the rise of the process's resident set, read from Linux's high-water mark
    (proc(5), clear_refs and VmHWM). The device's figure is all memory that PyTorch has allocated on
    the device at the peak.
    """
    give_back(device)
    with _host() as host, _device(device) as on_device:
        call()
    return {"host": host[0], "device": on_device[0]}


@contextmanager
def _host() -> Iterator[list[int | None]]:
    """Yield a list; when the context ends, its item is the rise of the resident set in bytes."""
    rise: list[int | None] = [None]
    mark = SELF / "clear_refs"
    if not mark.exists():
        yield rise
        return
    mark.write_text("5")  # sets the high-water mark to the present resident set
    before = psutil.Process().memory_info().rss
    yield rise
    lines = (SELF / "status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    rise[0] = max(0, int(peak) * 1024 - before)


@contextmanager
def _device(device: str) -> Iterator[list[int | None]]:
    """Yield a list; when the context ends, its item is the device's peak in bytes."""
    peak: list[int | None] = [None]
    module = None if device == "cpu" else torch.get_device_module(device)
    known = hasattr(module, "max_memory_allocated")
    if known:
        module.reset_peak_memory_stats(device)  # type: ignore[union-attr]
    yield peak
    if known:
        peak[0] = int(module.max_memory_allocated(device))  # type: ignore[union-attr]
