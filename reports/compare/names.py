"""Matches tests of other tools' files by name, where their folders or files have moved.

pytest-benchmark calls a test `tests/unit/test_sort.py::TestSort::test_list[100]`. The same test may
lie in `.tox/py312/tests/unit/` or `src/`, or its file may be called otherwise. It is then matched
by the end of its path, as far as that is needed to tell it from others.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from reports.compare.verdicts import NOT_COMPARABLE
from reports.read.result import Process, ResultTable, Tabular, tabulated

FULL: Final = "full"  # by the whole name, folder included
NAME: Final = "name"  # by the name without its folder, and its file if that has another name
SEPARATOR = "::"


@dataclass(frozen=True, kw_only=True)
class Test:
    """The parts of a test's name."""

    folders: tuple[str, ...]
    file: str
    name: str

    def shortened(self, folders: int) -> str:
        """Return the name with that many of its last folders."""
        kept = self.folders[max(0, len(self.folders) - folders) :]
        path = "/".join([*kept, self.file])
        return f"{path}{SEPARATOR}{self.name}" if self.file else self.name


def test_of(full: str) -> Test:
    """Return the parts of a full name; a name without a path has only itself."""
    path, separator, name = full.partition(SEPARATOR)
    if not separator:
        return Test(folders=(), file="", name=full)
    *folders, file = path.replace("\\", "/").split("/")
    return Test(folders=tuple(folders), file=file, name=name)


def matched(results: Sequence[Tabular], matching: str) -> list[Tabular]:
    """Return the results; with NAME, the tests that match have the same name in all of them."""
    others = [result for result in results if not result.own]
    if matching == FULL or not others:
        return list(results)
    renamed = shared_names([list(result.table["cell"]) for result in others])
    names = dict(zip(map(id, others), renamed, strict=True))
    return [result if result.own else _renamed(result, names[id(result)]) for result in results]


def _renamed(result: Tabular, names: Mapping[str, str]) -> ResultTable:
    """Return a result whose tests have other names."""
    table = result if isinstance(result, ResultTable) else tabulated(result)
    process = result.process or Process()
    return replace(
        table,
        table=table.table.assign(cell=[names[cell] for cell in table.table["cell"]]),
        process=replace(
            process,
            ticks_s={names[cell]: tick for cell, tick in process.ticks_s.items()},
            options={
                key: {names[cell]: text for cell, text in texts.items()}
                for key, texts in process.options.items()
            },
        ),
    )


def shared_names(files: Sequence[Iterable[str]]) -> list[dict[str, str]]:
    """Return for each file a name for each of its tests, the same for tests that match.

    Tests match if file and name are equal; several of one file that are equal in both are told
    apart by their last folders. What then is in one file alone is matched by its name, if no other
    test of its file has it.
    """
    members = [(place, test_of(full), full) for place, file in enumerate(files) for full in file]
    names: list[dict[str, str]] = [{} for _ in files]
    for _, group in _grouped(members, lambda test: test.shortened(0)):
        _name_by_folders(group, 0, names)
    shared = {name for name, uses in _uses(names).items() if uses > 1}
    alone = [each for each in members if names[each[0]][each[2]] not in shared]
    taken = [Counter(of_file.values()) for of_file in names]
    for name, group in _grouped(alone, lambda test: test.name):
        used = any(taken[place][name] > (names[place][full] == name) for place, _, full in group)
        if _once(group) and len(group) > 1 and not used:
            for place, _, full in group:
                names[place][full] = name
    return names


Member = tuple[int, Test, str]  # the place of a file, and a test of it with its full name


def _grouped(
    members: Iterable[Member], key: Callable[[Test], str]
) -> Iterator[tuple[str, list[Member]]]:
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(key(member[1]), []).append(member)
    yield from groups.items()


def _once(group: Sequence[Member]) -> bool:
    """Return whether no file has two of the tests."""
    return len({place for place, _, _ in group}) == len(group)


def _name_by_folders(group: list[Member], folders: int, names: list[dict[str, str]]) -> None:
    """Name tests by as many of their last folders as tell those of one file apart."""
    deepest = max(len(test.folders) for _, test, _ in group)
    if _once(group) or folders >= deepest:
        for place, test, full in group:
            names[place][full] = test.shortened(folders) if _once(group) else full
        return
    for _, part in _grouped(group, lambda test: test.shortened(folders + 1)):
        _name_by_folders(part, folders + 1, names)


def _uses(names: Sequence[Mapping[str, str]]) -> Counter[str]:
    """Return in how many files each name is."""
    return Counter(name for of_file in names for name in set(of_file.values()))


@dataclass(frozen=True, kw_only=True)
class Offer:
    """How many tests of two files would match by name: where only the folder differs, or more."""

    folders: int
    files: int


def offer(pairs: pd.DataFrame) -> Offer:
    """Return what matching by name would add to one machine's pairs."""
    rows = pairs[pairs["verdict"] == NOT_COMPARABLE]
    sides = [_lacking(rows, cell, minima) for cell, minima in LACKING]
    base, other = shared_names(sides)
    by_name = {name: full for full, name in base.items()}
    matches = [(by_name[name], full) for full, name in other.items() if name in by_name]
    folders = sum(test_of(a).shortened(0) == test_of(b).shortened(0) for a, b in matches)
    return Offer(folders=folders, files=len(matches) - folders)


LACKING = (("cell", "minima_base"), ("cell_base", "minima"))


def _lacking(pairs: pd.DataFrame, lacking: str, minima: str) -> list[str]:
    """Return the tests of one side that the other side lacks."""
    absent = pairs[lacking].isna() | (pairs[lacking] == "")
    present = pairs[minima].notna() & (pairs[minima] != "")
    return [str(key) for key in pairs.loc[absent & present, "key"]]
