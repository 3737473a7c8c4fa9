"""Any file that pytest-benchmark wrote without this suite (2.5 to 5.3): names and times."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from bench.results.fields import MAX_CELLS, Count, Model, Name, NotNegative, each_once
from bench.results.machine import Head


class ForeignStats(Model):
    """pytest-benchmark's figures of any test, in seconds; a coarse clock can read 0."""

    min: NotNegative
    median: NotNegative
    iqr: NotNegative | None = None
    rounds: Count | None = None


class ForeignBenchmark(Model):
    """One entry of anyone's file."""

    group: Name | None = None
    name: Name
    fullname: Name
    stats: ForeignStats


THEIRS = ("label", "system", "release", "machine", "python_version")


class ForeignFile(Head):
    """Any other file that pytest-benchmark wrote."""

    benchmarks: Annotated[list[ForeignBenchmark], Field(max_length=MAX_CELLS)]

    @field_validator("machine_info", mode="before")
    @classmethod
    def _theirs(cls, theirs: Any) -> Any:
        """Keep what is surely meant as here: py-cpuinfo's `model`, for one, is a number."""
        if not isinstance(theirs, dict):
            return theirs
        cpu = theirs.get("cpu")
        known = {key: theirs[key] for key in THEIRS if key in theirs}
        if isinstance(cpu, dict):
            known["cpu"] = {key: cpu[key] for key in ("brand_raw", "brand", "count") if key in cpu}
        return known

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        each_once("benchmarks", [entry.fullname for entry in self.benchmarks])
        return self
