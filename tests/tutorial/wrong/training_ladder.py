"""Plausible wrong answers to the exercises on the loss, the step and the module."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn


def logits_cross_entropy(z, y):
    """Shifts, but then takes the logarithm of a probability that underflows to zero."""
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    with np.errstate(divide="ignore"):
        return float(-np.log(p[np.arange(len(y)), y]).mean())


def momentum_step(weights, grads, velocities, lr, momentum):
    """Damps the gradient, as a running mean does and torch.optim.SGD does not."""
    for w, grad, v in zip(weights, grads, velocities, strict=True):
        v.mul_(momentum).add_((1 - momentum) * grad)
        w.sub_(lr * v)


def tanh_network(sizes):
    """Keeps the layers in a plain list, where no module finds their parameters."""

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = torch.tanh(layer(x))
            return self.layers[-1](x)

    return Network()
