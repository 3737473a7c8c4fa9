"""Ratios of two times: interval, verdict, texts, and "about" if the interval is wide."""

import math

import numpy as np

from bench.results.verdicts import MARGIN, TIE_WITHIN, Verdict, verdict
from reports import units
from reports.read.interval import Interval
from reports.read.row import Timed

TOO_WIDE = 10.0  # high / low of an interval that says next to nothing
# the rule of `bench.results.verdicts` in words
RULE = (
    "faster or slower if its whole {interval} is more than"
    f" {100 * (MARGIN - 1):.0f} % away from 1, a tie if the whole interval is within"
    f" {100 * (TIE_WITHIN - 1):.0f} % of 1, and otherwise unsettled"
)


def ratio_of(slow: Timed, fast: Timed) -> Interval:
    """Return the time of `slow` divided by the time of `fast`, with its 95 % interval."""
    return quotient(_time(slow), _time(fast))


def _time(row: Timed) -> Interval:
    low, high = row.time_ends_s or (math.nan, math.nan)
    return Interval(value=row.time_s, low=low, high=high)


def quotient(slow: Interval, fast: Interval) -> Interval:
    """Return one time divided by another, with its 95 % interval.

    The logarithms of the two times are taken as independent and normally distributed, so half the
    width is the square root of the sum of their squared half-widths.
    """
    value = slow.value / fast.value
    half = float(np.hypot(*(np.log(time.high / time.low) / 2 for time in (slow, fast))))
    return Interval(value=value, low=value * np.exp(-half), high=value * np.exp(half))


def verdict_on(ratio: Interval) -> Verdict:
    """Return the verdict on a ratio's interval."""
    return verdict(ratio.low, ratio.high)


def too_wide(ratio: Interval) -> bool:
    """Return whether an interval is so wide that it says next to nothing."""
    return ratio.high > TOO_WIDE * ratio.low


def ratio_texts(ratio: Interval) -> dict[str, str]:
    """Return a ratio and its interval as texts."""
    if math.isnan(ratio.low):
        return {"ratio": units.significant(ratio.value, 2), "interval": "unknown"}
    if too_wide(ratio):
        low, high = (units.significant(float(f"{end:.2g}"), 2) for end in (ratio.low, ratio.high))
        return {"ratio": units.ratio(*ratio), "interval": f"{low} to {high}"}
    return {"ratio": units.ratio(*ratio), "interval": units.interval(*ratio)}


def hedged(sentence: str, ratio: Interval, key: str = "ratio") -> str:
    """Return a sentence with "about" before the field of a ratio if its interval is wide."""
    wide = units.rough(ratio.low, ratio.high)
    return sentence.replace(f"{{{key}}}", f"about {{{key}}}") if wide else sentence
