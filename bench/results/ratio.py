"""A ratio with its interval."""

from typing import Self

from pydantic import model_validator

from bench.results.fields import Model, Seconds


class Ratio(Model):
    """A speedup with its 95 % interval."""

    ratio: Seconds
    low: Seconds
    high: Seconds

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if not self.low <= self.ratio <= self.high:
            raise ValueError(
                f"low <= ratio <= high expected, got {self.low}, {self.ratio}, {self.high}"
            )
        return self
