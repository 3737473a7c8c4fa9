"""A comparison -> what its page says: statements, and tables whose numbers are texts already.

Up to eight machines stand side by side, cell by cell. Of more, a cell's row tells how far apart the
machines are and which is at either end, and a machine's row its means.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from reports import units
from reports.compare.comparison import ALL, MOST, Comparison, furthest
from reports.compare.statements import statements, where
from reports.compare.verdicts import NOT_COMPARABLE, VERDICTS
from reports.findings.lessons import told
from reports.findings.statement import Interval
from reports.read.load import records

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
Row = Mapping[Any, Any]


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


def ratio_text(row: Row) -> str:
    """Return a ratio, and its interval where there is one."""
    text = told(Interval(value=row["ratio"], low=row["low"], high=row["high"]))
    return text["ratio"] if pd.isna(row["low"]) else f"{text['ratio']} ({text['interval']})"


def counts(comparison: Comparison) -> dict[str, dict[str, int]]:
    """Return how many pairs of each machine have each verdict."""
    found = comparison.pairs.groupby(["machine", "verdict"], observed=False).size().to_dict()
    return {
        other: {name: int(found.get((other, name), 0)) for name in VERDICTS}
        for other in comparison.others
    }


def _means(comparison: Comparison) -> list[dict[str, Any]]:
    """Return a row for each other machine: its counts, and its mean of each family."""
    known: dict[str, dict[str, Any]] = {}
    for row in records(comparison.means):
        mean = {"text": ratio_text(row), "sort": row["ratio"], **row}
        known.setdefault(str(row["machine"]), {})[str(row["family"])] = mean
    counted = counts(comparison)
    return [
        {"machine": other, "counts": counted[other], "means": known.get(other, {})}
        for other in comparison.others
    ]


def _pairs(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row of texts for each pair that has a ratio."""
    found = pairs[pairs["verdict"] != NOT_COMPARABLE]
    return [
        {
            **{name: str(row[name]) for name in ("machine", "key", "size", "dtype", "contender")},
            "case": where(row),
            "verdict": row["verdict"],
            "reason": "" if pd.isna(row["reason"]) else row["reason"],
            "ratio": ratio_text(row),
            **{f"{name}_sort": row[name] for name in ("ratio", "time_s", "time_base_s")},
            **{name: units.seconds(row[name]) for name in ("time_s", "time_base_s")},
        }
        for row in records(found)
    ]


def _spreads(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return for each key how far apart the machines are, and who is at either end."""
    found = pairs[pairs["verdict"] != NOT_COMPARABLE]
    groups = found.groupby("key", observed=True)["ratio"]
    table = groups.agg(["size", "min", "median", "max", "idxmin", "idxmax"])
    about = found.loc[table["idxmin"]].assign(
        slowest=found.loc[table["idxmin"], "machine"].to_numpy(),
        fastest=found.loc[table["idxmax"], "machine"].to_numpy(),
        **{name: table[name].to_numpy() for name in ("size", "min", "median", "max")},
        case_size=found.loc[table["idxmin"], "size"].to_numpy(),
    )
    return [
        {
            **{name: str(row[name]) for name in ("key", "dtype", "contender")},
            "case": where({**row, "size": row["case_size"]}),
            "size": str(row["case_size"]),
            "machines": row["size"],
            "slowest": row["slowest"],
            "fastest": row["fastest"],
            **{f"{name}_sort": row[name] for name in ("min", "median", "max")},
            **{name: units.significant(row[name], 3) for name in ("min", "median", "max")},
        }
        for row in records(about)
    ]


def _reasons(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return why pairs are not comparable or unsettled, the most frequent reason first."""
    found = pairs[pairs["reason"].notna()]
    by = ["verdict", "reason"]
    sizes = found.groupby(by, observed=True).agg(
        pairs=("key", "size"), machines=("machine", "nunique")
    )
    told_of = sizes.sort_values("pairs", ascending=False, kind="stable")
    told_of = told_of.head(GROUPS).reset_index()
    return [
        {
            **{name: row[name] for name in ("verdict", "reason", "pairs", "machines")},
            "cells": [str(key) for key in _keys(found, row)[:NAMED]],
            "further": max(0, len(_keys(found, row)) - NAMED),
        }
        for row in records(told_of)
    ]


def _keys(found: pd.DataFrame, row: Row) -> np.ndarray:
    of_both = (found["verdict"] == row["verdict"]) & (found["reason"] == row["reason"])
    return np.asarray(found.loc[of_both, "key"].unique(), dtype=object)
