"""Answers to the exercises of the chapter on matrix products."""

import torch


def product_intensity(m, k, n, itemsize):
    """Each of m n entries takes k multiplications and k additions; three matrices are moved."""
    operations = 2 * m * k * n
    moved = (m * k + k * n + m * n) * itemsize
    return operations, moved, operations / moved


def attention_scores(q, k):
    """Summing over the shared letter d, and keeping both row letters, multiplies by k transposed.

    The same as `q @ k.transpose(-2, -1)`.
    """
    return torch.einsum("bhid,bhjd->bhij", q, k)


def cheaper_order(m, k, n, p):
    """The result is the same; what differs is the shape of the matrix in between."""
    left = 2 * m * k * n + 2 * m * n * p
    right = 2 * k * n * p + 2 * m * k * p
    return ("left", left) if left < right else ("right", right)
