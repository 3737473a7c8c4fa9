"""Plausible wrong answers to the exercises of the chapter on reproducibility."""

import numpy as np
import torch


def spawn_generators(seed, count):
    """Counts on from the seed: the second of seed 0 is the first of seed 1."""
    return [torch.Generator().manual_seed(seed + place) for place in range(count)]


def sums_agree(got, wanted, terms):
    """Measures against the sum, of which nothing may be left."""
    return bool(abs(got - wanted) <= 10 * np.sqrt(len(terms)) * 2.0**-24 * abs(wanted))


def epoch_order(n, seed, epoch):
    """Seeds the global state, which everybody else draws from."""
    torch.manual_seed(1000 * seed + epoch)
    return torch.randperm(n)
