"""Fits the alpha-beta model of communication to measured all-reduces, and says how well it fits.

A message of n bytes takes alpha + beta n: a latency, and the time of a byte (Hockney, The
communication challenge for MPP, Parallel Computing 20(3), 1994). An all-reduce over p ranks takes

    ring:   2 (p - 1) alpha + 2 (p - 1)/p n beta   (Patarasuk & Yuan, Bandwidth optimal all-reduce
            algorithms for clusters of workstations, J. Parallel Distrib. Comput. 69(2), 2009)
    tree:   2 log2(p) alpha + 2 (p - 1)/p n beta   (recursive halving and doubling: Thakur,
            Rabenseifner & Gropp, Optimization of collective communication operations in MPICH,
            Int. J. High Perform. Comput. Appl. 19(1), 2005)

Both are fitted by least squares on logarithms, so that a point of 4 KB counts as much as one of
64 MB. A point's variance is that of its interval, plus one for what the model itself misses, which
is as large as the points need (Paule & Mandel, Consensus values and weighting factors, J. Res.
Natl. Bur. Stand. 87(5), 1982). Some points are held out: the model's errors on them are its test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Algorithm = Literal["ring", "tree"]
RING: Final = "ring"
TREE: Final = "tree"
ENOUGH_COUNTS = 3  # numbers of ranks that tell a ring from a tree
FEWEST = 2  # points: the model has two parameters
NORMAL = 1.959964  # half the width of a 95 % interval, in standard deviations
LEAST_SPREAD = 1e-3  # of a logarithm: no time repeats better
WIDEST = 3.0  # of a logarithm: more than a factor of 20 says nothing
POOR = 0.25  # typical error above which the model fits poorly
FARTHEST = 60.0  # logarithm of a parameter that a search may try
LEAST_SEEN = 0.01  # share of the time of some point that latency, and that bytes, take at least


@dataclass(frozen=True, kw_only=True)
class AllReduce:
    """A measured all-reduce; `spread` is the standard deviation of its logarithm."""

    id: str
    ranks: int
    bytes: float
    time_s: float
    spread: float


@dataclass(frozen=True, kw_only=True)
class Held:
    """A measured point that was not fitted.

    Attributes
    ----------
    ratio : the modelled time over the measured one.
    stated : how far the logarithm of the ratio may be from 0, by the 95 % interval that the fit
        and the point's own interval give.

    """

    point: AllReduce
    ratio: float
    stated: float

    @property
    def error(self) -> float:
        """The model's relative error: 0.1 if it is 10 % too long."""
        return self.ratio - 1

    @property
    def inside(self) -> bool:
        """Whether the model misses it by no more than it states."""
        return abs(math.log(self.ratio)) <= self.stated


