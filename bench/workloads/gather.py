"""Selected elements: by indices, y[k] = x[i[k]], or by a mask, those x[j] where i[j] is true.

Shapes: x (n,); indices i (n,) of int64, a random permutation, and y (n,); or a mask i (n,) of
booleans, half of them true at random, and y (n / 2,). Source: Lewis & Shaw, Memory systems and
pipelined processors (1996), on gather and scatter. Nothing is computed. Indices jump in memory, and
a mask has to be counted before y can be allocated: an accelerator's host waits for the count.
"""

from bench.workload import Cost, Workload, draw, size

BY = ("indices", "mask")
INDEX_BYTES, MASK_BYTES = 8, 1


def make(rng, by, n):
    order = rng.permutation(n)
    return {"x": draw(rng, n), "i": order if by == "indices" else order < n // 2}


def gather_numpy(x, i):
    return x[i]


def gather_torch(x, i):
    return x[i]


def cost(by, n):
    if by == "indices":
        return Cost(flops=0, elements=2 * n, other_bytes=INDEX_BYTES * n, reduction=1)
    return Cost(flops=0, elements=2 * (n // 2), other_bytes=MASK_BYTES * n, reduction=1)


WORKLOAD = Workload(
    name="gather",
    family="algorithms",
    make=make,
    numpy=gather_numpy,
    torch=gather_torch,
    variants=(),
    cost=cost,
    sizes=tuple(size(telling=n == 10**6, by=by, n=n) for by in BY for n in (10**3, 10**6)),
    curve="by",
)
