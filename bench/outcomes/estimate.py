"""Seconds of blocks in, ratios with 95 % intervals out. Pure functions of numbers.

Two estimates. `best` leads: it compares the fastest blocks of both sides. Interference only ever
adds time: over three runs of a noisy hour, speedups moved by up to 14 % (95th percentile, one core)
where those of medians moved by 18 %.
`typical` compares blocks paired in time, what a user gets here and now; it stands beside `best`
where the two disagree.

Blocks of one visit share what that visit met: a process, a placement in memory, a minute of the
machine. So a visit counts as one value, and an interval comes from how visits differ. A cell has
two or three visits, too few to know its own variance; a run has hundreds of cells, whose variances
are much alike. A scaled inverse chi-squared prior with `degrees` d0 and `variance` s0^2 is fitted
to all of them, and a cell whose own variance s^2 has d degrees of freedom gets

    (d0 s0^2 + d s^2) / (d0 + d),    with d0 + d degrees of freedom

(Smyth, Linear models and empirical Bayes methods for assessing differential expression, Stat. Appl.
Genet. Mol. Biol. 3(1), 2004). The degrees are never more than all cells' own together, so that a
run of few cells falls back to Student's t of its own visits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, fdtrc, stdtrit

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Sequence[float], Sequence[float]]]  # by visit: seconds of both sides, paired

CONFIDENCE = 0.95  # of the intervals that are published
OF_TWO = 0.99  # of those of two visits with a pooled variance
LEAST_VARIANCE = 1e-8  # of a logarithm: no clock here repeats better than 0.01 %
LEAST_DEGREES, MOST_DEGREES = 1.0, 1e3  # of a prior; from there on it is as good as certain
WILD, ENOUGH_CELLS = 0.95, 20  # quantile above which variances only count as large; from so many on
ALONE = 0.01  # a variance so unlikely under the prior is not moderated by it
FAR = 4.0  # standard deviations: a visit so far from its cell's fastest blocks counts half
MOST = 100.0  # of a logarithm: beyond, a file cannot hold the number
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

    def as_ratio(self) -> dict[str, float]:
        """Return it as the result file holds a speedup."""
        return {"ratio": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, kw_only=True)
class Visited:
    """One logarithm a visit, and the one that the fastest blocks of all visits give, if that leads.

    Attributes
    ----------
    anchor : visits far from it count less; None to count all alike.

    """

    logs: Floats
    anchor: float | None = None

    @property
    def degrees(self) -> int:
        """Degrees of freedom of its own variance."""
        return len(self.logs) - 1

    def weights(self, far: float) -> Floats:
        """Return how much each visit counts; one that lies `far` from the anchor counts half."""
        if self.anchor is None:
            return np.ones(len(self.logs))
        return 1 / (1 + ((self.logs - self.anchor) / far) ** 2)

    def mean(self, far: float) -> tuple[float, float, float]:
        """Return the mean, the variance of one visit, and the part of it that the mean has.

        The variance of a single visit is 0, with no degrees of freedom.
        """
        w = self.weights(far)
        value = w @ self.logs / w.sum()
        share = w @ w / w.sum() ** 2
        variance = w @ (self.logs - value) ** 2 / w.sum() / (1 - share) if self.degrees else 0.0
        return float(value), float(variance), float(share)


@dataclass(frozen=True, kw_only=True)
class Prior:
    """How visits of a run's cells differ.

    Attributes
    ----------
    degrees, variance : of the scaled inverse chi-squared distribution of a visit's variance.
    pooled : the degrees of freedom of all cells together that it was fitted to.
    far : a visit that lies so far from its cell's fastest blocks counts half.

    """

    degrees: float
    variance: float
    pooled: float
    far: float


UNKNOWN = Prior(degrees=2.0, variance=0.1**2, pooled=2.0, far=0.2)
"""Before any cell was visited twice: as on a noisy machine, and no more certain than that."""


def best_ratio(pairs: Pairs) -> Visited:
    """Return the logarithm of each visit's ratio of fastest blocks, baseline over contender."""
    lows = np.log([(min(a), min(b)) for a, b in pairs])
    anchor = lows[:, 0].min() - lows[:, 1].min()
    return Visited(logs=lows[:, 0] - lows[:, 1], anchor=float(anchor))


def typical_ratio(pairs: Pairs) -> Visited:
    """Return the logarithm of each visit's median ratio of paired blocks."""
    return Visited(logs=np.array([np.median(np.log(a) - np.log(b)) for a, b in pairs]))


def best_time(visits: Sequence[Sequence[float]]) -> Visited:
    """Return the logarithm of the fastest block of each visit."""
    logs = np.log([min(seconds) for seconds in visits])
    return Visited(logs=logs, anchor=float(logs.min()))


