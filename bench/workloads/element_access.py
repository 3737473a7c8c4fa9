"""Elements one by one in a Python loop: read, s = sum of x[i], or write, y[i] = x[i].

Shapes: x, y (n,), the sum (). Source: the Python language reference, section 3.3.7. A loop over the
elements of an array makes calls for each: one to read or write it, one to add it. So the time of an
element is that of calls, and what differs is how long the calls of each library take. On an
accelerator each of them launches a kernel. One call for all, such as x.sum(), needs no loop.
"""

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size

WAYS = ("read", "write")
FEW, MANY = 100, 1000


def make(rng, way, n):
    x = draw(rng, n, low=0)
    return {"x": x, "values": x.tolist(), "way": way}


def element_access_numpy(x, values, way):
    if way == "read":
        s = x[0]
        for i in range(1, len(x)):
            s = s + x[i]
        return s
    y = np.empty_like(x)
    for i, value in enumerate(values):
        y[i] = value
    return y


def element_access_torch(x, values, way):
    if way == "read":
        s = x[0]
        for i in range(1, len(x)):
            s = s + x[i]
        return s
    y = torch.empty_like(x)
    for i, value in enumerate(values):
        y[i] = value
    return y


def cost(way, n):
    return Cost(flops=n if way == "read" else 0, elements=n, reduction=n if way == "read" else 1)


WORKLOAD = Workload(
    name="element_access",
    family="elementwise",
    make=make,
    numpy=element_access_numpy,
    torch=element_access_torch,
    variants=(),
    serial=True,
    cost=cost,
    sizes=tuple(size(telling=n == MANY, way=way, n=n) for way in WAYS for n in (FEW, MANY)),
    curve="way",
)
