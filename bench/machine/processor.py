"""The processor: its name, whether it computes in bfloat16, and the size of its caches."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cpuinfo
import torch

CPUS = Path("/sys/devices/system/cpu")
BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16", "sve_bf16"}  # flags of x86 and Arm
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


@lru_cache(maxsize=1)
def _info() -> dict[str, Any]:
    return dict(cpuinfo.get_cpu_info())  # takes a second


def model() -> str:
    """Return the processor's name."""
    return str(_info().get("brand_raw", "unknown CPU"))


def has_bfloat16() -> bool:
    """Return whether the processor has bfloat16 instructions; without them it emulates."""
    reported: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    flags = {name for name, present in reported.items() if present is True}
    return bool(BFLOAT16 & (flags or set(_info().get("flags", ()))))


def cache_bytes(cores: Sequence[int], root: Path = CPUS) -> int | None:
    """Return the total size of the last-level caches of these cores; None if it is not known."""
    sizes: dict[str, int] = {}  # by the cores that share the cache
    for core in cores or (0,):
        levels = sorted((root / f"cpu{core}" / "cache").glob("index*"))
        if levels:
            text = (levels[-1] / "size").read_text().strip()
            shared = (levels[-1] / "shared_cpu_list").read_text().strip()
            sizes[shared] = int(text.rstrip("KMG")) * UNITS.get(text[-1], 1)
    return sum(sizes.values()) or None
