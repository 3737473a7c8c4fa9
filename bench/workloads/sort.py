"""Sorted copy: y is a permutation of x such that y[i] <= y[i + 1] for all i.

Shapes: x, y (n,). Source: Knuth, The Art of Computer Programming, vol. 3 (1998), section 5.2.
PyTorch's sort returns the permutation too, and NumPy's does not. So PyTorch moves more data.
"""

import math

import numpy as np

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, low=0)}


def sort_numpy(x):
    return np.sort(x)


def sort_torch(x):
    return x.sort().values


def cost(n):
    return Cost(flops=n * math.log2(n), elements=2 * n, reduction=1)


WORKLOAD = Workload(
    name="sort",
    family="algorithms",
    make=make,
    numpy=sort_numpy,
    torch=sort_torch,
    cost=cost,
    sizes=(
        *(size(n=n) for n in (1_000, 10_000, 100_000, 1_000_000)),
        size(large=True, n=4_000_000),
    ),
)
