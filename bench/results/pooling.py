"""Estimates a value with its 95 % interval from a few visits, with variances pooled over cells.

The blocks of one visit share a process, a placement in memory and a minute of the machine. So a
visit counts as one value, and the interval comes from the differences between visits. A cell has
two or three visits, too few to estimate its own variance. But a run has hundreds of cells, and
their variances are similar. So a scaled inverse chi-squared prior with `degrees` d0 and `variance`
s0^2 is fitted to the variances of all cells. A cell whose own variance s^2 has d degrees of freedom
gets

    (d0 s0^2 + d s^2) / (d0 + d),    with d0 + d degrees of freedom

(Smyth, Linear models and empirical Bayes methods for assessing differential expression, Stat. Appl.
Genet. Mol. Biol. 3(1), 2004). The degrees of freedom are never more than those of all cells
together. So in a run of few cells, each cell falls back to Student's t of its own visits.

A visit is one of this suite's, or a file of another tool: one process, too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, fdtrc, stdtrit

Floats = NDArray[np.float64]

CONFIDENCE = 0.95  # of the published intervals
OF_TWO = 0.99  # of the interval of two visits with a pooled variance
LEAST_VARIANCE = 1e-8  # of a logarithm: a clock does not repeat better than 0.01 %
LEAST_DEGREES, MOST_DEGREES = 1.0, 1e3  # of a prior; with 1,000 the variance is as good as known
WILD, ENOUGH_CELLS = 0.95, 20  # variances above this quantile are censored, from 20 cells on
FARTHEST = 50.0  # logarithm of a variance or of degrees that a search may try
ALONE = 0.01  # a variance less likely than this under the prior is used without the prior
FAR = 4.0  # standard deviations: a visit this far from its cell's fastest blocks counts half
MOST = 100.0  # of a logarithm: a file cannot hold a larger number


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
    """The values of a cell's visits: one logarithm of a ratio or a time for each visit.

    Attributes
    ----------
    anchor : the logarithm from the fastest blocks of all visits. Visits far from it count less;
        with None, all visits count the same.

    """

    logs: Floats
    anchor: float | None = None

    @property
    def degrees(self) -> int:
        """The degrees of freedom of the cell's own variance."""
        return len(self.logs) - 1

    def weights(self, far: float) -> Floats:
        """Return the weight of each visit: 1/2 for one at the distance `far` from the anchor."""
        if self.anchor is None:
            return np.ones(len(self.logs))
        return 1 / (1 + ((self.logs - self.anchor) / far) ** 2)

    def mean(self, far: float) -> tuple[float, float, float]:
        """Return the mean, the variance of one visit, and the mean's share of that variance.

        With a single visit the variance is 0 and has no degrees of freedom.
        """
        w = self.weights(far)
        value = w @ self.logs / w.sum()
        share = w @ w / w.sum() ** 2
        variance = w @ (self.logs - value) ** 2 / w.sum() / (1 - share) if self.degrees else 0.0
        return float(value), float(variance), float(share)


@dataclass(frozen=True, kw_only=True)
class Prior:
    """The distribution of the visits' variance over the cells of a run.

    Attributes
    ----------
    degrees, variance : d0 and s0^2 of the scaled inverse chi-squared distribution.
    pooled : the degrees of freedom of all cells that the prior was fitted to.
    far : a visit at this distance from its cell's fastest blocks counts half.

    """

    degrees: float
    variance: float
    pooled: float
    far: float


UNKNOWN = Prior(degrees=2.0, variance=0.1**2, pooled=2.0, far=0.2)
"""The prior before any cell has two visits: a noisy machine, with few degrees of freedom."""


def fitted(cells: Iterable[Visited]) -> Prior:
    """Fit the prior to the variances of all cells with two visits or more.

    A first fit, in which all visits count the same, sets the distance `far` for the second.
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
    """Return the most likely d0 and s0^2: s^2 / s0^2 follows Fisher's F with d and d0 degrees.

    The largest variances are censored: they count only as "at least this large". So a few extreme
    cells do not change the prior of the others.
    """
    s2 = np.maximum(variances, LEAST_VARIANCE)
    most = np.quantile(s2, WILD) if len(s2) >= ENOUGH_CELLS else np.inf

    def unlikely(guess: Floats) -> float:
        d0, scale = np.exp(np.clip(guess, -FARTHEST, FARTHEST))  # no overflow on the way
        x = np.minimum(s2, most) / scale
        density = (
            (d * np.log(d / d0) + (d - 2) * np.log(x) - (d + d0) * np.log1p(d * x / d0)) / 2
            - betaln(d / 2, d0 / 2)
            - guess[1]
        )
        at_least = np.log(np.maximum(fdtrc(d, d0, x), np.finfo(float).tiny))
        return float(-np.where(s2 > most, at_least, density).sum())

    from scipy.optimize import minimize  # noqa: PLC0415 - its import takes 0.2 s; most need none

    start = [np.log(4.0), np.log(np.median(s2))]
    best = minimize(unlikely, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3})
    d0, variance = np.exp(
        np.clip(best.x, [np.log(LEAST_DEGREES), -FARTHEST], [np.log(MOST_DEGREES), FARTHEST])
    ).tolist()
    return d0, variance


def estimated(cell: Visited, prior: Prior, more: int = 0) -> Estimate:
    """Return the estimate of a cell's ratio or time, with an interval of at least 95 %.

    With `more`, the interval is the one expected after that many further visits like these.

    With two visits and a pooled variance the interval is of 99 %. Two visits cannot show that a
    cell varies far more than the others do. In 385 comparisons of the same code with itself on a
    noisy machine, intervals of 95 % called two contenders faster than themselves. Both were such
    cells.
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
    """Return the degrees of freedom and the variance of one visit, combined with the prior.

    A single visit has no variance of its own. It gets the prior's, with few degrees of freedom,
    because the cell may vary more than others. A cell whose variance is very unlikely under the
    prior keeps its own variance.
    """
    if not degrees:
        return min(UNKNOWN.degrees, prior.degrees), prior.variance
    if fdtrc(degrees, prior.degrees, own / prior.variance) < ALONE:
        return float(degrees), own
    both = prior.degrees + degrees
    return both, (prior.degrees * prior.variance + degrees * own) / both
