"""Result file -> checked -> tidy table. Files are the least trusted input.

Reads a result file, the journal of a run that was cut off, and any other file that pytest-benchmark
wrote, which is shown by what it has.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from reports.schema import Commit, Info, Machine, Ratio, ResultFile

MAX_BYTES = 256 * 2**20
SCHEMA = "numpy-vs-pytorch/1"


class UnreadableError(Exception):
    """A file that is no result file; the message is one line that says why."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A checked result file: its machine, its cells and their blocks as tidy tables."""

    path: Path
    label: str
    datetime: str
    machine: Machine
    commit: Commit
    table: pd.DataFrame
    blocks: pd.DataFrame


def load(path: Path) -> Result:
    """Read a result file or a journal.

    Raises
    ------
    UnreadableError : the file cannot be read, is no result file, or breaks its own rules.

    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableError(f"{path}: larger than {MAX_BYTES} bytes, no result file")
        text = path.read_text(encoding="utf-8")
        content = _journal(text) if path.suffix == ".jsonl" else json.loads(text)
        return _result(path, ResultFile.model_validate(content))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UnreadableError(f"{path}: not readable as JSON: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableError(f"{path}: no result file: {where}: {first['msg']}") from error


def load_all(paths: Iterable[Path]) -> tuple[list[Result], list[str]]:
    """Return what could be read, and a line for each file that could not."""
    results, complaints = [], []
    for path in paths:
        try:
            results.append(load(path))
        except UnreadableError as error:
            complaints.append(str(error))
    return results, complaints


def _journal(text: str) -> dict[str, Any]:
    """Return the content of a run that was cut off: its last line may be half written."""
    lines = text.splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    read = [json.loads(line) for line in whole or lines]
    header = [line for line in read if "cell" not in line][-1]
    records = [line for line in read if "cell" in line and not line.get("twin")]
    known = {record["cell"]["id"]: record for record in records}  # the last of each counts
    missing = {"status": "skipped", "reason": "the run ended before this cell's turn"}
    return dict(header) | {
        "cells": [
            known[cell]["cell"] if cell in known else {"id": cell, **missing}
            for cell in header.get("asked", ())
        ],
        "benchmarks": [r["benchmark"] for r in known.values() if r["benchmark"]],
    }


def _result(path: Path, content: ResultFile) -> Result:
    if content.schema_ not in (None, SCHEMA):
        raise UnreadableError(f"{path}: schema {SCHEMA!r} expected, got {content.schema_!r}")
    rows = list(_rows(content) if content.schema_ else _foreign_rows(content))
    return Result(
        path=path,
        label=content.machine_info.label or path.stem,
        datetime=content.datetime,
        machine=content.machine_info,
        commit=content.commit_info,
        table=pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(OPTIONAL, float)),
        blocks=_blocks(path, content) if content.schema_ else pd.DataFrame(columns=BLOCKS),
    )


COLUMNS = [
    "cell", "case", "status", "reason", "workload", "family", "size", "axis", "axis_value",
    "variant", "dtype", "threads", "contender", "device", "flops", "bytes", "best_s", "typical_s",
    "ratio", "low", "high", "best_ratio", "best_low", "best_high", "rel_error", "tolerance",
    "first_call_s", "peak_memory_bytes", "peak_device_memory_bytes", "blocks", "disturbed_blocks",
    "visits", "workers", "bimodal", "quality", "sources", "source_sha256", "precision",
    "device_time_s", "latency_s", "cold_s", "host_to_device_s", "launch_s", "kernel_s",
    "device_to_host_s", "wall_s",
]  # fmt: skip
OPTIONAL = ("peak_memory_bytes", "peak_device_memory_bytes", "visits", *COLUMNS[-8:])
BLOCKS = ["cell", "visit", "worker", "start_s", "time_s", "disturbed"]


def _blocks(path: Path, content: ResultFile) -> pd.DataFrame:
    """Return a row for every block of every cell, in the order they were taken."""
    parts = [pd.DataFrame(columns=BLOCKS)]
    for entry in content.benchmarks:
        info = Info.model_validate(entry.extra_info)
        seconds, visits = entry.stats.data, info.samples.visits
        if not visits:
            continue
        counts = [count for _, _, count in visits]
        if not len(seconds) == len(info.samples.starts_s) == sum(counts):
            raise UnreadableError(
                f"{path}: no result file: the samples of {info.cell} must be as many as its data"
            )
        parts.append(
            pd.DataFrame(
                {
                    "cell": info.cell,
                    "visit": np.repeat([number for number, _, _ in visits], counts),
                    "worker": np.repeat([worker for _, worker, _ in visits], counts),
                    "start_s": info.samples.starts_s,
                    "time_s": seconds,
                    "disturbed": np.isin(np.arange(len(seconds)), info.samples.disturbed),
                }
            )
        )
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _rows(content: ResultFile) -> Iterator[dict[str, Any]]:
    """Yield a row for every cell; figures that it lacks are absent."""
    timed = {info.cell: info for info in _infos(content)}
    for cell in content.cells:
        case, _, contender = cell.id.rpartition("/")
        row: dict[str, Any] = {"case": case, "contender": contender}
        if info := timed.get(cell.id):
            row |= info.model_dump(exclude={"speedup", "speedup_best", "samples", "ledger"})
            row |= info.ledger.model_dump() if info.ledger else {}
            row |= _ratio(info.speedup, "") | _ratio(info.speedup_best, "best_")
        else:
            row |= dict(zip(("workload", "size", "dtype"), case.split("/"), strict=False))
        yield row | {"cell": cell.id, "status": cell.status, "reason": cell.reason}


def _infos(content: ResultFile) -> Iterator[Info]:
    yield from (Info.model_validate(entry.extra_info) for entry in content.benchmarks)


def _ratio(ratio: Ratio | None, prefix: str) -> dict[str, float]:
    return {prefix + key: value for key, value in (ratio.model_dump() if ratio else {}).items()}


def _foreign_rows(content: ResultFile) -> Iterator[dict[str, Any]]:
    """Yield rows of a file that this suite did not write: names and times, no speedups."""
    for entry in content.benchmarks:
        yield {
            "cell": entry.fullname,
            "case": entry.group or entry.name,
            "contender": entry.name,
            "status": "ok",
            "reason": "",
            "best_s": entry.stats.min,
            "typical_s": entry.stats.median,
        }
