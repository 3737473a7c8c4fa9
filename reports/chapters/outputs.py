"""Finds the outputs of chapters: runs them, or takes outputs from a cache or a recording.

A chapter's outputs depend on its code, on what it imports, and on the machine. While these stay the
same, the cached outputs are used. So a site built twice is the same twice. A cell that cannot run
here shows the output from another machine (`tutorial/recorded`), labelled with that machine.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from bench.results.places import temporary_folder
from reports.chapters.execution import CellOutput, ChapterRun, cells_from
from reports.chapters.reading import ROOT, Chapter

CACHE = ROOT / "reports" / ".chapters"
RECORDED = ROOT / "tutorial" / "recorded"
RUNNERS = [ROOT / "reports" / "chapters" / "execution.py", ROOT / "reports/charts/drawing.py"]
PACKAGES = ("bench", "reports", "tutorial")  # a chapter may import them
LIMIT_S = 900  # for all chapters together
ROOM_BYTES = 200 * 2**20  # free space for their files
version = lru_cache(metadata.version)  # parses a file, and every chapter asks


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The outputs of chapters on another machine, by the key of the cell."""

    label: str
    place: str
    made: str
    cells: Mapping[str, CellOutput]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The outputs of one chapter: its run here, and recordings for cells that did not run."""

    ran: ChapterRun
    recordings: Sequence[Recording] = ()

    def recorded(self, key: str) -> tuple[Recording, CellOutput] | None:
        """Return the newest recording of a cell, and its output there; None if there is none."""
        for recording in self.recordings:
            if key in recording.cells:
                return recording, recording.cells[key]
        return None


def outputs(
    chapters: Sequence[Chapter], cache: Path = CACHE, recorded: Path = RECORDED
) -> dict[str, Outputs]:
    """Return the outputs of each chapter by the stem of its file; run those not in the cache.

    Parameters
    ----------
    cache : folder of earlier outputs.
    recorded : folder of recordings of other machines.

    """
    read = lru_cache(_package)  # most chapters import the same files
    runs = {chapter.path.stem: _cached(chapter, cache, read) for chapter in chapters}
    missing = [chapter for chapter in chapters if runs[chapter.path.stem] is None]
    if missing and importlib.util.find_spec("torch") is not None:
        for chapter, ran in zip(missing, run_in_process(missing), strict=True):
            runs[chapter.path.stem] = ran
            if not ran.error:
                _store(chapter, ran, cache)
    recordings = recorded_in(recorded)
    return {
        stem: Outputs(ran=ran or ChapterRun(), recordings=recordings) for stem, ran in runs.items()
    }


def failures(shown: Mapping[str, Outputs]) -> list[str]:
    """Return a line for each reason why chapters stopped before their end."""
    stems: dict[str, list[str]] = {}
    for stem, each in shown.items():
        if each.ran.error:
            stems.setdefault(each.ran.error, []).append(stem)
    return [
        f"{'all chapters' if 1 < len(several) == len(shown) else ', '.join(several)}: {error}"
        for error, several in stems.items()
    ]


def slowest(shown: Mapping[str, Outputs], count: int = 3) -> str:
    """Return one line with the total time and the slowest chapters; "" if there are none.

    Each chapter is named with its slowest cell, numbered from 1 among the cells that ran.
    """
    times = sorted(((each.ran.seconds, stem) for stem, each in shown.items()), reverse=True)
    if not times:
        return ""
    parts = []
    for seconds, stem in times[:count]:
        cells = [cell.seconds for cell in shown[stem].ran.cells.values()]
        slowest_cell = max(range(len(cells)), key=cells.__getitem__, default=0)
        detail = f" (cell {slowest_cell + 1}: {cells[slowest_cell]:.1f} s)" if cells else ""
        parts.append(f"{stem} {seconds:.1f} s{detail}")
    total_s = sum(seconds for seconds, _ in times)
    return f"{len(times)} chapters ran in {total_s:.0f} s; the slowest: {'; '.join(parts)}"


def run_in_process(chapters: Sequence[Chapter]) -> Iterator[ChapterRun]:
    """Run chapters in one separate process; yield their results in order."""
    try:
        temporary_folder(ROOM_BYTES, "the files of chapters")
    except ValueError as error:
        for chapter in chapters:
            yield _unrun(chapter, str(error))
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "reports.chapters.execution", folder]
        command += [str(chapter.path) for chapter in chapters]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "agg"}
        reason = ""
        try:
            process = subprocess.run(  # noqa: S603 - this project's own module, in this Python
                command,
                cwd=folder,
                env=environment,
                timeout=LIMIT_S,
                check=False,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )
            if process.returncode:
                last = (process.stderr.strip().splitlines() or [""])[-1]
                reason = f"its process ended with status {process.returncode}: {last}"
        except subprocess.TimeoutExpired:
            reason = f"the chapters did not end within {LIMIT_S} s"
        for chapter in chapters:
            file = Path(folder) / f"{chapter.path.stem}.json"
            if file.exists():
                yield ChapterRun.from_json(file.read_text(encoding="utf-8"))
            else:
                yield _unrun(chapter, reason or "it was not run")


def _unrun(chapter: Chapter, reason: str) -> ChapterRun:
    first = next((cell.key for cell in chapter.cells if cell.key), "")
    return ChapterRun(failed=first, error=reason)


def _package(name: str) -> bytes:
    """Return the contents of all files of a package of this project, except chapters."""
    paths = sorted((ROOT / name).rglob("*.py"))
    return b"".join(path.read_bytes() for path in paths if not path.parent.name[:1].isdigit())


def key(chapter: Chapter, read: Callable[[str], bytes] = _package) -> str:
    """Return a hash of what a chapter's outputs depend on: code, imports, libraries, machine."""
    digest = hashlib.sha256(repr(chapter.cells).encode())
    for path in RUNNERS:
        digest.update(path.read_bytes())
    for name in PACKAGES:
        if re.search(rf"\b{name}\b", chapter.code):
            digest.update(read(name))
    places = [platform.python_version(), platform.machine(), str(os.cpu_count())]
    places += sorted(str(path) for path in Path("/proc/driver/nvidia/gpus").glob("*"))
    places += [_version(name) for name in ("torch", "numpy", "matplotlib")]
    digest.update("\0".join(places).encode())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except metadata.PackageNotFoundError:
        return ""


