"""The bodies of `train_mlp` with two hidden layers, and with four.

They are not timed. Compared line by line with the bodies that are, they show how many lines change
when layers are added. Each line that can stay is the same.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, device, nn
from torch.nn import functional as F

from bench.workloads.parts import classifier
from bench.workloads.parts.classifier import sgd

Array = NDArray[Any]


def mlp_numpy(
    x: Array, y: Array, w1: Array, b1: Array, w2: Array, b2: Array, w3: Array, b3: Array, lr: float
) -> tuple[Array, ...]:
    """Train one epoch in NumPy, with gradients and steps by hand."""
    w1, b1, w2, b2, w3, b3 = weights = [w.copy() for w in (w1, b1, w2, b2, w3, b3)]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = np.tanh(xb @ w1.T + b1)
        k = np.tanh(h @ w2.T + b2)
        loss, grad_z = classifier.cross_entropy_numpy(k @ w3.T + b3, yb)
        grad_k = grad_z @ w3 * (1 - k * k)
        grad_h = grad_k @ w2 * (1 - h * h)
        grads = (
            *(grad_h.T @ xb, grad_h.sum(0)),
            *(grad_k.T @ h, grad_k.sum(0)),
            *(grad_z.T @ k, grad_z.sum(0)),
        )
        classifier.sgd(weights, grads, lr)
        losses.append(loss)
    return np.stack(losses), *weights


def mlp_autograd(
    x: Tensor,
    y: Tensor,
    w1: Tensor,
    b1: Tensor,
    w2: Tensor,
    b2: Tensor,
    w3: Tensor,
    b3: Tensor,
    lr: float,
) -> tuple[Any, ...]:
    """Train one epoch in tensors, with gradients by autograd and steps by hand."""
    w1, b1, w2, b2, w3, b3 = weights = [
        w.clone().requires_grad_() for w in (w1, b1, w2, b2, w3, b3)
    ]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = torch.tanh(xb @ w1.T + b1)
        k = torch.tanh(h @ w2.T + b2)
        loss = F.cross_entropy(k @ w3.T + b3, yb)
        grads = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            sgd(weights, grads, lr)
        losses.append(loss.detach())
    return torch.stack(losses), *(w.detach() for w in weights)


def mlp_torch(
    x: Tensor,
    y: Tensor,
    w1: Tensor,
    b1: Tensor,
    w2: Tensor,
    b2: Tensor,
    w3: Tensor,
    b3: Tensor,
    lr: float,
) -> tuple[Any, ...]:
    """Train one epoch with nn and torch.optim."""
    with device("meta"):
        model = nn.Sequential(
            nn.Linear(64, len(w1)),
            nn.Tanh(),
            nn.Linear(len(w1), len(w2)),
            nn.Tanh(),
            nn.Linear(len(w2), 10),
        )
    return tuple(classifier.train(model, (w1, b1, w2, b2, w3, b3), x, y, lr))


def four_numpy(x: Array, y: Array, lr: float, *start: Array) -> tuple[Array, ...]:
    """Train one epoch of a net with four hidden layers in NumPy, by hand."""
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = weights = [w.copy() for w in start]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = np.tanh(xb @ w1.T + b1)
        k = np.tanh(h @ w2.T + b2)
        m = np.tanh(k @ w3.T + b3)
        q = np.tanh(m @ w4.T + b4)
        loss, grad_z = classifier.cross_entropy_numpy(q @ w5.T + b5, yb)
        grad_q = grad_z @ w5 * (1 - q * q)
        grad_m = grad_q @ w4 * (1 - m * m)
        grad_k = grad_m @ w3 * (1 - k * k)
        grad_h = grad_k @ w2 * (1 - h * h)
        grads = (
            *(grad_h.T @ xb, grad_h.sum(0)),
            *(grad_k.T @ h, grad_k.sum(0)),
            *(grad_m.T @ k, grad_m.sum(0)),
            *(grad_q.T @ m, grad_q.sum(0)),
            *(grad_z.T @ q, grad_z.sum(0)),
        )
        classifier.sgd(weights, grads, lr)
        losses.append(loss)
    return np.stack(losses), *weights


def four_autograd(x: Tensor, y: Tensor, lr: float, *start: Tensor) -> tuple[Any, ...]:
    """Train one epoch of a net with four hidden layers, with gradients by autograd."""
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = weights = [w.clone().requires_grad_() for w in start]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = torch.tanh(xb @ w1.T + b1)
        k = torch.tanh(h @ w2.T + b2)
        m = torch.tanh(k @ w3.T + b3)
        q = torch.tanh(m @ w4.T + b4)
        loss = F.cross_entropy(q @ w5.T + b5, yb)
        grads = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            sgd(weights, grads, lr)
        losses.append(loss.detach())
    return torch.stack(losses), *(w.detach() for w in weights)


def four_torch(x: Tensor, y: Tensor, lr: float, *start: Tensor) -> tuple[Any, ...]:
    """Train one epoch of a net with four hidden layers, with nn and torch.optim."""
    with device("meta"):
        model = nn.Sequential(
            *(nn.Linear(64, len(start[0])), nn.Tanh()),
            *(nn.Linear(len(start[0]), len(start[2])), nn.Tanh()),
            *(nn.Linear(len(start[2]), len(start[4])), nn.Tanh()),
            *(nn.Linear(len(start[4]), len(start[6])), nn.Tanh()),
            nn.Linear(len(start[6]), 10),
        )
    return tuple(classifier.train(model, start, x, y, lr))
