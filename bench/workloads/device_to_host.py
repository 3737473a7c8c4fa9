"""Copy from the device's memory to the host's: y[i] = x[i].

Shapes: x, y (n,). Source: PyTorch notes, CUDA semantics, "Use pinned memory buffers". A copy into
page-locked (pinned) memory is asynchronous: it returns before the data has arrived. Code that reads
y before it synchronizes gets old data, and no error. The benchmark synchronizes, then reads. The
NumPy body is the baseline: it copies within the host's memory.
"""

import torch

from bench.variant import PINNED
from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, low=0), "pinned": False}


def device_to_host_numpy(x, pinned):  # noqa: ARG001 - NumPy does not pin memory
    return x.copy()


def device_to_host_torch(x, pinned):
    y = torch.empty(x.shape, dtype=x.dtype, pin_memory=pinned)
    return y.copy_(x, non_blocking=pinned)


def cost(n):
    return Cost(flops=0, elements=2 * n, reduction=1)


WORKLOAD = Workload(
    name="device_to_host",
    family="transfer",
    make=make,
    numpy=device_to_host_numpy,
    torch=device_to_host_torch,
    variants=(PINNED,),
    cost=cost,
    sizes=(
        *(size(n=n) for n in (1_000, 30_000, 300_000, 3_000_000)),
        size(large=True, n=30_000_000),
    ),
)
