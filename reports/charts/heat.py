"""The speedup of each contender at the largest size of each workload, as a grid."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reports import units
from reports.charts.drawing import Plot
from reports.charts.grid import heat_grid
from reports.charts.naming import slug
from reports.load import records
from reports.names import NUMPY
from reports.speedups import state_of

Row = Mapping[Any, Any]
MOST_COLUMNS = 12
FEWEST = 2  # cells of a further way that make a column worth its room


def heat_map(table: pd.DataFrame, dtype: str = "float32") -> Plot | None:
    """Draw the speedup of each contender at the largest size of each workload.

    The largest size is the largest at which any contender has a speedup. Contenders without any
    speedup have no column, nor further ways of a single workload, and the columns that hold the
    fewest are left out where there are too many. None where there is no speedup.
    """
    table = table[(table["dtype"] == dtype) & (table["contender"] != NUMPY)]
    table = table.assign(cores=[f"{threads:.0f}" for threads in table["threads"]])
    timed = table[table["ratio"] > 0]
    if timed.empty:
        return None
    cases = list(_largest(timed))
    sized = {(row["workload"], row["size"], *_column(row)): row for row in records(table)}
    columns = _columns(timed)
    found = [[sized.get((*case, *column)) for column in columns] for case, _ in cases]
    states = [["absent" if row is None else state_of(row) for row in line] for line in found]
    values = np.array([[_value(row) for row in line] for line in found])
    hover = [
        [_told(row, case, column) for row, column in zip(line, columns, strict=True)]
        for (case, _), line in zip(cases, found, strict=True)
    ]
    title = _title(states)
    named = [_named(contender, cores, columns) for contender, cores in columns]
    return heat_grid(
        values, states, [name for _, name in cases], named, title,
        f"{title}. " + " ".join(f"{text}." for line in hover for text in line if " times " in text),
        slug("heat", dtype), hover,
    )  # fmt: skip


def _largest(timed: pd.DataFrame) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the largest case of each workload and curve, with what it is called."""
    for _, rows in timed.groupby(["family", "workload", "curve"], sort=False):
        row = max(records(rows), key=lambda each: float(each["axis_value"]))
        name = " ".join(filter(None, (str(row["workload"]), str(row["curve"]))))
        yield (str(row["workload"]), str(row["size"])), name


def _column(row: Row) -> tuple[str, str]:
    return str(row["contender"]), str(row["cores"])


def _columns(timed: pd.DataFrame) -> list[tuple[str, str]]:
    """Return contenders with their threads: the usual ones, then the ways in order of how many."""
    where: dict[tuple[str, str], set[tuple[str, str]]] = {}
    plain = {_column(row) for row in records(timed[timed["plain"]])}
    for row in records(timed):
        where.setdefault(_column(row), set()).add((str(row["workload"]), str(row["curve"])))
    order = sorted(where, key=lambda column: (column not in plain, -len(where[column]), column))
    worth = [each for each in order if each in plain or len(where[each]) >= FEWEST] or order
    return worth[:MOST_COLUMNS]


def _named(contender: str, cores: str, columns: Sequence[tuple[str, str]]) -> str:
    """Return a column's name, with its cores where others of the same contender have others."""
    if sum(other == contender for other, _ in columns) == 1 and cores == "1":
        return contender
    return f"{contender}, {cores} core{'' if cores == '1' else 's'}"


def _value(row: Row | None) -> float:
    return float(row["ratio"]) if row is not None else np.nan


def _told(row: Row | None, case: tuple[str, str], column: tuple[str, str]) -> str:
    where = f"{case[0]} at {case[1].replace(',', ', ')}"
    who = f"{column[0]}, {column[1]} core{'' if column[1] == '1' else 's'}"
    if row is None:
        return f"{where}, {who}: not a case of this run"
    state = state_of(row)
    if state in {"absent", "implausible"} or not row["ratio"] > 0:
        reason = str(row["reason"]) or "no time of NumPy to compare with"
        return f"{where}, {who}: {row['status']}, {reason}"
    ratio = (row["ratio"], row["low"], row["high"])
    text = f"{where}, {who}: {units.ratio(*ratio)} times NumPy's speed ({units.interval(*ratio)})"
    return text + (", did not settle" if state == "unstable" else "")


def _title(states: Sequence[Sequence[str]]) -> str:
    flat = [state for line in states for state in line]
    wins, loses = flat.count("wins"), flat.count("loses")
    known = sum(state not in {"absent", "implausible"} for state in flat)
    first, second = f"PyTorch is faster in {wins}", f"NumPy in {loses}"
    if loses > wins:
        first, second = f"NumPy is faster in {loses}", f"PyTorch in {wins}"
    return f"At the largest sizes {first} of {known} cells, {second}"
