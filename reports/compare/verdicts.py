"""Computes the ratios, intervals and verdicts of pairs of cells, and their means.

A ratio is the baseline's time over the other machine's: above 1, the other machine is faster. The
two runs are independent, so the half-widths of their intervals, in logarithms, add as the root of
the sum of squares (GUM, JCGM 100:2008, 5.1.2). Everything is computed in logarithms, so that
swapping two machines changes the sign and nothing else.

Files of other tools hold one process each; `reports.compare.processes` gives their intervals.

A verdict is faster, slower, tie or unsettled, by the rule of `bench.results.verdicts`. A pair is
not comparable if one of its cells has no valid time. Like for like, it is not comparable either if
the code or the precision differ. Where only the work counts, its operations must be as many.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from bench.results import verdicts as rule
from bench.results.verdicts import UNSETTLED
from reports.compare import processes

NOT_COMPARABLE = "not comparable"
VERDICTS = [*rule.VERDICTS, NOT_COMPARABLE]
MAX_RATIO = 1e9  # a larger ratio comes from a broken file
QUANTILE = 0.975  # for a two-sided 95 % interval

OK = "ok"  # the status of a cell with a valid time

Column = pd.Series


def judge(pairs: pd.DataFrame, one_run: np.ndarray, reasons: "Reasons") -> pd.DataFrame:
    """Return the pairs with the columns `ratio, low, high, verdict, reason`.

    The first three may be NaN. `reason` says why a pair is unsettled or not comparable, else NaN.

    Parameters
    ----------
    pairs : from `matching.match_cells`.
    one_run : both cells of a pair come from one file, so there is no noise between them.
    reasons : `like_for_like` or `same_work`, which say why a pair is not comparable.

    """
    log = _log(pairs["time_s_base"]) - _log(pairs["time_s"])
    half = Column(np.hypot(_half(pairs, "_base"), _half(pairs, "")), index=pairs.index)
    half = half.where(half < np.log(MAX_RATIO)).mask(one_run, 0.0)
    low, high, why, foreign = _bounds(pairs, log, half, one_run)
    reason = reasons(pairs, log)
    comparable = reason.isna().to_numpy()
    verdict = verdicts(low, high).where(comparable, NOT_COMPARABLE)
    reason = reason.where(~comparable, why.where(verdict == UNSETTLED))
    logs = {"ratio": log, "low": low, "high": high}
    logs["median_ratio"] = processes.by_medians(pairs).where(foreign)
    ratios = {name: np.exp(column.where(comparable)) for name, column in logs.items()}
    categories = pd.Categorical(verdict, categories=VERDICTS)
    ticks = processes.tick(pairs).where(foreign & comparable)
    return pairs.assign(**ratios, tick=ticks, verdict=categories, reason=reason.astype("category"))


def _bounds(
    pairs: pd.DataFrame, log: Column, half: Column, one_run: np.ndarray
) -> tuple[Column, Column, Column, Column]:
    """Return the ends of the intervals, why a pair would be unsettled, and which are foreign."""
    low, high = log - half, log + half
    why = Column(np.where(half.isna(), NO_INTERVAL, BOTH), index=pairs.index, dtype=object)
    foreign = processes.foreign(pairs)
    rows = foreign & ~one_run
    if rows.any():
        own = pairs[rows]
        low[rows], high[rows] = processes.bounds(own, log[rows], half[rows])
        why[rows] = np.where(
            low[rows].isna(), TICK, np.where(processes.several(own), SPREAD, ONE_PROCESS)
        )
    return low, high, why, foreign


def verdicts(low: Column, high: Column) -> Column:
    """Return the verdicts on intervals, given as logarithms of ratios."""
    return pd.Series(rule.verdicts(np.exp(low), np.exp(high)), index=low.index, dtype=object)


def means(pairs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the geometric mean of each group: `cells, ratio, low, high, verdict`.

    The interval is Student's t on the logarithms of the cells' ratios. So it covers the mean of
    other cells of that kind. A group of one cell has that cell's interval.
    """
    comparable = pairs[pairs["verdict"] != NOT_COMPARABLE]
    logs = comparable[["ratio", "low", "high"]].apply(np.log)
    groups = logs.groupby([comparable[name] for name in by], observed=True)
    table = groups["ratio"].agg(["size", "mean", "std"])
    first = groups[["low", "high"]].first().where(table["size"].eq(1), axis=0)
    count = table["size"].clip(lower=2)
    half = table["std"] * stdtrit(count - 1, QUANTILE) / np.sqrt(count)
    low = first["low"].where(table["size"] == 1, table["mean"] - half)
    high = first["high"].where(table["size"] == 1, table["mean"] + half)
    verdict = pd.Categorical(verdicts(low, high), categories=VERDICTS)
    ends = {"ratio": table["mean"], "low": low, "high": high}
    return pd.DataFrame(
        {"cells": table["size"], **{name: np.exp(column) for name, column in ends.items()}}
    ).assign(verdict=verdict)


