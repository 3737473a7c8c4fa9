"""Compares files of other tools: one process each; how much processes differ is unknown.

A process keeps its placement in memory, its share of a processor and its minute for all rounds of a
test. So rounds that agree say nothing about the next process of the same commit.

With one file a side, a difference counts only if it is beyond `ALLOWANCE`, in the minimum and in
the median. The allowance is of measurements: processes of one commit on one machine, within half an
hour, as `tests/noisy_hour.json` holds them. Of 80 tests of two such processes, the one that differs
most does so by 2.8 times (95th percentile), and at most by 4.4. On calmer machines, whose files are
in `reports/machines/`, it is 2.3. `python -m tests.foreign_gates` prints what becomes of simulated
pairs.

With several files a side, each test has an interval from the visits (`bench.results.pooling`). It
is at least as wide as the largest spread that a test has within a side. Of many tests some have two
speeds and keep one for a process (1.6 times apart, in a fiftieth of cells on a calm machine), and
three files often miss one of the two. A spread that one commit shows within a side is no evidence
of a difference between sides.

All tests together are more exact, because the fastest file of each test is hardly ever disturbed.
Their ratio is the mean of the middle half of the tests' log ratios, each of the fastest files. If
the commits were equal, the files could as well be dealt to the sides in any other way. So the
interval holds the ratios that, taken away from one side, leave the real deal no extreme among all
deals (a permutation test, inverted; Fisher, The design of experiments, 1935). Each end then errs in
at most 5 % of comparisons with 20 deals (3 files a side), in 2.5 % with 40 or more: an interval of
90 % or of 95 %. With fewer deals, and with very many, it comes from leaving out each file in turn
(jackknife; Efron & Stein, Ann. Statist. 9(3), 1981), with Student's t.

No interval is narrower than a tick of the clock on both sides.
"""

import math
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reports.compare.sides import MISSING

ALLOWANCE = 4.0
FEW = 10  # tests; the mean of fewer has an interval as wide as the largest spread of one of them
FEWEST = 2  # files a side for an interval
QUANTILE = 0.975  # for a two-sided 95 % interval
LEAST_DEALS, DEALS_OF_95, MOST_DEALS = 20, 40, 1000
ROUNDING = 1e-9  # so that a deal is as extreme as itself
STEPS = 12  # of the search for an end of an interval

Column = pd.Series
Floats = np.ndarray


def foreign(pairs: pd.DataFrame) -> Column:
    """Return where both cells of a pair are of other tools' files."""
    return _any(pairs["minima_base"]) & _any(pairs["minima"])


def _any(texts: Column) -> Column:
    return pd.Series(texts.notna() & (texts != ""), index=texts.index)


def several(pairs: pd.DataFrame) -> Column:
    """Return where both sides have a test in as many files as an interval needs."""
    files = [
        pairs[name].astype(object).map(lambda text: np.isfinite(_seconds(text)).sum())
        for name in ("minima_base", "minima")
    ]
    return (files[0] >= FEWEST) & (files[1] >= FEWEST)


def bounds(pairs: pd.DataFrame, log: Column, half: Column) -> tuple[Column, Column]:
    """Return the ends of the intervals of log ratios, for pairs of other tools' files.

    Parameters
    ----------
    pairs : with `minima`, `median_s`, `tick_s` and `time_s` of both sides.
    log, half : the log ratio of the minima, and the half-width of its interval.

    """
    pooled, medians = several(pairs), by_medians(pairs)
    own = half.fillna(np.inf).clip(lower=_spread(pairs), upper=np.log(ALLOWANCE))
    allowed = own.where(pooled, np.log(ALLOWANCE)) + tick(pairs)
    low, high = np.minimum(log, medians), np.maximum(log, medians)
    return log.where(pooled, low) - allowed, log.where(pooled, high) + allowed


def by_medians(pairs: pd.DataFrame) -> Column:
    """Return the log ratios of the medians."""
    base, other = (pairs[f"median_s{side}"].to_numpy(dtype=float) for side in ("_base", ""))
    return pd.Series(np.log(base) - np.log(other), index=pairs.index)


def tick(pairs: pd.DataFrame) -> Column:
    """Return by how much ticks of the clock may move a log ratio; NaN if a tick is the whole time.

    A time is known to a tick either way.
    """
    moved = pd.Series(0.0, index=pairs.index)
    for side in ("_base", ""):
        share = pairs[f"tick_s{side}"].fillna(0.0) / pairs[f"time_s{side}"]
        moved = moved - np.log1p(-share.where(share < 1))
    return moved


def _spread(pairs: pd.DataFrame) -> Column:
    """Return the largest spread of a test within a side of each pair's machine."""
    widest = {
        machine: max(map(_range, {*rows["minima_base"], *rows["minima"]}), default=0.0)
        for machine, rows in pairs.groupby("machine", observed=True)
    }
    return pairs["machine"].astype(object).map(widest).astype(float)


def _range(text: object) -> float:
    seconds = _seconds(text)
    known = seconds[np.isfinite(seconds)]
    return float(np.log(known.max() / known.min())) if len(known) else 0.0


