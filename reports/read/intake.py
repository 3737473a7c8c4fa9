"""Reads JSON from an address, of bounded size and strictly by the standard.

An address is a path, or any URL that fsspec opens: `s3://bucket/runs/*.json`. Files are untrusted:
their size is limited, and control characters are removed from their text before it is printed. An
error is one line that names the file, and the field if there is one.
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
MOST_PRINTED = 480  # characters of a file's own text in an error
JOURNAL = re.compile(r"\.jsonl(\.\w+)?$")
SUFFIXES = (".json", ".jsonl", ".json.gz")
# a key whose value begins with 50 nested lists or objects
DEEP = re.compile(r'"([^"\\]{1,80})"\s*:\s*(?:[\[{]\s*(?:"[^"\\]{0,80}"\s*:\s*)?){50}')


class UnreadableError(Exception):
    """A file that cannot be read as a result file; the message is one line that says why."""


class _BrokenError(Exception):
    """JSON that breaks a rule; the message does not yet name the file."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """The JSON of a file, not yet validated against the schema."""

    name: str
    sha256: str
    content: Any


def read(address: Path | str) -> Raw:
    """Read a JSON file, or a journal of JSON lines, which is assembled into one result.

    Raises
    ------
    UnreadableError : the file cannot be opened, is larger than 256 MiB, or is not strict JSON: it
        has NaN, Infinity, a duplicate key, or nesting that is too deep.

    """
    name, data = printable(str(address)), raw_bytes(address)
    try:
        text = data.decode("utf-8")
        journal = JOURNAL.search(str(address))
        content = assembled(lines(text, parse_json)) if journal else parse_json(text)
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
    """Return the bytes of a file, decompressed.

    Raises
    ------
    UnreadableError : the file cannot be opened, or is larger than 256 MiB.

    """
    name = printable(str(address))
    try:
        with fsspec.open(str(address), "rb", compression="infer") as file:
            data = bytes(file.read(MAX_BYTES + 1))
    except Exception as error:  # each file system raises its own types of error
        raise UnreadableError(f"{name}: cannot be opened: {printable(str(error))}") from error
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"{name}: larger than {MAX_BYTES >> 20} MiB, no result file")
    return data


def expand(addresses: Iterable[Path | str]) -> list[str]:
    """Return the files at some addresses.

    A folder gives its result files, and a pattern gives the files that it matches. An address that
    gives none is kept, so that reading it raises an error that names it.
    """
    files: list[str] = []
    for address in map(str, addresses):
        try:
            files += list(_files(address)) or [address]
        except Exception:  # noqa: BLE001 - reading the address will raise a clear error
            files.append(address)
    return files


def _files(address: str) -> Iterator[str]:
    system, path = fsspec.core.url_to_fs(address)
    prefix = address[: address.index(path)] if path in address else ""
    if system.isdir(path):  # checked before patterns: a folder's name may contain a bracket
        names = sorted(system.find(path))
    elif any(sign in address for sign in "*?["):
        names = sorted(system.glob(path))
    else:
        names = []
    yield from (prefix + name for name in names if name.endswith(SUFFIXES))


def parse_json(text: str) -> Any:
    """Parse JSON strictly (RFC 8259): numbers are finite, and an object has each key once.

    Raises
    ------
    _BrokenError, JSONDecodeError, RecursionError : the text breaks one of these rules.

    """
    constants: list[str] = []  # NaN, Infinity or -Infinity, which Python's parser accepts

    def note_constant(constant: str) -> float:
        constants.append(constant)
        return math.nan

    content = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=note_constant)
    if constants:
        raise _BrokenError(f"{_path_of_nan(content)}: a finite number expected, got {constants[0]}")
    return content


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        duplicate = next(key for key in counts if counts[key] > 1)
        raise _BrokenError(f"{printable(duplicate)}: each key once expected, got it twice")
    return content


def _path_of_nan(content: Any) -> str:
    """Return the path of the first NaN: `benchmarks.1.stats`."""
    stack: list[tuple[str, Any]] = [("", content)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, float) and math.isnan(value):
            return printable(path.lstrip("."))
        elements = enumerate(value) if isinstance(value, list) else ()
        items = list(value.items() if isinstance(value, dict) else elements)
        stack += [(f"{path}.{key}", part) for key, part in reversed(items)]
    return ""


def printable(text: str) -> str:
    """Return a file's text made safe for one line of a terminal.

    Control characters are replaced, and long text is cut off.
    """
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return line if len(line) <= MOST_PRINTED else line[:MOST_PRINTED] + "…"
