"""Rows -> one tidy table: for export, and for comparing many machines on whole columns."""

from collections.abc import Sequence
from operator import attrgetter

import pandas as pd

from reports.read.row import ForeignRow, Row, Timed

COLUMNS = [
    "cell", "case", "status", "reason", "verdict", "workload", "family", "size", "axis",
    "axis_value", "curve", "dtype", "threads", "contender", "library", "device", "variant", "plain",
    "precision", "flops", "bytes", "time_s", "time_low_s", "time_high_s", "typical_s",
    "typical_low_s", "typical_high_s", "ratio", "low", "high", "typical_ratio", "typical_low",
    "typical_high", "rel_error", "tolerance", "first_call_s", "peak_memory_bytes",
    "peak_device_memory_bytes", "blocks", "disturbed_blocks", "visits", "workers", "bimodal",
    "accuracy", "losses", "saved_bytes", "code_lines", "sources", "source_sha256", "device_time_s",
    "latency_s", "cold_s", "host_to_device_s", "launch_s", "kernel_s", "device_to_host_s", "wall_s",
]  # fmt: skip
WORDS = {
    "cell", "case", "status", "reason", "workload", "family", "size", "axis", "curve", "dtype",
    "contender", "library", "device", "variant", "plain", "verdict", "bimodal", "losses", "sources",
    "source_sha256", "precision",
}  # fmt: skip
NUMBERS = [column for column in COLUMNS if column not in WORDS]
OF_ROW = (
    "cell", "case", "status", "reason", "verdict", "workload", "family", "size", "curve", "dtype",
    "threads", "contender", "library", "device", "variant", "plain", "precision",
)  # fmt: skip
OF_TIMED = (
    "axis", "axis_value", "flops", "bytes", "time_s", "time_low_s", "time_high_s", "typical_s",
    "typical_low_s", "typical_high_s", "rel_error", "tolerance", "first_call_s",
    "peak_memory_bytes", "peak_device_memory_bytes", "blocks", "disturbed_blocks", "visits",
    "workers", "bimodal", "accuracy", "saved_bytes", "code_lines", "source_sha256",
    "device_time_s", "latency_s", "cold_s",
)  # fmt: skip
OF_LEDGER = ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s", "wall_s")
OF_FOREIGN = (
    "cell", "case", "contender", "status", "reason", "time_s", "time_low_s", "time_high_s",
)  # fmt: skip


def table_of(rows: Sequence[Row], foreign: Sequence[ForeignRow] = ()) -> pd.DataFrame:
    """Return a table with a line for every row; a figure that a row lacks is NaN."""
    lines = [*map(_line, rows), *map(_foreign_line, foreign)]
    table = pd.DataFrame(lines, columns=COLUMNS, dtype=object)
    kinds = dict.fromkeys(NUMBERS, float) | {"plain": bool}
    return table.astype(kinds).copy()  # its columns in two blocks: it is pickled and joined faster


_of_row, _of_timed, _of_ledger, _of_foreign = (
    attrgetter(*names) for names in (OF_ROW, OF_TIMED, OF_LEDGER, OF_FOREIGN)
)


def _line(row: Row) -> dict[str, object]:
    line: dict[str, object] = dict(zip(OF_ROW, _of_row(row), strict=True))
    if not isinstance(row, Timed):
        return line
    line.update(zip(OF_TIMED, _of_timed(row), strict=True))
    line |= {"losses": list(row.losses), "sources": list(row.sources)}
    for prefix, ratio in (("", row.speedup), ("typical_", row.by_medians)):
        if ratio is not None:
            names = (f"{prefix}ratio", f"{prefix}low", f"{prefix}high")
            line.update(zip(names, ratio, strict=True))
    if row.ledger is not None:
        line.update(zip(OF_LEDGER, _of_ledger(row.ledger), strict=True))
    return line


def _foreign_line(row: ForeignRow) -> dict[str, object]:
    line: dict[str, object] = dict(zip(OF_FOREIGN, _of_foreign(row), strict=True))
    return line | {"plain": False, "typical_s": row.time_s}