def _seconds(text: object) -> Floats:
    """Return the minimum of each file, NaN of a file that lacks the test."""
    parts = text.split() if isinstance(text, str) else []
    return np.array([np.nan if part == MISSING else float(part) for part in parts])


def overall(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return each machine's ratio over all tests: `machine, cells, ratio, low, high`.

    Parameters
    ----------
    pairs : comparable pairs of other tools' files.

    """
    rows = [
        {"machine": machine, "cells": len(own), **_overall(own)}
        for machine, own in pairs.groupby("machine", observed=True)
    ]
    return pd.DataFrame(rows, columns=["machine", "cells", "ratio", "low", "high"])


def _overall(pairs: pd.DataFrame) -> dict[str, float]:
    """Return the ratio over all tests of one machine, with its interval."""
    if len(pairs) == 1 or pairs["low"].isna().all():
        ends = pairs[["ratio", "low", "high"]].iloc[0]
        return {str(name): float(end) for name, end in ends.items()}
    base, other = (_matrix(pairs[name]) for name in ("minima_base", "minima"))
    value = _between(base, other)
    medians = _middle(np.log(pairs["median_ratio"].to_numpy(dtype=float)))
    ticks = _middle(pairs["tick"].to_numpy(dtype=float))
    if min(base.shape[1], other.shape[1]) < FEWEST:
        allowed = np.log(ALLOWANCE) + ticks
        low, high = min(value, medians) - allowed, max(value, medians) + allowed
    else:
        least = float(_spread(pairs).iloc[0]) if len(pairs) < FEW else 0.0
        low, high = (
            value + sign * (np.clip(half, least, np.log(ALLOWANCE)) + ticks)
            for sign, half in zip((-1, 1), _halves(base, other), strict=True)
        )
    return {"ratio": float(np.exp(value)), "low": float(np.exp(low)), "high": float(np.exp(high))}


def _matrix(texts: Column) -> Floats:
    """Return the log minima: a row per test, a column per file."""
    lines = [np.log(_seconds(text)) for text in texts]
    matrix = np.full((len(lines), max(map(len, lines))), np.nan)
    for row, line in zip(matrix, lines, strict=True):
        row[: len(line)] = line
    return matrix


def _between(base: Floats, other: Floats) -> float:
    """Return the log ratio over all tests, of the fastest file of each."""
    fastest = [np.fmin.reduce(side, axis=1) for side in (base, other)]
    return _middle(fastest[0] - fastest[1])


def _middle(values: Floats) -> float:
    """Return the mean of the middle half of the values that are known."""
    known = np.sort(values[np.isfinite(values)])
    cut = len(known) // 4
    return float(known[cut : len(known) - cut].mean()) if len(known) else np.nan


def confidence(files: int, base_files: int) -> str:
    """Return the confidence of the interval over all tests: `95 %`."""
    return "90 %" if LEAST_DEALS <= math.comb(files + base_files, files) < DEALS_OF_95 else "95 %"


def _halves(base: Floats, other: Floats) -> tuple[float, float]:
    """Return by how much the interval over all tests reaches below and above its value."""
    files = base.shape[1] + other.shape[1]
    if not LEAST_DEALS <= math.comb(files, base.shape[1]) <= MOST_DEALS:
        half = _half(base, other)
        return half, half
    above = _reach(base, other)
    return _reach(other, base), above


def _reach(base: Floats, other: Floats) -> float:
    """Return how much more than its value the log ratio can be, by all deals of the files."""
    files, own = base.shape[1] + other.shape[1], other.shape[1]
    deals = [list(deal) for deal in combinations(range(files), own)]
    rest = [[n for n in range(files) if n not in deal] for deal in deals]
    most = 0.05 if len(deals) < DEALS_OF_95 else 0.025
    value = _between(base, other)

    def possible(more: float) -> bool:
        """Whether the ratio can be that much more: then the real deal is no extreme."""
        every = np.hstack([base, other + value + more])
        ratios = [_between(every[:, b], every[:, o]) for b, o in zip(rest, deals, strict=True)]
        extreme = sum(ratio <= -more + ROUNDING for ratio in ratios)
        return extreme > most * len(deals)

    low, high = 0.0, float(np.log(ALLOWANCE))
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if possible(middle) else (low, middle)
    return high


def _half(base: Floats, other: Floats) -> float:
    """Return the half-width of the interval, from leaving out each file in turn."""
    of_base = _left_out(base, lambda side: _between(side, other))
    of_other = _left_out(other, lambda side: _between(base, side))
    variance = sum((len(v) - 1) / len(v) * ((v - v.mean()) ** 2).sum() for v in (of_base, of_other))
    return float(stdtrit(len(of_base) + len(of_other) - 2, QUANTILE) * np.sqrt(variance))


def _left_out(side: Floats, of: Callable[[Floats], float]) -> Floats:
    return np.array([of(np.delete(side, place, axis=1)) for place in range(side.shape[1])])


def counts(pairs: pd.DataFrame) -> Iterator[tuple[str, int, int]]:
    """Yield each machine with its number of files, and the baseline's."""
    own = pairs[foreign(pairs)]
    for machine, rows in own.groupby("machine", observed=True):
        most = [max(len(text.split()) for text in rows[name]) for name in ("minima", "minima_base")]
        yield str(machine), most[0], most[1]