def _cached(
    chapter: Chapter, cache: Path, read: Callable[[str], bytes] = _package
) -> ChapterRun | None:
    """Return a chapter's cached run; None if there is none or it is out of date."""
    path = cache / f"{chapter.path.stem}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return ChapterRun.from_json(stored["ran"]) if stored["key"] == key(chapter, read) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a broken file is written again


def _store(chapter: Chapter, ran: ChapterRun, cache: Path) -> None:
    stored = json.dumps({"key": key(chapter), "ran": ran.as_json()})
    with contextlib.suppress(OSError):  # without a cache, chapters run each time
        cache.mkdir(parents=True, exist_ok=True)
        temporary = cache / f".{chapter.path.stem}.{os.getpid()}"
        temporary.write_text(stored, encoding="utf-8")
        temporary.replace(cache / f"{chapter.path.stem}.json")


def record(shown: Mapping[str, Outputs], label: str, folder: Path = RECORDED) -> Path:
    """Write the outputs of this machine, for pages that are built where cells cannot run.

    Raises
    ------
    ValueError : nothing ran here.

    """
    ran = [each.ran for each in shown.values() if each.ran.cells]
    if not ran:
        raise ValueError("record needs a chapter that ran here; got none: is PyTorch installed?")
    cells = {key: asdict(cell) for each in ran for key, cell in each.cells.items()}
    about = {"label": label, "place": ran[0].place, "made": max(each.made for each in ran)}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub('[^A-Za-z0-9.-]+', '-', label)}.json"
    path.write_text(json.dumps({**about, "cells": cells}, indent=1) + "\n", encoding="utf-8")
    return path


def recorded_in(folder: Path) -> list[Recording]:
    """Return all recordings in a folder, the newest first."""
    recordings = []
    for path in sorted(folder.glob("*.json")):
        stored = json.loads(path.read_text(encoding="utf-8"))
        recordings.append(Recording(cells=cells_from(stored.pop("cells")), **stored))
    return sorted(recordings, key=lambda recording: recording.made, reverse=True)
