"""Facts about the machine a run is made on, for the result file. Never its host name.

One function a fact. What cannot be found is None or an empty list; nothing is guessed.
"""

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from threadpoolctl import threadpool_info

from bench import processor
from bench.gpus import gpus, states
from bench.memory import MALLOC
from bench.precision import float32_precision

CGROUP = Path("/sys/fs/cgroup")
POOL = ("internal_api", "version", "architecture")  # the latter is whose kernels it chose
DECISIVE = (  # variables that choose other kernels than a library would, and so can name a winner
    "ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "CUDA_LAUNCH_BLOCKING", "DNNL_MAX_CPU_ISA",
    "MKL_CBWR", "MKL_DEBUG_CPU_TYPE", "MKL_ENABLE_INSTRUCTIONS", "NPY_DISABLE_CPU_FEATURES",
    "NVIDIA_TF32_OVERRIDE", "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
)  # fmt: skip


def facts(*, label: str) -> dict[str, Any]:
    """Return everything the result file says of the machine and its settings."""
    return {
        "label": label,
        "cpu": cpu(),
        "ram_bytes": psutil.virtual_memory().total,
        "blas": blas(),
        "gpus": gpus(),
        "gpu_states": {"begin": states(), "end": []},
        "versions": versions(),
        "settings": settings(),
        "peaks": None,
    }


def cpu() -> dict[str, Any]:
    """Return the processor's model, the cores this process may use, and its quota of them."""
    return {
        "model": processor.model(),
        "usable_cores": usable_cores(),
        "quota_cores": quota_cores(),
    }


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


def blas() -> dict[str, Any]:
    """Return the library that each side multiplies matrices with, and its version."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    pools = [pool for pool in pools if "numpy" in pool["filepath"]] or pools  # SciPy has its own
    mkl = re.search(r"(Math Kernel Library) Version ([\d.]+)", torch.__config__.show())
    build = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return {
        "numpy": [{key: pool.get(key) for key in POOL} for pool in pools],
        "torch": {
            "library": build[1] if build else "unknown",
            "version": mkl[2] if mkl else None,
        },
    }


def observed_threads() -> dict[str, int]:
    """Return the threads each library would use now, read back rather than assumed."""
    pools = {
        f"{pool['user_api']} ({pool['internal_api']})": int(pool["num_threads"])
        for pool in threadpool_info()
    }
    return pools | {"torch": torch.get_num_threads()}


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


def versions() -> dict[str, str | None]:
    """Return the versions that decide what runs."""
    cudnn = torch.backends.cudnn.version() if torch.cuda.is_available() else None
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": None if cudnn is None else str(cudnn),
    }


def settings() -> dict[str, Any]:
    """Return the settings that all contenders run under."""
    return {
        "malloc": dict(MALLOC),
        "float32_precision": float32_precision(),
        "environment": {name: os.environ[name][:100] for name in DECISIVE if name in os.environ},
    }


def default_label() -> str:
    """Return a label for this machine from its processor and accelerator: `amd-epyc-2-cores`."""
    names = [processor.model(), f"{usable_cores()} cores", *(gpu["name"] for gpu in gpus()[:1])]
    plain = re.sub(
        r"\((R|TM)\)|@.*|\bCPU\b|\bProcessor\b", " ", " ".join(names), flags=re.IGNORECASE
    )
    return re.sub(r"[^a-z0-9.]+", "-", plain.lower()).strip("-.")[:64] or "machine"
