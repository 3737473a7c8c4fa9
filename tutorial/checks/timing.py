"""Checks of the exercises of the chapter on timing."""

from collections.abc import Callable
from unittest.mock import patch

from tutorial.exercises import NotYetError, expect


def iterations_for(answer: Callable[[float, float], int]) -> None:
    """That many calls last at least `block_s`. One call less would be too short.

    `math.ceil` rounds up.
    """
    expect("calls of 0.25 s in a block of 1 s", answer(0.25, 1.0), 4)
    expect("calls of 0.3 s in a block of 1 s", answer(0.3, 1.0), 4)
    expect("calls of 2 s in a block of 1 s", answer(2.0, 1.0), 1)
    expect("calls of 2**-20 s in a block of 1 s", answer(2**-20, 1.0), 2**20)


def seconds_per_call(answer: Callable[..., float]) -> None:
    """Write down the order: warm-up, wait, clock, calls, wait, clock.

    Without the first wait, work of the warm-up is counted. Without the second, the last calls are not.
    """
    seen: list[str] = []
    ticks = iter([10.0, 16.0])

    def clock() -> float:
        seen.append("clock")
        return next(ticks, 99.0)

    with patch("time.perf_counter", clock):
        got = answer(lambda: seen.append("call"), 3, lambda: seen.append("wait"))
    order = ["call", "wait", "clock", "call", "call", "call", "wait", "clock"]
    if seen != order:
        raise NotYetError(f"expected the order {' '.join(order)}, got {' '.join(seen)}")
    expect("6 s for 3 calls", got, 2.0)
