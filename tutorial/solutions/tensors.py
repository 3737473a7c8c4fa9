"""Answers to the exercises of the chapter on tensors."""

import torch


def as_float32(x):
    """Ask for the dtype where the array is taken over: it is converted if it has another."""
    return torch.as_tensor(x, dtype=torch.float32)


def mean_of_counts(counts):
    """Name the dtype to sum in: the default, float32, does not hold every large count."""
    return counts.mean(dtype=torch.float64).item()