def typical_time(visits: Sequence[Sequence[float]]) -> Visited:
    """Return the logarithm of the median block of each visit."""
    return Visited(logs=np.log([np.median(seconds) for seconds in visits]))


def fitted(cells: Iterable[Visited]) -> Prior:
    """Fit the prior to the variances of all cells that were visited twice or more.

    What counts as far is decided by a first fit, in which all visits count alike.
    """
    several = [cell for cell in cells if cell.degrees]
    if not several:
        return UNKNOWN
    degrees = np.array([cell.degrees for cell in several], dtype=float)
    _, variance = _likeliest(degrees, [cell.mean(np.inf)[1] for cell in several])
    far = FAR * float(np.sqrt(variance))
    d0, variance = _likeliest(degrees, [cell.mean(far)[1] for cell in several])
    return Prior(degrees=d0, variance=variance, pooled=float(degrees.sum()), far=far)


def _likeliest(d: Floats, variances: Sequence[float]) -> tuple[float, float]:
    """Return d0 and s0^2 of greatest likelihood: s^2 / s0^2 follows Fisher's F with d and d0.

    The largest variances count only as "at least so large": a few wild cells do not move the rest.
    """
    s2 = np.maximum(variances, LEAST_VARIANCE)
    most = np.quantile(s2, WILD) if len(s2) >= ENOUGH_CELLS else np.inf

    def unlikely(guess: Floats) -> float:
        d0, x = np.exp(guess[0]), np.minimum(s2, most) / np.exp(guess[1])
        density = (
            (d * np.log(d / d0) + (d - 2) * np.log(x) - (d + d0) * np.log1p(d * x / d0)) / 2
            - betaln(d / 2, d0 / 2)
            - guess[1]
        )
        at_least = np.log(np.maximum(fdtrc(d, d0, x), np.finfo(float).tiny))
        return float(-np.where(s2 > most, at_least, density).sum())

    start = [np.log(4.0), np.log(np.median(s2))]
    best = minimize(unlikely, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3})
    d0, variance = np.exp(
        np.clip(best.x, [np.log(LEAST_DEGREES), -50], [np.log(MOST_DEGREES), 50])
    ).tolist()
    return d0, variance


def estimated(cell: Visited, prior: Prior, more: int = 0) -> Estimate:
    """Return the ratio or time that a cell's visits give, with its interval: of 95 % at least.

    With `more`, the interval expected after so many further visits like these. Two visits do not
    show a cell to be wild, whose variance is not that of the others: their interval is of 99 %. Of
    385 comparisons of the same code on a noisy machine, 95 % called two faster than themselves, and
    both were such cells.
    """
    value, own, share = cell.mean(prior.far)
    degrees, variance = _moderated(cell.degrees, own, prior)
    freedom = min(degrees, max(prior.pooled, 1.0)) + more
    confidence = OF_TWO if cell.degrees + more == 1 < freedom else CONFIDENCE
    half = float(
        stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(variance * share / (1 + more * share))
    )
    low, middle, high = np.exp(np.clip([value - half, value, value + half], -MOST, MOST)).tolist()
    return Estimate(value=middle, low=low, high=high)


def _moderated(degrees: int, own: float, prior: Prior) -> tuple[float, float]:
    """Return the degrees of freedom and the variance of one visit of a cell.

    A single visit shows no variance: it has the prior's, with few degrees of freedom, since it may
    be that of a wild cell. One whose variance the prior makes most unlikely keeps its own.
    """
    if not degrees:
        return min(UNKNOWN.degrees, prior.degrees), prior.variance
    if fdtrc(degrees, prior.degrees, own / prior.variance) < ALONE:
        return float(degrees), own
    both = prior.degrees + degrees
    return both, (prior.degrees * prior.variance + degrees * own) / both


def is_bimodal(values: Sequence[float]) -> bool:
    """Tell whether values fall into two groups far apart, so that no single number describes them.

    The groups are those of least variance within (Otsu, A threshold selection method, 1979). They
    count as two if each holds a tenth of the values, the higher is at least 1.2 times the lower,
    and their means lie over 4 standard deviations apart (after Ashman's D, 1994).
    """
    x = np.sort(np.asarray(values, dtype=float))
    if len(x) < BIMODAL_BLOCKS:
        return False
    least = max(1, len(x) // 10)
    cuts = np.arange(least, len(x) - least + 1)
    below, above = np.cumsum(x)[cuts - 1], np.cumsum(x[::-1])[len(x) - cuts - 1]
    between = below**2 / cuts + above**2 / (len(x) - cuts)  # the greater, the less within
    low, high = np.split(x, [cuts[int(np.argmax(between))]])
    spread = np.sqrt((low.var() + high.var()) / 2)
    apart = high.mean() - low.mean()
    return bool(apart > 4 * spread and high.mean() > 1.2 * low.mean())
