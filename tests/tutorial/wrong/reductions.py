"""Plausible wrong answers to the exercises of the chapter on reductions."""

import torch


def stable_logsumexp(x):
    """Shifts all rows by one number, the largest of the matrix: low rows underflow to zero."""
    return x.max() + torch.exp(x - x.max()).sum(1).log()


def running_mean_var(numbers):
    """Subtracts the squared mean from the mean square: two large numbers, nearly equal."""
    count, total, squares = 0, 0.0, 0.0
    for x in numbers:
        count, total, squares = count + 1, total + x, squares + x * x
    mean = total / count
    return mean, squares / count - mean**2


def last_argmax(x):
    """Turns each row round, and forgets to count from the other end."""
    return x.flip(1).argmax(1)
