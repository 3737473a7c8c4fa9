"""Solutions of the exercises of the chapter on tensors."""

import torch


def as_float32(x):
    """Ask `as_tensor` for the dtype: it converts the array if its dtype is another."""
    return torch.as_tensor(x, dtype=torch.float32)


def mean_of_counts(counts):
    """Name the dtype for the sum: the default, float32, cannot hold every large count."""
    return counts.mean(dtype=torch.float64).item()
