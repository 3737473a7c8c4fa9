"""A comparison -> what its page says: statements, and tables whose numbers are texts already.

Up to eight machines stand side by side, cell by cell. Of more, a cell's row tells how far apart the
machines are and which is at either end, and a machine's row its means.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports import units
from reports.compare.comparison import ALL, MOST, Comparison, furthest
from reports.compare.pair import Pair, means_in, pairs_in
from reports.compare.statements import statements
from reports.compare.verdicts import NOT_COMPARABLE, VERDICTS
from reports.findings.ratios import ratio_texts
from reports.read.interval import Interval

SIDE_BY_SIDE = 8
ENDS = 3  # machines at either end that are told of in words, where there are many
GROUPS = 40  # reasons that are listed
NAMED = 12  # cells that are named for one reason
NOTE = (
    "Each interval tells the noise within two runs. Two runs of one machine differ by more than"
    " that now and then: compare two runs of one machine to see by how much."
)
TIMES = {
    False: "Times are those of the fastest blocks, since interference only ever adds time.",
    True: "Times are medians: a file of another tool, or of an older version, has no others.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanCell:
    """A machine's mean of one family: its text, and what its column sorts by."""

    text: str
    sort: float
    cells: int
    verdict: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineRow:
    """A machine: how many of its pairs have each verdict, and its means by family."""

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
    """How far apart many machines are in one cell: the pairs at either end, and ratios as texts."""

    slowest: Pair
    fastest: Pair
    machines: int
    min: str
    median: str
    max: str
    median_sort: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonRow:
    """Why some pairs are not comparable or unsettled; the first of their cells, and how many more.

    Attributes
    ----------
    pairs, machines : how many there are.

    """

    verdict: str
    reason: str
    pairs: int
    machines: int
    cells: Sequence[str]
    further: int


def page_values(comparison: Comparison) -> dict[str, Any]:
    """Return everything that `compare.html` needs but the heat map."""
    many = len(comparison.labels) > SIDE_BY_SIDE
    findings = list(statements(comparison, _ends(comparison) if many else None))
    return {
        "title": "Machines side by side",
        "base": comparison.labels[comparison.baseline],
        "labels": comparison.labels,
        "others": comparison.others,
        "many": many,
        "headlines": [one for one in findings if one.about.get("family", ALL) == ALL],
        "findings": [one for one in findings if one.about.get("family", ALL) != ALL],
        "families": comparison.families,
        "means": _means(comparison),
        "account": comparison.account,
        "chosen_differ": any(not fact.measured for fact in comparison.account),
        "pairs": [] if many else _pairs(comparison.pairs),
        "spreads": _spreads(comparison.pairs) if many else [],
        "reasons": _reasons(comparison.pairs),
        "most": MOST if len(comparison.others) > MOST else 0,
        "mapped": furthest(comparison, MOST),
        "times": TIMES[comparison.of_medians],
        "note": NOTE,
    }


def _ends(comparison: Comparison) -> list[str]:
    """Return the machines that are the furthest ahead and the furthest behind."""
    overall = comparison.means[comparison.means["family"] == ALL].sort_values("ratio")
    names = [str(name) for name in overall["machine"]]
    return list(dict.fromkeys([*names[: -ENDS - 1 : -1], *names[:ENDS]]))


def ratio_text(ratio: Interval) -> str:
    """Return a ratio, and its interval where there is one."""
    texts = ratio_texts(ratio)
    return texts["ratio"] if math.isnan(ratio.low) else f"{texts['ratio']} ({texts['interval']})"


def counts(comparison: Comparison) -> dict[str, dict[str, int]]:
    """Return how many pairs of each machine have each verdict."""
    sizes = comparison.pairs.groupby(["machine", "verdict"], observed=False).size().to_dict()
    return {
        other: {name: int(sizes.get((other, name), 0)) for name in VERDICTS}
        for other in comparison.others
    }


def _means(comparison: Comparison) -> list[MachineRow]:
    """Return a row for each other machine: its counts, and its mean of each family."""
    known: dict[str, dict[str, MeanCell]] = {}
    for mean in means_in(comparison.means):
        known.setdefault(mean.machine, {})[mean.family] = MeanCell(
            text=ratio_text(mean.ratio),
            sort=mean.ratio.value,
            cells=mean.cells,
            verdict=mean.verdict,
        )
    counted = counts(comparison)
    return [
        MachineRow(machine=other, counts=counted[other], means=known.get(other, {}))
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
    """Return for each key how far apart the machines are, and which are at either end."""
    known = pairs[pairs["verdict"] != NOT_COMPARABLE]
    groups = known.groupby("key", observed=True)["ratio"]
    table = groups.agg(["size", "median", "idxmin", "idxmax"])
    ends = (pairs_in(known.loc[table[name]]) for name in ("idxmin", "idxmax"))
    lines = zip(*ends, table["size"].tolist(), table["median"].tolist(), strict=True)
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
        for slowest, fastest, machines, median in lines
    ]


def _reasons(pairs: pd.DataFrame) -> list[ReasonRow]:
    """Return why pairs are not comparable or unsettled, the most frequent reason first."""
    known = pairs[pairs["reason"].notna()]
    groups = known.groupby(["verdict", "reason"], observed=True)
    sizes = groups.agg(pairs=("key", "size"), machines=("machine", "nunique"))
    first = sizes.sort_values("pairs", ascending=False, kind="stable").head(GROUPS)
    rows = []
    for verdict, reason in first.index:
        keys = _keys(known, verdict, reason)
        row = ReasonRow(
            verdict=verdict,
            reason=reason,
            pairs=int(first.loc[(verdict, reason), "pairs"]),
            machines=int(first.loc[(verdict, reason), "machines"]),
            cells=keys[:NAMED],
            further=max(0, len(keys) - NAMED),
        )
        rows.append(row)
    return rows


def _keys(pairs: pd.DataFrame, verdict: str, reason: str) -> list[str]:
    """Return the keys of the pairs with a verdict for a reason, each once."""
    of_both = (pairs["verdict"] == verdict) & (pairs["reason"] == reason)
    return [str(key) for key in pairs.loc[of_both, "key"].unique()]
