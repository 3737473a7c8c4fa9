"""Estimates ratios and times with 95 % intervals from the seconds of blocks.

There are two estimates. `best` compares the fastest blocks of both sides and is the main one:
interference only ever adds time. Over three runs in a noisy hour, speedups of `best` moved by up to
14 % between runs (95th percentile, one core), speedups of medians by 18 %. `typical` compares
blocks that are paired in time. It is what a user gets at that moment, and pages show it where the
two disagree.

Each visit counts as one value. `bench.results.pooling` turns the values of a cell's visits into an
estimate, with variances pooled over all cells.
"""

from collections.abc import Sequence

import numpy as np

from bench.results.pooling import Visited

Pairs = Sequence[tuple[Sequence[float], Sequence[float]]]  # by visit: paired seconds of both sides

BIMODAL_BLOCKS = 20  # fewer blocks can look like two groups by chance


def best_ratio(pairs: Pairs) -> Visited:
    """Return for each visit the log ratio of the fastest blocks, baseline over contender."""
    lows = np.log([(min(a), min(b)) for a, b in pairs])
    anchor = lows[:, 0].min() - lows[:, 1].min()
    return Visited(logs=lows[:, 0] - lows[:, 1], anchor=float(anchor))


def typical_ratio(pairs: Pairs) -> Visited:
    """Return for each visit the median log ratio of paired blocks."""
    return Visited(logs=np.array([np.median(np.log(a) - np.log(b)) for a, b in pairs]))


def best_time(visits: Sequence[Sequence[float]]) -> Visited:
    """Return for each visit the logarithm of its fastest block."""
    logs = np.log([min(seconds) for seconds in visits])
    return Visited(logs=logs, anchor=float(logs.min()))


def typical_time(visits: Sequence[Sequence[float]]) -> Visited:
    """Return for each visit the logarithm of its median block."""
    return Visited(logs=np.log([np.median(seconds) for seconds in visits]))


def is_bimodal(values: Sequence[float]) -> bool:
    """Return whether values fall into two groups so far apart that one number cannot describe them.

    The split minimises the variance within the groups (Otsu, A threshold selection method, 1979).
    The groups count as two if each holds a tenth of the values, the mean of the higher is over 1.2
    times that of the lower, and the means are over 4 standard deviations apart (after Ashman's D,
    1994).
    """
    x = np.sort(np.asarray(values, dtype=float))
    if len(x) < BIMODAL_BLOCKS:
        return False
    least = max(1, len(x) // 10)
    cuts = np.arange(least, len(x) - least + 1)
    below, above = np.cumsum(x)[cuts - 1], np.cumsum(x[::-1])[len(x) - cuts - 1]
    between = below**2 / cuts + above**2 / (len(x) - cuts)  # least variance within where largest
    low, high = np.split(x, [cuts[int(np.argmax(between))]])
    spread = np.sqrt((low.var() + high.var()) / 2)
    apart = high.mean() - low.mean()
    return bool(apart > 4 * spread and high.mean() > 1.2 * low.mean())
