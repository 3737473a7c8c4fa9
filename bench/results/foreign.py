"""Files that pytest-benchmark (2.5 to 5.3) wrote for other projects: names and times of tests."""

from typing import Annotated, Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from bench.results.fields import MAX_CELLS, Count, Model, Name, NotNegative, Seconds, Text
from bench.results.machine import Head
from bench.results.mending import mended

MAX_ID = 2100  # an id that was cut may have a number added


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
    params : its parameters by name; a number where the file has a number.
    param : its parameters as pytest writes them into its name: `1000-quick`.
    stats : None if its times cannot be used; `reason` says why.
    notes : what was odd in it, and what was done.

    """

    group: Name | None = None
    name: Name
    fullname: Annotated[str, Field(max_length=MAX_ID)]
    params: list[tuple[Text, float | Text]] = []
    param: Text = ""
    stats: ForeignStats | None = None
    reason: Text = ""
    notes: list[str] = []


KNOWN = ("label", "system", "release", "machine", "python_version")


class ForeignFile(Head):
    """A file that pytest-benchmark wrote without this suite."""

    datetime: Text = ""
    version: Text = ""
    benchmarks: Annotated[list[ForeignBenchmark], Field(max_length=MAX_CELLS)]

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
