"""Plausible wrong answers to the exercises of the phrase book."""

import torch


def standardise(x):
    """Has NumPy's words, and divides by n - 1."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def top_of_each_row(x, rows):
    """Has NumPy's `max`, which returns the positions too."""
    return x.gather(1, rows).max(1)


def halves(v):
    """Has NumPy's `split`, which takes the length of a part here."""
    return torch.split(v, 2)
