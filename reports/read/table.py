"""Turns rows into one tidy table, for export and for comparing many machines by columns."""

import math
from collections.abc import Sequence
from operator import attrgetter

import numpy as np
import pandas as pd

from bench.results.schema import CallCosts
from reports.read.row import ForeignRow, Row, Timed

COLUMNS = [
    "cell",
    "case",
    "status",
    "reason",
    "verdict",
    "workload",
    "family",
    "size",
    "axis",
    "axis_value",
    "curve",
    "dtype",
    "threads",
    "contender",
    "library",
    "device",
    "variant",
    "plain",
    "precision",
    "flops",
    "bytes",
    "time_s",
    "time_low_s",
    "time_high_s",
    "typical_s",
    "typical_low_s",
    "typical_high_s",
    "ratio",
    "low",
    "high",
    "typical_ratio",
    "typical_low",
    "typical_high",
    "rel_error",
    "tolerance",
    "first_call_s",
    "peak_memory_bytes",
    "peak_device_memory_bytes",
    "blocks",
    "disturbed_blocks",
    "visits",
    "workers",
    "bimodal",
    "accuracy",
    "losses",
    "saved_bytes",
    "code_lines",
    "sources",
    "source_sha256",
    "device_time_s",
    "latency_s",
    "cold_s",
    "host_to_device_s",
    "launch_s",
    "kernel_s",
    "device_to_host_s",
    "wall_s",
]
WORDS = {
    "cell",
    "case",
    "status",
    "reason",
    "workload",
    "family",
    "size",
    "axis",
    "curve",
    "dtype",
    "contender",
    "library",
    "device",
    "variant",
    "plain",
    "verdict",
    "bimodal",
    "losses",
    "sources",
    "source_sha256",
    "precision",
}
NUMBERS = [column for column in COLUMNS if column not in WORDS]
SEQUENCES = ("losses", "sources")
OF_ROW = tuple(name for name in COLUMNS if hasattr(Row, name))
OF_TIMED = tuple(
    name for name in COLUMNS if hasattr(Timed, name) and name not in (*OF_ROW, *SEQUENCES)
)
OF_LEDGER = tuple(CallCosts.model_fields)
OF_FOREIGN = tuple(name for name in COLUMNS if name in ForeignRow.__slots__)
RATIO, BY_MEDIANS = ("ratio", "low", "high"), ("typical_ratio", "typical_low", "typical_high")
FIGURES = (*OF_TIMED, *SEQUENCES, *RATIO, *BY_MEDIANS, *OF_LEDGER)
NO_FIGURES, NO_RATIO, NO_LEDGER = (
    (math.nan,) * len(names) for names in (FIGURES, RATIO, OF_LEDGER)
)
_of_row, _of_timed, _of_ledger, _of_foreign = (
    attrgetter(*names) for names in (OF_ROW, OF_TIMED, OF_LEDGER, OF_FOREIGN)
)


def table_of(rows: Sequence[Row], foreign: Sequence[ForeignRow] = ()) -> pd.DataFrame:
    """Return a table with a line for every row; numbers that a row lacks are NaN."""
    names = (*OF_ROW, *FIGURES)
    lines = [*map(_line, rows), *map(_foreign_line, foreign)]
    columns = dict(zip(names, zip(*lines, strict=True), strict=True)) if lines else {}
    kinds = dict.fromkeys(NUMBERS, float) | {"plain": bool}
    table = pd.DataFrame(
        {name: _column(columns.get(name, ()), kinds.get(name, object)) for name in COLUMNS}
    )
    return table.copy()  # pandas then keeps columns of a type together: faster to pickle and join


def _column(values: Sequence[object], kind: type) -> pd.Series:
    """Return a column; None becomes NaN in a column of numbers."""
    return pd.Series(values, dtype=object) if kind is object else pd.Series(np.array(values, kind))


def _line(row: Row) -> tuple[object, ...]:
    if not isinstance(row, Timed):
        return (*_of_row(row), *NO_FIGURES)
    return (
        *_of_row(row),
        *_of_timed(row),
        list(row.losses),
        list(row.sources),
        *(row.speedup or NO_RATIO),
        *(row.by_medians or NO_RATIO),
        *(_of_ledger(row.ledger) if row.ledger else NO_LEDGER),
    )


def _foreign_line(row: ForeignRow) -> tuple[object, ...]:
    known = dict(zip(OF_FOREIGN, _of_foreign(row), strict=True))
    known |= {"plain": False}
    return tuple(known.get(name, math.nan) for name in (*OF_ROW, *FIGURES))
