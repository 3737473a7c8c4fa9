"""The middle steps of `train_mlp`: its NumPy body in tensors, then with autograd.

Each step changes one thing and keeps every name, so that the difference is the lesson.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.workloads.parts.classifier import cross_entropy_tensors, sgd


def mlp_tensors(
    x: Tensor, y: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor, lr: float
) -> tuple[Any, ...]:
    """Train one epoch in tensors, with gradients and steps by hand."""
    w1, b1, w2, b2 = weights = [w.clone() for w in (w1, b1, w2, b2)]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = torch.tanh(xb @ w1.T + b1)
        loss, grad_z = cross_entropy_tensors(h @ w2.T + b2, yb)
        grad_h = grad_z @ w2 * (1 - h * h)
        sgd(weights, (grad_h.T @ xb, grad_h.sum(0), grad_z.T @ h, grad_z.sum(0)), lr)
        losses.append(loss)
    return torch.stack(losses), *weights


def mlp_autograd(
    x: Tensor, y: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor, lr: float
) -> tuple[Any, ...]:
    """Train one epoch in tensors, with gradients by autograd and steps by hand."""
    w1, b1, w2, b2 = weights = [w.clone().requires_grad_() for w in (w1, b1, w2, b2)]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = torch.tanh(xb @ w1.T + b1)
        loss = F.cross_entropy(h @ w2.T + b2, yb)
        grads = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            sgd(weights, grads, lr)
        losses.append(loss.detach())
    return torch.stack(losses), *(w.detach() for w in weights)
