"""The speedup of each contender at the largest size of each workload, as a grid."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, UNSETTLED
from reports import units
from reports.charts.drawing import Plot
from reports.charts.grid import heat_grid
from reports.charts.naming import slug
from reports.findings.names import NUMPY
from reports.findings.speedups import UNTOLD, state_of
from reports.read.load import records

Row = Mapping[Any, Any]
MOST_COLUMNS = 12
FEWEST = 2  # cells of a further way that make a column worth its room


def heat_map(table: pd.DataFrame, dtype: str = "float32") -> Plot | None:
    """Draw the speedup of each contender at the largest size of each workload.

    The largest size is the largest at which any contender has a speedup; a contender that has no
    cell there, as a CPU at a size that only an accelerator fills, is shown at its own largest.
    Contenders without any speedup have no column, nor further ways of a single workload, and the
    columns that hold the fewest are left out where there are too many. None where there is no
    speedup.
    """
    table = table[(table["dtype"] == dtype) & (table["contender"] != NUMPY)]
    table = table.assign(cores=[f"{threads:.0f}" for threads in table["threads"]])
    timed = table[table["ratio"] > 0]
    if timed.empty:
        return None
    cases = list(_largest(timed))
    sized = {(row["workload"], row["size"], *_column(row)): row for row in records(table)}
    own = _own_largest(timed)
    columns = _columns(timed)
    found = [
        [sized.get((*case, *column), own.get((name, *column))) for column in columns]
        for case, name in cases
    ]
    states = [["absent" if row is None else state_of(row) for row in line] for line in found]
    values = np.array([[_value(row) for row in line] for line in found])
    hover = [
        [_told(row, case, column) for row, column in zip(line, columns, strict=True)]
        for (case, _), line in zip(cases, found, strict=True)
    ]
    title = _title(states)
    on_cpu = set(timed[timed["device"] == ids.CPU]["contender"])
    named = [_named(contender, cores, columns, on_cpu) for contender, cores in columns]
    return heat_grid(
        values, states, [name for _, name in cases], named, title,
        f"{title}. " + " ".join(f"{text}." for line in hover for text in line if " times " in text),
        slug("heat", dtype), hover,
    )  # fmt: skip


def _own_largest(timed: pd.DataFrame) -> dict[tuple[str, str, str], Row]:
    """Return each contender's case of the largest size, by the names of workload and curve."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in sorted(records(timed), key=lambda each: float(each["axis_value"])):
        found[_called(row), *_column(row)] = row
    return found


def _called(row: Row) -> str:
    return " ".join(filter(None, (str(row["workload"]), str(row["curve"]))))


def _largest(timed: pd.DataFrame) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the largest case of each workload and curve, with what it is called."""
    for _, rows in timed.groupby(["family", "workload", "curve"], sort=False):
        row = max(records(rows), key=lambda each: float(each["axis_value"]))
        yield (str(row["workload"]), str(row["size"])), _called(row)


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


def _named(
    contender: str, cores: str, columns: Sequence[tuple[str, str]], on_cpu: Collection[str]
) -> str:
    """Return a column's name, with its cores where others of the same contender have others."""
    alone = sum(other == contender for other, _ in columns) == 1
    if alone and (cores == "1" or contender not in on_cpu):
        return contender
    return f"{contender}, {cores} core{'' if cores == '1' else 's'}"


def _value(row: Row | None) -> float:
    return float(row["ratio"]) if row is not None else np.nan


def _told(row: Row | None, case: tuple[str, str], column: tuple[str, str]) -> str:
    size = case[1] if row is None else str(row["size"])
    where = f"{case[0]} at {size.replace(',', ', ')}"
    who = f"{column[0]}, {column[1]} core{'' if column[1] == '1' else 's'}"
    if row is None:
        return f"{where}, {who}: not a case of this run"
    state = state_of(row)
    if state in UNTOLD or not row["ratio"] > 0:
        reason = str(row["reason"]) or "no time of NumPy to compare with"
        return f"{where}, {who}: {row['status']}, {reason}"
    ratio = (row["ratio"], row["low"], row["high"])
    text = f"{where}, {who}: {units.ratio(*ratio)} times NumPy's speed ({units.interval(*ratio)})"
    return text + (", cannot tell who is faster" if state == UNSETTLED else "")


def _title(states: Sequence[Sequence[str]]) -> str:
    """Return how often each side is faster; that most cells are unsettled is said first."""
    flat = [state for line in states for state in line]
    faster, slower, unsettled = (flat.count(state) for state in (FASTER, SLOWER, UNSETTLED))
    known = sum(state not in UNTOLD for state in flat)
    if 2 * unsettled > known:
        rest = f"PyTorch is faster in {faster}, NumPy in {slower}"
        return f"At the largest sizes {unsettled} of {known} cells are unsettled; {rest}"
    first, second = f"PyTorch is faster in {faster}", f"NumPy in {slower}"
    if slower > faster:
        first, second = f"NumPy is faster in {slower}", f"PyTorch in {faster}"
    rest = f", {unsettled} unsettled" if unsettled else ""
    return f"At the largest sizes {first} of {known} cells, {second}{rest}"
