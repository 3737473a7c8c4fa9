"""Copy from the device's memory to the host's: y[i] = x[i].

Shapes: x, y (n,). Source: PyTorch notes, CUDA semantics, "Use pinned memory buffers". Into
page-locked memory the device writes by itself, and the copy returns before it is done: whoever
reads y without waiting for the device reads what stood there before, with no error. The benchmark
waits, then reads. The NumPy body copies within the host's memory, the baseline.
"""

import torch

from bench.variant import PINNED
from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, low=0), "pinned": False}


def device_to_host_numpy(x, pinned):  # noqa: ARG001 - all host memory is one to NumPy
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
