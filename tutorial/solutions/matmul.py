"""Solutions of the exercises of the chapter on matrix products."""

import torch


def product_intensity(m, k, n, itemsize):
    """Count k multiplications and k additions for each of the m n entries, and three matrices."""
    operations = 2 * m * k * n
    moved = (m * k + k * n + m * n) * itemsize
    return operations, moved, operations / moved


def attention_scores(q, k):
    """Sum over the shared letter d and keep both row letters.

    This is the same as `q @ k.transpose(-2, -1)`.
    """
    return torch.einsum("bhid,bhjd->bhij", q, k)


def cheaper_order(m, k, n, p):
    """Compare the operations: the results are equal, but the matrices in between differ in shape."""
    left = 2 * m * k * n + 2 * m * n * p
    right = 2 * k * n * p + 2 * m * k * p
    return ("left", left) if left < right else ("right", right)
