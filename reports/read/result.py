"""A checked result file: its machine and its rows; or its table alone, where there are many."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from bench.results.machine import Commit, Machine
from reports.read.row import ForeignRow, Row, Timed
from reports.read.table import table_of


@dataclass(frozen=True, kw_only=True)
class FileHead:
    """What a result file says as a whole.

    Attributes
    ----------
    path : where it was read; `name` is that as it may be printed.
    own : whether this suite wrote it.
    sha256 : of its bytes.

    """

    path: str
    name: str
    own: bool
    sha256: str
    label: str
    datetime: str
    machine: Machine
    commit: Commit


class BlockRow(NamedTuple):
    """One block of iterations: when it began, and how long one iteration took."""

    visit: int
    worker: int
    start_s: float
    time_s: float
    disturbed: bool


@dataclass(frozen=True, kw_only=True)
class CellBlocks:
    """The blocks of a cell, in the order they were taken."""

    row: Row
    blocks: tuple[BlockRow, ...]


@dataclass(frozen=True, kw_only=True)
class Result(FileHead):
    """A checked result file.

    Attributes
    ----------
    rows : its cells, if this suite wrote it.
    foreign : its benchmarks, if another tool did.
    blocks : a line for every block of its cells; empty unless asked for.

    """

    rows: tuple[Row, ...]
    foreign: tuple[ForeignRow, ...] = ()
    blocks: pd.DataFrame

    @cached_property
    def timed(self) -> tuple[Timed, ...]:
        """The cells that have a time."""
        return tuple(row for row in self.rows if isinstance(row, Timed))

    @cached_property
    def believed(self) -> tuple[Timed, ...]:
        """Those of them whose time can be true."""
        return tuple(row for row in self.timed if row.believed)

    @cached_property
    def medians_alone(self) -> bool:
        """Whether all times are medians: in files of other tools, and of this suite's schema 1."""
        if self.foreign:
            return any(row.time_s is not None for row in self.foreign)
        return bool(self.timed) and all(row.time_s == row.typical_s for row in self.timed)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All rows as one tidy table."""
        return table_of(self.rows, self.foreign)

    def blocks_of(self, cells: Iterable[str]) -> list[CellBlocks]:
        """Return the blocks of those of some cells that have any, in the file's order."""
        rows = {row.cell: row for row in self.rows}
        wanted = self.blocks[self.blocks["cell"].isin(list(cells))]
        taken = []
        for cell, lines in wanted.groupby("cell", sort=False)[list(BlockRow._fields)]:
            blocks = tuple(map(BlockRow._make, lines.itertuples(index=False)))
            taken.append(CellBlocks(row=rows[str(cell)], blocks=blocks))
        return taken


@dataclass(frozen=True, kw_only=True)
class ResultTable(FileHead):
    """A result of which the table alone is kept: a thousand of them fit into memory."""

    table: pd.DataFrame
    medians_alone: bool


Tabular = Result | ResultTable


def tabulated(result: Result) -> ResultTable:
    """Return a result as its table alone."""
    head = {name: getattr(result, name) for name in FileHead.__dataclass_fields__}
    return ResultTable(**head, table=result.table, medians_alone=result.medians_alone)
