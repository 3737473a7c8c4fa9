"""The cores this process may use, binding threads to them, and time spent waiting for them."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Return how many cores this process can keep busy: by its affinity and its cgroup's quota."""
    affine = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(affine, int(quota_cores() or affine)))


def quota_cores(root: Path = CGROUP) -> float | None:
    """Return the cgroup's quota in cores, or None where there is no limit."""
    try:
        if (root / "cpu.max").exists():
            quota, period = (root / "cpu.max").read_text().split()
        else:
            quota = (root / "cpu/cpu.cfs_quota_us").read_text()
            period = (root / "cpu/cpu.cfs_period_us").read_text()
    except OSError:
        return None
    limited = quota.strip() not in {"max", "-1"}
    return int(quota) / int(period) if limited else None


def cores() -> list[int]:
    """Return the numbers of the cores that work is bound to; empty where none can be bound."""
    bindable = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
    return bindable[: usable_cores()]


def bind(chosen: Sequence[int]) -> None:
    """Bind each thread of this process to a core of its own, the first thread to the first.

    OpenMP binds the threads of its own pool; OpenBLAS has no such setting, and two of its threads
    may share a core for whole scheduler slices while another core idles.
    """
    for thread, core in zip(_threads(), cycle(chosen), strict=False):
        os.sched_setaffinity(thread, {core})


def move_to(core: int) -> None:
    """Run the calling thread on one core."""
    if os.sched_getaffinity(0) != {core}:
        os.sched_setaffinity(0, {core})


def bound_cores() -> list[list[int]]:
    """Return the cores that each thread of this process may run on; empty where none is bound."""
    return [sorted(os.sched_getaffinity(thread)) for thread in _threads()]


def _threads() -> list[int]:
    tasks = Path("/proc/self/task")
    return sorted(int(task.name) for task in tasks.iterdir()) if tasks.exists() else []


def stolen_s() -> float:
    """Return the seconds for which the host gave this machine's cores to others."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def waited_s() -> float:
    """Return the seconds that this process's threads were ready to run and had no core.

    The second figure of schedstat (Linux, Documentation/scheduler/sched-stats); 0 where there is
    none.
    """
    waited_ns = 0
    for task in _threads():
        with suppress(OSError):  # a thread may end meanwhile
            waited_ns += int(Path(f"/proc/self/task/{task}/schedstat").read_text().split()[1])
    return waited_ns / 1e9
