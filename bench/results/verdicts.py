"""The verdict on an interval of a speedup: faster, slower, tie or unsettled.

This is the only rule of the project for it. The rule sees the 95 % interval and nothing else. The
number of visits and the width of the interval decide how many digits are printed, never the
verdict.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Verdict = Literal["faster", "slower", "tie", "unsettled"]
FASTER: Final = "faster"
SLOWER: Final = "slower"
TIE: Final = "tie"
UNSETTLED: Final = "unsettled"
VERDICTS: tuple[Verdict, ...] = (FASTER, SLOWER, TIE, UNSETTLED)

MARGIN = 1.05  # faster: the whole interval is above it; slower: below 1 / MARGIN
TIE_WITHIN = 1.10  # tie: the whole interval is between 1 / TIE_WITHIN and TIE_WITHIN


def verdict(low: float, high: float) -> Verdict:
    """Return the verdict on a speedup's interval; above 1, the contender is faster than NumPy.

    An interval that leaves more than one answer, or is NaN, is unsettled.
    """
    if low > MARGIN:
        return FASTER
    if high < 1 / MARGIN:
        return SLOWER
    if low >= 1 / TIE_WITHIN and high <= TIE_WITHIN:
        return TIE
    return UNSETTLED


def verdicts(low: ArrayLike, high: ArrayLike) -> NDArray[np.object_]:
    """Return the verdict on each of many intervals."""
    lows, highs = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    within = (lows >= 1 / TIE_WITHIN) & (highs <= TIE_WITHIN)
    cases = [lows > MARGIN, highs < 1 / MARGIN, within]
    return np.select(cases, [FASTER, SLOWER, TIE], UNSETTLED).astype(object)
