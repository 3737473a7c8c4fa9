"""Answers to the exercises of the chapter on reproducibility."""

import math

import numpy as np
import torch


def _seeded(sequence):
    return torch.Generator().manual_seed(int(sequence.generate_state(1)[0]))


def spawn_generators(seed, count):
    """Let NumPy mix seed and place into new seeds: neighbours become unlike, sums do not clash."""
    return [_seeded(child) for child in np.random.SeedSequence(seed).spawn(count)]


def sums_agree(got, wanted, terms):
    """Measure against what was added, not what is left of it; nan compares false with all."""
    magnitude = terms.double().abs().sum().item()
    return abs(got - wanted) <= 10 * math.sqrt(len(terms)) * 2.0**-24 * magnitude


def epoch_order(n, seed, epoch):
    """Seed a generator from both numbers, mixed: a sum of them would give orders twice."""
    return torch.randperm(n, generator=_seeded(np.random.SeedSequence([seed, epoch])))