def _half(pairs: pd.DataFrame, side: str) -> Column:
    """Return half the width of the interval of ln time."""
    return (_log(pairs[f"time_high_s{side}"]) - _log(pairs[f"time_low_s{side}"])) / 2


def _log(column: Column) -> Column:
    return Column(np.log(column.to_numpy(dtype=float)), index=column.index)


NO_TIME = "no valid time"
NO_INTERVAL = "no interval"
BOTH = "the interval leaves more than one answer"
TICK = "its time is no longer than a tick of the clock"
ONE_PROCESS = (
    f"one file a side: processes of one commit differ by up to {processes.ALLOWANCE:g} times"
)
SPREAD = "the interval, at least as wide as the spread within one side, leaves more than one answer"
CODE = "the workload's code differs"
WORK = "the number of operations differs"
FAR = "the times differ too much to be of the same computation"
NO_CELL = "the cell is not in its file"
NO_BEST = "no contender did this work in its file"
NO_POINT = "the point is not in its file"
NO_STEPS = "its file has no verified steps of this training"

Reasons = Callable[[pd.DataFrame, Column], Column]


def like_for_like(pairs: pd.DataFrame, log: Column, no_cell: str = NO_CELL) -> Column:
    """Return why a pair of the same contender is not comparable; NaN if it is comparable."""
    reason, both = _without_times(pairs, log, no_cell)
    different = both & _differ(pairs, "precision")
    reason[different] = _precisions(pairs[different])
    return reason.mask(both & _differ(pairs, "source_sha256"), CODE)


def same_work(pairs: pd.DataFrame, log: Column, no_cell: str = NO_BEST) -> Column:
    """Return why two machines' times for the same work are not comparable; NaN if they are.

    Each machine does the work as it can do it best, so contender, precision and code may differ.
    """
    reason, both = _without_times(pairs, log, no_cell)
    return reason.mask(both & (pairs["flops_base"] != pairs["flops"]), WORK)


def _without_times(pairs: pd.DataFrame, log: Column, no_cell: str) -> tuple[Column, Column]:
    """Return why a pair has no ratio, and where both sides have a valid time."""
    both = _valid(pairs, "_base") & _valid(pairs, "")
    reason = _missing_times(pairs, no_cell).where(~both)
    return reason.mask(both & (log.abs() > np.log(MAX_RATIO)), FAR), both


def _valid(pairs: pd.DataFrame, side: str) -> Column:
    """Return where a side has a valid time."""
    return (pairs[f"status{side}"] == OK) & pairs[f"time_s{side}"].notna()


def _missing_times(pairs: pd.DataFrame, no_cell: str) -> Column:
    """Say why a side has no valid time, once for each combination of status and reason."""
    columns = ["status_base", "reason_base", "status", "reason"]
    sides = {"base": _valid(pairs, "_base"), "other": _valid(pairs, "")}
    causes = pairs[columns].assign(**sides)
    groups = causes.groupby(list(causes), observed=True, dropna=False).ngroup()
    distinct = causes[~groups.duplicated()].astype(object).fillna("")
    texts = [
        _join(
            "" if base else _missing_time(*on_base) or no_cell,
            "" if other else _missing_time(*on_other) or no_cell,
        )
        for base, other, on_base, on_other in zip(
            distinct["base"],
            distinct["other"],
            _status_and_reason(distinct, "_base"),
            _status_and_reason(distinct, ""),
            strict=True,
        )
    ]
    by_group = dict(zip(groups[distinct.index], texts, strict=True))
    return groups.map(by_group).astype(object)


def _status_and_reason(pairs: pd.DataFrame, side: str) -> Iterator[tuple[str, str]]:
    """Return pairs of status and reason, for one side."""
    return zip(pairs[f"status{side}"], pairs[f"reason{side}"], strict=True)


def _join(base: str, other: str) -> str:
    if base == other:
        return f"{NO_TIME} on either machine: {base}"
    parts = [f"{NO_TIME} on the baseline: {base}"] if base else []
    return "; ".join(parts + ([f"{NO_TIME} on the other machine: {other}"] if other else []))


def _missing_time(status: str, reason: str) -> str:
    """Return why there is no time, "" if there is no cell."""
    if not status:
        return ""
    cause = "no time in its file" if status == OK else status
    return f"{cause}, {reason}" if reason else cause


def _differ(pairs: pd.DataFrame, name: str) -> Column:
    """Return where the two sides differ; both columns have the same category codes."""
    return pairs[f"{name}_base"].cat.codes != pairs[name].cat.codes


def _precisions(pairs: pd.DataFrame) -> Column:
    names = (pairs[f"precision{side}"].astype(object) for side in ("_base", ""))
    base, other = (name.where(name.notna() & (name != ""), "unknown") for name in names)
    return "different precision: " + base + " on the baseline, " + other + " on the other machine"
