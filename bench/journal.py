"""Every visit of a cell on disk at once; the result file is assembled from what is there.

A run writes `TIME.jsonl` beside its future result file `TIME.json`: one line for the run, then one
for each cell whenever it was visited, each forced to the disk before the next visit begins; the
last line of a cell counts. A killed run leaves a journal that reads like a result file; a run that
ends replaces it by the result file in one step. Either can be taken up again.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.outcome import UNREACHED

SCHEMA = "numpy-vs-pytorch/1"


class Journal:
    """The cells of one run, on disk from the moment each is known.

    Attributes
    ----------
    path : the journal's file.
    header : what the result file says of the run as a whole, and the ids of the cells `asked` for.
    spent_s : seconds of the run until the last visit that is on disk.
    complete : whether the run came to its own end.

    """

    def __init__(self, path: Path, header: Mapping[str, Any], asked: Iterable[str]) -> None:
        """Begin a journal beside the future result file `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path.with_suffix(".jsonl")
        self.header = {"schema": SCHEMA, **header, "asked": list(asked)}
        self.spent_s = 0.0
        self.complete = False
        self.timed_s: float | None = None
        self.self_test: Mapping[str, Any] | None = None
        self._records: dict[str, dict[str, Any]] = {}
        self._write([self.header], "x")

    @classmethod
    def reopen(cls, path: Path) -> "Journal":
        """Read a journal, or the result file of a run that was stopped, so as to go on with it.

        Raises
        ------
        ValueError, KeyError : the file is neither.

        """
        journal = cls.__new__(cls)
        text = path.read_text(encoding="utf-8")
        whole = path.suffix == ".json"
        journal.header, lines = _content(json.loads(text)) if whole else _lines(text)
        journal.path = path.with_suffix(".jsonl")
        journal._records = {line["cell"]["id"]: line for line in lines}  # noqa: SLF001 - one's own
        journal.spent_s = max((line["spent_s"] for line in lines), default=0.0)
        journal.complete = bool(journal.header["run"].get("complete"))
        journal.self_test = None
        journal.timed_s = None
        return journal

    def rewrite(self) -> None:
        """Put a reopened journal on disk, without a last line that was torn."""
        partial = self.path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write("".join(_line(line) for line in [self.header, *self._records.values()]))
        partial.replace(self.path)

    def records(self) -> list[dict[str, Any]]:
        """Return the last record of every cell."""
        return list(self._records.values())

    def observe(self, **facts: Any) -> None:
        """Keep facts of the machine that the workers found, such as their threads and its peaks."""
        self.header["machine_info"] = self.header["machine_info"] | facts
        self._write([self.header], "a")

    def add(self, records: Iterable[dict[str, Any]], spent_s: float) -> None:
        """Put cells on disk: each has a `cell` and, if it was timed, a `benchmark`."""
        self.spent_s = spent_s
        lines = [record | {"spent_s": round(spent_s, 3)} for record in records]
        self._records |= {line["cell"]["id"]: line for line in lines}
        self._write(lines, "a")

    def _write(self, lines: Iterable[dict[str, Any]], mode: str) -> None:
        with self.path.open(mode, encoding="utf-8") as file:
            file.write("".join(_line(line) for line in lines))
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
        header = {key: value for key, value in self.header.items() if key != "asked"}
        header["run"] = header.get("run", {}) | {
            "spent_s": round(self.spent_s, 3),
            "complete": self.complete,
            "timed_s": self.timed_s,
        }
        if self.self_test is not None:
            header["machine_info"] = header["machine_info"] | {"self_test": self.self_test}
        twins = [record["benchmark"] for record in self._records.values() if record.get("twin")]
        return header | {
            "cells": self.cells(),
            "benchmarks": self.benchmarks(),
            "twins": [entry for entry in twins if entry],
        }

    def cells(self) -> list[dict[str, Any]]:
        """Return id, status and reason of every cell that was asked for."""
        unreached = {"status": "skipped", "reason": UNREACHED}
        return [
            self._records[cell]["cell"] if cell in self._records else {"id": cell, **unreached}
            for cell in self.header["asked"]
        ]

    def benchmarks(self) -> list[dict[str, Any]]:
        """Return the entries, in pytest-benchmark's form, of the cells that were timed."""
        return [
            record["benchmark"]
            for record in self._records.values()
            if record["benchmark"] and not record.get("twin")
        ]


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, allow_nan=False) + "\n"


def _lines(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return header and last records of a journal, whose last line may be torn."""
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    headers = [line for line in lines if "cell" not in line]
    last = {line["cell"]["id"]: line for line in lines if "cell" in line}
    return headers[-1], list(last.values())


def _content(file: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return header and records of a result file."""
    spent_s = file["run"]["spent_s"]
    entries = {entry["extra_info"]["cell"]: entry for entry in file["benchmarks"]}
    records = [
        {"cell": cell, "twin": False, "benchmark": entries.get(cell["id"]), "spent_s": spent_s}
        for cell in file["cells"]
        if cell["reason"] != UNREACHED
    ]
    records += [
        {
            "cell": {"id": entry["extra_info"]["cell"], "status": "ok", "reason": ""},
            "twin": True,
            "benchmark": entry,
            "spent_s": spent_s,
        }
        for entry in file["twins"]
    ]
    apart = ("cells", "benchmarks", "twins")
    header = {key: value for key, value in file.items() if key not in apart}
    return header | {"asked": [cell["id"] for cell in file["cells"]]}, records
