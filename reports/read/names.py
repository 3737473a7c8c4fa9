"""Labels of files, and names cut to a width so that they stay distinct."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from reports.read.intake import printable
from reports.read.result import FileHead

SUFFIXES = re.compile(r"(?<=.)(\.jsonl?)?(\.(gz|bz2|xz|zip|zst))?$", re.IGNORECASE)
ELLIPSIS = "…"
LEAST = 5  # characters of a name that was cut


def label_of(path: str) -> str:
    """Return a file's label: its name without `.json` and what compresses it.

    Other dots stay: `x_1.3.3.json` and `x_1.4.4.json` are `x_1.3.3` and `x_1.4.4`.
    """
    name = re.split(r"[/\\]", path.partition("?")[0].rstrip("/\\"))[-1]
    return printable(SUFFIXES.sub("", name, count=1)) or "unnamed"


def label_in(path: str, folders: int) -> str:
    """Return a file's label with the names of the folders that it is in: `before/out`."""
    parents = [part for part in PurePath(path).parent.parts if part not in {"/", "\\", "."}]
    return printable("/".join([*parents[len(parents) - folders :], label_of(path)]))


def distinct_labels(results: Sequence[FileHead]) -> list[str]:
    """Return the labels; equal names of files get the folders that tell them apart.

    As many folders as are needed are named. Labels that a file states are left as they are.
    """
    labels = [result.label for result in results]
    paths = ["" if result.machine.label else result.path for result in results]
    chosen = list(labels)
    for label, uses in Counter(labels).items():
        places = [n for n, each in enumerate(labels) if each == label]
        named = [n for n in places if label_of(paths[n]) == label]
        if uses == 1 or len(named) < len(places):
            continue
        most = max(len(PurePath(paths[n]).parts) for n in places)
        for folders in range(1, most):
            longer = [label_in(paths[n], folders) for n in places]
            if len(set(longer)) == len({paths[n] for n in places}):
                for n, text in zip(places, longer, strict=True):
                    chosen[n] = text
                break
    return chosen


def cut_names(names: Sequence[str], most: int) -> list[str]:
    """Return each name on one line of at most `most` characters, so that distinct ones stay so.

    A name that is too long loses what it shares with others at its beginning, else its middle. If
    the names are still equal, they are numbered.
    """
    lines = [" ".join(name.split()) for name in names]
    most = max(most, LEAST)
    if all(len(line) <= most for line in lines):
        return lines
    unique = list(dict.fromkeys(lines))
    chosen = dict(zip(unique, _cut_unique(unique, most), strict=True))
    return [chosen[line] for line in lines]


def _cut_unique(names: Sequence[str], most: int) -> list[str]:
    """Return distinct cuts of distinct names, by the first way of cutting that keeps them so."""
    for head in (most // 2, most // 4, 0, most - 1):
        cuts = [cut_middle(name, most, head) for name in names]
        if len(set(cuts)) == len(cuts):
            return cuts
    return _around_differences(names, most)


def cut_middle(name: str, most: int, head: int | None = None) -> str:
    """Return a name of at most `most` characters: its first `head`, an ellipsis, and its end."""
    if len(name) <= most:
        return name
    head = most // 2 if head is None else head
    tail = most - 1 - head
    return name[:head] + ELLIPSIS + (name[-tail:] if tail else "")


def _around_differences(names: Sequence[str], most: int) -> list[str]:
    """Return cuts at the place where each name differs from its neighbours in sorted order.

    What is still equal is numbered.
    """
    ordered = sorted(names)
    shared = [0, *map(_shared, ordered, ordered[1:]), 0]
    width = most - 2
    cuts: dict[str, str] = {}
    taken: set[str] = set()
    for name, before, after in zip(ordered, shared[:-1], shared[1:], strict=True):
        start = max(0, max(before, after) - width // 2)
        text = name if len(name) <= most else _window(name, start, width)
        number = 1
        while text in taken:
            number += 1
            mark = f"~{number}"
            text = text[: most - len(mark)].partition("~")[0] + mark
        taken.add(text)
        cuts[name] = text
    return [cuts[name] for name in names]


def _window(name: str, start: int, width: int) -> str:
    start = min(start, len(name) - width)
    end = start + width
    before, after = ELLIPSIS * (start > 0), ELLIPSIS * (end < len(name))
    return f"{before}{name[start:end]}{after}"


def _shared(a: str, b: str) -> int:
    """Return how many characters two names share at their beginning."""
    return next(
        (n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
