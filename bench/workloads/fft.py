"""Fourier transform of real data: y[k] = sum over j of x[j] exp(-2 pi i j k / n), k = 0 .. n / 2.

Shapes: x (n,), y (n / 2 + 1,), complex; the other half of y is the complex conjugate of this half.
Source: Cooley & Tukey, An algorithm for the machine calculation of complex Fourier series (1965).
An element passes through log2 n stages, each a product and a sum, so its chain of roundings is only
2 log2 n long (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 24.1).
"""

import math

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n)}


def fft_numpy(x):
    return np.fft.rfft(x)


def fft_torch(x):
    return torch.fft.rfft(x)


def cost(n):
    stages = math.ceil(math.log2(n))
    return Cost(flops=2.5 * n * stages, elements=2 * n + 2, reduction=2 * stages)


WORKLOAD = Workload(
    name="fft",
    family="algorithms",
    make=make,
    numpy=fft_numpy,
    torch=fft_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (2**10, 2**14, 2**18, 2**22)),
)
