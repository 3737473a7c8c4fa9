"""Softmax of each row: y[i, j] = exp(x[i, j] - m[i]) / sum over k of exp(x[i, k] - m[i]).

Here m[i] is the row's maximum. Without subtracting it, exp would overflow. Shapes: x, y (n, n).
Source: Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions
(2021). NumPy passes over the data once for each step, in place on one copy. PyTorch fuses the
steps.
"""

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, n) + 1000}


def softmax_numpy(x):
    y = x - x.max(1, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(1, keepdims=True)
    return y


def softmax_torch(x):
    return torch.softmax(x, 1)


def cost(n):
    return Cost(flops=5 * n**2, elements=2 * n**2, reduction=n)


WORKLOAD = Workload(
    name="softmax",
    family="reductions",
    make=make,
    numpy=softmax_numpy,
    torch=softmax_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (32, 256, 1024, 4096)),
)
