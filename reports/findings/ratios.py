"""Ratios of times in words: their verdict, their numbers, and "about" where an interval is wide."""

import math

import numpy as np

from bench.results.verdicts import Verdict, verdict
from reports import units
from reports.read.interval import Interval
from reports.read.row import Timed


def ratio_of(slow: Timed, fast: Timed) -> Interval:
    """Return the time of one cell over that of another, with its interval.

    The interval joins those of the two times, in logarithms, as of independent normal noise.
    """
    value = slow.time_s / fast.time_s
    ends = [row.time_ends_s for row in (slow, fast)]
    halves = [np.log(end[1] / end[0]) / 2 for end in ends if end is not None]
    if len(halves) < len(ends):
        return Interval(value=value, low=math.nan, high=math.nan)
    half = float(np.hypot(*halves))
    return Interval(value=value, low=value * np.exp(-half), high=value * np.exp(half))


def verdict_on(ratio: Interval) -> Verdict:
    """Return the verdict on a ratio's interval."""
    return verdict(ratio.low, ratio.high)


def ratio_texts(ratio: Interval) -> dict[str, str]:
    """Return a ratio and its interval as texts."""
    if math.isnan(ratio.low):
        return {"ratio": units.significant(ratio.value, 2), "interval": "unknown"}
    return {"ratio": units.ratio(*ratio), "interval": units.interval(*ratio)}


def hedged(sentence: str, ratio: Interval) -> str:
    """Return a sentence that says "about" before its ratio where the interval is wide."""
    return sentence.replace("{ratio}", "about {ratio}") if units.rough(*ratio) else sentence
