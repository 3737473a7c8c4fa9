"""Many small matrix products at once: c[t, i, j] = sum over k of a[t, i, k] b[t, k, j].

Shapes: a, b, c (batch, 64, 64), the shape of attention heads. Source: Golub & Van Loan, Matrix
Computations (2013), section 1.1. NumPy calls its BLAS once for each matrix, PyTorch once for the
whole batch.
"""

from bench.variant import BF16, FP16, TF32, TRANSFER
from bench.workload import Cost, Workload, draw, size

N = 64


def make(rng, batch):
    return {"a": draw(rng, batch, N, N), "b": draw(rng, batch, N, N)}


def matmul_batched_numpy(a, b):
    return a @ b


def matmul_batched_torch(a, b):
    return a @ b


def cost(batch):
    return Cost(flops=2 * batch * N**3, elements=3 * batch * N**2, reduction=N)


WORKLOAD = Workload(
    name="matmul_batched",
    family="matmul",
    make=make,
    numpy=matmul_batched_numpy,
    torch=matmul_batched_torch,
    variants=(TF32, BF16, FP16, TRANSFER),
    cost=cost,
    sizes=tuple(size(batch=batch) for batch in (1, 16, 256, 2048)),
    axis="batch",
)
