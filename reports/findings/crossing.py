"""Finds where the lead between NumPy and a contender changes along a curve.

A crossing lies between two measured sizes: the last at which one side is faster, and the first at
which the other is. Inside this range it is estimated by linear interpolation of log(speedup) over
log(size), where the speedup is 1. Nothing is extrapolated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED, Verdict, verdict
from reports.read.grouping import by_size
from reports.read.interval import Interval
from reports.read.row import NO_SPEEDUP, Timed

FEWEST = 2  # sizes that a crossing needs
LEADS = {FASTER, SLOWER}  # verdicts that name a winner


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Where the lead changes along a curve.

    Attributes
    ----------
    state : a key of `crossovers.CROSSINGS`.
    at : the estimated size at which the speedup is 1; None if the lead does not change just once.
    low, high : the sizes between which the lead changes, or the smallest and largest size measured
        if `at` is None.

    """

    state: str
    at: float | None
    low: float
    high: float


class SizeVerdict(NamedTuple):
    """A size of a curve with its speedup and the verdict."""

    size: float
    speedup: float
    verdict: Verdict

    @property
    def leader(self) -> str:
        """The verdict if it names a winner, else ""."""
        return self.verdict if self.verdict in LEADS else ""


def size_verdicts(rows: Sequence[Timed]) -> list[SizeVerdict]:
    """Return the verdict at each size of a curve that has a speedup, in the order of sizes."""
    known = [(row.axis_value, row.speedup) for row in by_size(rows) if row.state not in NO_SPEEDUP]
    return [_size_verdict(size, speedup) for size, speedup in known if speedup is not None]


def _size_verdict(size: float, speedup: Interval) -> SizeVerdict:
    return SizeVerdict(size, speedup.value, verdict(speedup.low, speedup.high))


def crossing(rows: Sequence[Timed]) -> Crossing | None:
    """Return where the lead changes along a curve, given its rows.

    None if fewer than two of them have a speedup.
    """
    curve = size_verdicts(rows)
    if len(curve) < FEWEST:
        return None
    led = [index for index, each in enumerate(curve) if each.leader]
    changes = [pair for pair in pairwise(led) if curve[pair[0]].leader != curve[pair[1]].leader]
    if len(changes) == 1:
        first, last = changes[0]
        return Crossing(
            state="overtakes" if curve[first].leader == SLOWER else "falls-behind",
            at=_interpolated(curve[first : last + 1]),
            low=curve[first].size,
            high=curve[last].size,
        )
    state = "changes" if changes else _state_without_change(curve)
    return Crossing(state=state, at=None, low=curve[0].size, high=curve[-1].size)


def _state_without_change(curve: Sequence[SizeVerdict]) -> str:
    """Return the state of a curve along which the lead does not change."""
    leaders = {each.leader for each in curve}
    for leader, state_everywhere in ((FASTER, "ahead"), (SLOWER, "behind")):
        if leader in leaders:
            return state_everywhere if leaders == {leader} else f"{leader}-some"
    return TIE if {each.verdict for each in curve} == {TIE} else UNSETTLED


def stretches(curve: Sequence[SizeVerdict]) -> list[tuple[Verdict, list[float]]]:
    """Split a curve into stretches of sizes, each with one verdict."""
    groups = groupby(curve, key=lambda each: each.verdict)
    return [(verdict, [each.size for each in part]) for verdict, part in groups]


def _interpolated(curve: Sequence[SizeVerdict]) -> float:
    """Return the size at which the speedup is 1.

    The first and the last speedup of `curve` must lie on different sides of 1.
    """
    x = np.log([each.size for each in curve])
    y = np.log([each.speedup for each in curve])
    n = int(np.flatnonzero(np.sign(y[:-1]) != np.sign(y[1:]))[0])
    share = y[n] / (y[n] - y[n + 1])
    return float(np.exp(x[n] + share * (x[n + 1] - x[n])))
