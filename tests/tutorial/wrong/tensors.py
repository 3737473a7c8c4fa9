"""Wrong answers to the exercises of the chapter on tensors."""

import torch


def as_float32(x):
    """Go by way of lists: integers stay integers."""
    return torch.tensor(x.tolist())


def mean_of_counts(counts):
    """Convert to float32 first: large counts lose their last digit."""
    return counts.float().mean().item()
