"""Convolution layer: y[n, k, i, j] = b[k] + sum over c, u, v of w[k, c, u, v] x[n, c, i', j'].

Here i' = i stride + u - padding and j' = j stride + v - padding; x is zero outside its borders.
Shapes (NCHW): x (n, c, h, h), w (k, c, r, r), b (k,), y (n, k, o, o) with
o = (h + 2 padding - r) // stride + 1.
Source: Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016).
"""

import numpy as np
from torch.nn import functional as F

from bench.variant import BF16, CHANNELS_LAST, FP16, TF32, TRANSFER
from bench.workload import Cost, Workload, draw, size
from bench.workloads.parts import im2col


def make(rng, n, c, h, k, r, stride, padding):
    x, w = draw(rng, n, c, h, h), draw(rng, k, c, r, r)
    return {"x": x, "w": w, "b": draw(rng, k, low=0) + 1, "stride": stride, "padding": padding}


def conv2d_numpy(x, w, b, stride, padding):
    (n, _, h, _), (k, _, r, _) = x.shape, w.shape
    o = im2col.output_size(h, r, stride, padding)
    y = np.empty((n, k, o * o), x.dtype)
    for images, columns in im2col.unroll(x, r, stride, padding):
        np.matmul(w.reshape(k, -1), columns, out=y[images])
    y += b[:, None]
    return y.reshape(n, k, o, o)


def conv2d_torch(x, w, b, stride, padding):
    return F.conv2d(x, w, b, stride, padding)


def cost(n, c, h, k, r, stride, padding):
    o = im2col.output_size(h, r, stride, padding)
    moved = n * c * h * h + k * c * r * r + n * k * o * o
    flops = 2 * n * k * c * r * r * o * o
    shortcut = 4.0 if (r, stride) == (3, 1) else 1.0
    return Cost(flops=flops, elements=moved, reduction=c * r * r + 1, shortcut=shortcut)


WORKLOAD = Workload(
    name="conv2d",
    family="convolution",
    make=make,
    numpy=conv2d_numpy,
    torch=conv2d_torch,
    variants=(CHANNELS_LAST, TF32, BF16, FP16, TRANSFER),
    helpers=(im2col,),
    cost=cost,
    sizes=(
        size("digits", n=32, c=1, h=8, k=16, r=3, stride=1, padding=1),
        size("cifar-first", n=32, c=3, h=32, k=16, r=3, stride=1, padding=1),
        size("vgg-first", n=1, c=3, h=224, k=64, r=3, stride=1, padding=1),
        size("resnet-stem-7x7", n=1, c=3, h=224, k=64, r=7, stride=2, padding=3),
        size("resnet-3x3", n=32, c=64, h=56, k=64, r=3, stride=1, padding=1),
    ),
    axis="flops",
)
