"""Layer normalisation of each row: y[i, j] = w[j] (x[i, j] - m[i]) / sqrt(v[i] + 1e-5) + b[j].

Here m[i] and v[i] are the row's mean and variance. Shapes: x, y (n, n), w, b (n,). Source: Ba,
Kiros & Hinton, Layer normalization (2016). NumPy passes over the data once for each step, in place
on one copy. PyTorch fuses the steps.
"""

import numpy as np
from torch.nn import functional as F

from bench.workload import Cost, Workload, draw, size

EPS = 1e-5


def make(rng, n):
    return {"x": draw(rng, n, n) + 3, "w": draw(rng, n, low=0) + 1, "b": draw(rng, n, low=0)}


def layer_norm_numpy(x, w, b):
    y = x - x.mean(1, keepdims=True)
    v = np.vecdot(y, y)[:, None] / len(w)
    y /= np.sqrt(v + EPS)
    y *= w
    y += b
    return y


def layer_norm_torch(x, w, b):
    return F.layer_norm(x, w.shape, w, b, EPS)


def cost(n):
    return Cost(flops=7 * n**2, elements=2 * n**2 + 2 * n, reduction=n)


WORKLOAD = Workload(
    name="layer_norm",
    family="reductions",
    make=make,
    numpy=layer_norm_numpy,
    torch=layer_norm_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (32, 256, 1024, 4096)),
)
