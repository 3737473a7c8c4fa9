"""Files that pytest-benchmark (2.5 to 5.3) wrote for other projects: names and times of tests."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from bench.results.fields import MAX_CELLS, Count, Model, Name, NotNegative, each_once
from bench.results.machine import Head


class ForeignStats(Model):
    """Statistics of one test, in seconds; with a coarse clock they can be 0."""

    min: NotNegative
    median: NotNegative
    iqr: NotNegative | None = None
    rounds: Count | None = None


class ForeignBenchmark(Model):
    """One test of the file."""

    group: Name | None = None
    name: Name
    fullname: Name
    stats: ForeignStats


KNOWN = ("label", "system", "release", "machine", "python_version")


class ForeignFile(Head):
    """A file that pytest-benchmark wrote without this suite."""

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

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        each_once("benchmarks", [entry.fullname for entry in self.benchmarks])
        return self
