"""Resuming: finds the newest interrupted run and checks that it can be continued."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.outcomes.journal import Journal

MACHINE = ("cpu", "gpus", "blas", "settings")


class ResumeError(Exception):
    """The run cannot be resumed; the message says why and what to do."""


def resumed(folder: Path, header: Mapping[str, Any], selected: Sequence[str]) -> Journal:
    """Return the journal of the newest run in a machine's folder, to be continued.

    Raises
    ------
    ResumeError : there is no interrupted run, or it has another header or other cells.

    """
    journal = unfinished(folder)
    refuse_changed(journal, header, selected)
    journal.rewrite()
    return journal


def unfinished(folder: Path) -> Journal:
    """Return the journal of the newest run in a machine's folder.

    Raises
    ------
    ResumeError : there is none, it has ended, or its file cannot be read.

    """
    files = sorted(folder.glob("*.json*"), key=lambda path: (path.stem, path.suffix))
    if not files:
        raise ResumeError(f"--resume expects a run that was cut off in {folder}; there is none")
    try:
        journal = Journal.reopen(files[-1])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ResumeError(f"--resume cannot read {files[-1]}: {error!r}") from error
    if journal.complete:
        raise ResumeError(f"--resume: {files[-1]} came to its end; start a new run instead")
    return journal


def refuse_changed(journal: Journal, header: Mapping[str, Any], selected: Sequence[str]) -> None:
    """Check that machine, versions, sources and cells of a run have not changed.

    Raises
    ------
    ResumeError : something has changed; the message lists what.

    """
    was, now = json.loads(json.dumps([journal.header, header]))
    changes = [*_changes(was, now)]
    if set(journal.selected) != set(selected):
        changes.append(f"the selection: {len(journal.selected)} cells, now {len(selected)}")
    if changes:
        raise ResumeError(
            f"--resume cannot mix two runs in {journal.path.with_suffix('.json').name}; changed "
            f"since: {'; '.join(changes)}. Undo that, or start a new run"
        )


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    yield from machine_changes(was, now)
    for name, digest in now["run"]["sources"].items():
        if was["run"]["sources"].get(name, digest) != digest:
            yield f"the source of workload {name}"


def machine_changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of a machine and its libraries differs between two headers of result files."""
    before, after = was["machine_info"], now["machine_info"]
    for key in MACHINE:
        if before.get(key) != after.get(key):
            yield f"the machine's {key}: {before.get(key)}, now {after.get(key)}"
    for name, version in after["versions"].items():
        if before["versions"].get(name) != version:
            yield f"the version of {name}: {before['versions'].get(name)}, now {version}"
