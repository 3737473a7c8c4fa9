"""Save an array in a library's own format, then load it: y[i] = x[i].

Shapes: x, y (n,). Source: the NumPy Enhancement Proposal 1, A simple file format for NumPy arrays;
PyTorch notes, Serialization semantics. The file lies in memory (io.BytesIO), so that formats are
compared rather than disks. A disk would add the time of the same bytes to both sides, and whether
the system had them in its cache would decide. Nothing is left behind. NumPy writes a header and
the numbers. PyTorch writes a zip archive with a pickle and a checksum, which costs most if the
array is small; it also keeps whole objects, such as the state of a model.
"""

import io

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"x": draw(rng, n)}


def save_load_numpy(x):
    file = io.BytesIO()
    np.save(file, x)
    file.seek(0)
    return np.load(file)


def save_load_torch(x):
    file = io.BytesIO()
    torch.save(x, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def cost(n):
    return Cost(flops=0, elements=4 * n, reduction=1)  # x, into the file, out of it, y


WORKLOAD = Workload(
    name="save_load",
    family="transfer",
    make=make,
    numpy=save_load_numpy,
    torch=save_load_torch,
    variants=(),
    kinds=("cpu",),
    serial=True,
    cost=cost,
    sizes=tuple(size(telling=True, n=n) for n in (100, 1_000_000)),
)
