"""The result file of a scaling run, rewritten whole after every case, so that it is always readable.

It holds the blocks of every visit, so a run can go on from it.
"""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results.reading import validated
from bench.results.scaling import Scaling
from bench.results.schema import SCHEMA, ResultFile
from bench.scaling.figures import Entry, Observation, finished, restored
from bench.scaling.point import CUDA, FSDP, NCCL, Group, Point

UNREACHED = "the time was spent before this point's turn; a larger --budget reaches it"
INTERRUPTED = "the measurement ended before this point's turn"


class Book:
    """What a run has measured so far, and its file."""

    def __init__(
        self, path: Path, header: Mapping[str, Any], group: Group, points: Sequence[Point]
    ) -> None:
        self.path = path
        self.header = dict(header)
        self.group = group
        self.entries = {point.id: Entry(point) for point in points}
        self.scaling: dict[str, Any] = {
            "world": group.world,
            "oversubscribed": group.oversubscribed,
            "restarts": 0,
            "faults": [],
            "visits": 0,
            "spent_s": 0.0,
        }
        self.complete = False

    def refuse(self, *, oversubscribe: bool) -> None:
        """Mark the points that this group cannot measure, with the reason."""
        for entry in self.entries.values():
            if reason := entry.point.refused(self.group, oversubscribe=oversubscribe):
                entry.fail("skipped", reason)

    def restore(self, content: Mapping[str, Any]) -> None:
        """Take over what an earlier attempt or an interrupted run has measured."""
        scaling = Scaling.model_validate(content["scaling"])
        kept = ("restarts", "faults", "visits", "spent_s", "copy_bytes_s", "threads", "cores")
        self.scaling |= {name: getattr(scaling, name) for name in kept}
        again = [p for p in scaling.points if p.reason not in (UNREACHED, INTERRUPTED)]
        restored(self.entries, again)

    def open_points(self) -> tuple[Point, ...]:
        """Return the points that can still be measured."""
        return tuple(entry.point for entry in self.entries.values() if entry.open)

    def add(self, seen: Observation) -> None:
        """Add what a visit showed of a point."""
        self.entries[seen.id].add(seen)
        self.scaling["visits"] = max(self.scaling["visits"], seen.visit)

    def fail(self, point: str, status: str, reason: str) -> None:
        """Mark a point as failed. A fault outside any point is only kept as a line."""
        if point in self.entries:
            self.entries[point].fail(status, reason)
        line = f"{point or 'between points'}: {status}: {reason}"
        self.scaling["faults"] = [*self.scaling["faults"], line[:500]]

    def end(self) -> None:
        """Note that the run came to its end."""
        self.complete = True

    def content(self) -> dict[str, Any]:
        """Return the result file's content."""
        points = finished(self.entries, self._facts)
        why = UNREACHED if self.complete else INTERRUPTED
        for index, point in enumerate(points):
            if point.status == "skipped" and not point.reason:
                points[index] = point.model_copy(update={"reason": why})
        used = sorted({point.backend for point in points if point.backend and point.time_s})
        scaling = Scaling.model_validate(
            self.scaling
            | {
                "backends": used,
                "complete": self.complete,
                "points": [point.model_dump() for point in points],
            }
        )
        content = {
            "schema": SCHEMA,
            **self.header,
            "run": {
                "spent_s": scaling.spent_s,
                "complete": self.complete,
                "budget_s": self.header.get("run", {}).get("budget_s"),
            },
            "cells": [],
            "benchmarks": [],
            "twins": [],
            "scaling": scaling.model_dump(mode="json", exclude_defaults=True)
            | {"world": scaling.world},
        }
        validated(content)
        return content

    def _facts(self, point: Point) -> dict[str, Any]:
        device = "cuda" if point.contender in (CUDA, NCCL, FSDP) else "cpu"
        return {"nodes": self.group.nodes(point.processes), "device": device}

    def write(self) -> dict[str, Any]:
        """Write the file in one step; return its content."""
        content = self.content()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(content, file, allow_nan=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)
        return content


def new_path(folder: Path) -> Path:
    """Return the path of a new result file."""
    now = datetime.now(UTC)
    return folder / f"{now:%Y-%m-%dT%H-%M-%S}.{now.microsecond // 1000:03d}Z.json"


def unfinished(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the newest scaling run of a machine, to be continued.

    Raises
    ------
    ValueError : there is none, or it came to its end.

    """
    files = sorted(folder.glob("*.json"))
    for path in reversed(files):
        content = json.loads(path.read_text(encoding="utf-8"))
        if not content.get("cells") and content.get("scaling"):
            if content["scaling"].get("complete"):
                raise ValueError(f"--resume: {path} came to its end; start a new run instead")
            ResultFile.model_validate(content)
            return path, content
    raise ValueError(f"--resume expects a run that was cut off in {folder}; there is none")
