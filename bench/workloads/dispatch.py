"""One addition to few numbers: y[i] = x[i] + 1.

Shapes: x, y (n,). Source: Python, NumPy and PyTorch themselves. The arithmetic is so short that
this measures what a call costs: to choose a kernel by dtype and device, to allocate y, and on an
accelerator to launch the kernel.
"""

from bench.variant import COMPILE, GRAPH
from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n)}


def dispatch_numpy(x):
    return x + 1


def dispatch_torch(x):
    return x + 1


def cost(n):
    return Cost(flops=n, elements=2 * n, reduction=1)


WORKLOAD = Workload(
    name="dispatch",
    family="elementwise",
    make=make,
    numpy=dispatch_numpy,
    torch=dispatch_torch,
    variants=(COMPILE, GRAPH),
    serial=True,
    cost=cost,
    sizes=tuple(size(n=n) for n in (1, 8, 64, 512)),
)
