"""Plausible wrong answers to the exercises of the chapter on measuring."""

import math

import numpy as np


def paired_ratio(a_times, b_times):
    """Takes the ratio of the medians: what slowed both of a pair no longer cancels."""
    return float(np.median(a_times) / np.median(b_times))


def median_interval(samples, rng):
    """Gives the range of the samples, not of their median."""
    low, high = np.quantile(rng.choice(samples, len(samples)), [0.025, 0.975])
    return float(low), float(high)


def needed_visits(between, wanted):
    """Takes the factor 1.96 of many values, which is too small for a few."""
    return max(math.ceil((1.96 * between / wanted) ** 2), 2)
