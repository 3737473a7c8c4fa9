"""Tiny workloads with planted faults: wrong, slow, crashing. Also a pytest plugin that runs them.

Use it as `pytest -p tests.faulty --workloads wrong,slow`. Worker processes import the workloads
from this file.
"""

import os
import signal
import time
from types import MappingProxyType

import pytest
import torch

from bench.cases import selection
from bench.timing.workers import Workers
from bench.workload import Cost, Workload, size


def make(rng, n):
    return {"a": rng.standard_normal((n, n)), "b": rng.standard_normal((n, n))}


def product(a, b):
    return a @ b


def slow(a, b):
    time.sleep(0.05)
    return a @ b


def slowest(a, b):
    """Take longer than the budget of a test allows for all sizes."""
    time.sleep(1)
    return a @ b


def wrong(a, b):
    return a @ b + 1


def boom(a, b):
    raise RuntimeError("boom\nand more")


def exhausted(a, b):
    raise MemoryError("full")


def segfault(a, b):
    os.kill(os.getpid(), signal.SIGSEGV)


def leaves(a, b):
    os._exit(3)


def killed(a, b):
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(a, b):
    time.sleep(3600)


def unending(a, b):
    """Compute only the small size; sleep at a larger one."""
    if len(a) > 8:
        time.sleep(3600)
    return a @ b


def deaf(a, b):
    """Close the connection to the run, but do not exit."""
    os.closerange(3, 256)
    time.sleep(3600)


def quits(a, b):
    raise SystemExit(5)


def nan(a, b):
    return a @ b * float("nan")


def changes(a, b):
    c = a @ b
    a += 1
    return c


def late(a, b):
    """Exit after thirty calls in a process."""
    late.calls += 1
    if late.calls > 30:
        os._exit(4)
    return a @ b


late.calls = 0


def cached(a, b):
    """Return for each dtype what the first call in the process returned."""
    if a.dtype not in cached.results:
        cached.results[a.dtype] = a @ b
    return cached.results[a.dtype]


cached.results = {}


def vanishes(a, b):
    """Compute at the first float32 call in a process; later return an array of sevens."""
    vanishes.calls += a.dtype == torch.float32
    return a @ b if vanishes.calls < 2 else torch.full((len(a), len(b)), 7.0)


vanishes.calls = 0


def allocates(a, b):
    """Compute the product, and allocate and free 64 MiB."""
    return a @ b + torch.ones(2**24)[:1] * 0


def numbers(rng, n):
    return {"x": rng.random(n)}


def total(x):
    return x.sum()[None]


def hidden(x):
    """Be wrong by 1e-4, which the bound of a long sum allows in float32."""
    return x.sum()[None] * (1 + 1e-4)


def single(x):
    """Sum in float32, whatever the dtype of x."""
    return x.float().sum()[None].to(x.dtype)


def unmakeable(rng, n):
    raise MemoryError("too large")


def planted(name: str, **changes) -> Workload:
    usual = {
        "name": name,
        "family": "matmul",
        "make": make,
        "numpy": product,
        "torch": product,
        "cost": lambda n: Cost(flops=2 * n**3, elements=3 * n**2, reduction=n),
        "sizes": (size(n=8),),
    }
    return Workload(**(usual | changes))


LONG = {
    "make": numbers,
    "numpy": total,
    "cost": lambda n: Cost(flops=n, elements=n, reduction=n),
    "sizes": (size(n=2**10), size(n=2**18)),
}

GOOD = planted("good")
WRONG = planted("wrong", torch=wrong)
BOOM = planted("boom", torch=boom)
EXHAUSTED = planted("exhausted", torch=exhausted)
SEGFAULT = planted("segfault", torch=segfault)
LEAVES = planted("leaves", torch=leaves)
KILLED = planted("killed", torch=killed)
HANGS = planted("hangs", torch=hangs)
DEAF = planted("deaf", torch=deaf)
QUITS = planted("quits", torch=quits)
NAN = planted("nan", torch=nan)
CHANGES = planted("changes", torch=changes)
LATE = planted("late", torch=late)
CACHED = planted("cached", torch=cached)
VANISHES = planted("vanishes", torch=vanishes)
UNENDING = planted("unending", numpy=unending, sizes=(size(n=9, large=True), size(n=8)))
ALLOCATES = planted("allocates", torch=allocates)
UNMAKEABLE = planted("unmakeable", make=unmakeable)
SIZED = planted("sized", quality=lambda body, inputs: {"size": float(body(**inputs).size)})
HIDDEN = planted("hidden", **LONG, torch=hidden)
SINGLE = planted("single", **LONG, torch=single)
SLOW = planted("slow", numpy=slow, sizes=tuple(size(n=n) for n in range(2, 8)))
SLOWEST = planted("slowest", numpy=slowest, sizes=tuple(size(n=n) for n in range(2, 12)))
WORKLOADS = {value.name: value for value in list(vars().values()) if isinstance(value, Workload)}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--workloads", default="good")


def pytest_configure(config: pytest.Config) -> None:
    names = config.getoption("--workloads").split(",")
    chosen = MappingProxyType({name: WORKLOADS[name] for name in names})
    selection.discover = lambda: chosen
    Workers.peaks = lambda _self, _keys, _probe_s, _precisions, known, _only="": dict(known)
