"""Cores of this process: how many it may use, binding threads to them, and waiting for them."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import psutil

CGROUP, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Return how many cores this process can keep busy: the lower of affinity and cgroup quota."""
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(allowed, int(quota_cores() or allowed)))


def quota_cores(root: Path = CGROUP, own: Path = OWN_CGROUP) -> float | None:
    """Return the least quota of this process's cgroups, in cores, or None where there is no limit.

    A process is in one cgroup of each hierarchy, and the limits of all groups above it hold too
    (Linux, Documentation/admin-guide/cgroup-v2 and cgroup-v1/cgroups). In a container, a group's
    path may be that of the host; then only the groups that can be seen count.
    """
    quotas = (_quota(folder) for folder in _cgroups(root, own))
    return min((quota for quota in quotas if quota is not None), default=None)


def _cgroups(root: Path, own: Path) -> Iterator[Path]:
    """Yield the folders of this process's cgroups and of all their parents."""
    hierarchies = {root: "/", root / "cpu": "/"}
    with suppress(OSError):
        for line in own.read_text(encoding="utf-8").splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0":
                hierarchies |= {root: path, root / "unified": path}
            elif "cpu" in controllers.split(","):
                hierarchies |= {root / "cpu": path, root / controllers: path}
    for top, path in hierarchies.items():
        group = Path(path.strip("/"))
        yield from (top / each for each in (group, *group.parents))


def _quota(folder: Path) -> float | None:
    """Return a cgroup's own quota in cores, of either version; None where it has none."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        limited = quota.strip() not in {"max", "-1"}
        return int(quota) / int(period) if limited else None
    except (OSError, ValueError):
        return None


def cores() -> list[int]:
    """Return the numbers of the cores that a run binds its threads to; empty if it cannot bind."""
    bindable = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
    return bindable[: usable_cores()]


def bind(chosen: Sequence[int]) -> None:
    """Bind each thread of this process to one core: the first thread to the first core.

    OpenMP can bind the threads of its own pool, but OpenBLAS cannot. Unbound, two OpenBLAS threads
    may share a core for whole scheduler slices while another core is idle.
    """
    for thread, core in zip(_threads(), cycle(chosen), strict=False):
        os.sched_setaffinity(thread, {core})


def move_to(core: int) -> None:
    """Bind the calling thread to one core."""
    if os.sched_getaffinity(0) != {core}:
        os.sched_setaffinity(0, {core})


def bound_cores() -> list[list[int]]:
    """Return for each thread of this process the cores it may run on; empty if not on Linux."""
    return [sorted(os.sched_getaffinity(thread)) for thread in _threads()]


def _threads() -> list[int]:
    tasks = Path("/proc/self/task")
    return sorted(int(task.name) for task in tasks.iterdir()) if tasks.exists() else []


def stolen_s() -> float:
    """Return the steal time in seconds: the host ran other virtual machines on our cores."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def waited_s() -> float:
    """Return the seconds that the threads of this process were ready to run but had no core.

    It is the second number in schedstat (Linux, Documentation/scheduler/sched-stats), or 0 on
    systems without that file.
    """
    waited_ns = 0
    for task in _threads():
        with suppress(OSError):  # the thread may have ended
            waited_ns += int(Path(f"/proc/self/task/{task}/schedstat").read_text().split()[1])
    return waited_ns / 1e9
