"""A list of arrays, such as the samples of a data set, to one array: y[i, j] = x[i][j].

Shapes: x, 100 arrays (n,); y (100, n). Source: the manuals of numpy.array and torch.tensor. The
direct way in PyTorch is torch.tensor(list). PyTorch itself warns that this is slow, since it takes
the numbers one by one. The variant `stacked` has NumPy join the arrays first. The list is made in
the timed body, by both, from the rows of a matrix.
"""

import warnings

import numpy as np
import torch

from bench.variant import Variant
from bench.workload import Cost, Workload, draw, size

ARRAYS = 100


def make(rng, n):
    return {"x": draw(rng, ARRAYS, n)}


def convert_list_numpy(x):
    arrays = list(x)
    return np.array(arrays)


def convert_list_torch(x):
    arrays = list(x.numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that this is slow, which is the question
        return torch.tensor(arrays)


def stacked(x):
    arrays = list(x.numpy())
    return torch.from_numpy(np.array(arrays))


def cost(n):
    return Cost(flops=0, elements=2 * ARRAYS * n, reduction=1)


WORKLOAD = Workload(
    name="convert_list",
    family="transfer",
    make=make,
    numpy=convert_list_numpy,
    torch=convert_list_torch,
    variants=(Variant(name="stacked", body=stacked),),
    kinds=("cpu",),
    serial=True,
    cost=cost,
    sizes=(size(n=10), size(telling=True, n=1000)),
)
