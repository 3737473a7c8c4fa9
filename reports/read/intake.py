"""Reads JSON from an address, of bounded size.

An address is a path, or any URL that fsspec opens: `s3://bucket/runs/*.json`. Files are untrusted:
their size is limited, and control characters are removed from their text before it is printed. An
error is one line that names the file, and the field if there is one.
"""

import bz2
import gzip
import hashlib
import json
import lzma
import math
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import fsspec

from bench.results.journal import assembled, lines
from reports.read.origin import tool_of_text

MAX_BYTES = 256 * 2**20
MOST_DIGITS = 4000  # of an integer; Python refuses more
MOST_PRINTED = 480  # characters of a file's own text in an error
JOURNAL = re.compile(r"\.jsonl(\.\w+)?$")
SUFFIXES = (".json", ".jsonl", ".json.gz", ".json.bz2", ".json.xz", ".json.zip")
# a key whose value begins with 50 nested lists or objects
DEEP = re.compile(r'"([^"\\]{1,80})"\s*:\s*(?:[\[{]\s*(?:"[^"\\]{0,80}"\s*:\s*)?){50}')


class UnreadableError(Exception):
    """A file that cannot be read as a result file; the message is one line that says why."""


class _Odd(float):
    """NaN or an infinity that the JSON names, which the standard does not allow."""


class _BrokenError(Exception):
    """JSON that breaks a rule; the message does not yet name the file."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """The JSON of a file, not yet validated against the schema.

    Attributes
    ----------
    notes : how the file was read, if it was not plain UTF-8: `UTF-16`.
    broken : the first rule of strict JSON that it breaks and that can be overlooked; "" for none.
        A file of this suite that breaks one is refused.

    """

    name: str
    sha256: str
    content: Any
    notes: tuple[str, ...] = ()
    broken: str = ""


def read(address: Path | str) -> Raw:
    """Read a JSON file, or a journal of JSON lines, which is assembled into one result.

    Raises
    ------
    UnreadableError : the file cannot be opened, is larger than 256 MiB, or is no JSON; it is a
        journal and breaks a rule of strict JSON; another tool wrote it.

    """
    name, data = printable(str(address)), raw_bytes(address)
    text, notes = decoded(data)
    try:
        if JOURNAL.search(str(address)):
            content, broken = _journal(text), ""
        else:
            content, broken = parse_leniently(text)
    except RecursionError as error:
        deep = DEEP.search(text)
        where = f"{printable(deep[1])}: " if deep else ""
        raise UnreadableError(f"{name}: {where}nested too deeply for a result file") from error
    except (_BrokenError, ValueError) as error:
        if tool := tool_of_text(text):
            raise UnreadableError(f"{name}: {refusal(tool)}") from error
        why = printable(_why_not_json(text, error))
        raise UnreadableError(f"{name}: not readable as JSON: {why}") from error
    sha256 = hashlib.sha256(data).hexdigest()
    return Raw(name=name, sha256=sha256, content=content, notes=notes, broken=broken)


def _journal(text: str) -> Any:
    content = assembled(lines(text, parse_json))
    if content.get("schema") is None and tool_of_text(text):
        raise ValueError("a journal of this suite expected")
    return content


def refusal(tool: str) -> str:
    """Return why a file of another tool is refused."""
    return (
        f"written by {tool}; only files of this suite and of pytest-benchmark"
        " (pytest --benchmark-json=FILE) can be read"
    )


def decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, and notes if it is not plain UTF-8.

    PowerShell writes UTF-16 when it redirects, and some editors begin a file with a byte order
    mark. Null bytes at the end are what a crashed machine leaves.
    """
    encoding = json.detect_encoding(data)
    notes = [] if encoding == "utf-8" else [NAMES.get(encoding, encoding.upper())]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text, notes = data.decode("latin-1"), ["Latin-1, because it is no valid UTF-8"]
    bare = text.rstrip("\x00")
    if len(bare) < len(text):
        notes.append("without the null bytes at its end")
    return bare, tuple(notes)


NAMES = {
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
}


