"""Elements one by one in a Python loop: read, s = sum of x[i], or write, y[i] = x[i].

Shapes: x, y (n,), the sum (). Source: the Python language reference, section 3.3.7. A loop over the
elements of an array makes a call for each. So the time of an element is that of a call, and what
differs is how long the call of each library takes. On an accelerator, each number that is read is
a copy that the host waits for. One call for all, such as x.sum(), needs no loop.
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
        return np.array(sum(x[i].item() for i in range(len(x))), x.dtype)
    y = np.empty_like(x)
    for i, value in enumerate(values):
        y[i] = value
    return y


def element_access_torch(x, values, way):
    if way == "read":
        return torch.tensor(sum(x[i].item() for i in range(len(x))), dtype=x.dtype)
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
