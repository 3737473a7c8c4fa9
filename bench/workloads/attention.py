"""Scaled dot-product attention: y = softmax(q k^T / sqrt(64)) v, a softmax along each row.

Shapes: q, k, v, y (1, 8, n, 64): eight heads of n positions. Source: Vaswani et al., Attention is
all you need (2017), section 3.2.1. NumPy stores all n^2 scores of each head. Where PyTorch has a
kernel for attention, it computes the scores in blocks that stay in cache (Dao et al.,
FlashAttention, 2022).
"""

import math

import numpy as np
from torch.nn import functional as F

from bench.variant import BF16, FP16, TF32, TRANSFER
from bench.workload import Cost, Workload, draw, size

HEADS, D = 8, 64


def make(rng, n):
    return {name: draw(rng, 1, HEADS, n, D) for name in "qkv"}


def attention_numpy(q, k, v):
    p = (q / math.sqrt(D)) @ k.swapaxes(2, 3)
    p -= p.max(3, keepdims=True)
    np.exp(p, out=p)
    y = p @ v
    y /= p.sum(3, keepdims=True)
    return y


def attention_torch(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def cost(n):
    # A score has D roundings. exp multiplies its relative error by |score|, which is about 1.
    flops, moved = HEADS * n**2 * (4 * D + 4), 4 * HEADS * n * D
    return Cost(flops=flops, elements=moved, reduction=D + n, roundings=5)  # q, k, score, p, y


WORKLOAD = Workload(
    name="attention",
    family="matmul",
    make=make,
    numpy=attention_numpy,
    torch=attention_torch,
    variants=(TF32, BF16, FP16, TRANSFER),
    rows=("q",),
    cost=cost,
    sizes=(*(size(n=n) for n in (32, 128, 512, 1024)), size(large=True, n=4096)),
)
