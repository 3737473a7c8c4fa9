"""What the processor is called, what it can and how much it caches, as the system tells it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cpuinfo
import torch

CPUS = Path("/sys/devices/system/cpu")
BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16", "sve_bf16"}  # as x86 and Arm call it
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


@lru_cache(maxsize=1)
def _info() -> dict[str, Any]:
    return dict(cpuinfo.get_cpu_info())  # takes a second


def model() -> str:
    """Return the processor's name."""
    return str(_info().get("brand_raw", "unknown CPU"))


def has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16 itself; without that it is emulated."""
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    can = {name for name, yes in known.items() if yes is True}
    return bool(BFLOAT16 & (can or set(_info().get("flags", ()))))


def cache_bytes(cores: Sequence[int], root: Path = CPUS) -> int | None:
    """Return the size of the last-level caches of some cores together; None if it is not told."""
    found: dict[str, int] = {}
    for core in cores or (0,):
        levels = sorted((root / f"cpu{core}" / "cache").glob("index*"))
        if levels:
            text = (levels[-1] / "size").read_text().strip()
            shared = (levels[-1] / "shared_cpu_list").read_text().strip()
            found[shared] = int(text.rstrip("KMG")) * UNITS.get(text[-1], 1)
    return sum(found.values()) or None
