"""Running sum: y[i] = x[0] + ... + x[i].

Shapes: x, y (n,). Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), section
4.2, recursive summation. Each sum needs the previous one, so there is little to vectorise.
"""

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, low=0)}


def cumsum_numpy(x):
    return x.cumsum(0)


def cumsum_torch(x):
    return x.cumsum(0)


def cost(n):
    return Cost(flops=n, elements=2 * n, reduction=n)


WORKLOAD = Workload(
    name="cumsum",
    family="reductions",
    make=make,
    numpy=cumsum_numpy,
    torch=cumsum_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (1_000, 30_000, 1_000_000, 10_000_000)),
)
