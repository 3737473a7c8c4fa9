"""Result file -> checked -> tidy table.

Reads a result file, the journal of a run that was cut off, and any other file that pytest-benchmark
wrote, which is shown and compared by what it has.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from bench.results import ids
from bench.results.foreign import ForeignFile
from bench.results.machine import Commit, Machine
from bench.results.ratio import Ratio
from bench.results.reading import validated
from bench.results.schema import Cell, Info, ResultFile
from reports.read.intake import Raw, UnreadableError, printable, read

NOTCH = 1.57  # McGill, Tukey & Larsen, Variations of box plots (1978): 95 % of a median


@dataclass(frozen=True, kw_only=True)
class Result:
    """A checked result file: its machine, its cells and their blocks as tidy tables.

    Attributes
    ----------
    path : where it was read; `name` is that as it may be printed.
    own : whether this suite wrote it.
    sha256 : of its bytes.
    blocks : empty unless asked for.

    """

    path: str
    name: str
    own: bool
    sha256: str
    label: str
    datetime: str
    machine: Machine
    commit: Commit
    table: pd.DataFrame
    blocks: pd.DataFrame

    @cached_property
    def timed(self) -> pd.DataFrame:
        """The cells of this suite's own cases that have a time."""
        return self.table[self.table["time_s"].notna() & self.table["workload"].notna()]

    @cached_property
    def medians_alone(self) -> bool:
        """Whether all times are medians: in files of other tools, and of this suite's schema 1."""
        times = self.table[self.table["time_s"].notna()]
        return bool(len(times) and (times["time_s"] == times["typical_s"]).all())

    @cached_property
    def believed(self) -> pd.DataFrame:
        """Those of them whose time can be true."""
        return self.timed[self.timed["status"] != "implausible"]

    def blocks_of(self, cells: Iterable[str]) -> pd.DataFrame:
        """Return the blocks of some cells, with the columns that say which contender each is of."""
        wanted = self.blocks[self.blocks["cell"].isin(list(cells))]
        return wanted.merge(self.table[["cell", *CONTENDER]], on="cell", how="left")


def load(address: Path | str, *, blocks: bool = False) -> Result:
    """Read a result file or a journal, with a row for every block of its cells if asked.

    Raises
    ------
    UnreadableError : the file cannot be read, is no result file, or breaks its own rules.

    """
    raw = read(address)
    try:
        content = validated(raw.content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        told = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise UnreadableError(f"{raw.name}: no result file: {printable(told)}") from error
    except ValueError as error:
        raise UnreadableError(f"{raw.name}: no result file: {printable(str(error))}") from error
    return _result(str(address), raw, content, blocks=blocks)


def load_all(
    addresses: Iterable[Path | str], *, blocks: bool = False
) -> tuple[list[Result], list[str]]:
    """Return what could be read, and a line for each file that could not."""
    results, complaints = [], []
    for address in addresses:
        try:
            results.append(load(address, blocks=blocks))
        except UnreadableError as error:
            complaints.append(str(error))
    return results, complaints


def _result(path: str, raw: Raw, content: ResultFile | ForeignFile, *, blocks: bool) -> Result:
    own = isinstance(content, ResultFile)
    rows = list(_rows(content) if isinstance(content, ResultFile) else _foreign_rows(content))
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    kinds = dict.fromkeys(NUMBERS, float) | {"plain": bool}
    table = table.astype(kinds).copy()  # in two blocks: rows come faster
    return Result(
        path=path,
        name=raw.name,
        own=own,
        sha256=raw.sha256,
        label=content.machine_info.label or printable(Path(path).name.partition(".")[0]),
        datetime=content.datetime,
        machine=content.machine_info,
        commit=content.commit_info,
        table=table,
        blocks=_blocks(content)
        if blocks and isinstance(content, ResultFile)
        else pd.DataFrame(columns=BLOCKS),
    )


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
CONTENDER = ["contender", "library", "device", "variant"]
BLOCKS = ["cell", "visit", "worker", "start_s", "time_s", "disturbed"]


def records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of a table as plain values by column; eight times as fast as pandas' own."""
    names = list(table.columns)
    rows = table.to_numpy(dtype=object).tolist()
    return [dict(zip(names, row, strict=True)) for row in rows]


def _blocks(content: ResultFile) -> pd.DataFrame:
    """Return a row for every block of every cell, in the order they were taken."""
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


def _rows(content: ResultFile) -> Iterator[dict[str, Any]]:
    """Yield a row for every cell; figures that it lacks are absent."""
    timed = {entry.extra_info.cell: entry.extra_info for entry in content.benchmarks}
    for cell in content.cells:
        row = _asked(cell)
        if info := timed.get(cell.id):
            row = _figures(info) | row
        yield row


def _asked(cell: Cell) -> dict[str, Any]:
    """Return what is known of every cell; PyTorch's main body in the usual way is `plain`."""
    row = cell.model_dump(exclude={"id"})
    plain = cell.library == ids.TORCH and not cell.variant
    known = {"cell": cell.id, "case": cell.case_id, "family": cell.family or None}
    return row | known | {"plain": plain}


APART = {"speedup", "speedup_typical", "samples", "ledger", "quality"}


def _figures(info: Info) -> dict[str, Any]:
    row = info.model_dump(exclude=APART)
    row |= info.quality.model_dump()
    row |= info.ledger.model_dump() if info.ledger else {}
    return row | _ratio(info.speedup, "") | _ratio(info.speedup_typical, "typical_")


def _ratio(ratio: Ratio | None, prefix: str) -> dict[str, float]:
    return {prefix + key: value for key, value in (ratio.model_dump() if ratio else {}).items()}


def _foreign_rows(content: ForeignFile) -> Iterator[dict[str, Any]]:
    """Yield rows of a file that this suite did not write: names and times, no speedups.

    A time is the median, with its interval by the quartiles. A time of 0 is none.
    """
    for entry in content.benchmarks:
        stats = entry.stats
        row: dict[str, Any] = {
            "cell": entry.fullname,
            "case": entry.group or entry.name,
            "contender": entry.name,
            "plain": False,
        }
        if not stats.min or not stats.median:
            yield row | {"status": "skipped", "reason": "its clock told 0 seconds"}
            continue
        row |= {"status": "ok", "reason": "", "time_s": stats.median, "typical_s": stats.median}
        if stats.iqr is not None and stats.rounds and stats.rounds > 1:
            half = NOTCH * stats.iqr / stats.rounds**0.5
            if half < stats.median:
                row |= {
                    "time_low_s": stats.median - half,
                    "time_high_s": stats.median + half,
                }
        yield row
