"""Checks of the exercises of the chapter on comparing machines."""

import numpy as np
import pandas as pd

from tutorial.exercises import NotYetError, expect


def geometric_mean_ratio(answer):
    """The section on the common mistake of this chapter shows the formula.

    It is the exponential of the mean logarithm. A product of thousands of ratios would
    overflow.
    """
    a, b = np.array([1.0, 4.0]), np.array([2.0, 2.0])
    expect("a = [1, 4] over b = [2, 2]", answer(a, b), 1.0)
    c = np.array([3.0, 1.0, 8.0])
    expect("[3, 1, 8] over ones", answer(c, np.ones(3)), 24 ** (1 / 3))
    expect("ones over [3, 1, 8]", answer(np.ones(3), c), 24 ** (-1 / 3))
    many = np.full(5000, 1e3)
    expect("5000 ratios of 1000", answer(many, np.ones(5000)), 1e3)


def verdict_of(answer):
    """Test the clear verdicts first, then the tie. What remains is unsettled.

    The whole interval is above 1.05 if `low` is. It is within two limits if `low` and `high`
    are.

    Every comparison with `nan` is false, so such an interval reaches the end.
    """
    cases = [
        ((1.06, 1.50), "faster"),
        ((0.50, 0.94), "slower"),
        ((0.99, 1.02), "tie"),
        ((0.92, 1.08), "tie"),
        ((1.02, 1.09), "tie"),
        ((0.80, 1.30), "unsettled"),
        ((1.04, 1.40), "unsettled"),
        ((1.03, 1.12), "unsettled"),
        ((0.70, 0.97), "unsettled"),
        ((float("nan"), float("nan")), "unsettled"),
    ]
    for (low, high), wanted in cases:
        expect(f"from {low} to {high}", answer(low, high), wanted)


def ratios_by_cell(answer):
    """Rows with the same place are not the same cell. Let pandas match them by their ids.

    `table.set_index("id")["time_s"]` is a series with ids. A quotient of two such series
    matches ids.

    The quotient is `nan` where one side lacks a time: `dropna` removes that. `reindex` puts ids
    into an order.
    """
    a = pd.DataFrame({"id": ["sum", "sort", "fft", "dot"], "time_s": [2.0, 9.0, np.nan, 8.0]})
    b = pd.DataFrame({"id": ["dot", "fft", "new", "sum"], "time_s": [2.0, 3.0, 1.0, 4.0]})
    got = answer(a.copy(), b.copy())
    if not isinstance(got, pd.Series):
        raise NotYetError(f"expected a pandas Series, got {type(got).__name__}")
    expect("ratios of two tables", got.to_dict(), {"sum": 0.5, "dot": 4.0})
    expect("the ids, in the order of a", list(got.index), ["sum", "dot"])
