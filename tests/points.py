"""Makes the `scaling` part of result files, small enough to check by hand."""

from typing import Any

from bench.results.scaling import point_id
from tests.conftest import content

TRAIN, MATMUL, REDUCE = "train_data_parallel", "matmul_sharded", "all_reduce"
BACKENDS = {"numpy": "shared memory", "torch-gloo": "gloo", "torch-nccl": "nccl"}
BASELINES = {
    "numpy": "numpy",
    "torch-gloo": "torch-cpu",
    "torch-threads": "torch-cpu",
    "torch-nccl": "torch-cuda",
}


def point(
    size: str,
    mode: str,
    ranks: int,
    contender: str,
    time_s: float | None = None,
    *,
    workload: str = TRAIN,
    speedup: tuple[float, float, float] | None = None,
    width: float = 1.1,
    **fields: Any,
) -> dict:
    """A point; its times and ratios reach from the value divided by `width` to the value times it.

    A size like `n=4` has 4 operations.
    """
    several = ranks > 1 and contender in BACKENDS
    base = {
        "id": point_id(workload, size, mode, "float32", ranks, contender),
        "workload": workload,
        "size": size,
        "mode": mode,
        "dtype": "float32",
        "ranks": ranks,
        "contender": contender,
        "backend": BACKENDS[contender] if several else "",
        "device": "cuda" if "nccl" in contender or "cuda" in contender else "cpu",
        "status": "ok",
        "flops": float(size.rpartition("=")[2]),
        "message_bytes": float(size.rpartition("=")[2]),
        "rel_error": 1e-7,
        "tolerance": 1e-6,
    }
    if mode and (ranks > 1 or contender not in BASELINES.values()):
        base["baseline"] = point_id(workload, size, "strong", "float32", 1, BASELINES[contender])
    if time_s is not None:
        base |= {
            "time_s": time_s,
            "time_low_s": time_s / width,
            "time_high_s": time_s * width,
            "typical_s": time_s * width,
            "samples": {"numbers": [1, 2], "visits": [[time_s], [time_s]]},
        }
    if workload == REDUCE and time_s is not None:
        base["algorithm_bytes_s"] = base["message_bytes"] / time_s
        base["bus_bytes_s"] = base["algorithm_bytes_s"] * 2 * (ranks - 1) / ranks
    if speedup is not None:
        base["speedup"] = ratio(*speedup)
        base["efficiency"] = ratio(*(each / ranks for each in speedup))
    return base | fields


def ratio(value: float, low: float, high: float) -> dict:
    return {"ratio": value, "low": low, "high": high}


def around(value: float, width: float = 1.1) -> tuple[float, float, float]:
    return value, value / width, value * width


def group(points: list[dict], **fields: Any) -> dict:
    """The `scaling` part of a file."""
    world = max((each["ranks"] for each in points), default=2)
    base = {
        "world": world,
        "backends": ["gloo", "shared memory"],
        "nodes": [
            {
                "cpu": {"model": "Chip", "usable_cores": 8},
                "ram_bytes": 2**34,
                "ranks": world,
                "interface": "lo",
            }
        ],
        "copy_bytes_s": 1e9,
        "threads": [1] * world,
        "cores": [[rank] for rank in range(world)],
        "visits": 2,
        "spent_s": 12.0,
        "complete": True,
    }
    return base | fields | {"points": points}


def cluster(points: list[dict], label: str = "box", **fields: Any) -> dict:
    """A file that torchrun alone wrote: points and no cells."""
    return content([], label=label) | {"twins": [], "scaling": group(points, **fields)}


def training(size: str, gloo: float, *, numpy: float = 0.8, threads: float = 1.5) -> list[dict]:
    """One size of training with 1 and 2 ranks: one process takes 1 ms, in strong scaling.

    `gloo`, `numpy` and `threads` are speedups.
    """
    alone = [point(size, "strong", 1, name, 1e-3) for name in ("numpy", "torch-cpu")]
    gains = {"numpy": numpy, "torch-gloo": gloo, "torch-threads": threads}
    return alone + [
        point(size, "strong", 2, name, 1e-3 / gain, speedup=around(gain))
        for name, gain in gains.items()
    ]
