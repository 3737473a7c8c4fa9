"""Copy from the host's memory to the device's: y[i] = x[i].

Shapes: x, y (n,). Source: PyTorch notes, CUDA semantics, "Use pinned memory buffers". The NumPy
body is the baseline: it copies within the host's memory. PyTorch on the CPU does the same.
From page-locked (pinned) memory, the device fetches x by itself while the host continues. Other
memory is first copied to a page-locked buffer, and the host waits for that.
"""

from bench.variant import PINNED
from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, low=0), "device": "cpu"}


def host_to_device_numpy(x, device):  # noqa: ARG001 - NumPy computes on the host only
    return x.copy()


def host_to_device_torch(x, device):
    return x.to(device, non_blocking=True, copy=True)


def cost(n):
    return Cost(flops=0, elements=2 * n, reduction=1)


WORKLOAD = Workload(
    name="host_to_device",
    family="transfer",
    make=make,
    numpy=host_to_device_numpy,
    torch=host_to_device_torch,
    variants=(PINNED,),
    on_host=("x",),
    cost=cost,
    sizes=(
        *(size(n=n) for n in (1_000, 30_000, 300_000, 3_000_000)),
        size(large=True, n=30_000_000),
    ),
)
