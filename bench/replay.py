"""Replays recorded times to pytest-benchmark, so that its table, JSON and comparing work."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from pytest_benchmark.fixture import BenchmarkFixture


@dataclass
class Playback:
    """A timer for pytest-benchmark, which makes it read recorded times."""

    now_s: float = 0.0

    def __call__(self) -> float:
        """Return the time on the clock."""
        return self.now_s

    def replay(self, benchmark: BenchmarkFixture, seconds: Sequence[float]) -> None:
        """Have pytest-benchmark run one round for each recorded time, and read that time."""
        times = iter(seconds)

        def rewind() -> None:
            self.now_s = 0.0

        def advance() -> None:
            self.now_s = next(times)

        benchmark.pedantic(advance, setup=rewind, rounds=len(seconds))


class CellError(Exception):
    """A contender failed, or its result was wrong."""


def replay(
    request: pytest.FixtureRequest,
    benchmark: BenchmarkFixture,
    seconds: Sequence[float],
    why_not: str,
) -> None:
    """Replay a test's times; without any, fail the test with the reason."""
    if seconds:
        clock: Playback = request.node.get_closest_marker("benchmark").kwargs["timer"]
        clock.replay(benchmark, seconds)
        return

    def fail() -> None:
        raise CellError(why_not)

    try:
        benchmark.pedantic(fail)  # so that pytest-benchmark knows of the failure too
    except CellError as error:
        pytest.fail(str(error), pytrace=False)
