"""Infers the tick of the clock that timed a file, which no file states.

A clock counts in ticks, so each time that it gave is a whole number of them: 100 ns on Windows,
41.7 ns on a Mac, 1 ns on Linux. No interval can be narrower than a tick, however many rounds agree.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_S = 1e-9  # Python's clocks give nanoseconds
ERROR_S = 1.2e-9  # of a time: it is the difference of two readings, each rounded to a nanosecond
DIVISORS = range(1, 13)  # the smallest step between two times is a few ticks
CHANCE = 1e-3  # that times which are no multiples of a tick look like it
REACH = tuple(5 * 4**power for power in range(7))  # ticks: longer times, as the tick gets exact
POWERS = range(9, 0, -1)  # of ten, in nanoseconds: ticks that a single time shows
USUAL_S, ENOUGH = 1e-6, 5  # a longer tick needs this many distinct times as evidence
MOST = 2000  # times that a tick is inferred from


def tick_s(times_s: Iterable[float]) -> float:
    """Return the largest tick that all times are whole multiples of.

    Parameters
    ----------
    times_s : the times of rounds, as the clock gave them.

    """
    times = np.sort(np.fromiter(times_s, dtype=float))
    times = times[times > 0][:MOST]
    if not len(times):
        return LEAST_S
    values = np.sort(np.concatenate([times, np.diff(times)]))
    values = values[values > 2 * ERROR_S]
    smallest = values[0] if len(values) else 0.0
    ticks = (_refined(values, smallest / divisor) for divisor in DIVISORS)
    fitting = (tick for tick in ticks if tick > 4 * ERROR_S and _fits(times, tick))
    tick = float(max(_decimal(times), next(fitting, LEAST_S)))
    distinct = 1 + int((np.diff(times) > ERROR_S).sum())
    return tick if distinct >= ENOUGH else min(tick, USUAL_S)


def _refined(values: Floats, tick: float) -> float:
    """Return a tick made more exact by ever longer times, 0 if one of them does not fit."""
    for most in REACH:
        near = values[values < most * tick]
        counts = np.round(near / tick) if tick else near
        if not len(near) or not counts.all() or (abs(near - counts * tick) > tick / 4).any():
            return 0.0 if len(near) else tick
        tick = float(near @ counts / (counts @ counts))
    return tick


def _fits(times: Floats, tick: float) -> bool:
    """Return whether times are multiples of a tick, and not by chance."""
    near = times[times < REACH[-1] * tick]
    distinct = 1 + int((np.diff(near) > ERROR_S).sum())
    wrong = np.abs(near - np.round(near / tick) * tick)
    return bool((wrong <= ERROR_S).all() and (4 * ERROR_S / tick) ** (distinct - 1) < CHANCE)


def _decimal(times: Floats) -> float:
    """Return the largest power of ten of nanoseconds that all times are multiples of."""
    for power in POWERS:
        step = LEAST_S * float(10**power)
        wrong = np.abs(times - np.round(times / step) * step)
        if (wrong < ERROR_S / 4).all():
            return step
    return LEAST_S
