"""Makes result files of several ranks, whose times follow a planted alpha-beta model."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.results.scaling import point_id
from tests.conftest import content

SIZES = [4096 * 8**k for k in range(5)]
DTYPE = "float32"
SMALL = "inputs=64,hidden=32,batch=240"


def ring_s(ranks: int, size_bytes: float, alpha_s: float, bandwidth: float) -> float:
    return 2 * (ranks - 1) * alpha_s + 2 * (ranks - 1) / ranks * size_bytes / bandwidth


def tree_s(ranks: int, size_bytes: float, alpha_s: float, bandwidth: float) -> float:
    return 2 * math.log2(ranks) * alpha_s + 2 * (ranks - 1) / ranks * size_bytes / bandwidth


def point(
    workload: str,
    size: str,
    mode: str,
    ranks: int,
    contender: str,
    time_s: float | None,
    half: float = 1.02,
    **fields: Any,
) -> dict:
    """A point whose interval is `half` times either way."""
    known = {"status": "ok", "message_bytes": 4096.0} | fields
    if time_s is not None:
        known |= {"time_s": time_s, "time_low_s": time_s / half, "time_high_s": time_s * half}
    return {
        "id": point_id(workload, size, mode, DTYPE, ranks, contender),
        "workload": workload,
        "size": size,
        "mode": mode,
        "dtype": DTYPE,
        "ranks": ranks,
        "contender": contender,
    } | known


def all_reduces(
    counts: Sequence[int],
    alpha_s: float,
    bandwidth: float,
    *,
    time_s: Any = ring_s,
    noise: float = 0.0,
    seed: int = 0,
    contender: str = "torch-gloo",
    sizes: Sequence[int] = SIZES,
) -> list[dict]:
    """All-reduces of each size on each number of ranks; `noise` is a standard deviation."""
    rng = np.random.default_rng(seed)
    half = math.exp(1.96 * max(noise, 1e-3))
    return [
        point(
            "all_reduce",
            f"bytes={size}",
            "",
            ranks,
            contender,
            time_s(ranks, size, alpha_s, bandwidth) * math.exp(noise * rng.standard_normal()),
            half,
            message_bytes=float(size),
        )
        for ranks in counts
        for size in sizes
    ]


def step(mode: str, ranks: int, time_s: float, work_s: float, size: str = SMALL, **fields) -> dict:
    """A verified step of training; of one rank, without communication."""
    batch = int(size.rpartition("batch=")[2])
    known = {
        "compute_s": work_s,
        "examples": batch if mode == "strong" else batch * ranks,
        "flops": 1e6 * batch * (1 if mode == "strong" else ranks),
        "message_bytes": 9640.0,
        "contender": "torch-gloo" if ranks > 1 else "torch-cpu",
    } | fields
    contender = known.pop("contender")
    return point("train_data_parallel", size, mode, ranks, contender, time_s, **known)


def trained(
    counts: Sequence[int],
    alpha_s: float,
    bandwidth: float,
    *,
    fixed_s: float = 1e-4,
    example_s: float = 1e-6,
    exposed: float = 1.0,
    size: str = SMALL,
    message_bytes: float = 9640.0,
) -> list[dict]:
    """Steps on one rank, and strong and weak on others, as the model says."""
    batch = int(size.rpartition("batch=")[2])
    alone_s = fixed_s + example_s * batch
    points = [step("strong", 1, alone_s, alone_s, size, message_bytes=message_bytes)]
    for ranks in counts:
        waits_s = exposed * ring_s(ranks, message_bytes, alpha_s, bandwidth)
        for mode, share in (("strong", 1 / ranks), ("weak", 1.0)):
            work_s = fixed_s + example_s * batch * share
            gain = alone_s * share / (work_s + waits_s)
            ratio = {"ratio": gain, "low": gain / 1.02, "high": gain * 1.02}
            speedup = {key: value * ranks for key, value in ratio.items()}
            own = {"efficiency": ratio, "speedup": speedup, "message_bytes": message_bytes}
            points.append(step(mode, ranks, work_s + waits_s, work_s, size, **own))
    return points


def scaled(points: Sequence[dict], label: str = "cluster", cells: Sequence = (), **fields) -> dict:
    """A result file of these points; without benchmarks, as torchrun alone writes it."""
    world = max((each["ranks"] for each in points), default=1)
    scaling = {"world": world, "backends": ["gloo"], "complete": True, "points": list(points)}
    return content(list(cells), label=label) | {"scaling": scaling | fields}
