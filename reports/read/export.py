"""Exports results as one tidy table: CSV, Parquet or JSON, for analysis in other tools."""

import json
from collections.abc import Sequence
from io import BytesIO

import pandas as pd

from reports.read.result import Tabular
from reports.read.table import COLUMNS

FORMATS = ("csv", "parquet", "json")
RUN_COLUMNS = ["machine", "datetime", "commit", "file_sha256"]
LIST_COLUMNS = ("losses", "sources")


def tidy(results: Sequence[Tabular]) -> pd.DataFrame:
    """Return a row for every cell of every result, with its machine, date, commit and file hash.

    Lists are written as JSON text, because CSV has no lists and every format must hold the same.
    """
    parts = [
        result.table.assign(
            machine=result.label,
            datetime=result.datetime,
            commit=result.commit.id,
            file_sha256=result.sha256,
        )
        for result in results
    ]
    table = pd.concat(parts, ignore_index=True)[[*RUN_COLUMNS, *COLUMNS]]
    for name in LIST_COLUMNS:
        table[name] = [json.dumps(v) if isinstance(v, list) else None for v in table[name]]
    flags = [flag if isinstance(flag, bool) else None for flag in table["bimodal"]]
    return table.assign(bimodal=pd.array(flags, dtype="boolean"))


def as_bytes(table: pd.DataFrame, kind: str) -> bytes:
    """Return the bytes of a table in one of FORMATS."""
    if kind == "csv":
        return table.to_csv(index=False).encode()
    if kind == "json":
        return table.to_json(orient="records", indent=1, double_precision=15).encode()
    file = BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
