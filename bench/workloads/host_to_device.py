"""Copy from the host's memory to the device's: y[i] = x[i].

Shapes: x, y (n,). Source: PyTorch notes, CUDA semantics, "Use pinned memory buffers". The NumPy
body copies within the host's memory, the baseline, as PyTorch does where the device is the CPU.
From page-locked memory the device fetches x by itself while the host goes on; other memory is
first copied to a page-locked buffer, and the host waits.
"""

from bench.variant import PINNED
from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n, low=0), "device": "cpu"}


def host_to_device_numpy(x, device):  # noqa: ARG001 - NumPy knows the host alone
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
