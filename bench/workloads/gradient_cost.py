"""Gradient of f(w) = mean((tanh(x w) - y)^2) / 2: g[j] = mean over i of r[i] (1 - t[i]^2) x[i, j].

Here t = tanh(x w), r = t - y. Shapes: x (256, p), y (256,), w, g (p,). NumPy computes g by hand.
PyTorch computes it by reverse mode, which costs a few evaluations of f however large p is. Three
further variants compute it by hand in tensors, by forward mode (p evaluations of f) and by central
differences (2 p evaluations).
Source: Griewank & Walther, Evaluating Derivatives (2008), sections 3.2 and 3.3.
"""

import numpy as np
import torch

from bench.variant import Variant
from bench.workload import Cost, Workload, draw, size
from bench.workloads.parts import gradients

N = 256


def make(rng, p):
    x, w = draw(rng, N, p), draw(rng, p) * (3 / p) ** 0.5
    return {"x": x, "y": draw(rng, N), "w": w}


def gradient_cost_numpy(x, y, w):
    t = np.tanh(x @ w)
    return (t - y) * (1 - t * t) @ x / len(y)


def gradient_cost_torch(x, y, w):
    w = w.detach().requires_grad_()
    return torch.autograd.grad(gradients.loss(x, y, w), w)[0]


def cost(p):
    return Cost(flops=4 * N * p + 5 * N, elements=N * p + N + 2 * p, reduction=p + N)


WORKLOAD = Workload(
    name="gradient_cost",
    family="autograd",
    make=make,
    numpy=gradient_cost_numpy,
    torch=gradient_cost_torch,
    variants=(
        Variant(name="hand", body=gradients.by_hand),
        Variant(name="forward", body=gradients.by_forward_mode),
        Variant(name="finite", body=gradients.by_finite_differences, digits=2 / 3),
    ),
    serial=True,
    helpers=(gradients,),
    cost=cost,
    sizes=tuple(size(p=p) for p in (4, 32, 256, 1024)),
    axis="p",
)
