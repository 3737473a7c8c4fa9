"""Bias and GELU: y = z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2, z[i, j] = x[i, j] + b[j].

Shapes: x, y (n, n), b (n,). Source: Hendrycks & Gimpel, Gaussian error linear units (2016). This
shows what fusion saves. NumPy passes over memory once for each of nine operations. PyTorch passes
twice: once for the bias, once for GELU. Compiled, it passes once.
"""

import math

import numpy as np
from torch.nn import functional as F

from bench.variant import BF16, COMPILE, GRAPH, TRANSFER
from bench.workload import Cost, Workload, draw, size

A, C = math.sqrt(2 / math.pi), 0.044715


def make(rng, n):
    return {"x": draw(rng, n, n), "b": draw(rng, n)}


def elementwise_chain_numpy(x, b):
    z = x + b
    y = z * z
    y *= A * C
    y += A
    y *= z
    np.tanh(y, out=y)
    y += 1
    y *= z
    y *= 0.5
    return y


def elementwise_chain_torch(x, b):
    return F.gelu(x + b, approximate="tanh")


def cost(n):
    return Cost(flops=9 * n**2, elements=2 * n**2 + n, reduction=9)


WORKLOAD = Workload(
    name="elementwise_chain",
    family="elementwise",
    make=make,
    numpy=elementwise_chain_numpy,
    torch=elementwise_chain_torch,
    variants=(COMPILE, BF16, TRANSFER, GRAPH),
    rows=("x",),
    cost=cost,
    sizes=(*(size(n=n) for n in (32, 256, 1024, 4096)), size(large=True, n=8192)),
)
