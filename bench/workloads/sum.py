"""Sum of a matrix: over all elements, along each row, or along each column.

Shapes: x (n, n), the sum () over all elements, (n,) along rows or columns. Source: Higham, Accuracy
and Stability of Numerical Algorithms (2002), chapter 4. There is one addition for each element
read.
"""

from bench.workload import Cost, Workload, draw, size

AXIS = {"all": None, "rows": 1, "columns": 0}


def make(rng, over, n):
    return {"x": draw(rng, n, n, low=0), "axis": AXIS[over]}


def sum_numpy(x, axis):
    return x.sum(axis)


def sum_torch(x, axis):
    return x.sum(axis)


def cost(over, n):
    return Cost(flops=n**2, elements=n**2, reduction=n**2 if over == "all" else n)


WORKLOAD = Workload(
    name="sum",
    family="reductions",
    make=make,
    numpy=sum_numpy,
    torch=sum_torch,
    cost=cost,
    sizes=tuple(size(over=over, n=n) for over in AXIS for n in (32, 256, 1024, 4096)),
    curve="over",
)
