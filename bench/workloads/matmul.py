"""Product of two square matrices: c[i, j] = sum over k of a[i, k] b[k, j].

Shapes: a, b, c (n, n). Source: Golub & Van Loan, Matrix Computations (2013), section 1.1.
Both libraries call the gemm of the BLAS they were built with, so that BLAS decides the time.
"""

from bench.variant import BF16, FP16, TF32, TRANSFER
from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"a": draw(rng, n, n), "b": draw(rng, n, n)}


def matmul_numpy(a, b):
    return a @ b


def matmul_torch(a, b):
    return a @ b


def cost(n):
    return Cost(flops=2 * n**3, elements=3 * n**2, reduction=n)


WORKLOAD = Workload(
    name="matmul",
    family="matmul",
    make=make,
    numpy=matmul_numpy,
    torch=matmul_torch,
    variants=(TF32, BF16, FP16, TRANSFER),
    rows=("a",),
    cost=cost,
    sizes=(
        *(size(n=n) for n in (16, 64, 256, 512, 1024, 2048)),
        *(size(large=True, n=n) for n in (8192, 16384)),
    ),
)
