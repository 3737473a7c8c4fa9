"""Measures the peaks of a device: the most operations and bytes a second that it reaches.

A peak in FLOP/s is the best rate of products of square matrices, which grow until one call takes
long enough. On a CPU a convolution is tried too, because PyTorch computes convolutions with another
library than products. The peaks in bytes/s come from copying and from reading a large array.

So a peak is what this machine reaches with its own libraries, not the figure in a data sheet
(Williams, Waterman & Patterson, Roofline, Communications of the ACM 52(4), 2009).
`bench.machine.datasheets` has the data sheets of known GPUs.
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

FIRST_N, LAST_N = 256, 16384  # rows of the matrices
CHANNELS, PIXELS = 128, 58
CONV_FLOPS = 2 * 9 * CHANNELS**2 * (PIXELS - 2) ** 2
LONG_S = 0.01  # after a call this long, matrices do not grow any more
FEWEST = 3  # timed calls
LEAST_BYTES, MOST_BYTES = 2**26, 2**30  # of a copied array; more on an accelerator
MOST_CPU_BYTES = 2**27  # a larger cache is shared with other virtual machines
CACHES = 4  # an array of 4 times the last-level cache does not fit it
LAUNCHES = 1000
MEMORY_SHARE = 8  # an array takes at most 1/8 of the free memory

Peaks = dict[str, Any]


def measured(
    contender: Contender, cores: Sequence[int], probe_s: float, precisions: Collection[str]
) -> Peaks:
    """Return the peaks of a contender's library on its device, with about `probe_s` for each.

    `cores` are the CPU cores that compute; their caches set the size of the copied arrays.

    The peaks are `flop_s` for each of the `precisions` that the device has, `copy_bytes_s` (bytes
    read plus bytes written) and `read_bytes_s`. An accelerator also has its `model` and `launch_s`,
    the time between two queued calls that do almost nothing. CUDA has `replay_s`, the time between
    two replays of an empty graph.
    """
    rates = {
        name: _flop_s(contender, name, probe_s)
        for name in _precisions(contender)
        if name in precisions
    }
    on_cpu = contender.device == "cpu"
    cache = processor.cache_bytes(cores) if on_cpu else cache_bytes(torch.device(contender.device))
    size = max(LEAST_BYTES, min(MOST_CPU_BYTES, CACHES * (cache or 0)))
    if not on_cpu:
        size = max(size, min(MOST_BYTES, _free_bytes(contender) // MEMORY_SHARE))
    module = None if on_cpu else torch.get_device_module(contender.device)
    model_of = getattr(module, "get_device_name", None)
    return {
        "model": model_of(torch.device(contender.device)) if model_of else None,
        "flop_s": {name: rate for name, rate in rates.items() if rate},
        "copy_bytes_s": 2 * size / _best_s(contender, _copying(contender, size), probe_s),
        "read_bytes_s": size / _best_s(contender, _reading(contender, size), probe_s),
        "cache_bytes": cache,
        "launch_s": None if on_cpu else _launch_s(contender),
        "replay_s": _replay_s(contender) if contender.kind == "cuda" else None,
    }


def merged(peaks: Mapping[str, Peaks], name: str, more: Peaks) -> dict[str, Peaks]:
    """Return `peaks` with `more` of a device merged in: higher rates and shorter launches win."""
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


def name_of(contender: Contender, threads: int) -> str:
    """Return the key of a contender's device among the peaks."""
    return ids.peak(contender.device, threads)


def _precisions(contender: Contender) -> tuple[str, ...]:
    if contender.library == "numpy":
        return ("float32", "float64")
    if contender.kind == "cpu":
        return ("float32", "float64", *(["bfloat16"] if processor.has_bfloat16() else []))
    exact = ("float32",) if contender.kind == "mps" else ("float32", "float64")
    tf32 = ["tf32"] if contender.kind == "cuda" and not no_tf32(contender.device) else []
    bfloat16 = [] if no_bfloat16(contender.device) else ["bfloat16"]
    return (*exact, *tf32, *bfloat16, "float16")


