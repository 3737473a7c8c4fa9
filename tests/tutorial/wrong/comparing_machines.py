"""Plausible wrong answers to the exercises of the chapter on comparing machines."""

import numpy as np


def geometric_mean_ratio(a, b):
    """Takes the root of a product, which overflows for many cases."""
    with np.errstate(over="ignore"):
        return float(np.prod(a / b) ** (1 / len(a)))


def verdict_of(low, high):
    """Calls a tie all that is not clear, however wide its interval."""
    if low > 1.05:
        return "faster"
    return "slower" if high < 1 / 1.05 else "tie"


def ratios_by_cell(a, b):
    """Divides row by row, as if both tables had the same cells in the same order."""
    return (a.set_index("id")["time_s"] / b["time_s"].to_numpy()).dropna()