@dataclass(frozen=True, kw_only=True)
class Link:
    """A latency and a bandwidth between two ranks."""

    alpha_s: float
    bandwidth_bytes_s: float

    @property
    def beta_s(self) -> float:
        """Seconds of a byte."""
        return 1 / self.bandwidth_bytes_s


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The model of an all-reduce, and how far to trust it.

    Attributes
    ----------
    assumed : there were too few numbers of ranks to choose the algorithm.
    covariance : of the logarithms of alpha and beta.
    degrees : of freedom of the residuals.
    scatter : the standard deviation, in logarithms, of what the model misses beyond the noise.
    fitted : the points that it was fitted to.
    held : those that it was not, with its errors on them.

    """

    algorithm: Algorithm
    assumed: bool
    link: Link
    covariance: Floats
    degrees: int
    scatter: float
    fitted: tuple[AllReduce, ...]
    held: tuple[Held, ...]

    @property
    def errors(self) -> tuple[float, ...]:
        """The relative errors on the points that were held out; without any, on those fitted."""
        if self.held:
            return tuple(each.error for each in self.held)
        if self.degrees < 1:
            return ()
        return tuple(ratio_on(self.algorithm, self.link, point) - 1 for point in self.fitted)

    @property
    def typical_error(self) -> float | None:
        """The root mean square of the relative errors; None if none could be known."""
        errors = self.errors
        return math.sqrt(sum(each * each for each in errors) / len(errors)) if errors else None

    @property
    def poor(self) -> bool:
        """Whether the model misses the points by more than it may."""
        return self.typical_error is not None and self.typical_error > POOR

    @property
    def missed(self) -> float:
        """The standard deviation, in logarithms, of an all-reduce around the model.

        It is that of the points fitted, or of those held out if they are further away.
        """
        logs = [math.log(each.ratio) for each in self.held]
        held = math.sqrt(sum(log * log for log in logs) / len(logs)) if logs else 0.0
        return max(self.scatter, held)

    @property
    def quantile(self) -> float:
        """Half the width of a 95 % interval, in standard deviations.

        It is Student's if the scatter was estimated from the residuals, else the normal one.
        """
        return float(stdtrit(self.degrees, 0.975)) if self.scatter else NORMAL

    def interval(self, place: int) -> tuple[float, float]:
        """Return the 95 % interval of alpha (place 0) or of the bandwidth (place 1)."""
        value = (self.link.alpha_s, self.link.bandwidth_bytes_s)[place]
        half = min(self.quantile * math.sqrt(float(self.covariance[place, place])), FARTHEST)
        return value * math.exp(-half), value * math.exp(half)

    def deviation(self, ranks: float, size_bytes: float) -> float:
        """Return the standard deviation of the logarithm of a predicted all-reduce."""
        gradient = _gradient(self.algorithm, self.link, ranks, size_bytes)
        variance = float(gradient @ self.covariance @ gradient) + self.missed**2
        return min(math.sqrt(variance), FARTHEST / NORMAL)


def messages(algorithm: Algorithm, ranks: float) -> float:
    """Return how many messages follow one another in an all-reduce."""
    return 2 * (ranks - 1 if algorithm == RING else math.log2(ranks))


def all_reduce_s(algorithm: Algorithm, link: Link, ranks: float, size_bytes: float) -> float:
    """Return the modelled time of an all-reduce; 0 for one rank."""
    sent = 2 * (ranks - 1) / ranks * size_bytes
    return messages(algorithm, ranks) * link.alpha_s + sent * link.beta_s


def ratio_on(algorithm: Algorithm, link: Link, point: AllReduce) -> float:
    """Return the modelled time of a point over the measured one."""
    return all_reduce_s(algorithm, link, point.ranks, point.bytes) / point.time_s


def _gradient(algorithm: Algorithm, link: Link, ranks: float, size_bytes: float) -> Floats:
    """Return the derivatives of ln time by ln alpha and ln beta: the shares of the two terms."""
    total = all_reduce_s(algorithm, link, ranks, size_bytes)
    share = messages(algorithm, ranks) * link.alpha_s / total if total else 0.0
    return np.array([share, 1 - share])


def fit(points: Sequence[AllReduce]) -> Fit | None:
    """Fit the model to the points that are not held out; None if they are too few.

    Ring or tree is what fits better, if there are three numbers of ranks or more; else a ring is
    assumed.
    """
    kept, held = split([point for point in points if point.ranks > 1])
    if len({(point.ranks, point.bytes) for point in kept}) < FEWEST:
        return None
    several = len({point.ranks for point in points if point.ranks > 1}) >= ENOUGH_COUNTS
    fits = [_fitted(algorithm, kept) for algorithm in ((RING, TREE) if several else (RING,))]
    best = min(fits, key=lambda each: _misfit(each, kept))
    return replace(best, assumed=not several, held=tuple(_held(best, point) for point in held))


def _held(found: Fit, point: AllReduce) -> Held:
    """Compare a point with a fit that has not seen it."""
    deviation = math.hypot(found.deviation(point.ranks, point.bytes), point.spread)
    ratio = ratio_on(found.algorithm, found.link, point)
    return Held(point=point, ratio=ratio, stated=found.quantile * deviation)


def split(points: Sequence[AllReduce]) -> tuple[list[AllReduce], list[AllReduce]]:
    """Return the points to fit, and those to hold out.

    The largest number of ranks is held out. With one number of ranks, every second size is.
    Nothing is held out if fewer than two sizes would be left.
    """
    counts = sorted({point.ranks for point in points})
    sizes = sorted({point.bytes for point in points})
    out = {point.id for point in points if point.ranks == counts[-1]} if len(counts) > 1 else set()
    if len(counts) == 1:
        out = {point.id for point in points if point.bytes in sizes[1::2]}
    kept = [point for point in points if point.id not in out]
    if len({point.bytes for point in kept}) < FEWEST:
        return list(points), []
    return kept, [point for point in points if point.id in out]


def _misfit(candidate: Fit, points: Sequence[AllReduce]) -> float:
    """Return the sum of the squared residuals, in logarithms."""
    return float(np.sum(_residuals(candidate.algorithm, candidate.link, points) ** 2))


def _residuals(algorithm: Algorithm, link: Link, points: Sequence[AllReduce]) -> Floats:
    return np.array([math.log(ratio_on(algorithm, link, point)) for point in points])


def _fitted(algorithm: Algorithm, points: Sequence[AllReduce]) -> Fit:
    """Fit one algorithm; the scatter is what makes the weighted squares as many as the degrees."""
    spreads = np.array([min(max(each.spread, LEAST_SPREAD), WIDEST) for each in points])
    degrees = max(0, len(points) - FEWEST)

    def solved(scatter: float) -> tuple[Link, float]:
        deviations = np.hypot(spreads, scatter)
        link = _link(algorithm, points, deviations)
        return link, float(np.sum((_residuals(algorithm, link, points) / deviations) ** 2))

    def surplus(scatter: float) -> float:
        return solved(scatter)[1] - degrees

    scatter = 0.0
    if degrees and surplus(0.0) > 0:
        scatter = WIDEST if surplus(WIDEST) > 0 else float(brentq(surplus, 0.0, WIDEST, xtol=1e-4))
    link = solved(scatter)[0]
    rows = np.array([_gradient(algorithm, link, each.ranks, each.bytes) for each in points])
    weighted = rows / np.hypot(spreads, scatter)[:, None]
    return Fit(
        algorithm=algorithm,
        assumed=False,
        link=link,
        covariance=_covariance(weighted, np.max(rows, axis=0) < 2 * LEAST_SEEN),
        degrees=degrees,
        scatter=scatter,
        fitted=tuple(points),
        held=(),
    )


def _covariance(weighted: Floats, unseen: NDArray[np.bool_]) -> Floats:
    """Return the covariance of ln alpha and ln beta; one that no point shows is unknown."""
    covariance = np.asarray(np.linalg.pinv(weighted.T @ weighted), dtype=np.float64)
    for term in np.flatnonzero(unseen):
        covariance[term, :] = covariance[:, term] = 0.0
        covariance[term, term] = math.log(LEAST_SEEN) ** 2
    return covariance


def _link(algorithm: Algorithm, points: Sequence[AllReduce], deviations: Floats) -> Link:
    """Return the alpha and the bandwidth with the least weighted squares of logarithms.

    Neither is smaller than its least share of some point's time.
    """
    steps = np.array([messages(algorithm, each.ranks) for each in points])
    sent = np.array([2 * (each.ranks - 1) / each.ranks * each.bytes for each in points])
    times_s = np.array([each.time_s for each in points])

    def weighted(parameters: Floats) -> Floats:
        alpha_s, beta_s = np.exp(parameters)
        residuals: Floats = np.log((steps * alpha_s + sent * beta_s) / times_s) / deviations
        return residuals

    most = np.log([np.min(times_s / steps), np.min(times_s / sent)])
    start = np.clip(most, 1 - FARTHEST, FARTHEST - 1)
    bounds = (start + math.log(LEAST_SEEN), FARTHEST)
    alpha_s, beta_s = np.exp(least_squares(weighted, start, bounds=bounds, xtol=1e-12).x)
    return Link(alpha_s=float(alpha_s), bandwidth_bytes_s=float(1 / beta_s))
