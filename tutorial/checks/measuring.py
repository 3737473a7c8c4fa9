"""Checks of the exercises of the chapter on measuring."""

from collections.abc import Callable

import numpy as np

from tutorial.exercises import NotYetError, expect


def paired_ratio(answer: Callable[..., float]) -> None:
    """Divide first, and take the median of the ratios.

    NumPy divides arrays element by element: make arrays of the sequences.
    """
    equal = [3.0, 1.0, 2.0]
    expect(f"ratio of {equal} to themselves", answer(equal, equal), 1.0)
    # ratios of the pairs: 4, 1/2 and 1; of the first pair: 4; of the sums: 7/5
    a, b = np.array([4.0, 1.0, 2.0]), np.array([1.0, 2.0, 2.0])
    expect(f"ratio of {a} to {b}", answer(a, b), 1.0)
    # ratios of the pairs: 3, 1/4, 6, 4 and 5/4; of the medians of the two sides: 6/3
    a, b = np.array([9.0, 1.0, 6.0, 8.0, 5.0]), np.array([3.0, 4.0, 1.0, 2.0, 4.0])
    expect(f"ratio of {a} to {b}", answer(a, b), 3.0)


def median_interval(answer: Callable[..., tuple[float, float]]) -> None:
    """`rng.choice(samples, (1000, len(samples)))` draws a thousand samples, one a row.

    Take the median of each row, and then the quantiles 0.025 and 0.975 of the medians.
    """
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


def needed_visits(answer: Callable[[float, float], int]) -> None:
    """Student's factor depends on the number of visits, so try one number after the other.

    The half width is `stats.t.ppf(0.975, n - 1) * between / n ** 0.5`.
    """
    expect("visits that differ by 2 %, half width 2 %", answer(0.02, 0.02), 7)
    expect("visits that differ by 2 %, half width 1 %", answer(0.02, 0.01), 18)
    expect("visits that differ by 1 %, half width 9 %", answer(0.01, 0.09), 2)
    expect("visits that differ by 1 %, half width 8.9 %", answer(0.01, 0.089), 3)
