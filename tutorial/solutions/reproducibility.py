"""Solutions of the exercises of the chapter on reproducibility."""

import math

import numpy as np
import torch


def _seeded(sequence):
    return torch.Generator().manual_seed(int(sequence.generate_state(1)[0]))


def spawn_generators(seed, count):
    """Let NumPy mix seed and index into new seeds, so that no two streams are equal."""
    return [_seeded(child) for child in np.random.SeedSequence(seed).spawn(count)]


def sums_agree(got, wanted, terms):
    """Compare with the sum of magnitudes, not with the sum; a comparison with nan is false."""
    magnitude = terms.double().abs().sum().item()
    return abs(got - wanted) <= 10 * math.sqrt(len(terms)) * 2.0**-24 * magnitude


def epoch_order(n, seed, epoch):
    """Seed a generator with a mix of both numbers: their sum would give some orders twice."""
    return torch.randperm(n, generator=_seeded(np.random.SeedSequence([seed, epoch])))
