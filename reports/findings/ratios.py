"""Ratios of two times: interval, verdict, texts, and "about" if the interval is wide."""

import math

import numpy as np

from bench.results.verdicts import Verdict, verdict
from reports import units
from reports.read.interval import Interval
from reports.read.row import Timed


def ratio_of(slow: Timed, fast: Timed) -> Interval:
    """Return the time of `slow` divided by the time of `fast`, with its 95 % interval.

    The logarithms of the two times are taken as independent and normally distributed, so half the
    width is the square root of the sum of their squared half-widths.
    """
    value = slow.time_s / fast.time_s
    intervals = [row.time_ends_s for row in (slow, fast)]
    halves = [np.log(ends[1] / ends[0]) / 2 for ends in intervals if ends is not None]
    if len(halves) < len(intervals):
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
    """Return a sentence with "about" before its ratio if the interval is wide."""
    return sentence.replace("{ratio}", "about {ratio}") if units.rough(*ratio) else sentence
