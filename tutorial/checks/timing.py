"""Checks of the exercises of the chapter on timing."""

from collections.abc import Callable

import numpy as np

from tutorial.exercises import NotYetError, expect


def iterations_for(answer: Callable[[float, float], int]) -> None:
    expect("calls of 0.25 s in a block of 1 s", answer(0.25, 1.0), 4)
    expect("calls of 0.3 s in a block of 1 s", answer(0.3, 1.0), 4)
    expect("calls of 2 s in a block of 1 s", answer(2.0, 1.0), 1)
    expect("calls of 2**-20 s in a block of 1 s", answer(2**-20, 1.0), 2**20)


def paired_ratio(answer: Callable[..., float]) -> None:
    equal = [3.0, 1.0, 2.0]
    expect(f"ratio of {equal} to themselves", answer(equal, equal), 1.0)
    # ratios of the pairs: 4, 1/2 and 1; of the first pair: 4; of the sums: 7/5
    a, b = np.array([4.0, 1.0, 2.0]), np.array([1.0, 2.0, 2.0])
    expect(f"ratio of {a} to {b}", answer(a, b), 1.0)
    # ratios of the pairs: 3, 1/4, 6, 4 and 5/4; of the medians of the two sides: 6/3
    a, b = np.array([9.0, 1.0, 6.0, 8.0, 5.0]), np.array([3.0, 4.0, 1.0, 2.0, 4.0])
    expect(f"ratio of {a} to {b}", answer(a, b), 3.0)


def median_interval(answer: Callable[..., tuple[float, float]]) -> None:
    even = np.arange(101.0)
    low, high = answer(even, np.random.default_rng(0))
    _between("lower end for 0, 1, ... 100", low, 35, 46)
    _between("upper end for 0, 1, ... 100", high, 54, 65)
    expect(
        "a second call, with a generator of the same seed",
        [float(end) for end in answer(even, np.random.default_rng(0))],
        [float(low), float(high)],
    )
    outlier = np.append(even, 1e6)
    _between("upper end with 1e6 appended", answer(outlier, np.random.default_rng(1))[1], 54, 66)
    expect(
        "nine values that are all one",
        [*map(float, answer(np.ones(9), np.random.default_rng(2)))],
        [1.0, 1.0],
    )


def _between(what: str, got: float, low: float, high: float) -> None:
    if not low <= got <= high:
        raise NotYetError(f"{what}: expected a value from {low} to {high}, got {got:.4g}")
