"""A validated result file: its machine and its rows.

`ResultTable` keeps only the table of a result, which saves memory when many files are compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from bench.results.machine import Commit, Machine
from bench.results.scaling import Scaling
from reports.read.point import Point, points_of
from reports.read.row import ForeignRow, Row, Timed
from reports.read.table import table_of


@dataclass(frozen=True, kw_only=True)
class Process:
    """What a file of another tool says about the one process that wrote it.

    Attributes
    ----------
    stated : fields about machine, commit and tool that have no other name, as text.
    options : by option, such as the timer or the number of rounds: its text by test.
    ticks_s : by test, the tick of the clock, shared by the iterations of a round.

    """

    stated: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ticks_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FileHead:
    """What a result file says about the run as a whole.

    Attributes
    ----------
    path : the address that the file was read from; `name` is the same, safe to print.
    own : whether this suite wrote the file.
    sha256 : the hash of the file's bytes.
    process : of a file of another tool, what it says about its process; None for this suite's.
    scaling : what several ranks gained; None if the run measured no ranks.

    """

    path: str
    name: str
    own: bool
    sha256: str
    label: str
    datetime: str
    machine: Machine
    commit: Commit
    process: Process | None = None
    scaling: Scaling | None = None


class BlockRow(NamedTuple):
    """One block of iterations: when it started, and how long one iteration took."""

    visit: int
    worker: int
    start_s: float
    time_s: float
    disturbed: bool


@dataclass(frozen=True, kw_only=True)
class CellBlocks:
    """The blocks of a cell, in the order of measurement."""

    row: Row
    blocks: tuple[BlockRow, ...]


@dataclass(frozen=True, kw_only=True)
class Result(FileHead):
    """A validated result file.

    Attributes
    ----------
    rows : the cells of a file of this suite.
    foreign : the tests of a file that pytest-benchmark wrote for another suite.
    notes : how the file was read, where that was not as usual.
    blocks : a line for every block of every cell; empty unless `load` was called with `blocks`.

    """

    rows: tuple[Row, ...]
    foreign: tuple[ForeignRow, ...] = ()
    notes: tuple[str, ...] = ()
    blocks: pd.DataFrame

    @cached_property
    def timed(self) -> tuple[Timed, ...]:
        """The cells that have a time."""
        return tuple(row for row in self.rows if isinstance(row, Timed))

    @cached_property
    def plausible(self) -> tuple[Timed, ...]:
        """The timed cells, without those whose time is implausible."""
        return tuple(row for row in self.timed if row.plausible)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The points: contenders with several ranks, and what they are compared with."""
        return tuple(points_of(self.scaling))

    @cached_property
    def medians_alone(self) -> bool:
        """Whether all times are medians, as in files of this suite's schema 1."""
        return bool(self.timed) and all(row.time_s == row.typical_s for row in self.timed)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All rows as one tidy table."""
        return table_of(self.rows, self.foreign)

    def blocks_of(self, cells: Iterable[str]) -> list[CellBlocks]:
        """Return the blocks of those of the cells that have any, in the file's order."""
        rows = {row.cell: row for row in self.rows}
        selected = self.blocks[self.blocks["cell"].isin(list(cells))]
        blocks_by_cell = []
        for cell, lines in selected.groupby("cell", sort=False)[list(BlockRow._fields)]:
            blocks = tuple(map(BlockRow._make, lines.itertuples(index=False)))
            blocks_by_cell.append(CellBlocks(row=rows[str(cell)], blocks=blocks))
        return blocks_by_cell


@dataclass(frozen=True, kw_only=True)
class ResultTable(FileHead):
    """A result without its rows and blocks, only its table: a thousand of them fit into memory."""

    table: pd.DataFrame
    medians_alone: bool


Tabular = Result | ResultTable


def tabulated(result: Result) -> ResultTable:
    """Return a result without its rows and blocks."""
    head = {name: getattr(result, name) for name in FileHead.__dataclass_fields__}
    return ResultTable(**head, table=result.table, medians_alone=result.medians_alone)
