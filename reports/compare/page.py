"""Prepares what the comparison page shows: findings, and tables of formatted numbers.

Up to eight machines are compared cell by cell. With more, a cell has one row: its lowest, median
and highest ratio, and the machines of the lowest and the highest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports import units
from reports.compare.comparison import ALL, MOST_SHOWN, Comparison, furthest
from reports.compare.pair import Pair, means_in, pairs_in
from reports.compare.statements import statements
from reports.compare.verdicts import NOT_COMPARABLE, VERDICTS
from reports.findings.ratios import ratio_texts
from reports.read.interval import Interval

SIDE_BY_SIDE = 8  # machines compared cell by cell
ENDS = 3  # fastest and slowest machines that get sentences, if there are more
MOST_REASONS = 40  # that are listed
MOST_CELLS = 12  # that are named for one reason
NOTE = (
    "Each interval covers the noise within the two runs. Sometimes two runs of one machine differ"
    " by more than that. Compare two runs of one machine to see by how much."
)
TIMES = {
    False: "A time is that of the fastest blocks, because interference can only add time.",
    True: "Times are medians, because another tool's file or an older file has only these.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanCell:
    """A machine's mean of one family: as text, and as a number to sort by."""

    text: str
    sort: float
    cells: int
    verdict: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineRow:
    """A machine's number of pairs per verdict, and its mean per family."""

    machine: str
    counts: Mapping[str, int]
    means: Mapping[str, MeanCell]


@dataclass(frozen=True, kw_only=True, slots=True)
class PairRow:
    """A pair of cells that has a ratio."""

    pair: Pair
    ratio: str
    time: str
    time_base: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SpreadRow:
    """One cell on many machines: its slowest and its fastest pair, and the ratios as text."""

    slowest: Pair
    fastest: Pair
    machines: int
    min: str
    median: str
    max: str
    median_sort: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonRow:
    """The pairs that are unsettled or not comparable for one reason.

    Attributes
    ----------
    pairs, machines : how many there are.
    cells : the first of them.
    further : how many cells are not named.

    """

    verdict: str
    reason: str
    pairs: int
    machines: int
    cells: Sequence[str]
    further: int


def page_values(comparison: Comparison) -> dict[str, Any]:
    """Return the values for `compare.html`, except its heat map and downloads."""
    many = len(comparison.labels) > SIDE_BY_SIDE
    findings = list(statements(comparison, _ends(comparison) if many else None))
    return {
        "title": "Machines side by side",
        "base": comparison.labels[comparison.baseline],
        "labels": comparison.labels,
        "others": comparison.others,
        "many": many,
        "headlines": [finding for finding in findings if finding.about.get("family", ALL) == ALL],
        "findings": [finding for finding in findings if finding.about.get("family", ALL) != ALL],
        "families": comparison.families,
        "means": _means(comparison),
        "account": comparison.account,
        "chosen_differ": any(not fact.measured for fact in comparison.account),
        "pairs": [] if many else _pairs(comparison.pairs),
        "spreads": _spreads(comparison.pairs) if many else [],
        "reasons": _reasons(comparison.pairs),
        "most": MOST_SHOWN if len(comparison.others) > MOST_SHOWN else 0,
        "mapped": furthest(comparison, MOST_SHOWN),
        "times": TIMES[comparison.of_medians],
        "note": NOTE,
    }


def _ends(comparison: Comparison) -> list[str]:
    """Return the fastest and the slowest machines, by their overall mean."""
    overall = comparison.means[comparison.means["family"] == ALL].sort_values("ratio")
    names = [str(name) for name in overall["machine"]]
    return list(dict.fromkeys([*names[: -ENDS - 1 : -1], *names[:ENDS]]))


def ratio_text(ratio: Interval) -> str:
    """Format a ratio, with its interval if there is one."""
    texts = ratio_texts(ratio)
    return texts["ratio"] if math.isnan(ratio.low) else f"{texts['ratio']} ({texts['interval']})"


def counts(comparison: Comparison) -> dict[str, dict[str, int]]:
    """Return the number of pairs per verdict, for each machine."""
    sizes = comparison.pairs.groupby(["machine", "verdict"], observed=False).size().to_dict()
    return {
        other: {name: int(sizes.get((other, name), 0)) for name in VERDICTS}
        for other in comparison.others
    }


def _means(comparison: Comparison) -> list[MachineRow]:
    """Return a row for each other machine: its counts, and its mean of each family."""
    by_machine: dict[str, dict[str, MeanCell]] = {}
    for mean in means_in(comparison.means):
        by_machine.setdefault(mean.machine, {})[mean.family] = MeanCell(
            text=ratio_text(mean.ratio),
            sort=mean.ratio.value,
            cells=mean.cells,
            verdict=mean.verdict,
        )
    numbers = counts(comparison)
    return [
        MachineRow(machine=other, counts=numbers[other], means=by_machine.get(other, {}))
        for other in comparison.others
    ]


def _pairs(pairs: pd.DataFrame) -> list[PairRow]:
    """Return a row for each pair that has a ratio."""
    return [
        PairRow(
            pair=pair,
            ratio=ratio_text(pair.ratio),
            time=units.seconds(pair.time_s),
            time_base=units.seconds(pair.time_base_s),
        )
        for pair in pairs_in(pairs[pairs["verdict"] != NOT_COMPARABLE])
    ]


def _spreads(pairs: pd.DataFrame) -> list[SpreadRow]:
    """Return for each key its slowest, median and fastest machine."""
    comparable = pairs[pairs["verdict"] != NOT_COMPARABLE]
    groups = comparable.groupby("key", observed=True)["ratio"]
    table = groups.agg(["size", "median", "idxmin", "idxmax"])
    ends = (pairs_in(comparable.loc[table[name]]) for name in ("idxmin", "idxmax"))
    groups_of_key = zip(*ends, table["size"].tolist(), table["median"].tolist(), strict=True)
    return [
        SpreadRow(
            slowest=slowest,
            fastest=fastest,
            machines=machines,
            min=units.significant(slowest.ratio.value, 3),
            median=units.significant(median, 3),
            max=units.significant(fastest.ratio.value, 3),
            median_sort=median,
        )
        for slowest, fastest, machines, median in groups_of_key
    ]


def _reasons(pairs: pd.DataFrame) -> list[ReasonRow]:
    """Group the unsettled and the not comparable pairs by reason, the most frequent first."""
    with_reason = pairs[pairs["reason"].notna()]
    groups = with_reason.groupby(["verdict", "reason"], observed=True)
    sizes = groups.agg(pairs=("key", "size"), machines=("machine", "nunique"))
    most_frequent = sizes.sort_values("pairs", ascending=False, kind="stable").head(MOST_REASONS)
    rows = []
    for verdict, reason in most_frequent.index:
        keys = _keys(with_reason, verdict, reason)
        row = ReasonRow(
            verdict=verdict,
            reason=reason,
            pairs=int(most_frequent.loc[(verdict, reason), "pairs"]),
            machines=int(most_frequent.loc[(verdict, reason), "machines"]),
            cells=keys[:MOST_CELLS],
            further=max(0, len(keys) - MOST_CELLS),
        )
        rows.append(row)
    return rows


def _keys(pairs: pd.DataFrame, verdict: str, reason: str) -> list[str]:
    """Return the distinct keys of the pairs with this verdict and this reason."""
    wanted = (pairs["verdict"] == verdict) & (pairs["reason"] == reason)
    return [str(key) for key in pairs.loc[wanted, "key"].unique()]
