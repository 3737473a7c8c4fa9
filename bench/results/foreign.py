"""Files that pytest-benchmark (2.5 to 5.3) wrote for other projects: tests, times and options."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from bench.results.fields import (
    MAX_CELLS,
    Count,
    Model,
    Name,
    NotNegative,
    Seconds,
    Text,
    fitting,
)
from bench.results.machine import Head
from bench.results.mending import mended

MAX_ID = 2100  # an id that was cut may have a number added

LONGEST_STATED = 80  # characters of a stated value; a longer one is shown by its beginning and hash
MOST_STATED = 300  # fields of one object that have a text of their own
DEEPEST = 2  # dots in the path of an object whose fields have texts of their own


class ForeignStats(Model):
    """Statistics of one test, in seconds."""

    min: Seconds
    median: Seconds
    max: NotNegative | None = None
    mean: NotNegative | None = None
    stddev: NotNegative | None = None
    iqr: NotNegative | None = None
    rounds: Count | None = None
    iterations: Count | None = None


class ForeignBenchmark(Model):
    """One test of the file.

    Attributes
    ----------
    options : how it was measured, as text: the timer, `disable_gc`, `min_rounds` and so on. Its
        parameters and what it noted in `extra_info` are among them.
    params : its parameters by name; a number where the file has a number.
    param : its parameters as pytest writes them into its name: `1000-quick`.
    stats : None if its times cannot be used; `reason` says why.
    notes : what was odd in it, and what was done.

    """

    group: Name | None = None
    name: Name
    fullname: Annotated[str, Field(max_length=MAX_ID)]
    options: dict[str, str] = {}
    params: list[tuple[Text, float | Text]] = []
    param: Text = ""
    stats: ForeignStats | None = None
    reason: Text = ""
    notes: list[str] = []

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

    datetime: Text = ""
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

    @model_validator(mode="wrap")
    @classmethod
    def _lenient(cls, content: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Mend the tests; drop the facts about the machine and the commit that do not fit."""
        known = mended(content) if isinstance(content, dict) else content
        try:
            return handler(known)
        except ValidationError as error:
            wrong = [each["loc"] for each in error.errors(include_url=False)]
            if any(place[0] == "benchmarks" for place in wrong if place):
                raise
            return handler(_without(known, wrong))


def _without(content: dict[str, Any], places: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """Return the content without the fields at some places."""
    dropped = set(places)

    def kept(value: Any, way: tuple[int | str, ...]) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            key: kept(part, (*way, key))
            for key, part in value.items()
            if (*way, key) not in dropped
        }

    return dict(kept(content, ()))


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
