"""Plausible wrong answers to the exercises of the phrase book."""

import torch


def row_medians(x):
    """Has NumPy's word, and takes the lower of the two in the middle."""
    return x.median(axis=1).values


def top_of_each_row(x, rows):
    """Has NumPy's `max`, which returns the positions too."""
    return x.gather(1, rows).max(1)


def halves(v):
    """Has NumPy's `split`, which takes the length of a part here."""
    return torch.split(v, 2)
