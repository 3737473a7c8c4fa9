"""Every finished cell on disk at once; the result file is assembled from what is there.

A run writes `TIME.jsonl` beside its future result file `TIME.json`: one line for the run, then one
for each cell, each forced to the disk before the next cell begins. A killed run leaves a journal
that reads like a result file; a run that ends replaces it by the result file in one step.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SCHEMA = "numpy-vs-pytorch/1"
UNREACHED = "the run ended before this cell's turn"


class Journal:
    """The cells of one run, on disk from the moment each is finished."""

    def __init__(self, path: Path, header: Mapping[str, Any], asked: Iterable[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path.with_suffix(".jsonl")
        self._header = {"schema": SCHEMA, **header, "asked": list(asked)}
        self._records: dict[str, dict[str, Any]] = {}
        self._write([self._header])

    def add(self, records: Iterable[dict[str, Any]]) -> None:
        """Put finished cells on disk: each has a `cell` and, if it was timed, a `benchmark`."""
        records = list(records)
        self._records |= {record["cell"]["id"]: record for record in records}
        self._write(records)

    def _write(self, lines: Iterable[dict[str, Any]]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(line, allow_nan=False) + "\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())

    def assemble(self) -> Path:
        """Write the result file in one step, remove the journal, return the file's path."""
        path = self.path.with_suffix(".json")
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(self.content(), file, allow_nan=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        self.path.unlink()
        return path

    def content(self) -> dict[str, Any]:
        """Return what the result file holds: every cell that was asked for, measured or not."""
        header = {key: value for key, value in self._header.items() if key != "asked"}
        return header | {"cells": self.cells(), "benchmarks": self.benchmarks()}

    def cells(self) -> list[dict[str, Any]]:
        """Return id, status and reason of every cell that was asked for."""
        unreached = {"status": "skipped", "reason": UNREACHED}
        return [
            self._records[cell]["cell"] if cell in self._records else {"id": cell, **unreached}
            for cell in self._header["asked"]
        ]

    def benchmarks(self) -> list[dict[str, Any]]:
        """Return the entries, in pytest-benchmark's form, of the cells that were timed."""
        return [record["benchmark"] for record in self._records.values() if record["benchmark"]]
