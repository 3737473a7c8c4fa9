"""A value with its interval."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A value with its 95 % interval, or with a range that is certain to contain it.

    Both ends are NaN if they are unknown. The verdict on such an interval is unsettled.
    """

    value: float
    low: float
    high: float

    def __iter__(self) -> Iterator[float]:
        """Yield value, low and high, the order of arguments in `reports.units`."""
        return iter((self.value, self.low, self.high))

    @property
    def half_width(self) -> float:
        """Half the interval relative to the value: 0.02 is plus or minus 2 %."""
        return (self.high - self.low) / (2 * self.value)

    @property
    def inverted(self) -> "Interval":
        """The inverse ratio with its interval: 2 becomes 1/2."""
        return Interval(value=1 / self.value, low=1 / self.high, high=1 / self.low)
