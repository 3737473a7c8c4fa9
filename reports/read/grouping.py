"""Groups rows by contender, workload, curve and so on. Groups stand in the order of first rows."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from reports.read.row import Row, Timed

T = TypeVar("T")
R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=Hashable)


class Curve(NamedTuple):
    """Identifies a curve: cells that differ only in size."""

    workload: str
    curve: str
    dtype: str
    threads: int
    contender: str


def grouped(things: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Return lists of things, such as rows, by the key of each."""
    groups: dict[K, list[T]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def by_contender(rows: Iterable[R]) -> dict[str, list[R]]:
    """Return rows by their contender."""
    return grouped(rows, lambda row: row.contender)


def by_workload(rows: Iterable[R]) -> dict[str, list[R]]:
    """Return rows by their workload."""
    return grouped(rows, lambda row: row.workload)


def by_family(rows: Iterable[R]) -> dict[str, list[R]]:
    """Return rows by their workload's family; rows without a family are left out."""
    groups = grouped(rows, lambda row: row.family)
    return {family: group for family, group in groups.items() if family is not None}


def by_computation(rows: Iterable[R]) -> dict[tuple[str, str, str], list[R]]:
    """Return rows by workload, curve and dtype."""
    return grouped(rows, lambda row: (row.workload, row.curve, row.dtype))


def by_curve(rows: Iterable[Timed]) -> dict[Curve, list[Timed]]:
    """Return the rows of each curve, sorted by size."""
    groups = grouped(rows, curve_of)
    return {curve: by_size(group) for curve, group in groups.items()}


def curve_of(row: Row) -> Curve:
    """Return the curve that a cell is on."""
    return Curve(row.workload, row.curve, row.dtype, row.threads, row.contender)


def in_dtype(rows: Iterable[R], dtype: str) -> list[R]:
    """Return the rows in a dtype, and all of the workloads that have none in it, as of integers."""
    rows = list(rows)
    having = {row.workload for row in rows if row.dtype == dtype}
    return [row for row in rows if row.dtype == dtype or row.workload not in having]


def by_size(rows: Iterable[Timed]) -> list[Timed]:
    """Return rows sorted by size."""
    return sorted(rows, key=lambda row: row.axis_value)


def at_largest_size(rows: Sequence[Timed]) -> list[Timed]:
    """Return the rows whose size is the largest of all."""
    largest = max(row.axis_value for row in rows)
    return [row for row in rows if row.axis_value == largest]
