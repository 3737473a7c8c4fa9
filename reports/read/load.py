"""Reads a result file, validates it and returns typed rows.

Also reads the journal of a run that was interrupted, and any file that pytest-benchmark wrote. The
latter has names and times only, so reports show and compare just those.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from bench.results.foreign import ForeignBenchmark, ForeignFile
from bench.results.mending_points import mended_scaling
from bench.results.ratio import Ratio
from bench.results.reading import validated
from bench.results.schema import Info, ListedCell, ResultFile
from reports.read.clock import tick_s
from reports.read.intake import Raw, UnreadableError, printable, read, refusal
from reports.read.interval import Interval
from reports.read.names import label_of
from reports.read.origin import of_pytest_benchmark, tool_of, unknown
from reports.read.result import Process, Result
from reports.read.row import ForeignRow, Row, Timed

BLOCKS = ["cell", "visit", "worker", "start_s", "time_s", "disturbed"]


def load(address: Path | str, *, blocks: bool = False) -> Result:
    """Read a result file or a journal; `blocks` also loads every block of every cell.

    Raises
    ------
    UnreadableError : the file cannot be read, is not a result file, or does not fit the schema.

    """
    raw = read(address)
    if why := _why_refused(raw):
        raise UnreadableError(f"{raw.name}: {why}")
    known, odd = _mended(raw.content)
    try:
        content = validated(known)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise UnreadableError(f"{raw.name}: no result file: {printable(message)}") from error
    except ValueError as error:
        raise UnreadableError(f"{raw.name}: no result file: {printable(str(error))}") from error
    return _result(str(address), raw, content, odd, blocks=blocks)


def _mended(content: Any) -> tuple[Any, list[str]]:
    """Return the content of a file without what is odd in its points, and notes about that."""
    own = isinstance(content, dict) and content.get("schema") is not None
    return mended_scaling(content) if own else (content, [])


def _why_refused(raw: Raw) -> str:
    """Return why JSON is not validated at all: another tool's, or not strict; "" if it is.

    Only a file of this suite must be strict: this suite writes no other.
    """
    content = raw.content
    own = isinstance(content, dict) and content.get("schema") is not None
    if own:
        return f"not readable as JSON: {raw.broken}" if raw.broken else ""
    if tool := tool_of(content):
        return refusal(tool)
    if isinstance(content, dict) and of_pytest_benchmark(content):
        return ""
    expected = "the list of benchmarks that pytest-benchmark writes (pytest --benchmark-json=FILE)"
    return printable(f"no result file: {expected} expected, got {unknown(content)}")


def load_all(
    addresses: Iterable[Path | str], *, blocks: bool = False
) -> tuple[list[Result], list[str]]:
    """Return the results that could be read, and one error line for each file that could not."""
    results, errors = [], []
    for address in addresses:
        try:
            results.append(load(address, blocks=blocks))
        except UnreadableError as error:
            errors.append(str(error))
    return results, errors


def _result(
    path: str,
    raw: Raw,
    content: ResultFile | ForeignFile,
    odd: Sequence[str],
    *,
    blocks: bool,
) -> Result:
    own = content if isinstance(content, ResultFile) else None
    foreign = content if isinstance(content, ForeignFile) else None
    return Result(
        path=path,
        name=raw.name,
        own=own is not None,
        sha256=raw.sha256,
        label=content.machine_info.label or label_of(path),
        datetime=content.datetime,
        machine=content.machine_info,
        commit=content.commit_info,
        rows=tuple(_rows(own)) if own is not None else (),
        process=_process(foreign) if foreign else None,
        foreign=tuple(map(_foreign_row, foreign.benchmarks)) if foreign else (),
        notes=(*_notes(raw), *odd),
        scaling=own.scaling if own else None,
        blocks=_blocks(own) if blocks and own is not None else pd.DataFrame(columns=BLOCKS),
    )


def _notes(raw: Raw) -> tuple[str, ...]:
    """Return how a file was read, where that was not as usual."""
    read_as = [f"read as {note}" for note in raw.notes]
    return (*read_as, *([f"no strict JSON: {raw.broken}"] if raw.broken else []))


def _blocks(content: ResultFile) -> pd.DataFrame:
    """Return a row for every block of every cell, in the order of measurement."""
    columns: dict[str, list[Any]] = {name: [] for name in BLOCKS}
    for entry in content.benchmarks:
        samples, seconds = entry.extra_info.samples, entry.stats.data
        if not samples.visits:
            continue
        counts = [count for _, _, count in samples.visits]
        columns["cell"].append(np.full(len(seconds), entry.extra_info.cell, dtype=object))
        columns["visit"].append(np.repeat([number for number, _, _ in samples.visits], counts))
        columns["worker"].append(np.repeat([worker for _, worker, _ in samples.visits], counts))
        columns["start_s"].append(samples.starts_s)
        columns["time_s"].append(seconds)
        columns["disturbed"].append(np.isin(np.arange(len(seconds)), samples.disturbed))
    if not columns["cell"]:
        return pd.DataFrame(columns=BLOCKS)
    return pd.DataFrame({name: np.concatenate(parts) for name, parts in columns.items()})


def _rows(content: ResultFile) -> Iterator[Row]:
    """Yield a row for every cell, with its measurements if it was timed."""
    timed = {entry.extra_info.cell: entry.extra_info for entry in content.benchmarks}
    for cell in content.cells:
        row, info = _row(cell), timed.get(cell.id)
        yield row if info is None else _timed_row(row, info)


def _row(cell: ListedCell) -> Row:
    return Row(
        cell=cell.id,
        case=cell.case_id,
        status=cell.status,
        reason=cell.reason,
        verdict=cell.verdict,
        workload=cell.workload,
        family=cell.family or None,
        size=cell.size,
        curve=cell.curve,
        dtype=cell.dtype,
        threads=cell.threads,
        contender=cell.contender,
        library=cell.library,
        device=cell.device,
        variant=cell.variant,
        precision=cell.precision,
    )


IDENTITY = tuple(field.name for field in fields(Row) if field.name != "speedup")
SAME_NAMES = tuple(  # measurements that the file and a row call the same, and hold alike
    field.name
    for field in fields(Timed)
    if field.name in Info.model_fields and field.name not in (*IDENTITY, "speedup", "sources")
)
_identity, _measurements = attrgetter(*IDENTITY), attrgetter(*SAME_NAMES)


def _timed_row(row: Row, info: Info) -> Timed:
    identity = dict(zip(IDENTITY, _identity(row), strict=True))
    measurements = dict(zip(SAME_NAMES, _measurements(info), strict=True))
    return Timed(
        **identity,
        **measurements,
        speedup=_interval(info.speedup),
        by_medians=_interval(info.speedup_typical),
        accuracy=info.quality.accuracy,
        losses=tuple(info.quality.losses),
        saved_bytes=info.quality.saved_bytes,
        sources=tuple(info.sources),
    )


def _interval(ratio: Ratio | None) -> Interval | None:
    return None if ratio is None else Interval(value=ratio.ratio, low=ratio.low, high=ratio.high)


def _foreign_row(entry: ForeignBenchmark) -> ForeignRow:
    """Return the row of another suite's test."""
    stats = entry.stats
    return ForeignRow(
        cell=entry.fullname,
        case=entry.group or entry.name,
        contender=entry.name,
        status="ok" if stats else "skipped",
        reason=entry.reason,
        time_s=stats.min if stats else None,
        typical_s=stats.median if stats else None,
        group=entry.group or "",
        params=tuple(entry.params),
        param=entry.param,
        stats=stats,
        notes=tuple(entry.notes),
    )


def _process(content: ForeignFile) -> Process:
    """Return what a file of another tool says about its process."""
    options: dict[str, dict[str, str]] = {}
    timed = [(entry, entry.stats) for entry in content.benchmarks if entry.stats]
    for entry, stats in timed:
        counted = {"rounds": stats.rounds, "iterations": stats.iterations}
        known = {key: str(number) for key, number in counted.items() if number is not None}
        for key, text in (entry.options | known).items():
            options.setdefault(key, {})[entry.fullname] = text
    tick = tick_s(
        time * (stats.iterations or 1)
        for _, stats in timed
        for time in (stats.min, stats.max)
        if time
    )
    ticks = {entry.fullname: tick / (stats.iterations or 1) for entry, stats in timed}
    return Process(stated=content.stated, options=options, ticks_s=ticks)
