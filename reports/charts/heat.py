"""Chart of the speedup of each contender at the largest size of each workload, as a grid."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from reports import units
from reports.charts.drawing import Plot
from reports.charts.grid import heat_grid
from reports.charts.naming import slug
from reports.charts.sizes import counts
from reports.read.grouping import at_largest_size, by_size, grouped, in_dtype
from reports.read.row import ABSENT, NO_SPEEDUP, Row, Timed

MOST_COLUMNS = 12
FEWEST = 3  # cells that a variant needs to get a column


class Column(NamedTuple):
    """A contender and its number of threads."""

    contender: str
    threads: int


def heat_map(rows: Sequence[Row], dtype: str = "float32") -> Plot | None:
    """Draw the speedup of each contender at the largest size of each workload.

    The largest size is the largest at which any contender has a speedup. A contender without a cell
    of that size is shown at its own largest: some sizes are for accelerators only.

    Contenders without a speedup have no column, and neither do variants of a single workload. If
    there are too many columns, those with the fewest cells are left out. None if there is no
    speedup at all.
    """
    torch_rows = [row for row in in_dtype(rows, dtype) if not row.is_numpy]
    timed = [row for row in torch_rows if isinstance(row, Timed) and row.speedup is not None]
    if not timed:
        return None
    cases = list(_largest(timed))
    columns = _columns(timed)
    cells = _cells(torch_rows, timed, cases, columns)
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
    torch_rows: Sequence[Row],
    timed: Sequence[Timed],
    cases: Sequence[Timed],
    columns: Sequence[Column],
) -> list[list[Row | None]]:
    """Return the cell of each case and column: of the case's size, else the column's largest."""
    by_case = {(row.workload, row.size, _column(row)): row for row in torch_rows}
    largest = {(row.computation, _column(row)): row for row in by_size(timed)}
    return [
        [
            by_case.get((case.workload, case.size, column), largest.get((case.computation, column)))
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
    """Return the columns: PyTorch without variants first, then variants with the most cells."""
    plain = {_column(row) for row in timed if row.plain}
    counts = {
        column: len({(row.workload, row.curve) for row in group})
        for column, group in grouped(timed, _column).items()
    }
    order = sorted(
        counts,
        key=lambda each: (each not in plain, -counts[each], each.contender, str(each.threads)),
    )
    kept = [each for each in order if each in plain or counts[each] >= FEWEST] or order
    return kept[:MOST_COLUMNS]


def _column_name(column: Column, columns: Sequence[Column], on_cpu: Collection[str]) -> str:
    """Return a column's name, with its cores unless the contender has one column and one core.

    An accelerator's single column is named without cores too.
    """
    single = sum(other.contender == column.contender for other in columns) == 1
    if single and (column.threads == 1 or column.contender not in on_cpu):
        return column.contender
    return f"{column.contender}, {units.count(column.threads, 'core')}"


def _value(row: Row | None) -> float:
    return np.nan if row is None or row.speedup is None else row.speedup.value


def _cell_text(row: Row | None, case: Timed, column: Column) -> str:
    """Return the hover text of a cell of the grid."""
    size = case.spaced_size if row is None else row.spaced_size
    name = f"{case.workload} at {size}, {column.contender}"
    name += f", {units.count(column.threads, 'core')}"
    if row is None:
        return f"{name}: not a case of this run"
    if row.state in NO_SPEEDUP or row.speedup is None:
        reason = row.reason or "no time of NumPy to compare with"
        return f"{name}: {row.status}, {reason}"
    ratio = f"{units.ratio(*row.speedup)} times NumPy's speed ({units.interval(*row.speedup)})"
    return f"{name}: {ratio}" + (", unsettled" if row.unsettled else "")


def _title(states: Sequence[Sequence[str]]) -> str:
    """Return the title: how often PyTorch is faster; if most are unsettled, it says so first."""
    flat = [state for line in states for state in line if state not in NO_SPEEDUP]
    return f"PyTorch: {', '.join(counts(flat, 'in'))} of {len(flat)} cells, at the largest sizes"
