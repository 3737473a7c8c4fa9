"""The bodies of `train_mlp` for the net of `train_cnn`: two convolutions instead of a dense layer.

They are not timed: `train_cnn` has the timed bodies. Compared line by line with the bodies of
`train_mlp`, they show how many lines change. The body with nn is the one of `train_cnn`.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from bench.workloads.conv2d import conv2d_numpy
from bench.workloads.conv2d_backward import grad_w_numpy, grad_x_numpy
from bench.workloads.parts import classifier
from bench.workloads.parts.classifier import sgd

Array = NDArray[Any]


def cnn_numpy(x: Array, y: Array, lr: float, *start: Array) -> tuple[Array, ...]:
    """Train one epoch in NumPy, with gradients and steps by hand."""
    w1, b1, w2, b2, w3, b3 = weights = [w.copy() for w in start]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = np.tanh(conv2d_numpy(xb, w1, b1, 1, 1))
        k = np.tanh(conv2d_numpy(h, w2, b2, 2, 1))
        flat = k.reshape(len(k), -1)
        loss, grad_z = classifier.cross_entropy_numpy(flat @ w3.T + b3, yb)
        grad_k = (grad_z @ w3).reshape(k.shape) * (1 - k * k)
        grad_h = grad_x_numpy(h, w2, grad_k, 2, 1) * (1 - h * h)
        grads = (
            *(grad_w_numpy(xb, w1, grad_h, 1, 1), grad_h.sum((0, 2, 3))),
            *(grad_w_numpy(h, w2, grad_k, 2, 1), grad_k.sum((0, 2, 3))),
            *(grad_z.T @ flat, grad_z.sum(0)),
        )
        classifier.sgd(weights, grads, lr)
        losses.append(loss)
    return np.stack(losses), *weights


def cnn_autograd(x: Tensor, y: Tensor, lr: float, *start: Tensor) -> tuple[Any, ...]:
    """Train one epoch in tensors, with gradients by autograd and steps by hand."""
    w1, b1, w2, b2, w3, b3 = weights = [w.clone().requires_grad_() for w in start]
    losses = []
    for xb, yb in zip(x, y, strict=True):
        h = torch.tanh(F.conv2d(xb, w1, b1, 1, 1))
        k = torch.tanh(F.conv2d(h, w2, b2, 2, 1))
        loss = F.cross_entropy(k.flatten(1) @ w3.T + b3, yb)
        grads = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            sgd(weights, grads, lr)
        losses.append(loss.detach())
    return torch.stack(losses), *(w.detach() for w in weights)
