"""Files that pytest-benchmark (2.5 to 5.3) wrote for other projects: tests, times and options."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from bench.results.fields import MAX_CELLS, Count, Model, Name, NotNegative, each_once, fitting
from bench.results.machine import Head

LONGEST_STATED = 80  # characters of a stated value; a longer one is shown by its beginning and hash
MOST_STATED = 300  # fields of one object that have a text of their own
DEEPEST = 2  # dots in the path of an object whose fields have texts of their own


class ForeignStats(Model):
    """Statistics of one test, in seconds; with a coarse clock they can be 0."""

    min: NotNegative
    max: NotNegative | None = None
    median: NotNegative
    iqr: NotNegative | None = None
    rounds: Count | None = None
    iterations: Count | None = None


class ForeignBenchmark(Model):
    """One test of the file.

    Attributes
    ----------
    options : how it was measured, as text: the timer, `disable_gc`, `min_rounds` and so on. Its
        parameters and what it noted in `extra_info` are among them.

    """

    group: Name | None = None
    name: Name
    fullname: Name
    options: dict[str, str] = {}
    stats: ForeignStats

    @model_validator(mode="before")
    @classmethod
    def _options(cls, entry: Any) -> Any:
        """Collect what the file says about how the test was measured."""
        if not isinstance(entry, dict):
            return entry
        options = dict(_stated(entry.get("options"), ""))
        for key in ("params", "extra_info"):
            options |= {key: _text(entry[key])} if entry.get(key) else {}
        return entry | {"options": options}


KNOWN = (
    "label",
    "system",
    "release",
    "machine",
    "python_version",
    "python_implementation",
    "python_implementation_version",
)
NAMED = (  # fields that `Machine` and `Commit` hold under names of their own, or that say no more
    *(f"machine_info.{key}" for key in KNOWN),
    *(f"machine_info.cpu.{key}" for key in ("brand_raw", "brand", "count", "python_version")),
    *(f"machine_info.cpu.{key}" for key in ("hz_actual", "hz_advertised")),
    "commit_info.id",
    "commit_info.dirty",
    "datetime",
)


class ForeignFile(Head):
    """A file that pytest-benchmark wrote without this suite.

    Attributes
    ----------
    stated : what the file says about machine, commit and tool in fields that have no other name.

    """

    benchmarks: Annotated[list[ForeignBenchmark], Field(max_length=MAX_CELLS)]
    stated: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _stated(cls, content: Any) -> Any:
        """Collect the fields that are not of a test."""
        if not isinstance(content, dict):
            return content
        rest = {key: value for key, value in content.items() if key != "benchmarks"}
        facts = {key: text for key, text in _stated(rest, "") if key not in NAMED}
        return content | {"stated": facts}

    @field_validator("machine_info", mode="before")
    @classmethod
    def _known(cls, info: Any) -> Any:
        """Keep the fields that mean the same here; not py-cpuinfo's `model`, a number."""
        if not isinstance(info, dict):
            return info
        cpu = info.get("cpu")
        known = {key: info[key] for key in KNOWN if key in info}
        if isinstance(cpu, dict):
            known["cpu"] = {key: cpu[key] for key in ("brand_raw", "brand", "count") if key in cpu}
        return known

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        each_once("benchmarks", [entry.fullname for entry in self.benchmarks])
        return self


def _stated(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of an object's fields by their paths: `machine_info.cpu.bits`.

    What is nested deeper, and what is left of very many fields, is one text.
    """
    if not isinstance(value, Mapping):
        return
    fields = list(value.items())
    for key, part in fields[:MOST_STATED]:
        name = fitting(f"{path}.{key}".lstrip("."))
        if isinstance(part, Mapping) and name.count(".") < DEEPEST:
            yield from _stated(part, name)
        elif part not in (None, "", [], {}):
            yield name, _text(part)
    if rest := dict(fields[MOST_STATED:]):
        yield fitting(f"{path}.further".lstrip(".")), _text(rest)


def _text(value: Any) -> str:
    """Return a value as text; of a long one the beginning, and a hash of the whole."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    if len(text) <= LONGEST_STATED:
        return fitting(text)
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
    return fitting(f"{text[:LONGEST_STATED]}… ({digest})")
