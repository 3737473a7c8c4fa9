"""What a device can do at most: floating-point operations and bytes a second, as measured here.

The best that its own library gets from the friendliest work there is: products of square matrices,
ever larger ones until a call is long, and on a CPU, where PyTorch hands convolutions to another
library than products, one of those too; a copy of one large array to another, the reading of one.
So a roof is what this machine reaches, not what its maker promises (Williams, Waterman & Patterson,
Roofline, Communications of the ACM 52(4), 2009). A vendor's promise stands beside it where the
model is known, see `bench.machine.vendor`.
"""

import math
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from bench.cases.contenders import Contender
from bench.machine import processor
from bench.machine.precision import set_float32
from bench.results import ids
from bench.timing.device import cache_bytes
from bench.variant import no_bfloat16, no_tf32

FIRST_N, LAST_N = 256, 16384  # of the matrices
CHANNELS, PIXELS = 128, 58
CONV_FLOPS = 2 * 9 * CHANNELS**2 * (PIXELS - 2) ** 2
LONG_S = 0.01  # a call that takes longer needs no larger matrices
FEWEST = 3  # calls
LEAST_BYTES, MOST_BYTES = 2**26, 2**30  # of an array to copy: an accelerator's is larger
MOST_CPU_BYTES = 2**27  # a cache of more is shared with other machines
CACHES = 4  # so many times the last-level cache, a copy does not fit it
LAUNCHES = 1000
MEMORY_SHARE = 8  # no array of a probe takes more than this part of the free memory

Peaks = dict[str, Any]


