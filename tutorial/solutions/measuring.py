"""Solutions of the exercises of the chapter on measuring."""

import numpy as np
from scipy import stats


def paired_ratio(a_times, b_times):
    """Divide before taking the median, so that a disturbance of both in a pair cancels."""
    return float(np.median(np.asarray(a_times) / np.asarray(b_times)))


def median_interval(samples, rng):
    """Take the middle 95 % of the medians of samples drawn with replacement."""
    drawn = rng.choice(samples, (2000, len(samples)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(low), float(high)


def needed_visits(between, wanted):
    """Try one number of visits after the other: the factor itself falls with it."""
    visits = 2
    while stats.t.ppf(0.975, visits - 1) * between / visits**0.5 > wanted:
        visits += 1
    return visits
