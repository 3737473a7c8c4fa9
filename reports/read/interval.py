"""A value, and how well it is known."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A value and its 95 % interval, or the range that it surely lies in.

    The ends are NaN where they are not known: the verdict on such an interval is unsettled.
    """

    value: float
    low: float
    high: float

    def __iter__(self) -> Iterator[float]:
        """Yield value, low and high, as `reports.units` takes them."""
        return iter((self.value, self.low, self.high))

    @property
    def inverted(self) -> "Interval":
        """The same ratio as the other side has it."""
        return Interval(value=1 / self.value, low=1 / self.high, high=1 / self.low)