def _why_not_json(text: str, error: Exception) -> str:
    """Return why a text is no JSON: it is empty, it ends too early, or the parser's message."""
    if not text.strip():
        return "it is empty, as pytest-benchmark leaves a file if its run does not finish"
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    ends = not text[error.pos :].strip() or error.msg.startswith("Unterminated string")
    return f"{error}; it ends too early: was it cut off?" if ends else str(error)


def raw_bytes(address: Path | str) -> bytes:
    """Return the bytes of a file, decompressed if its first bytes are those of an archive.

    Raises
    ------
    UnreadableError : the file cannot be opened or decompressed, or is larger than 256 MiB.

    """
    name = printable(str(address))
    try:
        with fsspec.open(str(address), "rb") as file:
            data = bytes(file.read(MAX_BYTES + 1))
        if len(data) <= MAX_BYTES:
            data = _decompressed(data)
    except (EOFError, zipfile.BadZipFile) as error:
        why = f"{printable(str(error))}: was it cut off?"
        raise UnreadableError(f"{name}: cannot be decompressed: {why}") from error
    except Exception as error:  # each file system raises its own types of error
        raise UnreadableError(f"{name}: cannot be opened: {printable(str(error))}") from error
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"{name}: larger than {MAX_BYTES >> 20} MiB, no result file")
    return data


OPENERS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
)
ZIP, ZSTD = b"PK\x03\x04", b"\x28\xb5\x2f\xfd"


def _decompressed(data: bytes) -> bytes:
    """Return the content of an archive, of at most one byte more than is allowed.

    Raises
    ------
    ValueError : the archive is of a kind that is not read, or has several files.

    """
    for magic, opener in OPENERS:
        if data.startswith(magic):
            with opener(BytesIO(data)) as file:
                return bytes(file.read(MAX_BYTES + 1))
    if data.startswith(ZSTD):
        raise ValueError("compressed by Zstandard, which is not read: unzstd unpacks it")
    if not data.startswith(ZIP):
        return data
    with zipfile.ZipFile(BytesIO(data)) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        if len(files) != 1:
            raise ValueError(f"an archive of one file expected, got {len(files)}: unpack it")
        with archive.open(files[0]) as file:
            return file.read(MAX_BYTES + 1)


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
    content, broken = parse_leniently(text)
    if broken:
        raise _BrokenError(broken)
    return content


def parse_leniently(text: str) -> tuple[Any, str]:
    """Parse JSON; return also the first rule that it breaks and that can be overlooked, or "".

    NaN, Infinity and integers of thousands of digits become floats that are not finite. Of a key
    that stands twice, the last value counts. Control characters may stand in texts.

    Raises
    ------
    JSONDecodeError, RecursionError : the text breaks another rule.

    """
    odd: list[str] = []  # constants that Python's parser accepts
    broken: list[str] = []

    def constant(name: str) -> float:
        odd.append(name)
        return _Odd(name.replace("Infinity", "inf"))

    def integer(digits: str) -> float:
        if len(digits) <= MOST_DIGITS:
            return int(digits)
        broken.append(f"an integer of at most {MOST_DIGITS} digits expected, got {len(digits)}")
        return math.inf

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(items)
        if len(content) < len(items):
            counts = Counter(key for key, _ in items)
            duplicate = next(key for key in counts if counts[key] > 1)
            broken.append(f"{printable(duplicate)}: each key once expected, got it twice")
        return content

    parse = partial(json.loads, object_pairs_hook=pairs, parse_constant=constant, parse_int=integer)
    try:
        content = parse(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Invalid control character"):
            raise
        odd.clear()
        broken[:] = [str(error)]
        content = parse(text, strict=False)
    if odd:
        where = _path_of_odd(content)
        broken.insert(0, f"{where}: a finite number expected, got {odd[0]}")
    return content, broken[0] if broken else ""


def _path_of_odd(content: Any) -> str:
    """Return the path of the first number that is not finite: `benchmarks.1.stats`."""
    stack: list[tuple[str, Any]] = [("", content)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, _Odd):
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
