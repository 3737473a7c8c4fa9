"""Seconds of blocks in, speedups with 95 % intervals out. Pure functions of numbers.

Two estimates, because one number hides too much: `typical` is the median over blocks paired in
time, what a user gets here; `best` compares the fastest blocks of each visit, what the code can do.

Blocks of one visit of a case share what that visit happened to meet: a process, a placement in
memory, a minute of the machine. So an interval comes from resampling whole visits: drawing blocks
anew within them as well would count their noise twice (Davison & Hinkley, Bootstrap Methods and
their Application, 1997, section 3.8). With V visits the spread of that is too small by
sqrt((V - 1) / V) and its quantiles are too narrow, so the half-width is Student's t for V - 1
degrees of freedom times the corrected spread. Few visits can agree by luck; so it is never less
than what the noise of the blocks within visits alone would give.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Sequence[float], Sequence[float]]]  # by visit: seconds of both sides, paired

RESAMPLES = 200
MIN_VISITS = 3  # fewer say too little of how visits differ
BIMODAL_BLOCKS = 20  # fewer can look like two groups by chance


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


def typical_speedup(pairs: Pairs) -> Estimate:
    """Estimate baseline over contender as the median over all pairs of blocks."""
    logs = [np.log(a) - np.log(b) for a, b in pairs]
    return _estimate(logs)


def best_speedup(pairs: Pairs) -> Estimate:
    """Estimate baseline over contender as the median over visits of their fastest blocks' ratio."""
    logs = [np.log([min(a) / min(b)]) for a, b in pairs]
    return _estimate(logs)


def best(visits: Sequence[Sequence[float]]) -> float:
    """Return the median over visits of the fastest block of each."""
    return float(np.median([min(seconds) for seconds in visits]))


def typical_time(visits: Sequence[Sequence[float]]) -> Estimate:
    """Estimate a time as the median over all blocks; its interval tells how visits differ."""
    return _estimate([np.log(seconds) for seconds in visits])


def _estimate(logs: Sequence[Floats]) -> Estimate:
    """Return the ratio whose logarithm is the median of values that come in visits."""
    value = float(np.median(np.concatenate(logs)))
    half = _half_width(logs)
    low, middle, high = np.exp([value - half, value, value + half]).tolist()
    return Estimate(value=middle, low=low, high=high)


def _half_width(logs: Sequence[Floats]) -> float:
    visits = len(logs)
    if visits == 1:  # says nothing of how visits differ; what it has is its own range
        return float(np.ptp(logs[0]) / 2)
    rng = np.random.default_rng(0)  # the same values give the same interval
    table = np.full((visits, max(map(len, logs))), np.nan)
    for row, values in zip(table, logs, strict=True):
        row[: len(values)] = values
    chosen = table[rng.integers(visits, size=(RESAMPLES, visits))].reshape(RESAMPLES, -1)
    spread = np.std(np.nanmedian(chosen, axis=1)) * np.sqrt(visits / (visits - 1))
    t = float(stdtrit(visits - 1, 0.975))
    return max(t * float(spread), _within(logs))


def _within(logs: Sequence[Floats]) -> float:
    """Return half the interval of the median if visits did not differ.

    From the median absolute deviation within visits, as of normal noise; the variance of a median
    is pi / 2 times that of a mean.
    """
    apart = np.concatenate([np.abs(values - np.median(values)) for values in logs])
    return float(1.96 * np.sqrt(np.pi / 2) * 1.4826 * np.median(apart) / np.sqrt(len(apart)))


def is_bimodal(values: Sequence[float]) -> bool:
    """Tell whether values fall into two groups far apart, so that no single number describes them.

    The groups are those of least variance within (Otsu, A threshold selection method, 1979). They
    count as two if each holds a tenth of the values, the higher is at least 1.2 times the lower,
    and their means lie over 4 standard deviations apart (after Ashman's D, 1994).
    """
    x = np.sort(np.asarray(values, dtype=float))
    if len(x) < BIMODAL_BLOCKS:
        return False
    least = len(x) // 10
    cuts = range(least, len(x) - least + 1)
    within = {cut: x[:cut].var() * cut + x[cut:].var() * (len(x) - cut) for cut in cuts}
    cut = min(within, key=lambda cut: float(within[cut]))
    low, high = x[:cut], x[cut:]
    spread = np.sqrt((low.var() + high.var()) / 2)
    apart = high.mean() - low.mean()
    return bool(apart > 4 * spread and high.mean() > 1.2 * low.mean())
