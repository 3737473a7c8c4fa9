"""Where the lead between NumPy and a contender changes along a curve.

A crossing rests on verdicts at the sizes that were measured: it lies between the last size where
one side is faster and the first where the other is. Nothing is assumed of the curve between; the
estimate inside that range is where straight lines through the speedups, both axes logarithmic,
meet 1. Nothing is extrapolated.
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

ENDS = 2  # of a range
LEADS = {FASTER, SLOWER}  # verdicts that name a winner


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Where the lead changes along a curve: a state of `crossovers.CROSSINGS`, and sizes.

    `at` is None where nothing crosses; `low` and `high` are then the measured range.
    """

    state: str
    at: float | None
    low: float
    high: float


class Judged(NamedTuple):
    """A size of a curve with its speedup and the verdict on it."""

    size: float
    speedup: float
    verdict: Verdict

    @property
    def leader(self) -> str:
        """Which side is faster, "" for neither."""
        return self.verdict if self.verdict in LEADS else ""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Sizes next to each other at which the same side is faster, or neither (`leader` "")."""

    leader: str
    sizes: tuple[float, ...]


def judged(rows: Sequence[Timed]) -> list[Judged]:
    """Return the sizes of a curve that have a speedup, in order."""
    known = [(row.axis_value, row.speedup) for row in by_size(rows) if row.state not in NO_SPEEDUP]
    return [_judged(size, speedup) for size, speedup in known if speedup is not None]


def _judged(size: float, speedup: Interval) -> Judged:
    return Judged(size, speedup.value, verdict(speedup.low, speedup.high))


def crossing(rows: Sequence[Timed]) -> Crossing | None:
    """Return where the lead changes along the cells of one contender.

    None where fewer than two of them have a speedup.
    """
    curve = judged(rows)
    if len(curve) < ENDS:
        return None
    clear = [place for place, each in enumerate(curve) if each.leader]
    turns = [pair for pair in pairwise(clear) if curve[pair[0]].leader != curve[pair[1]].leader]
    if len(turns) == 1:
        first, last = turns[0]
        return Crossing(
            state="overtakes" if curve[first].leader == SLOWER else "falls-behind",
            at=_meets_1(curve[first : last + 1]),
            low=curve[first].size,
            high=curve[last].size,
        )
    state = "changes" if turns else _unturned(curve)
    return Crossing(state=state, at=None, low=curve[0].size, high=curve[-1].size)


def _unturned(curve: Sequence[Judged]) -> str:
    """Return the state of a curve along which the lead does not change."""
    leaders = {each.leader for each in curve}
    for leader, everywhere in ((FASTER, "ahead"), (SLOWER, "behind")):
        if leader in leaders:
            return everywhere if leaders == {leader} else f"{leader}-some"
    return TIE if {each.verdict for each in curve} == {TIE} else UNSETTLED


def stretches(curve: Sequence[Judged]) -> list[Stretch]:
    """Return the sizes of a curve in stretches of one leader."""
    return [
        Stretch(leader=leader, sizes=tuple(each.size for each in part))
        for leader, part in groupby(curve, key=lambda each: each.leader)
    ]


def _meets_1(curve: Sequence[Judged]) -> float:
    """Return where the speedups of sizes in order, the ends on either side of 1, meet 1."""
    x = np.log([each.size for each in curve])
    y = np.log([each.speedup for each in curve])
    n = int(np.flatnonzero(np.sign(y[:-1]) != np.sign(y[1:]))[0])
    share = y[n] / (y[n] - y[n + 1])
    return float(np.exp(x[n] + share * (x[n + 1] - x[n])))
