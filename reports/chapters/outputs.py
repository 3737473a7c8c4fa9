"""What the code of chapters shows: run where PyTorch is, kept until code changes, or recorded.

A chapter's outputs depend on its code, on what it imports, and on where it runs: while those stay,
what was kept is shown again, so that a site built twice is the same twice. Cells that cannot run
here show what another machine recorded (`tutorial/recorded`), labelled as that.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from reports.chapters.execution import Ran, Shown, cells_from
from reports.chapters.reading import ROOT, Chapter

KEPT = ROOT / "reports" / ".chapters"
RECORDED = ROOT / "tutorial" / "recorded"
RUNNING = [ROOT / "reports" / "chapters" / "execution.py", ROOT / "reports/charts/drawing.py"]
LIMIT_S = 900  # for all chapters together


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What the cells of all chapters showed on another machine, by their keys."""

    label: str
    place: str
    made: str
    cells: Mapping[str, Shown]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What the cells of one chapter show: what ran here, and recordings for what did not."""

    ran: Ran
    recordings: Sequence[Recording] = ()

    def recorded(self, key: str) -> tuple[Recording, Shown] | None:
        """Return what another machine recorded of a cell, the newest first."""
        for recording in self.recordings:
            if key in recording.cells:
                return recording, recording.cells[key]
        return None


def outputs(
    chapters: Sequence[Chapter], kept: Path = KEPT, recorded: Path = RECORDED
) -> dict[str, Outputs]:
    """Return what each chapter's code shows, by the stem of its file; run what is not known.

    Parameters
    ----------
    kept : folder of what was shown before.
    recorded : folder of what other machines showed.

    """
    known = {chapter.path.stem: _known(chapter, kept) for chapter in chapters}
    missing = [chapter for chapter in chapters if known[chapter.path.stem] is None]
    if missing and importlib.util.find_spec("torch") is not None:
        for chapter, ran in zip(missing, run_apart(missing), strict=True):
            known[chapter.path.stem] = ran
            if not ran.error:
                _keep(chapter, ran, kept)
    recordings = recorded_in(recorded)
    return {stem: Outputs(ran=ran or Ran(), recordings=recordings) for stem, ran in known.items()}


def failures(shown: Mapping[str, Outputs]) -> list[str]:
    """Return a line for each chapter that stopped before its end."""
    return [f"{stem}: {each.ran.error}" for stem, each in shown.items() if each.ran.error]


def slowest(shown: Mapping[str, Outputs], count: int = 3) -> str:
    """Return one line with the total time of the chapters and the slowest of them, "" for none.

    Of each of these its slowest cell is named by its place among those that ran.
    """
    took = sorted(((each.ran.seconds, stem) for stem, each in shown.items()), reverse=True)
    if not took:
        return ""
    parts = []
    for seconds, stem in took[:count]:
        cells = [cell.seconds for cell in shown[stem].ran.cells.values()]
        worst = max(range(len(cells)), key=cells.__getitem__, default=0)
        of_it = f", of it {cells[worst]:.1f} s in cell {worst + 1}" if cells else ""
        parts.append(f"{stem} {seconds:.1f} s{of_it}")
    total_s = sum(seconds for seconds, _ in took)
    return f"{len(took)} chapters ran in {total_s:.0f} s; the longest: {'; '.join(parts)}"


def run_apart(chapters: Sequence[Chapter]) -> Iterator[Ran]:
    """Run chapters in one process of their own; yield what came of each, in order."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "reports.chapters.execution", folder]
        command += [str(chapter.path) for chapter in chapters]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "agg"}
        reason = ""
        try:
            done = subprocess.run(  # noqa: S603 - this project's own module, in this Python
                command, cwd=folder, env=environment, timeout=LIMIT_S, check=False,
                capture_output=True, text=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            if done.returncode:
                last = (done.stderr.strip().splitlines() or [""])[-1]
                reason = f"its process ended with {done.returncode}: {last}"
        except subprocess.TimeoutExpired:
            reason = f"the chapters did not end within {LIMIT_S} s"
        for chapter in chapters:
            written = Path(folder) / f"{chapter.path.stem}.json"
            if written.exists():
                yield Ran.from_json(written.read_text(encoding="utf-8"))
            else:
                first = next((cell.key for cell in chapter.cells if cell.key), "")
                yield Ran(failed=first, error=reason or "it was not run")


def key(chapter: Chapter) -> str:
    """Return a hash of all that a chapter's outputs depend on: code, imports, and where it runs."""
    digest = hashlib.sha256(repr(chapter.cells).encode())
    for path in (*RUNNING, *_used(chapter.code)):
        digest.update(path.read_bytes())
    places = [platform.python_version(), platform.machine(), str(os.cpu_count())]
    places += sorted(str(path) for path in Path("/proc/driver/nvidia/gpus").glob("*"))
    places += [_version(name) for name in ("torch", "numpy", "matplotlib")]
    digest.update("\0".join(places).encode())
    return digest.hexdigest()


def _used(code: str) -> Iterator[Path]:
    """Yield the files of this project that code may use: those of the packages that it names."""
    for package in ("bench", "reports", "tutorial"):
        if re.search(rf"\b{package}\b", code):
            for path in sorted((ROOT / package).rglob("*.py")):
                if not path.parent.name[:1].isdigit():  # other chapters are not imported
                    yield path


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _known(chapter: Chapter, kept: Path) -> Ran | None:
    """Return what a chapter showed before, None where that is not known or no longer holds."""
    path = kept / f"{chapter.path.stem}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Ran.from_json(stored["ran"]) if stored["key"] == key(chapter) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # written anew


def _keep(chapter: Chapter, ran: Ran, kept: Path) -> None:
    stored = json.dumps({"key": key(chapter), "ran": ran.as_json()})
    with contextlib.suppress(OSError):  # where nothing can be written, it is run each time
        kept.mkdir(parents=True, exist_ok=True)
        part = kept / f".{chapter.path.stem}.{os.getpid()}"
        part.write_text(stored, encoding="utf-8")
        part.replace(kept / f"{chapter.path.stem}.json")


def record(shown: Mapping[str, Outputs], label: str, folder: Path = RECORDED) -> Path:
    """Write what chapters show here, for pages that are built where it cannot be run.

    Raises
    ------
    ValueError : nothing ran here.

    """
    ran = [each.ran for each in shown.values() if each.ran.cells]
    if not ran:
        raise ValueError("chapters that ran here expected, got none: is PyTorch installed?")
    cells = {key: asdict(cell) for each in ran for key, cell in each.cells.items()}
    about = {"label": label, "place": ran[0].place, "made": max(each.made for each in ran)}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub('[^A-Za-z0-9.-]+', '-', label)}.json"
    path.write_text(json.dumps({**about, "cells": cells}, indent=1) + "\n", encoding="utf-8")
    return path


def recorded_in(folder: Path) -> list[Recording]:
    """Return what other machines recorded, the newest first."""
    recordings = []
    for path in sorted(folder.glob("*.json")):
        stored = json.loads(path.read_text(encoding="utf-8"))
        recordings.append(Recording(cells=cells_from(stored.pop("cells")), **stored))
    return sorted(recordings, key=lambda recording: recording.made, reverse=True)
