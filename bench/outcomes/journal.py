"""The journal of a run: the file to which the run adds records after every visit.

A run writes `TIME.jsonl` beside its future result file `TIME.json`; `bench.results.journal` defines
its lines. Each visit is synced to disk before the next begins. So a killed run leaves a journal,
and `reports` reads it like a result file. A run that ends replaces its journal by the result file
in one step. A run can be resumed from either file.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.results.journal import (
    Record,
    assembled,
    dumped,
    line,
    lines,
    taken_apart,
    unreached,
)
from bench.results.reading import current, validated
from bench.results.schema import SCHEMA, ListedCell

Json = dict[str, Any]


class Journal:
    """Writes the records of one run's cells to disk as they come.

    Attributes
    ----------
    path : the journal's file.
    header : its first line: facts about the whole run, and all selected cells, marked unreached.
    spent_s : seconds of the run until its last visit on disk.
    timed_s : seconds inside timed blocks; None until the run ends.
    complete : whether the run ended without an interruption.

    """

    def __init__(
        self, path: Path, header: Mapping[str, Any], selected: Iterable[ListedCell]
    ) -> None:
        """Begin a journal beside the future result file `path`.

        Raises
        ------
        ValueError : the header is not valid in a result file.

        """
        cells = dumped(unreached(cell) for cell in selected)
        self.header: Json = {"schema": SCHEMA, **header, "cells": cells}
        validated(self.header)  # now, not after a whole run
        path.parent.mkdir(parents=True, exist_ok=True)
        self._begin(path)
        self._write([self.header], "x")

    def _begin(self, path: Path, records: Iterable[Record] = ()) -> None:
        self.path = path.with_suffix(".jsonl")
        self.spent_s = 0.0
        self.timed_s: float | None = None
        self.complete = False
        self.self_test: Mapping[str, Any] | None = None
        self._records = {record.cell.id: record for record in records}

    @classmethod
    def reopen(cls, path: Path) -> "Journal":
        """Return the journal of an interrupted run, from its journal or its result file.

        Raises
        ------
        ValueError, KeyError : the file is neither.

        """
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else assembled(lines(text))
        validated(content)
        header, records = taken_apart(current(content))
        journal = cls.__new__(cls)
        journal.header = header
        journal._begin(path, records)  # noqa: SLF001 - one's own
        journal.spent_s = header["run"].get("spent_s", 0.0)
        journal.timed_s = header["run"].get("timed_s")
        journal.complete = bool(header["run"].get("complete"))
        return journal

    @property
    def selected(self) -> list[str]:
        """The ids of the selected cells."""
        return [cell["id"] for cell in self.header["cells"]]

    def rewrite(self) -> None:
        """Write a reopened journal to disk, without an incomplete last line."""
        partial = self.path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write("".join(map(line, self._lines())))
        partial.replace(self.path)

    def records(self) -> list[Record]:
        """Return the last record of every cell."""
        return list(self._records.values())

    def observe(self, **facts: Any) -> None:
        """Write facts about the machine that only a run can measure, such as its peaks."""
        self.header["machine_info"] = self.header["machine_info"] | facts
        self._write([self.header], "a")

    def keep_scaling(self, scaling: Json) -> None:
        """Write what was measured of several ranks."""
        self.header["scaling"] = scaling
        self._write([self.header], "a")

    def add(self, records: Iterable[Record], spent_s: float) -> None:
        """Write the records of some cells, `spent_s` seconds into the run."""
        self.spent_s = round(spent_s, 3)
        known = [record.model_copy(update={"spent_s": self.spent_s}) for record in records]
        self._records |= {record.cell.id: record for record in known}
        self._write(dumped(known), "a")

    def _lines(self) -> list[Json]:
        return [self.header, *dumped(self._records.values())]

    def _write(self, objects: Iterable[Json], mode: str) -> None:
        text = "".join(map(line, objects))
        with self.path.open(mode, encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def end(self) -> None:
        """Note that the run ended without an interruption."""
        self.complete = True

    def discard(self) -> None:
        """Remove the journal of a run that measured nothing."""
        self.path.unlink()

    def summarize(self, *, timed_s: float, self_test: Mapping[str, Any] | None) -> None:
        """Add the figures of the whole run to the result file."""
        self.timed_s, self.self_test = timed_s, self_test

    def assemble(self) -> Path:
        """Write the result file in one step, remove the journal, return the file's path."""
        path = self.path.with_suffix(".json")
        write_result(path, self.content())
        self.path.unlink()
        return path

    def content(self) -> Json:
        """Return the content of the result file: every selected cell, measured or not."""
        content = assembled(self._lines())
        content["run"] |= {"spent_s": self.spent_s, "complete": self.complete}
        if self.timed_s is not None:
            content["run"]["timed_s"] = round(self.timed_s, 3)
        if self.self_test is not None:
            content["machine_info"] = content["machine_info"] | {"self_test": self.self_test}
        return content


def result_name(started: datetime) -> str:
    """Return the name of the result file of a run from its start (UTC)."""
    return f"{started:%Y-%m-%dT%H-%M-%S}.{started.microsecond // 1000:03d}Z.json"


def write_result(path: Path, content: Mapping[str, Any]) -> None:
    """Write a result file in one step: whoever reads it sees it whole, before or after."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(content, file, allow_nan=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
