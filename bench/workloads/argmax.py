"""Index of the largest element: i such that x[i] >= x[j] for all j.

Shapes: x (n,), i (). Source: NumPy and PyTorch reference, `argmax`. One element is 2 and the others
are at most 1. So there is one right index, and both libraries must return it.
"""

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    x = draw(rng, n, low=0)
    x[rng.integers(n)] = 2  # the one largest element
    return {"x": x}


def argmax_numpy(x):
    return x.argmax()


def argmax_torch(x):
    return x.argmax()


def cost(n):
    return Cost(flops=n, elements=n, reduction=1)


WORKLOAD = Workload(
    name="argmax",
    family="reductions",
    make=make,
    numpy=argmax_numpy,
    torch=argmax_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (1_000, 30_000, 1_000_000, 16_000_000)),
)