def _flop_s(contender: Contender, precision: str, probe_s: float) -> float:
    """Return the best rate of matrix products of any size; 0 if the device lacks the precision."""
    best = 0.0
    if precision == "tf32":
        set_float32("tf32")
    try:
        n = FIRST_N
        if contender.library == "torch" and contender.device == "cpu" and precision != "float64":
            best = CONV_FLOPS / _best_s(contender, _convolution(precision), probe_s)
        while n <= LAST_N and _fits(contender, 3 * 8 * n * n):
            call = _product(contender, n, "float32" if precision == "tf32" else precision)
            once_s = _best_s(contender, call, 0.0)
            if once_s > LONG_S or n == LAST_N:
                once_s = min(once_s, _best_s(contender, call, probe_s))
            best = max(best, 2 * n**3 / once_s)
            if once_s > LONG_S:
                break
            n *= 2
    except (RuntimeError, TypeError):  # PyTorch raises these if the device lacks the dtype
        return best
    finally:
        set_float32(contender.variant.float32)
    return best


def _product(contender: Contender, n: int, dtype: str) -> Callable[[], Any]:
    if contender.library == "numpy":
        a = np.random.default_rng(0).standard_normal((n, n), "float32").astype(dtype)
        b = a.copy()
        return lambda: a @ b
    rng = torch.Generator(contender.device).manual_seed(0)
    x = torch.randn(n, n, generator=rng, device=contender.device).to(getattr(torch, dtype))
    y = x.clone()
    return lambda: x @ y


def _convolution(dtype: str) -> Callable[[], Any]:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(1, CHANNELS, PIXELS, PIXELS, generator=rng).to(getattr(torch, dtype))
    w = torch.randn(CHANNELS, CHANNELS, 3, 3, generator=rng).to(x.dtype)
    x, w = (tensor.to(memory_format=torch.channels_last) for tensor in (x, w))
    return lambda: F.conv2d(x, w)


def _copying(contender: Contender, size: int) -> Callable[[], Any]:
    x, y = _filled(contender, size), _filled(contender, size)
    return (lambda: np.copyto(y, x)) if contender.library == "numpy" else (lambda: y.copy_(x))


def _reading(contender: Contender, size: int) -> Callable[[], Any]:
    x = _filled(contender, size)
    if contender.library == "numpy":
        return lambda: np.dot(x, x)
    return (lambda: torch.dot(x, x)) if contender.device == "cpu" else x.sum


def _filled(contender: Contender, size: int) -> Any:
    """Return an array of `size` bytes; writing it makes all its pages resident."""
    if contender.library == "numpy":
        return np.ones(size // 4, np.float32)
    return torch.ones(size // 4, device=contender.device)


def _launch_s(contender: Contender) -> float:
    x = torch.zeros(1, device=contender.device)

    def launches() -> None:
        for _ in range(LAUNCHES):
            x.add_(1.0)

    return _best_s(contender, launches, 0.0) / LAUNCHES


def _replay_s(contender: Contender) -> float | None:
    """Return the time between two queued replays of an empty CUDA graph; None if it fails."""
    graph = torch.cuda.CUDAGraph()
    try:
        with warnings.catch_warnings(), torch.cuda.graph(graph):
            warnings.simplefilter("ignore")  # PyTorch warns that the graph is empty
    except RuntimeError:
        return None

    def replays() -> None:
        for _ in range(LAUNCHES):
            graph.replay()

    return _best_s(contender, replays, 0.0) / LAUNCHES


def _best_s(contender: Contender, call: Callable[[], Any], probe_s: float) -> float:
    """Return the shortest time of a call within `probe_s` seconds, after a warm-up call.

    On an accelerator several calls are queued before one synchronization, so that its cost hardly
    counts.
    """
    call()
    once_s = _timed_s(contender, call, 1)
    queued = 1 if contender.device == "cpu" else math.ceil(LONG_S / once_s)
    best, until, done = once_s, time.perf_counter() + probe_s, 0
    while done < FEWEST or time.perf_counter() < until:
        best, done = min(best, _timed_s(contender, call, queued)), done + 1
    return best


def _timed_s(contender: Contender, call: Callable[[], Any], queued: int) -> float:
    contender.synchronize()
    start = time.perf_counter()
    for _ in range(queued):
        call()
    contender.synchronize()
    return (time.perf_counter() - start) / queued


def _fits(contender: Contender, size: int) -> bool:
    return contender.device == "cpu" or MEMORY_SHARE * size < _free_bytes(contender)


def _free_bytes(contender: Contender) -> int:
    """Return an accelerator's free memory; a small number if the device does not report it."""
    info = getattr(torch.get_device_module(contender.device), "mem_get_info", None)
    return info(torch.device(contender.device))[0] if info else MEMORY_SHARE * LEAST_BYTES
