"""Plausible wrong answers to the exercises of the chapter on timing."""

import numpy as np


def iterations_for(call_s, block_s):
    """Rounds down: the block is too short, and none at all for a long call."""
    return int(block_s / call_s)


def paired_ratio(a_times, b_times):
    """Takes the ratio of the medians: what slowed both of a pair no longer cancels."""
    return float(np.median(a_times) / np.median(b_times))


def median_interval(samples, rng):
    """Gives the range of the samples, not of their median."""
    low, high = np.quantile(rng.choice(samples, len(samples)), [0.025, 0.975])
    return float(low), float(high)
