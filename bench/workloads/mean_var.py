"""Mean and variance of each row: m[i] = sum of x[i, j] / n, v[i] = sum of (x[i, j] - m[i])^2 / n.

Shapes: x (n, n), m and v (n,). Source: Chan, Golub & LeVeque, Algorithms for computing the sample
variance (1983). Layer normalisation needs both. NumPy computes the mean first, then the variance
from it. PyTorch updates both in one pass over the data.
"""

import torch

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, n) + 3}


def mean_var_numpy(x):
    m = x.mean(1, keepdims=True)
    return m[:, 0], x.var(1, mean=m)


def mean_var_torch(x):
    v, m = torch.var_mean(x, 1, correction=0)
    return m, v


def cost(n):
    return Cost(flops=4 * n**2, elements=n**2 + 2 * n, reduction=n)


WORKLOAD = Workload(
    name="mean_var",
    family="reductions",
    make=make,
    numpy=mean_var_numpy,
    torch=mean_var_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (32, 256, 1024, 4096)),
)