def measured(
    who: Contender, cores: Sequence[int], probe_s: float, precisions: Collection[str]
) -> Peaks:
    """Return the peaks of a library on a device, spending about `probe_s` seconds on each.

    On a CPU, `cores` are those that it computes on, whose caches the copied arrays must not fit.

    `flop_s` by those of the `precisions` that the device has, `copy_bytes_s` (read and written)
    and `read_bytes_s`; of an accelerator also its `model`, `launch_s`, the time from one queued
    call of next to no work to the next, and on CUDA `replay_s`, that of an empty graph.
    """
    asked = [name for name in _precisions(who) if name in precisions]
    found = {name: _flop_s(who, name, probe_s) for name in asked}
    on_cpu = who.device == "cpu"
    cache = processor.cache_bytes(cores) if on_cpu else cache_bytes(torch.device(who.device))
    size = max(LEAST_BYTES, min(MOST_CPU_BYTES, CACHES * (cache or 0)))
    if not on_cpu:
        size = max(size, min(MOST_BYTES, _free_bytes(who) // MEMORY_SHARE))
    named = getattr(
        None if on_cpu else torch.get_device_module(who.device), "get_device_name", None
    )
    return {
        "model": named(torch.device(who.device)) if named else None,
        "flop_s": {name: rate for name, rate in found.items() if rate},
        "copy_bytes_s": 2 * size / _best_s(who, _copying(who, size), probe_s),
        "read_bytes_s": size / _best_s(who, _reading(who, size), probe_s),
        "cache_bytes": cache,
        "launch_s": None if on_cpu else _launch_s(who),
        "replay_s": _replay_s(who) if who.kind == "cuda" else None,
    }


def merged(peaks: Mapping[str, Peaks], name: str, more: Peaks) -> dict[str, Peaks]:
    """Return peaks in which a device has the larger of each figure, and the shorter launch."""
    old = peaks.get(name)
    if old is None:
        return {**peaks, name: more}
    rates = [old["flop_s"], more["flop_s"]]
    best = {
        "flop_s": {key: max(r.get(key, 0.0) for r in rates) for key in {**rates[0], **rates[1]}},
        "copy_bytes_s": max(old["copy_bytes_s"], more["copy_bytes_s"]),
        "read_bytes_s": max(old["read_bytes_s"], more["read_bytes_s"]),
        **{
            key: min(filter(None, (old.get(key), more.get(key))), default=None)
            for key in ("launch_s", "replay_s")
        },
    }
    return {**peaks, name: {**old, **best}}


def name_of(who: Contender, threads: int) -> str:
    """Return by what name a contender's device stands among the peaks."""
    return ids.peak(who.device, threads)


def _precisions(who: Contender) -> tuple[str, ...]:
    if who.library == "numpy":
        return ("float32", "float64")
    if who.kind == "cpu":
        return ("float32", "float64", *(["bfloat16"] if processor.has_bfloat16() else []))
    exact = ("float32",) if who.kind == "mps" else ("float32", "float64")
    tf32 = ["tf32"] if who.kind == "cuda" and not no_tf32(who.device) else []
    bfloat16 = [] if no_bfloat16(who.device) else ["bfloat16"]
    return (*exact, *tf32, *bfloat16, "float16")


def _flop_s(who: Contender, precision: str, probe_s: float) -> float:
    """Return the best rate of matrix products over sizes; 0 where the device has no such type."""
    best = 0.0
    if precision == "tf32":
        set_float32("tf32")
    try:
        n = FIRST_N
        if who.library == "torch" and who.device == "cpu" and precision != "float64":
            best = CONV_FLOPS / _best_s(who, _convolution(precision), probe_s)
        while n <= LAST_N and _fits(who, 3 * 8 * n * n):
            call = _product(who, n, "float32" if precision == "tf32" else precision)
            once_s = _best_s(who, call, 0.0)
            if once_s > LONG_S or n == LAST_N:
                once_s = min(once_s, _best_s(who, call, probe_s))
            best = max(best, 2 * n**3 / once_s)
            if once_s > LONG_S:
                break
            n *= 2
    except (RuntimeError, TypeError):  # what PyTorch raises for a type that a device lacks
        return best
    finally:
        set_float32(who.variant.float32)
    return best


def _product(who: Contender, n: int, dtype: str) -> Callable[[], Any]:
    if who.library == "numpy":
        a = np.random.default_rng(0).standard_normal((n, n), "float32").astype(dtype)
        b = a.copy()
        return lambda: a @ b
    rng = torch.Generator(who.device).manual_seed(0)
    x = torch.randn(n, n, generator=rng, device=who.device).to(getattr(torch, dtype))
    y = x.clone()
    return lambda: x @ y


def _convolution(dtype: str) -> Callable[[], Any]:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(1, CHANNELS, PIXELS, PIXELS, generator=rng).to(getattr(torch, dtype))
    w = torch.randn(CHANNELS, CHANNELS, 3, 3, generator=rng).to(x.dtype)
    x, w = (tensor.to(memory_format=torch.channels_last) for tensor in (x, w))
    return lambda: F.conv2d(x, w)


def _copying(who: Contender, size: int) -> Callable[[], Any]:
    x, y = _filled(who, size), _filled(who, size)
    return (lambda: np.copyto(y, x)) if who.library == "numpy" else (lambda: y.copy_(x))


def _reading(who: Contender, size: int) -> Callable[[], Any]:
    x = _filled(who, size)
    if who.library == "numpy":
        return lambda: np.dot(x, x)
    return (lambda: torch.dot(x, x)) if who.device == "cpu" else x.sum


def _filled(who: Contender, size: int) -> Any:
    """Return an array of so many bytes, each of its pages written."""
    if who.library == "numpy":
        return np.ones(size // 4, np.float32)
    return torch.ones(size // 4, device=who.device)


def _launch_s(who: Contender) -> float:
    x = torch.zeros(1, device=who.device)

    def launches() -> None:
        for _ in range(LAUNCHES):
            x.add_(1.0)

    return _best_s(who, launches, 0.0) / LAUNCHES


def _replay_s(who: Contender) -> float | None:
    """Return the time from one queued replay of an empty CUDA graph to the next; None if none."""
    graph = torch.cuda.CUDAGraph()
    try:
        with warnings.catch_warnings(), torch.cuda.graph(graph):
            warnings.simplefilter("ignore")  # of its being empty
    except RuntimeError:
        return None

    def replays() -> None:
        for _ in range(LAUNCHES):
            graph.replay()

    return _best_s(who, replays, 0.0) / LAUNCHES


def _best_s(who: Contender, call: Callable[[], Any], probe_s: float) -> float:
    """Return the shortest time of a call that `probe_s` has room for, after one that warms up.

    On an accelerator several are queued and waited for together, or the wait would count.
    """
    call()
    once_s = _timed_s(who, call, 1)
    queued = 1 if who.device == "cpu" else math.ceil(LONG_S / once_s)
    best, until, done = once_s, time.perf_counter() + probe_s, 0
    while done < FEWEST or time.perf_counter() < until:
        best, done = min(best, _timed_s(who, call, queued)), done + 1
    return best


def _timed_s(who: Contender, call: Callable[[], Any], queued: int) -> float:
    who.synchronize()
    start = time.perf_counter()
    for _ in range(queued):
        call()
    who.synchronize()
    return (time.perf_counter() - start) / queued


def _fits(who: Contender, size: int) -> bool:
    return who.device == "cpu" or MEMORY_SHARE * size < _free_bytes(who)


def _free_bytes(who: Contender) -> int:
    """Return how much of an accelerator's memory is free; little, where it does not say."""
    known = getattr(torch.get_device_module(who.device), "mem_get_info", None)
    return known(torch.device(who.device))[0] if known else MEMORY_SHARE * LEAST_BYTES
