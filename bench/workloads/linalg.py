"""Linear algebra by LAPACK: the QR factors of many small matrices, a[t] = q[t] r[t], or a x = b.

Shapes: qr: a, q, r (batch, n, n); solve: a (1, n, n), b and x (1, n, 1). Source: Anderson et al.,
LAPACK Users' Guide (1999), sections 2.4.2 and 2.3.1. All matrices are well conditioned (a multiple
of the identity is added), so that rounding moves q and r little. Of many small matrices, most of
the time passes between the calls of LAPACK; of one large one, inside.
"""

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size


def make(rng, way, batch, n):
    a = draw(rng, batch, n, n) + 2 * n**0.5 * np.eye(n)
    return {"a": a, "b": draw(rng, batch, n, 1), "way": way}


def linalg_numpy(a, b, way):
    return tuple(np.linalg.qr(a)) if way == "qr" else np.linalg.solve(a, b)


def linalg_torch(a, b, way):
    return tuple(torch.linalg.qr(a)) if way == "qr" else torch.linalg.solve(a, b)


def cost(way, batch, n):
    if way == "qr":  # R, and then Q from its reflections: 4/3 n^3 each
        return Cost(flops=8 / 3 * batch * n**3, elements=3 * batch * n**2, reduction=n**2)
    flops, moved = 2 / 3 * n**3 + 2 * n**2, n**2 + 2 * n
    return Cost(flops=batch * flops, elements=batch * moved, reduction=n**2)


SIZES = {
    "small": (("qr", 10, 8), ("solve", 1, 32)),
    "telling": (("qr", 1000, 8), ("solve", 1, 512)),
}

WORKLOAD = Workload(
    name="linalg",
    family="algorithms",
    make=make,
    numpy=linalg_numpy,
    torch=linalg_torch,
    variants=(),
    cost=cost,
    sizes=tuple(
        size(telling=kind == "telling", way=way, batch=batch, n=n)
        for kind, ones in SIZES.items()
        for way, batch, n in ones
    ),
    axis="flops",
    curve="way",
)
