"""Matrix times vector: y[i] = sum over j of a[i, j] x[j].

Shapes: a (n, n), x and y (n,). Source: Golub & Van Loan, Matrix Computations (2013), section 1.1.
Each element of a is used once; matmul uses it n times. So this moves far more memory per operation.
"""

from bench.workload import Cost, Workload, draw, size


def make(rng, n):
    return {"a": draw(rng, n, n), "x": draw(rng, n)}


def matvec_numpy(a, x):
    return a @ x


def matvec_torch(a, x):
    return a @ x


def cost(n):
    return Cost(flops=2 * n**2, elements=n**2 + 2 * n, reduction=n)


WORKLOAD = Workload(
    name="matvec",
    family="matmul",
    make=make,
    numpy=matvec_numpy,
    torch=matvec_torch,
    cost=cost,
    sizes=tuple(size(n=n) for n in (16, 128, 1024, 4096)),
)
