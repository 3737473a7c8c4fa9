"""Plausible wrong answers to the exercises of the chapter on linear algebra."""

import torch


def ridge(x, y, penalty):
    """Adds the penalty to every entry, not to the diagonal."""
    return torch.linalg.solve(x.T @ x + penalty, x.T @ y)


def low_rank(a, rank):
    """Sets the smallest entries to zero, not the smallest singular values."""
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    return (u[:, -rank:] * s[-rank:]) @ vh[-rank:]


def whiten(x):
    """Standardises each column: variance one, but the columns stay correlated."""
    return (x - x.mean(0)) / x.std(0, correction=0)
