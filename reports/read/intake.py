"""An address -> bounded, strict JSON. Files are the least trusted input there is.

An address is a path, or anything that fsspec opens: `s3://bucket/runs/*.json`. What is refused is
one clear line that names the file and, where it has one, the field; nothing of a file is believed
before it was checked, and no text of a file is printed as it stands.
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

from bench.results.journal import assembled, lines

MAX_BYTES = 256 * 2**20
SHOWN = 120  # characters of a file's own text in a complaint
JOURNAL = re.compile(r"\.jsonl(\.\w+)?$")
SUFFIXES = (".json", ".jsonl", ".json.gz")
DEEP = re.compile(r'"([^"\\]{1,80})"\s*:\s*(?:[\[{]\s*(?:"[^"\\]{0,80}"\s*:\s*)?){50}')


class UnreadableError(Exception):
    """A file that is no result file; the message is one line that says why."""


class _BrokenError(Exception):
    """What is wrong with a content, before the file's name is put in front of it."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """What stands at an address: JSON values, not yet checked for what they mean."""

    name: str
    sha256: str
    content: Any


def read(address: Path | str) -> Raw:
    """Read what stands at an address.

    Raises
    ------
    UnreadableError : it cannot be opened, is larger than 256 MiB, or is no strict JSON: NaN,
        Infinity, a key that stands twice, nesting without end.

    """
    name, data = printable(str(address)), raw_bytes(address)
    try:
        text = data.decode("utf-8")
        journal = JOURNAL.search(str(address))
        content = assembled(lines(text, strict)) if journal else strict(text)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{name}: not readable as JSON: no UTF-8 text: {error}") from error
    except RecursionError as error:
        deep = DEEP.search(text)
        where = f"{printable(deep[1])}: " if deep else ""
        raise UnreadableError(f"{name}: {where}nested too deeply for a result file") from error
    except (_BrokenError, ValueError) as error:
        raise UnreadableError(f"{name}: not readable as JSON: {printable(str(error))}") from error
    return Raw(name=name, sha256=hashlib.sha256(data).hexdigest(), content=content)


def raw_bytes(address: Path | str) -> bytes:
    """Return the bytes that stand at an address, unpacked.

    Raises
    ------
    UnreadableError : it cannot be opened, or holds more than 256 MiB.

    """
    name = printable(str(address))
    try:
        with fsspec.open(str(address), "rb", compression="infer") as file:
            data = bytes(file.read(MAX_BYTES + 1))
    except Exception as error:  # every file system has errors of its own
        raise UnreadableError(f"{name}: cannot be opened: {printable(str(error))}") from error
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"{name}: larger than {MAX_BYTES >> 20} MiB, no result file")
    return data


def expand(addresses: Iterable[Path | str]) -> list[str]:
    """Return the files of addresses: a folder's result files, what a pattern matches, or itself."""
    files: list[str] = []
    for address in map(str, addresses):
        try:
            files += list(_files(address)) or [address]
        except Exception:  # noqa: BLE001 - reading it will say what is wrong
            files.append(address)
    return files


def _files(address: str) -> Iterator[str]:
    system, path = fsspec.core.url_to_fs(address)
    prefix = address[: address.index(path)] if path in address else ""
    if system.isdir(path):  # before patterns: its name may hold a bracket
        names = sorted(system.find(path))
    elif any(sign in address for sign in "*?["):
        names = sorted(system.glob(path))
    else:
        names = []
    yield from (prefix + name for name in names if name.endswith(SUFFIXES))


def strict(text: str) -> Any:
    """Parse JSON as its standard has it (RFC 8259): finite numbers, and each key once.

    Raises
    ------
    _BrokenError, JSONDecodeError, RecursionError : it is none.

    """
    constants: list[str] = []

    def constant(sign: str) -> float:
        constants.append(sign)
        return math.nan

    content = json.loads(text, object_pairs_hook=_once, parse_constant=constant)
    if constants:
        raise _BrokenError(f"{_where(content)}: a finite number expected, got {constants[0]}")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key in counts if counts[key] > 1)
        raise _BrokenError(f"{printable(twice)}: each key once expected, got it twice")
    return content


def _where(content: Any) -> str:
    """Return the path of the first number that is none."""
    waiting: list[tuple[str, Any]] = [("", content)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, float) and math.isnan(value):
            return printable(path.lstrip("."))
        parts = enumerate(value) if isinstance(value, list) else ()
        items = list(value.items() if isinstance(value, dict) else parts)
        waiting += [(f"{path}.{key}", part) for key, part in reversed(items)]
    return ""


def printable(text: str) -> str:
    """Return a file's text fit for one line of a terminal: bounded, and no control characters."""
    line = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return line if len(line) <= SHOWN * 4 else line[: SHOWN * 4] + "…"
