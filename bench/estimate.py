"""Seconds of blocks in, times and speedups with 95 % intervals out. Pure functions of numbers.

Two estimates, because one number hides too much: `typical` is the median over blocks paired in
time, what a user gets here; `best` is a low quantile of the blocks, what the code can do.

Intervals are order statistics, so they assume no distribution (David & Nagaraja, Order Statistics,
2003, section 7.1): how many of n values lie below the p-quantile is binomial. Neighbouring blocks
are alike where a machine drifts, so n is first discounted to the effective number of a first-order
autoregression, n (1 - r) / (1 + r) (Zieba, Effective number of observations, 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Z = NormalDist().inv_cdf(0.975)  # for intervals of 95 %
BEST_QUANTILE = 0.1
BIMODAL_BLOCKS = 20  # fewer can look like two groups by chance
MIN_BLOCKS = 6  # the range of fewer values covers their median in less than 95 % of all cases


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the interval relative to the value: 0.02 is plus or minus 2 %."""
        return (self.high - self.low) / (2 * self.value)


def quantile(values: Sequence[float] | Floats, p: float) -> Estimate:
    """Estimate the p-quantile of what the values, in their order in time, are drawn from."""
    x = np.asarray(values, dtype=float)
    n, ordered = len(x), np.sort(x)
    reach = Z * np.sqrt(p * (1 - p) / max(1.0, effective_size(x)))
    low = ordered[max(0, round(n * (p - reach)) - 1)]
    high = ordered[min(n - 1, round(n * (p + reach)))]
    return Estimate(value=float(np.quantile(x, p)), low=float(low), high=float(high))


def effective_size(x: Floats) -> float:
    """Return how many independent values tell as much as these, in their order in time."""
    sides = np.sign(x - np.median(x))
    spread = float(sides @ sides)
    r = max(0.0, float(sides[1:] @ sides[:-1]) / spread) if spread else 0.0
    return len(x) * (1 - r) / (1 + r)


def typical_speedup(baseline: Sequence[float], contender: Sequence[float]) -> Estimate:
    """Estimate baseline over contender from seconds of blocks paired in time."""
    logs = np.log(np.asarray(baseline, dtype=float) / np.asarray(contender, dtype=float))
    log = quantile(logs, 0.5)
    value, low, high = np.exp([log.value, log.low, log.high]).tolist()
    return Estimate(value=value, low=low, high=high)


def best_speedup(baseline: Sequence[float], contender: Sequence[float]) -> Estimate:
    """Estimate the ratio of the low quantiles; its interval spans every ratio of the two's."""
    top, bottom = (quantile(seconds, BEST_QUANTILE) for seconds in (baseline, contender))
    return Estimate(
        value=top.value / bottom.value, low=top.low / bottom.high, high=top.high / bottom.low
    )


def is_bimodal(seconds: Sequence[float]) -> bool:
    """Tell whether blocks fall into two groups far apart, so that no single number describes them.

    The groups are those of least variance within (Otsu, A threshold selection method, 1979). They
    count as two if each holds a tenth of the blocks, the slower is at least 1.2 times the faster,
    and their means lie over 4 standard deviations apart (after Ashman's D, 1994).
    """
    x = np.sort(np.asarray(seconds, dtype=float))
    if len(x) < BIMODAL_BLOCKS:
        return False
    least = len(x) // 10
    cuts = range(least, len(x) - least + 1)
    within = {cut: x[:cut].var() * cut + x[cut:].var() * (len(x) - cut) for cut in cuts}
    cut = min(within, key=lambda cut: float(within[cut]))
    fast, slow = x[:cut], x[cut:]
    spread = np.sqrt((fast.var() + slow.var()) / 2)
    apart = slow.mean() - fast.mean()
    return bool(apart > 4 * spread and slow.mean() > 1.2 * fast.mean())
