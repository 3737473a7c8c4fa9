"""One step of SGD for a net with one hidden layer, whose batch is spread over the ranks.

Shapes: x (batch, inputs), y (batch,), w1 (hidden, inputs), w2 (10, hidden). Each rank computes the
gradient of its share of the batch, all get the mean of the gradients, and each takes the same step.
NumPy's processes put their gradients side by side in shared memory. PyTorch uses
DistributedDataParallel, or FSDP, which also spreads the weights. Source: Li and others, PyTorch
Distributed: Experiences on Accelerating Data Parallel Training, Proc. VLDB Endowment 13 (2020).
"""

import contextlib

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from bench.scaling.workload import CHECKED, Amount, ScalingWorkload, flat, part
from bench.workload import draw, size
from bench.workloads.parts import classifier, digits

CLASSES, PIXELS = 10, 64


class Shared:
    most = 1_000_000

    def __init__(self, crew, x, y, w1, b1, w2, b2, lr):
        rows = part(len(x), crew.rank, crew.ranks)
        self.x, self.y, self.lr = x[rows].copy(), y[rows], lr
        self.start = w1, b1, w2, b2
        self.grads, self.mean, self.barrier = (
            crew.shared["grads"],
            crew.shared["mean"],
            crew.barrier,
        )
        self.rank, self.own = crew.rank, part(len(self.mean), crew.rank, crew.ranks)
        ends = np.cumsum([w.size for w in self.start])[:-1]
        parts = np.split(self.mean, ends)
        self.means = [p.reshape(w.shape) for p, w in zip(parts, self.start, strict=True)]
        self.reset()

    def reset(self):
        self.weights = [w.copy() for w in self.start]

    def gradients(self):
        w1, b1, w2, b2 = self.weights
        h = np.tanh(self.x @ w1.T + b1)
        _, grad_z = classifier.cross_entropy_numpy(h @ w2.T + b2, self.y)
        grad_h = grad_z @ w2 * (1 - h * h)
        return grad_h.T @ self.x, grad_h.sum(0), grad_z.T @ h, grad_z.sum(0)

    def __call__(self):
        self.grads[self.rank] = flat(self.gradients())
        self.barrier.wait()
        np.mean(self.grads[:, self.own], axis=0, out=self.mean[self.own])
        self.barrier.wait()
        classifier.sgd(self.weights, self.means, self.lr)

    def alone(self):
        classifier.sgd(self.weights, self.gradients(), self.lr)

    def outputs(self):
        return self.weights


class DataParallel:
    most = 1_000_000

    def __init__(self, team, x, y, w1, b1, w2, b2, lr):
        rows = part(len(x), team.rank, team.ranks)
        self.x, self.y = (torch.tensor(a[rows], device=team.device) for a in (x, y))
        self.start = [torch.tensor(w, device=team.device) for w in (w1, b1, w2, b2)]
        layers = nn.Linear(w1.shape[1], len(w1)), nn.Tanh(), nn.Linear(len(w1), CLASSES)
        model = nn.Sequential(*layers).to(team.device)
        self.sharded = team.sharded
        _load(model, self.start)
        if team.sharded:
            self.model = _fully_sharded(model, team.device)
        elif team.group is not None:
            self.model = DistributedDataParallel(model, process_group=team.group)
        else:
            self.model = model
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr)

    def reset(self):
        _load(self.model, self.start)

    def __call__(self):
        self.optimizer.zero_grad()
        self.criterion(self.model(self.x), self.y).backward()
        self.optimizer.step()

    def alone(self):
        with getattr(self.model, "no_sync", contextlib.nullcontext)():
            self()

    def outputs(self):
        return [_whole(w).cpu().numpy() for w in self.model.parameters()]


def _fully_sharded(model, device):
    from torch.distributed.device_mesh import init_device_mesh  # noqa: PLC0415 - on GPUs alone
    from torch.distributed.fsdp import fully_shard  # noqa: PLC0415 - on GPUs alone

    mesh = init_device_mesh(device.partition(":")[0], (dist.get_world_size(),))
    return fully_shard(model, mesh=mesh)


def _load(model, weights):
    with torch.no_grad():
        for own, w in zip(model.parameters(), weights, strict=True):
            if hasattr(own, "to_local"):
                from torch.distributed.tensor import distribute_tensor  # noqa: PLC0415 - on GPUs

                own.copy_(distribute_tensor(w, own.device_mesh, own.placements))
            else:
                own.copy_(w)


def _whole(w):
    w = w.detach()
    return w.full_tensor() if hasattr(w, "full_tensor") else w


def make(rng, total, *, inputs, hidden, batch):
    if inputs == PIXELS:
        x, y = (a.reshape(-1, *a.shape[2:]) for a in digits.batches(batch))
        rows = np.arange(total * batch) % len(x)
        x, y = x[rows], y[rows]
    else:
        x = draw(rng, total * batch, inputs)
        y = rng.integers(CLASSES, size=total * batch)
    shapes = {"w1": (hidden, inputs), "b1": (hidden,), "w2": (CLASSES, hidden), "b2": (CLASSES,)}
    start = {name: w.astype("float32") for name, w in classifier.start(rng, **shapes).items()}
    return {"x": x.astype("float32"), "y": y, "lr": 0.1} | start


def reference(x, y, lr, **start):
    x, trained = x.astype("float64"), [w.astype("float64") for w in start.values()]
    for _ in range(CHECKED):
        w1, b1, w2, b2 = trained
        h = np.tanh(x @ w1.T + b1)
        _, grad_z = classifier.cross_entropy_numpy(h @ w2.T + b2, y)
        grad_h = grad_z @ w2 * (1 - h * h)
        classifier.sgd(trained, (grad_h.T @ x, grad_h.sum(0), grad_z.T @ h, grad_z.sum(0)), lr)
    return trained


def weights(inputs, hidden):
    return (inputs + 1) * hidden + (hidden + 1) * CLASSES


def shared(ranks, total, *, inputs, hidden, batch):
    count = weights(inputs, hidden)
    return {"grads": (ranks, count), "mean": (count,)}


def amount(ranks, total, *, inputs, hidden, batch):
    work = 2 * (2 * inputs * hidden + 3 * hidden * CLASSES)
    return Amount(
        message_bytes=4 * weights(inputs, hidden),
        flops=work * batch * total,
        examples=batch * total,
        reduction=CHECKED * (inputs + hidden + batch * total),
    )


SIZES = ((PIXELS, 32, 240, True), (PIXELS, 512, 960, False), (1024, 1024, 480, True))
"""Inputs, hidden units, the batch, and whether a default run has it."""

WORKLOAD = ScalingWorkload(
    name="train_data_parallel",
    make=make,
    reference=reference,
    shared=shared,
    numpy=Shared,
    torch=DataParallel,
    amount=amount,
    sizes=tuple(size(inputs=i, hidden=h, batch=b, telling=t) for i, h, b, t in SIZES),
    modes=("strong", "weak"),
    divided=lambda **params: params["batch"],
    sharded=True,
)
