"""One function of each number: y[i] = f(x[i]), f = exp, log, tanh, or x to the power 2, 3 or 2.5.

Shapes: x, y (n,), x from 0.1 to 1. Source: the manuals of both libraries; Muller, Elementary
Functions (2016). Each library has its own code for each function. So the question "which is faster"
has as many answers as there are functions. Both bodies write a power as `x**p`, as most people do.
"""

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size

FUNCTIONS = ("exp", "log", "tanh")
POWERS = {"square": 2, "cube": 3, "power": 2.5}


def make(rng, f, n):
    return {"x": draw(rng, n, low=0.1), "f": f}


def unary_numpy(x, f):
    return x ** POWERS[f] if f in POWERS else getattr(np, f)(x)


def unary_torch(x, f):
    return x ** POWERS[f] if f in POWERS else getattr(torch, f)(x)


def cost(f, n):  # noqa: ARG001 - a function counts as one operation
    return Cost(flops=n, elements=2 * n, reduction=1)


WORKLOAD = Workload(
    name="unary",
    family="elementwise",
    make=make,
    numpy=unary_numpy,
    torch=unary_torch,
    variants=(),
    kinds=("cpu",),
    cost=cost,
    sizes=tuple(
        size(telling=n == 10**6, f=f, n=n) for f in (*FUNCTIONS, *POWERS) for n in (10**3, 10**6)
    ),
    curve="f",
)
