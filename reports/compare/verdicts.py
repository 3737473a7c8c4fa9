"""Pairs of cells -> ratios, intervals and verdicts; and their means.

A ratio is the baseline's time over the other machine's: above 1, the other is faster. The two runs
knew nothing of each other, so the half-widths of their intervals, in logarithms, are joined as
those of independent normal noise: by the root of the sum of squares (GUM, JCGM 100:2008, 5.1.2).
All is done in logarithms, where to swap two machines is to change a sign, exactly.

A verdict is faster, slower, tie or unsettled, by the one rule of `bench.results.verdicts`; or the
pair is not comparable: the two did not do the same thing, or one of them has no time that counts.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from bench.results import verdicts as rule
from bench.results.verdicts import UNSETTLED

NOT_COMPARABLE = "not comparable"
VERDICTS = [*rule.VERDICTS, NOT_COMPARABLE]
FARTHEST = 1e9  # no machine is that many times faster; such a ratio is a broken file's
CONFIDENCE = 0.975  # of one side, for a 95 % interval

OK = "ok"  # the status of a cell with a time that counts

Column = pd.Series


def judged(pairs: pd.DataFrame, one_run: np.ndarray) -> pd.DataFrame:
    """Return the pairs with `ratio, low, high, verdict, reason`.

    The first three may be NaN; the last says why a pair is unsettled or not comparable, else NaN.

    Parameters
    ----------
    pairs : from `matching.paired`.
    one_run : whether both cells of a pair stand in one and the same file: then no noise parts them.

    """
    log = _log(pairs["time_s_base"]) - _log(pairs["time_s"])
    half = Column(np.hypot(_half(pairs, "_base"), _half(pairs, "")), index=pairs.index)
    half = half.where(half < np.log(FARTHEST)).mask(one_run, 0.0)
    reason = _reasons(pairs, log)
    comparable = reason.isna().to_numpy()
    verdict = verdicts(log - half, log + half).where(comparable, NOT_COMPARABLE)
    why = Column(np.where(half.isna(), NO_INTERVAL, BOTH), index=pairs.index, dtype=object)
    reason = reason.where(~comparable, why.where(verdict == UNSETTLED))
    logs = {"ratio": log, "low": log - half, "high": log + half}
    ratios = {name: np.exp(column.where(comparable)) for name, column in logs.items()}
    words = pd.Categorical(verdict, categories=VERDICTS)
    return pairs.assign(**ratios, verdict=words, reason=reason.astype("category"))


def verdicts(low: Column, high: Column) -> Column:
    """Return the verdicts on intervals of logarithms of ratios."""
    return pd.Series(rule.verdicts(np.exp(low), np.exp(high)), index=low.index, dtype=object)


def means(pairs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the geometric mean of each group: `cells, ratio, low, high, verdict`.

    Its interval is Student's t of the logarithms of its cells' ratios: how far the mean of other
    cells of that kind may lie. A group of one cell has that cell's interval.
    """
    known = pairs[pairs["verdict"] != NOT_COMPARABLE]
    logs = known[["ratio", "low", "high"]].apply(np.log)
    groups = logs.groupby([known[name] for name in by], observed=True)
    table = groups["ratio"].agg(["size", "mean", "std"])
    one = groups[["low", "high"]].first().where(table["size"].eq(1), axis=0)
    count = table["size"].clip(lower=2)
    half = table["std"] * stdtrit(count - 1, CONFIDENCE) / np.sqrt(count)
    low = one["low"].where(table["size"] == 1, table["mean"] - half)
    high = one["high"].where(table["size"] == 1, table["mean"] + half)
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


NO_INTERVAL = "no interval"
BOTH = "the interval holds both answers"
CODE = "the workload's code is not the same"
FAR = "times too far apart to be of one computation"


def _reasons(pairs: pd.DataFrame, log: Column) -> Column:
    """Return why a pair is not comparable, NaN where it is."""
    both = _counts(pairs, "_base") & _counts(pairs, "")
    reason = _lacking(pairs).where(~both)
    reason = reason.mask(both & (log.abs() > np.log(FARTHEST)), FAR)
    other = both & _differ(pairs, "precision")
    reason[other] = _precisions(pairs[other])
    return reason.mask(both & _differ(pairs, "source_sha256"), CODE)


def _counts(pairs: pd.DataFrame, side: str) -> Column:
    """Tell where a side has a time that counts."""
    return (pairs[f"status{side}"] == OK) & pairs[f"time_s{side}"].notna()


def _lacking(pairs: pd.DataFrame) -> Column:
    """Return what either side lacks, put into words once for each combination."""
    why = ["status_base", "reason_base", "status", "reason"]
    sides = {"base": _counts(pairs, "_base"), "other": _counts(pairs, "")}
    all_why = pairs[why].assign(**sides)
    groups = all_why.groupby(list(all_why), observed=True, dropna=False).ngroup()
    first = all_why[~groups.duplicated()].astype(object).fillna("")
    texts = [
        _why("" if base else _lack(*on_base), "" if other else _lack(*on_other))
        for base, other, on_base, on_other in zip(
            first["base"], first["other"], _stated(first, "_base"), _stated(first, ""), strict=True
        )
    ]
    by_group = dict(zip(groups[first.index], texts, strict=True))
    return groups.map(by_group).astype(object)


def _stated(pairs: pd.DataFrame, side: str) -> Iterator[tuple[str, str]]:
    """Yield the status and the reason of a side."""
    return zip(pairs[f"status{side}"], pairs[f"reason{side}"], strict=True)


def _why(base: str, other: str) -> str:
    if base == other:
        return f"on neither: {base}"
    parts = [f"not on the baseline: {base}"] if base else []
    return "; ".join(parts + ([f"not on the other machine: {other}"] if other else []))


def _lack(status: str, reason: str) -> str:
    if not status:
        return "not in its file"
    what = "no time in its file" if status == OK else status
    return f"{what}, {reason}" if reason else what


def _differ(pairs: pd.DataFrame, name: str) -> Column:
    """Tell where the two say different things; both columns are cut from one, codes and all."""
    return pairs[f"{name}_base"].cat.codes != pairs[name].cat.codes


def _precisions(pairs: pd.DataFrame) -> Column:
    names = (pairs[f"precision{side}"].astype(object) for side in ("_base", ""))
    base, other = (name.where(name.notna() & (name != ""), "unknown") for name in names)
    return "another precision: " + base + " on the baseline, " + other + " on the other machine"
