"""Exports results as one tidy table: CSV, Parquet or JSON, for analysis in other tools."""

import json
from collections.abc import Sequence
from io import BytesIO

import pandas as pd

from reports.read.interval import Interval
from reports.read.point import Point, points_of
from reports.read.result import FileHead, Tabular
from reports.read.table import COLUMNS

FORMATS = ("csv", "parquet", "json")
RUN_COLUMNS = ["machine", "datetime", "commit", "file_sha256"]
LIST_COLUMNS = ("losses", "sources")
FLAGS, FLAGS_OF_POINTS = ("bimodal",), ("oversubscribed",)
AS_OF_CELLS = (  # fields of points that mean the same as those of cells
    "workload",
    "size",
    "dtype",
    "contender",
    "device",
    "status",
    "reason",
    "flops",
    "typical_s",
    "rel_error",
    "tolerance",
    "visits",
)
OF_POINTS = (  # columns that a table has only if it has points
    "mode",
    "ranks",
    "nodes",
    "backend",
    "baseline",
    "oversubscribed",
    "message_bytes",
    "examples",
    "efficiency",
    "against_numpy",
    "compute_s",
    "communication_share",
    "bus_bytes_s",
)


def tidy(results: Sequence[Tabular]) -> pd.DataFrame:
    """Return a row for every cell and point of every result, with its machine, date and commit.

    Lists are written as JSON text, because CSV has no lists and every format must hold the same.
    """
    parts = [_of_file(result, result.table) for result in results]
    points = [_of_file(result, _points(result)) for result in results if result.scaling]
    columns = [*RUN_COLUMNS, *COLUMNS, *(OF_POINTS if points else ())]
    with_rows = [part for part in (*parts, *points) if len(part)] or parts[:1]
    table = pd.concat(with_rows, ignore_index=True).reindex(columns=columns)
    for name in LIST_COLUMNS:
        table[name] = [json.dumps(v) if isinstance(v, list) else None for v in table[name]]
    for name in (*FLAGS, *(FLAGS_OF_POINTS if points else ())):
        flags = [flag if isinstance(flag, bool) else None for flag in table[name]]
        table[name] = pd.array(flags, dtype="boolean")
    return table


def _of_file(result: FileHead, table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(
        machine=result.label,
        datetime=result.datetime,
        commit=result.commit.id,
        file_sha256=result.sha256,
    )


def _points(result: FileHead) -> pd.DataFrame:
    """Return a row for every point, in the columns of cells where these mean the same."""
    return pd.DataFrame([_line(point) for point in points_of(result.scaling)])


def _line(point: Point) -> dict[str, object]:
    known = {name: _value(getattr(point, name)) for name in (*AS_OF_CELLS, *OF_POINTS)}
    times = zip(("time_s", "time_low_s", "time_high_s"), point.time or NONE, strict=True)
    ratios = zip(("ratio", "low", "high"), point.speedup or NONE, strict=True)
    return {"cell": point.id, **known, **dict(times), **dict(ratios)}


NONE = (None, None, None)


def _value(value: object) -> object:
    """Return a field of a point; of an interval its value."""
    return value.value if isinstance(value, Interval) else value


def as_bytes(table: pd.DataFrame, kind: str) -> bytes:
    """Return the bytes of a table in one of FORMATS."""
    if kind == "csv":
        return table.to_csv(index=False).encode()
    if kind == "json":
        return table.to_json(orient="records", indent=1, double_precision=15).encode()
    file = BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
