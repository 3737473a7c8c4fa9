"""Groups files of other tools into the sides of a comparison: several of one commit are visits.

A file of this suite is a side of its own, because it holds its visits. A file of another tool holds
one process. Files of one machine and one clean commit, or files that the user joined by commas, are
the visits of one side, and are pooled as this suite pools its visits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.results.pooling import Prior, Visited, estimated, fitted
from reports.read.intake import expand
from reports.read.result import FileHead, ResultTable, Tabular

UNVERSIONED = frozenset({"", "unknown", "unversioned"})  # ids of a commit that is not known
MISSING = "-"  # in `minima`, of a file that lacks the test
GIVEN = "given"  # first in the key of files that the user joined
FEWEST_LETTERS = 3  # of a label that files share

Key = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class Side(ResultTable):
    """The files of another tool that are one side of a comparison.

    `table` has two further columns: `minima`, the minimum of each file as text, and `tick_s`.
    """

    files: tuple[Tabular, ...]


def origins_of(arguments: Sequence[str]) -> list[tuple[str, Key]]:
    """Return the addresses that some arguments name, each with its argument.

    The argument of files that are joined by commas begins with True.
    """
    origins: list[tuple[str, Key]] = []
    for place, argument in enumerate(arguments):
        joined = "," in argument and not Path(argument).exists()
        addresses = list(filter(None, argument.split(","))) if joined else [argument]
        origins += [(address, (joined, place)) for address in expand(addresses)]
    return origins


def sides(
    results: Sequence[Tabular], origins: Mapping[str, Key] | None = None
) -> list[tuple[Tabular, tuple[int, ...]]]:
    """Return the sides, each with the places of its files, in the order of their first files.

    If all files would be one side, those of one argument are: a folder, or a pattern. If there is
    only one argument, or each is a file, then each file is a side.

    Parameters
    ----------
    origins : by path, the argument that a file came from; one that begins with True joined its
        files explicitly.

    Raises
    ------
    ValueError : files that the user joined are of different commits, or are this suite's.

    """
    known = origins or {}
    keys = [_key(result, place, known.get(result.path)) for place, result in enumerate(results)]
    if len(set(keys)) == 1 and keys[0][0] != GIVEN:
        keys = [("argument", known.get(result.path, result.path)) for result in results]
        if len(set(keys)) == 1:
            keys = [("file", place) for place in range(len(results))]
    places: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return [(_side([results[place] for place in own]), tuple(own)) for own in places.values()]


def _key(result: Tabular, place: int, origin: Key | None) -> Key:
    """Return what the files of a side share."""
    if origin is not None and origin[0] is True:
        return (GIVEN, *origin)
    if result.own or result.commit.dirty or result.commit.id in UNVERSIONED:
        return ("file", place)
    return ("commit", result.commit.id, *_machine(result))


def _machine(result: FileHead) -> Key:
    """Return what two files of one machine, and of one Python on it, have in common."""
    machine, process = result.machine, result.process
    node = process.stated.get("machine_info.node", "") if process else ""
    python = (machine.python_implementation, machine.python_version)
    kind = (machine.system, machine.machine, machine.processor, machine.cpu.count)
    return (machine.label, node, *kind, *python)


def _side(files: Sequence[Tabular]) -> Tabular:
    """Return the files as one side; a file of this suite as it is."""
    first = files[0]
    if any(file.own for file in files):
        if len(files) > 1:
            own = next(file.name for file in files if file.own)
            raise ValueError(
                f"files joined by commas must be of another tool; {own} is of this suite,"
                " and holds its visits"
            )
        return first
    distinct = _distinct(files)
    commits = {file.commit.id for file in distinct} - UNVERSIONED
    if len(commits) > 1:
        raise ValueError(
            "files joined by commas must be of one commit, whose visits they are; got "
            + ", ".join(sorted(commit[:12] for commit in commits))
        )
    head = {name: getattr(first, name) for name in FileHead.__dataclass_fields__}
    several = {
        "label": _label(distinct),
        "sha256": " ".join(sorted(file.sha256 for file in distinct)),
        "name": ",".join(file.name for file in distinct),
    }
    return Side(
        **(head | several),
        table=_pooled(distinct),
        medians_alone=False,
        files=tuple(distinct),
    )


def _distinct(files: Sequence[Tabular]) -> list[Tabular]:
    """Return the files without copies: the same times at the same moment are one process."""
    by_content = {
        (file.datetime, tuple(file.table["cell"]), tuple(file.table["time_s"])): file
        for file in reversed(files)
    }
    return list(reversed(by_content.values()))


def _label(files: Sequence[Tabular]) -> str:
    """Return the label of a side: what the labels of its files begin with, or the commit."""
    first = files[0]
    if len(files) == 1:
        return first.label
    shared = _beginning([file.label for file in files]).rstrip("-_. 0123456789")
    if sum(map(str.isalpha, shared)) < FEWEST_LETTERS:
        known = first.commit.id not in UNVERSIONED
        shared = f"commit {first.commit.id[:8]}" if known else first.label
    return shared


def _beginning(texts: Sequence[str]) -> str:
    """Return what all texts begin with."""
    first, last = min(texts), max(texts)
    same = (place for place, letter in enumerate(first) if last[place : place + 1] != letter)
    return first[: next(same, len(first))]


def _pooled(files: Sequence[Tabular]) -> pd.DataFrame:
    """Return a table with one row per test: its time and interval over all files."""
    every = pd.concat([file.table.assign(place=n) for n, file in enumerate(files)])
    timed = every[every["time_s"].notna()]
    first = pd.concat([timed, every]).drop_duplicates("cell").set_index("cell", drop=False)
    order = every["cell"].drop_duplicates()
    table = first.loc[order].drop(columns="place").reset_index(drop=True)
    seconds = _by_file(timed, "time_s", order, len(files))
    medians = _by_file(timed, "typical_s", order, len(files))
    visits = [_visits(line[~np.isnan(line)]) for line in seconds]
    prior = fitted(visit for visit in visits if visit is not None)
    ends = [_ends(visit, prior) for visit in visits]
    tick_s = [max(_tick(file, cell) for file in files) for cell in order]
    return table.assign(
        minima=[_text(line) for line in seconds],
        tick_s=tick_s,
        typical_s=[
            float(np.nanmedian(line)) if not np.isnan(line).all() else np.nan for line in medians
        ],
        **{name: [end[place] for end in ends] for place, name in enumerate(ENDS)},
    )


ENDS = ("time_s", "time_low_s", "time_high_s")


def _by_file(timed: pd.DataFrame, name: str, order: pd.Series, files: int) -> np.ndarray:
    """Return a row per test with its value in each file, NaN if a file lacks it."""
    wide = timed.pivot_table(values=name, index="cell", columns="place", observed=True)
    wide = wide.reindex(index=order, columns=range(files))
    values: np.ndarray = wide.to_numpy(dtype=float)
    return values


def _visits(seconds: np.ndarray) -> Visited | None:
    if not len(seconds):
        return None
    logs = np.log(seconds)
    return Visited(logs=logs, anchor=float(logs.min()))


def _ends(visits: Visited | None, prior: Prior) -> tuple[float, float, float]:
    """Return the time of a test with its interval; none if there is only one visit."""
    if visits is None:
        return np.nan, np.nan, np.nan
    if not visits.degrees:
        return float(np.exp(visits.logs[0])), np.nan, np.nan
    estimate = estimated(visits, prior)
    return estimate.value, estimate.low, estimate.high


def _tick(file: Tabular, cell: str) -> float:
    return file.process.ticks_s.get(cell, 0.0) if file.process else 0.0


def _text(seconds: np.ndarray) -> str:
    """Return the minimum of each file, "" if none has any."""
    texts = [MISSING if np.isnan(value) else repr(float(value)) for value in seconds]
    return "" if set(texts) == {MISSING} else " ".join(texts)
