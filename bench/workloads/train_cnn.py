"""One epoch of SGD on digits for a small CNN: conv, tanh, conv with stride 2, tanh, dense.

Shapes: x (steps, batch, 1, 8, 8), w1 (C, 1, 3, 3), w2 (2 C, C, 3, 3), w3 (10, 32 C) for C channels.
NumPy computes the gradients by hand with the bodies of `conv2d` and `conv2d_backward`. PyTorch uses
nn. Source: LeCun et al., Gradient-based learning applied to document recognition (1998).
"""

from functools import partial

import numpy as np
from torch import device, nn

from bench.variant import AMP, GRAPH, TF32, TRANSFER
from bench.workload import Cost, Workload, size
from bench.workloads import conv2d, conv2d_backward
from bench.workloads.parts import classifier, digits, im2col


def make(rng, channels, batch):
    (x, y), c = digits.batches(batch), channels
    convs = {"w1": (c, 1, 3, 3), "b1": (c,), "w2": (2 * c, c, 3, 3), "b2": (2 * c,)}
    weights = classifier.start(rng, **convs, w3=(10, 32 * c), b3=(10,))
    return {"x": x.reshape(-1, batch, 1, 8, 8), "y": y, "lr": 0.2} | weights


def forward(x, w1, b1, w2, b2, w3, b3):
    h1 = np.tanh(conv2d.conv2d_numpy(x, w1, b1, 1, 1))
    h2 = np.tanh(conv2d.conv2d_numpy(h1, w2, b2, 2, 1))
    return h1, h2, h2.reshape(len(x), -1) @ w3.T + b3


def gradients(x, y, w1, b1, w2, b2, w3, b3):
    h1, h2, z = forward(x, w1, b1, w2, b2, w3, b3)
    loss, grad_z = classifier.cross_entropy_numpy(z, y)
    grad_h2 = (grad_z @ w3).reshape(h2.shape) * (1 - h2 * h2)
    grad_h1 = conv2d_backward.grad_x_numpy(h1, w2, grad_h2, 2, 1) * (1 - h1 * h1)
    grads_1 = conv2d_backward.grad_w_numpy(x, w1, grad_h1, 1, 1), grad_h1.sum((0, 2, 3))
    grads_2 = conv2d_backward.grad_w_numpy(h1, w2, grad_h2, 2, 1), grad_h2.sum((0, 2, 3))
    return loss, (*grads_1, *grads_2, grad_z.T @ h2.reshape(len(x), -1), grad_z.sum(0))


def cnn_torch(x, y, w1, b1, w2, b2, w3, b3, lr, *, mixed=False):
    with device("meta"):
        layers = [nn.Conv2d(1, len(w1), 3, 1, 1), nn.Tanh(), nn.Conv2d(len(w1), len(w2), 3, 2, 1)]
        layers += [nn.Tanh(), nn.Flatten(), nn.Linear(16 * len(w2), 10)]
    return classifier.train(nn.Sequential(*layers), (w1, b1, w2, b2, w3, b3), x, y, lr, mixed=mixed)


def cost(channels, batch):
    steps, c = digits.steps(batch), channels
    flops = steps * batch * (4224 * c + 1728 * c * c)
    moved = steps * (batch * (64 + 192 * c) + 4 * (18 * c * c + 329 * c))
    reduction = steps * (9 + 59 * c + 80 * batch)
    rounded = 12 * steps  # arrays on the longest chain: x, a1, h1, a2, h2, z and 6 gradients
    return Cost(flops=flops, elements=moved, reduction=reduction, roundings=rounded)


def predict(x, *weights):
    return forward(x.reshape(-1, 1, 8, 8), *weights)[2]


SIZES = ((4, 16), (8, 32), (16, 64), (32, 128))

WORKLOAD = Workload(
    name="train_cnn",
    family="training",
    make=make,
    numpy=partial(classifier.descend, gradients),
    torch=cnn_torch,
    variants=(TF32, AMP.of(partial(cnn_torch, mixed=True)), GRAPH, TRANSFER),
    helpers=(im2col, conv2d, conv2d_backward, classifier),
    cost=cost,
    sizes=tuple(size(channels=c, batch=b) for c, b in SIZES),
    axis="flops",
    quality=digits.held_out_accuracy(predict, epochs=6),
)
