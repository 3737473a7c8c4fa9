"""A product y = x w whose rows are spread: each rank computes its rows, then all have all of y.

Shapes: x (n, n), w (n, n), y (n, n). NumPy's processes write their rows to shared memory. PyTorch's
ranks gather them (`all_gather_single`). Source: Golub & Van Loan, Matrix Computations (4th
edition, 2013), section 1.6.
"""

import numpy as np
import torch
import torch.distributed as dist

from bench.scaling.workload import Amount, ScalingWorkload, part
from bench.workload import draw, size

# its name until PyTorch 2.12 was all_gather_into_tensor
all_gather_single = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor


class Shared:
    most = 1_000_000

    def __init__(self, crew, x, w):
        self.y, self.barrier = crew.shared["y"], crew.barrier
        self.rows = part(len(x), crew.rank, crew.ranks)
        self.x, self.w = x[self.rows].copy(), w.copy()

    def reset(self):
        self.y[self.rows] = 0

    def __call__(self):
        self.barrier.wait()
        np.matmul(self.x, self.w, out=self.y[self.rows])
        self.barrier.wait()

    def alone(self):
        np.matmul(self.x, self.w, out=self.y[self.rows])

    def outputs(self):
        return (self.y,)


class Gathered:
    most = 1_000_000

    def __init__(self, team, x, w):
        rows = part(len(x), team.rank, team.ranks)
        self.x, self.w = (torch.tensor(a, device=team.device) for a in (x[rows], w))
        self.own = torch.empty_like(self.x)
        self.y = torch.empty(x.shape, device=team.device) if team.group else self.own
        self.group = team.group

    def reset(self):
        self.y.zero_()

    def __call__(self):
        torch.matmul(self.x, self.w, out=self.own)
        if self.group is not None:
            all_gather_single(self.y, self.own, group=self.group)

    def alone(self):
        torch.matmul(self.x, self.w, out=self.own)

    def outputs(self):
        return (self.y.cpu().numpy(),)


def make(rng, total, *, n):
    return {"x": draw(rng, n, n).astype("float32"), "w": draw(rng, n, n).astype("float32")}


def reference(x, w):
    return (x.astype("float64") @ w.astype("float64"),)


def shared(ranks, total, *, n):
    return {"y": (n, n)}


def amount(ranks, total, *, n):
    return Amount(message_bytes=4 * n * n, flops=2 * n**3, reduction=n)


WORKLOAD = ScalingWorkload(
    name="matmul_sharded",
    make=make,
    reference=reference,
    shared=shared,
    numpy=Shared,
    torch=Gathered,
    amount=amount,
    sizes=(size(n=240), size(n=480), size(n=960, telling=True), size(n=1920)),
    divided=lambda n: n,
)
