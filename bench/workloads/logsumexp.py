"""Logarithm of the summed exponentials of each row: y[i] = m[i] + log sum of exp(x[i, j] - m[i]).

Here m[i] is the row's maximum. Without subtracting it, exp would overflow. Shapes: x (n, n), y
(n,). Source: Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions
(2021).
"""

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, n) + 1000}


def logsumexp_numpy(x):
    m = x.max(1, keepdims=True)
    e = x - m
    np.exp(e, out=e)
    return m[:, 0] + np.log(e.sum(1))


def logsumexp_torch(x):
    return torch.logsumexp(x, 1)


def cost(n):
    return Cost(flops=4 * n**2, elements=n**2 + n, reduction=n)


WORKLOAD = Workload(
    name="logsumexp",
    family="reductions",
    make=make,
    numpy=logsumexp_numpy,
    torch=logsumexp_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (32, 256, 1024, 4096)),
)
