"""Who is faster, given an interval: the one rule of the project.

It sees the 95 % interval of a ratio and nothing else. How many visits an interval comes from and
how wide it is change the digits that are printed, never the verdict.
"""

from typing import Final, Literal

Verdict = Literal["faster", "slower", "tie", "unsettled"]
FASTER: Final = "faster"
SLOWER: Final = "slower"
TIE: Final = "tie"
UNSETTLED: Final = "unsettled"
VERDICTS: tuple[Verdict, ...] = (FASTER, SLOWER, TIE, UNSETTLED)

MARGIN = 1.05  # a winner's whole interval lies beyond it
TIE_WITHIN = 1.10  # a tie's whole interval lies within it, on both sides of 1


def verdict(low: float, high: float) -> Verdict:
    """Return what the interval of a ratio says; above 1, the contender is the faster side.

    An interval that holds both answers, or is not known (NaN), is unsettled.
    """
    if low > MARGIN:
        return FASTER
    if high < 1 / MARGIN:
        return SLOWER
    if low >= 1 / TIE_WITHIN and high <= TIE_WITHIN:
        return TIE
    return UNSETTLED
