"""Product of two square matrices of integers: c[i, j] = sum over k of a[i, k] b[k, j].

Shapes: a, b, c (n, n) of int64. Source: Golub & Van Loan, Matrix Computations (2013), section 1.1.
BLAS has routines for floating-point numbers alone. So each library has a loop of its own for
integers. Integers have no rounding: the results must be equal in every digit. PyTorch has no
product of int64 on a GPU. If all partial sums are below 2^53, a product in float64 is exact too.
"""

from bench.workload import Cost, Workload, size


def make(rng, n):
    return {name: rng.integers(-9, 10, (n, n)) for name in "ab"}


def matmul_integer_numpy(a, b):
    return a @ b


def matmul_integer_torch(a, b):
    return a @ b


def cost(n):
    return Cost(flops=2 * n**3, elements=3 * n**2, reduction=n)


WORKLOAD = Workload(
    name="matmul_integer",
    family="matmul",
    make=make,
    numpy=matmul_integer_numpy,
    torch=matmul_integer_torch,
    variants=(),
    dtypes=("int64",),
    kinds=("cpu",),
    cost=cost,
    sizes=(size(n=32), size(telling=True, n=256)),
)
