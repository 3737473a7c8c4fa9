"""All-reduce: every rank has a row x[r] of n numbers and gets the sum over all rows.

Shapes: x (ranks, n). NumPy's processes share memory: each sums its part of all rows. PyTorch calls
`all_reduce`, which overwrites the row with the sum. So n calls multiply the values by ranks^n, and
the row is refilled in time. Bandwidths are those of the NCCL tests (NVIDIA, nccl-tests,
doc/PERFORMANCE.md).
"""

import math

import numpy as np
import torch
import torch.distributed as dist

from bench.scaling.workload import Amount, ScalingWorkload, part
from bench.workload import draw, size

WIDTH = 4  # bytes of a float32
DOUBLINGS = 60  # float32 overflows after 127


class Shared:
    def __init__(self, crew, x):
        self.most = 1_000_000
        self.x, self.sum, self.barrier = crew.shared["x"], crew.shared["sum"], crew.barrier
        self.own, self.row = part(x.shape[1], crew.rank, crew.ranks), x[crew.rank]
        self.rank = crew.rank

    def reset(self):
        self.x[self.rank] = self.row
        self.sum[self.own] = 0

    def __call__(self):
        self.barrier.wait()
        np.sum(self.x[:, self.own], axis=0, out=self.sum[self.own])
        self.barrier.wait()

    def alone(self):
        np.sum(self.x[:, self.own], axis=0, out=self.sum[self.own])

    def outputs(self):
        return (self.sum,)


class Reduced:
    def __init__(self, team, x):
        self.most = max(1, int(DOUBLINGS / math.log2(team.ranks))) if team.ranks > 1 else 1_000_000
        self.row = torch.tensor(x[team.rank], device=team.device)
        self.buffer, self.group = self.row.clone(), team.group
        self.calls, self.ranks = 0, team.ranks

    def reset(self):
        self.buffer.copy_(self.row)
        self.calls = 0

    def __call__(self):
        dist.all_reduce(self.buffer, group=self.group)
        self.calls += 1

    def alone(self):
        self.buffer.copy_(self.row)

    def outputs(self):
        """Return the sum: later calls have multiplied it by the ranks."""
        return (self.buffer.cpu().numpy() / float(self.ranks) ** (self.calls - 1),)


def make(rng, total, *, bytes):
    return {"x": draw(rng, total, bytes // WIDTH).astype("float32")}


def reference(x):
    return (x.sum(0, dtype="float64"),)


def shared(ranks, total, *, bytes):
    return {"x": (ranks, bytes // WIDTH), "sum": (bytes // WIDTH,)}


def amount(ranks, total, *, bytes):
    return Amount(message_bytes=bytes, flops=(ranks - 1) * bytes / WIDTH, reduction=ranks)


WORKLOAD = ScalingWorkload(
    name="all_reduce",
    make=make,
    reference=reference,
    shared=shared,
    numpy=Shared,
    torch=Reduced,
    amount=amount,
    sizes=tuple(
        size(bytes=4 * 2**k, telling=k in (10, 16, 20)) for k in (10, 13, 16, 18, 20, 22, 24)
    ),
    modes=("",),
    divided=lambda **_: 0,
    threads=False,
)
