"""Plausible wrong answers to the exercises of the chapter on matrix products."""


def product_intensity(m, k, n, itemsize):
    """Counts numbers moved where bytes are asked for."""
    operations = 2 * m * k * n
    moved = m * k + k * n + m * n
    return operations, moved, operations / (moved * itemsize)


def attention_scores(q, k):
    """Reshapes where it should transpose: the shape is right, the numbers are mixed up."""
    return q @ k.reshape(*k.shape[:2], k.shape[3], k.shape[2])


def cheaper_order(m, k, n, p):
    """Compares only the products that come first."""
    left, right = 2 * m * k * n, 2 * k * n * p
    if left < right:
        return "left", left + 2 * m * n * p
    return "right", right + 2 * m * k * p
