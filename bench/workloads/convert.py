"""Integers of 16 bits, such as sound or images, to floating-point numbers: y[i] = x[i].

Shapes: x (n,) of int16, y (n,) of the case's dtype. Source: IEEE 754-2019, section 5.4.1. Each
number is read once and written once, as in a copy, so memory decides where the data fits no cache.
"""

import numpy as np

from bench.workload import Cost, Workload, draw, size

INT16_BYTES = 2


def make(rng, n):
    return {"x": rng.integers(-(2**15), 2**15, n, np.int16), "like": draw(rng, 1)}


def convert_numpy(x, like):
    return x.astype(like.dtype)


def convert_torch(x, like):
    return x.to(like.dtype)


def cost(n):
    return Cost(flops=0, elements=n, other_bytes=INT16_BYTES * n, reduction=1)


WORKLOAD = Workload(
    name="convert",
    family="transfer",
    make=make,
    numpy=convert_numpy,
    torch=convert_torch,
    variants=(),
    kinds=("cpu",),
    cost=cost,
    sizes=(size(n=10**3), size(telling=True, n=10**6)),
)
