"""Forward pass of eight layers, h = tanh(h w[i]) from h = x, in four modes of PyTorch's autograd.

Shapes: x, h (64, n), w (8, n, n). Source: PyTorch notes, Autograd mechanics. The modes:

- forward: the weights need no gradient.
- tape: the weights need a gradient, so autograd records each operation.
- inference: autograd is off.
- backward: autograd records, then returns the gradient of sum(h) with respect to w.

NumPy has no autograd: its first three modes are the same code, and the gradient is by hand.
"""

import numpy as np
import torch

from bench.workload import Cost, Workload, draw, size
from bench.workloads.parts import gradients

MODES, LAYERS, BATCH = ("forward", "tape", "inference", "backward"), 8, 64


def make(rng, mode, n):
    w = draw(rng, LAYERS, n, n) * (3 / n) ** 0.5
    return {"x": draw(rng, BATCH, n), "w": w, "mode": mode}


def autograd_overhead_numpy(x, w, mode):
    h, kept = x, []
    for w_i in w:
        if mode == "backward":
            kept.append(h)
        h = h @ w_i
        np.tanh(h, out=h)
    if mode != "backward":
        return h
    grad_w, grad_z = np.empty_like(w), 1 - h * h
    for i, h in reversed(list(enumerate(kept))):
        np.matmul(h.T, grad_z, out=grad_w[i])
        if i:
            grad_z = grad_z @ w[i].T * (1 - h * h)
    return grad_w


def autograd_overhead_torch(x, w, mode):
    h, w = x, w.detach().requires_grad_(mode in {"tape", "backward"})
    with torch.inference_mode(mode == "inference"):
        for w_i in w:
            h = torch.tanh(h @ w_i)
    return torch.autograd.grad(h.sum(), w)[0] if mode == "backward" else h


def cost(mode, n):
    products, both = (3 * LAYERS - 1, 2) if mode == "backward" else (LAYERS, 1)
    flops, moved = 2 * products * BATCH * n**2, both * LAYERS * n**2 + 2 * BATCH * n
    return Cost(flops=flops, elements=moved, reduction=both * LAYERS * (n + 1) + BATCH)


WORKLOAD = Workload(
    name="autograd_overhead",
    family="autograd",
    make=make,
    numpy=autograd_overhead_numpy,
    torch=autograd_overhead_torch,
    variants=(),
    serial=True,
    helpers=(gradients,),
    cost=cost,
    sizes=tuple(size(mode=mode, n=n) for mode in MODES for n in (8, 64, 256, 512)),
    axis="n",
    curve="mode",
    quality=gradients.saved_bytes,
)
