"""Solutions of the exercises of the chapter on timing."""

import math

import numpy as np


def iterations_for(call_s, block_s):
    """Round up: with one call less the block is too short."""
    return math.ceil(block_s / call_s)


def paired_ratio(a_times, b_times):
    """Divide before taking the median, so that a disturbance of both in a pair cancels."""
    return float(np.median(np.asarray(a_times) / np.asarray(b_times)))


def median_interval(samples, rng):
    """Take the middle 95 % of the medians of samples drawn with replacement."""
    drawn = rng.choice(samples, (2000, len(samples)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(low), float(high)
