"""Facts about the machine of a run, for the result file. The host name is never among them.

Each function returns one fact. A fact that cannot be read is None or an empty list, never a guess.
"""

import re
import sys
from typing import Any

import numpy as np
import psutil
import torch
from threadpoolctl import threadpool_info

from bench.machine import environment, processor
from bench.machine.affinity import quota_cores, usable_cores
from bench.machine.gpus import gpus, states
from bench.machine.precision import float32_precision

POOL = ("internal_api", "version", "architecture")  # the processor that its kernels are made for


def facts(*, label: str) -> dict[str, Any]:
    """Return everything that the result file says about the machine and its settings."""
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
    """Return the processor's model, the number of usable cores, and the cgroup's quota."""
    return {
        "model": processor.model(),
        "usable_cores": usable_cores(),
        "quota_cores": quota_cores(),
    }


def blas() -> dict[str, Any]:
    """Return the BLAS library of NumPy and of PyTorch, with its version."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    pools = [pool for pool in pools if "numpy" in pool["filepath"]] or pools  # not SciPy's BLAS
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
    """Return how many threads each library would use now, as the libraries report it."""
    pools = {
        f"{pool['user_api']} ({pool['internal_api']})": int(pool["num_threads"])
        for pool in threadpool_info()
    }
    return pools | {"torch": torch.get_num_threads()}


def versions() -> dict[str, str | None]:
    """Return the versions of Python, NumPy, PyTorch, CUDA and cuDNN."""
    cudnn = torch.backends.cudnn.version() if torch.cuda.is_available() else None
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": None if cudnn is None else str(cudnn),
    }


def settings() -> dict[str, Any]:
    """Return the settings that are the same for all contenders."""
    return {
        "malloc": dict(environment.MALLOC),
        "float32_precision": float32_precision(),
        "environment": environment.recorded(),
    }


def default_label() -> str:
    """Return a label for this machine from its processor and accelerator: `amd-epyc-2-cores`."""
    names = [processor.model(), f"{usable_cores()} cores", *(gpu["name"] for gpu in gpus()[:1])]
    plain = re.sub(
        r"\((R|TM)\)|@.*|\bCPU\b|\bProcessor\b", " ", " ".join(names), flags=re.IGNORECASE
    )
    return re.sub(r"[^a-z0-9.]+", "-", plain.lower()).strip("-.")[:64] or "machine"
