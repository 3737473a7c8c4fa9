"""Gradients of a convolution layer, given grad_y: the gradient of a loss by the layer's output y.

grad_w[k, c, u, v] = sum over n, i, j of grad_y[n, k, i, j] x[n, c, i', j'], and grad_x is the
adjoint of conv2d applied to grad_y. i' and j' are those of conv2d.
Shapes: x, w, grad_y as x, w, y of conv2d; grad_x like x, grad_w like w.
Source: Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4.
"""

from dataclasses import replace

import numpy as np
from torch.nn.grad import conv2d_input, conv2d_weight

from bench.workload import draw
from bench.workloads.conv2d import WORKLOAD as CONV2D
from bench.workloads.parts import im2col


def make(rng, n, c, h, k, r, stride, padding):
    o = im2col.output_size(h, r, stride, padding)
    x, w = draw(rng, n, c, h, h), draw(rng, k, c, r, r)
    grad_y = draw(rng, n, k, o, o)
    return {"x": x, "w": w, "grad_y": grad_y, "stride": stride, "padding": padding}


def grad_x_numpy(x, w, grad_y, stride, padding):
    n, k, o, _ = grad_y.shape
    grad_y, grad_x, w_t = grad_y.reshape(n, k, o * o), np.empty_like(x), w.reshape(k, -1).T
    for images in im2col.in_cache(n, len(w_t) * o * o * x.itemsize):
        im2col.fold(w_t @ grad_y[images], grad_x[images], w.shape[-1], stride, padding)
    return grad_x


def grad_w_numpy(x, w, grad_y, stride, padding):
    n, k, o, _ = grad_y.shape
    grad_y, grad_w = grad_y.reshape(n, k, o * o), np.zeros((k, w.size // k), w.dtype)
    for images, columns in im2col.unroll(x, w.shape[-1], stride, padding):
        grad_w += (grad_y[images] @ columns.transpose(0, 2, 1)).sum(0)
    return grad_w.reshape(w.shape)


def conv2d_backward_numpy(x, w, grad_y, stride, padding):
    return grad_x_numpy(x, w, grad_y, stride, padding), grad_w_numpy(x, w, grad_y, stride, padding)


def conv2d_backward_torch(x, w, grad_y, stride, padding):
    grad_x = conv2d_input(x.shape, w, grad_y, stride, padding)
    return grad_x, conv2d_weight(x, w.shape, grad_y, stride, padding)


def cost(n, c, h, k, r, stride, padding):
    forward = CONV2D.cost(n, c, h, k, r, stride, padding)
    o = im2col.output_size(h, r, stride, padding)
    moved = 2 * n * c * h * h + 2 * k * c * r * r + n * k * o * o
    reduction = n * o * o + k * r * r
    return replace(forward, flops=2 * forward.flops, elements=moved, reduction=reduction)


WORKLOAD = replace(
    CONV2D,
    name="conv2d_backward",
    make=make,
    numpy=conv2d_backward_numpy,
    torch=conv2d_backward_torch,
    cost=cost,
)
