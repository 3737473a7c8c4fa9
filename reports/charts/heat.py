"""The speedup of each contender at the largest size of each workload, as a grid."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from bench.results.verdicts import FASTER, SLOWER, UNSETTLED
from reports import units
from reports.charts.drawing import Plot
from reports.charts.grid import heat_grid
from reports.charts.naming import slug
from reports.read.grouping import at_largest_size, by_size, grouped
from reports.read.row import ABSENT, NO_SPEEDUP, Row, Timed

MOST_COLUMNS = 12
FEWEST = 2  # cells of a variant that make a column worth its room


class Column(NamedTuple):
    """A contender with a thread setting."""

    contender: str
    threads: int


def heat_map(rows: Sequence[Row], dtype: str = "float32") -> Plot | None:
    """Draw the speedup of each contender at the largest size of each workload.

    The largest size is the largest at which any contender has a speedup; a contender that has no
    cell there, as a CPU at a size that only an accelerator fills, is shown at its own largest.
    Contenders without any speedup have no column, nor variants of a single workload, and the
    columns that hold the fewest are left out where there are too many. None where there is no
    speedup.
    """
    asked = [row for row in rows if row.dtype == dtype and not row.is_numpy]
    timed = [row for row in asked if isinstance(row, Timed) and row.speedup is not None]
    if not timed:
        return None
    cases = list(_largest(timed))
    columns = _columns(timed)
    cells = _cells(asked, timed, cases, columns)
    states = [[ABSENT if row is None else row.state for row in line] for line in cells]
    values = np.array([[_value(row) for row in line] for line in cells])
    hover = [
        [_cell_text(row, case, column) for row, column in zip(line, columns, strict=True)]
        for case, line in zip(cases, cells, strict=True)
    ]
    title = _title(states)
    on_cpu = {row.contender for row in timed if row.on_cpu}
    return heat_grid(
        values,
        states,
        [case.computation for case in cases],
        [_column_name(column, columns, on_cpu) for column in columns],
        title,
        f"{title}. " + " ".join(f"{text}." for line in hover for text in line if " times " in text),
        slug("heat", dtype),
        hover,
    )


def _cells(
    asked: Sequence[Row],
    timed: Sequence[Timed],
    cases: Sequence[Timed],
    columns: Sequence[Column],
) -> list[list[Row | None]]:
    """Return the cell of each case and column: of the case's size, else the column's largest."""
    sized = {(row.workload, row.size, _column(row)): row for row in asked}
    own = {(row.computation, _column(row)): row for row in by_size(timed)}
    return [
        [
            sized.get((case.workload, case.size, column), own.get((case.computation, column)))
            for column in columns
        ]
        for case in cases
    ]


def _largest(timed: Sequence[Timed]) -> Iterator[Timed]:
    """Yield a cell of the largest case of each workload and curve."""
    groups = grouped(timed, lambda row: (row.family, row.workload, row.curve))
    yield from (at_largest_size(group)[0] for group in groups.values())


def _column(row: Row) -> Column:
    return Column(row.contender, row.threads)


def _columns(timed: Sequence[Timed]) -> list[Column]:
    """Return contenders with their threads: the usual ones, then the variants by how many."""
    plain = {_column(row) for row in timed if row.plain}
    counts = {
        column: len({(row.workload, row.curve) for row in group})
        for column, group in grouped(timed, _column).items()
    }
    order = sorted(
        counts,
        key=lambda each: (each not in plain, -counts[each], each.contender, str(each.threads)),
    )
    worth = [each for each in order if each in plain or counts[each] >= FEWEST] or order
    return worth[:MOST_COLUMNS]


def _column_name(column: Column, columns: Sequence[Column], on_cpu: Collection[str]) -> str:
    """Return a column's name, with its cores where others of the same contender have others."""
    alone = sum(other.contender == column.contender for other in columns) == 1
    if alone and (column.threads == 1 or column.contender not in on_cpu):
        return column.contender
    return f"{column.contender}, {units.count(column.threads, 'core')}"


def _value(row: Row | None) -> float:
    return np.nan if row is None or row.speedup is None else row.speedup.value


def _cell_text(row: Row | None, case: Timed, column: Column) -> str:
    """Return what a cell of the grid says on hover."""
    size = case.spaced_size if row is None else row.spaced_size
    place = f"{case.workload} at {size}, {column.contender}"
    place += f", {units.count(column.threads, 'core')}"
    if row is None:
        return f"{place}: not a case of this run"
    if row.state in NO_SPEEDUP or row.speedup is None:
        reason = row.reason or "no time of NumPy to compare with"
        return f"{place}: {row.status}, {reason}"
    ratio = f"{units.ratio(*row.speedup)} times NumPy's speed ({units.interval(*row.speedup)})"
    return f"{place}: {ratio}" + (", cannot tell who is faster" if row.unsettled else "")


def _title(states: Sequence[Sequence[str]]) -> str:
    """Return how often each side is faster; that most cells are unsettled is said first."""
    flat = [state for line in states for state in line]
    faster, slower, unsettled = (flat.count(state) for state in (FASTER, SLOWER, UNSETTLED))
    known = sum(state not in NO_SPEEDUP for state in flat)
    if 2 * unsettled > known:
        rest = f"PyTorch is faster in {faster}, NumPy in {slower}"
        return f"At the largest sizes {unsettled} of {known} cells are unsettled; {rest}"
    first, second = f"PyTorch is faster in {faster}", f"NumPy in {slower}"
    if slower > faster:
        first, second = f"NumPy is faster in {slower}", f"PyTorch in {faster}"
    rest = f", {unsettled} unsettled" if unsettled else ""
    return f"At the largest sizes {first} of {known} cells, {second}{rest}"
