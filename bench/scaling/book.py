"""The result file of a scaling run, rewritten whole after every case: it is always readable.

It holds the blocks of every visit, so a run can go on from it.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_benchmark.utils import get_commit_info

from bench.machine import facts
from bench.outcomes.journal import result_name, write_result
from bench.outcomes.resume import machine_changes
from bench.results.places import writable_folder
from bench.results.reading import validated
from bench.results.scaling import Scaling
from bench.results.schema import SCHEMA, ResultFile
from bench.scaling.figures import Entry, Observation, finished, restored
from bench.scaling.options import Options
from bench.scaling.point import CUDA, FSDP, NCCL, Group, Point

UNREACHED = "the time was spent before this point's turn; a larger --budget reaches it"
INTERRUPTED = "the measurement ended before this point's turn"
LONGEST_LABEL = 64  # characters


class Book:
    """What a run has measured so far, and its file.

    Attributes
    ----------
    spent_before_s : seconds that earlier attempts of this run have spent.
    mark : of torchrun's agent, by which the next attempt knows the file; "" for none.

    """

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
        self.spent_before_s = 0.0
        self.mark = ""

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
        self.header["datetime"] = content["datetime"]
        self.spent_before_s = scaling.spent_s
        restored(self.entries, [point for point in scaling.points if point.status != "skipped"])

    def open_points(self) -> tuple[Point, ...]:
        """Return the points that can still be measured."""
        return tuple(entry.point for entry in self.entries.values() if entry.open)

    def add(self, seen: Observation) -> None:
        """Add what a visit showed of a point."""
        self.entries[seen.id].add(seen, judge=not self.group.oversubscribed)
        self.scaling["visits"] = max(self.scaling["visits"], seen.visit)

    def fail(self, point: str, status: str, reason: str) -> None:
        """Mark a point as failed. A fault outside any point is only kept as a line."""
        if point in self.entries:
            self.entries[point].fail(status, reason)
        line = f"{point or 'between points'}: {status}: {reason}"
        self.scaling["faults"] = [*self.scaling["faults"], line[:500]]

    def observe(self, ranks: Sequence[tuple[int, list[int]]], copy_bytes_s: float | None) -> None:
        """Note the threads and the cores of each rank, and how fast rank 0 copies, if it did."""
        self.scaling["threads"] = [threads for threads, _ in ranks]
        self.scaling["cores"] = [cores for _, cores in ranks]
        if copy_bytes_s is not None:
            self.scaling["copy_bytes_s"] = copy_bytes_s

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
                **({} if self.complete or not self.mark else {"mark": self.mark}),
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
        write_result(self.path, content)
        return content


def begun(
    options: Options,
    group: Group,
    points: Sequence[Point],
    kept: Mapping[str, Any] | None,
    mark: str = "",
) -> Book:
    """Return the book of a run: a new one, or that of the attempt that `kept` it, or to resume.

    A file with the `mark` of torchrun's agent is that of an earlier attempt, whose store was lost.

    Raises
    ------
    ValueError : no point is chosen, or there is nothing to resume, or it was measured otherwise,
        or its folder cannot be written.

    """
    chosen = _chosen(points, options)
    label = options.label or _label(group)
    folder = options.results / label
    now = datetime.now(UTC)
    header = {
        "datetime": now.isoformat(),
        "machine_info": facts.facts(label=label),
        "commit_info": dict(get_commit_info()),
        "run": {"budget_s": options.budget_s},
    }
    path, content, again = options.out or folder / result_name(now), None, kept is not None
    if kept is not None:
        path, content = Path(kept["path"]), kept["content"]
    elif options.resume:
        path, content = _unfinished(folder)
        _refuse_changed(content, header, group, chosen)
    elif mark and (left := _marked(folder, mark)):
        path, content, again = left, json.loads(left.read_text(encoding="utf-8")), True
    writable_folder(path.parent, "--results")
    book = Book(path, header, group, chosen)
    book.mark = mark
    book.refuse(oversubscribe=options.oversubscribe)
    if content is not None:
        book.restore(content)
    if again:
        book.scaling["restarts"] += 1
    if kept is not None:
        book.spent_before_s += max(0.0, time.time() - kept["at_s"])
    return book


def _chosen(points: Sequence[Point], options: Options) -> list[Point]:
    chosen = [point for point in points if options.only in point.id]
    if options.points is not None:
        wanted = json.loads(options.points.read_text(encoding="utf-8"))
        chosen = [point for point in chosen if point.id in wanted]
    if not chosen:
        example = points[0].id
        raise ValueError(f"--only expects a part of an id such as {example}, got {options.only!r}")
    return chosen


def _label(group: Group) -> str:
    """Return the label of a machine, or of several like rank 0's."""
    count = group.nodes(group.world)
    suffix = f"-{count}-nodes" if count > 1 else ""
    return facts.default_label()[: LONGEST_LABEL - len(suffix)] + suffix


def _marked(folder: Path, mark: str) -> Path | None:
    """Return the newest file with a mark; None if there is none."""
    wanted = f'"{mark}"'.encode()
    paths = sorted(filter(Path.is_file, folder.glob("*.json")), reverse=True)
    return next((path for path in paths if wanted in path.read_bytes()), None)


def _unfinished(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the newest scaling run of a machine, to be continued.

    Raises
    ------
    ValueError : there is none, or it came to its end, or a newer file cannot be read.

    """
    for path in sorted(folder.glob("*.json"), reverse=True):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            points_alone = isinstance(content, dict) and not content.get("cells")
            scaling = ResultFile.model_validate(content).scaling if points_alone else None
        except (OSError, ValueError) as error:
            raise ValueError(
                f"--resume expects result files in {folder}, cannot read {path.name}: "
                f"{str(error).splitlines()[0]}; move it away, or start a new run"
            ) from error
        if scaling is not None:
            if scaling.complete:
                raise ValueError(f"--resume: {path} came to its end; start a new run instead")
            return path, content
    raise ValueError(f"--resume expects a run that was cut off in {folder}; there is none")


def _refuse_changed(
    content: Mapping[str, Any], header: Mapping[str, Any], group: Group, points: Sequence[Point]
) -> None:
    """Check that an interrupted run had the same machine, versions, ranks and points.

    Raises
    ------
    ValueError : something has changed; the message lists what.

    """
    changes = [*machine_changes(content, header)]
    now = [group.per_node] * group.nodes(group.world)
    if content["scaling"]["world"] != group.world:
        changes.append(f"ranks: {content['scaling']['world']}, now {group.world}")
    elif (was := [node["ranks"] for node in content["scaling"].get("nodes", [])]) not in ([], now):
        changes.append(f"ranks of each node: {was}, now {now}")
    elif {p["id"] for p in content["scaling"]["points"]} != {point.id for point in points}:
        changes.append("points: choose them with the same --full, --only and --device")
    if changes:
        raise ValueError(f"--resume cannot mix two runs; changed since: {'; '.join(changes)}")
