"""Solutions of the exercises of the chapter on comparing machines."""

import numpy as np

MARGIN, TIE_WITHIN = 1.05, 1.10


def geometric_mean_ratio(a, b):
    """Average logarithms: a product of thousands of ratios would overflow."""
    return float(np.exp(np.mean(np.log(a) - np.log(b))))


def verdict_of(low, high):
    """Test the clear verdicts first; a comparison with nan is false, so nan reaches the end."""
    if low > MARGIN:
        return "faster"
    if high < 1 / MARGIN:
        return "slower"
    return "tie" if low >= 1 / TIE_WITHIN and high <= TIE_WITHIN else "unsettled"


def ratios_by_cell(a, b):
    """Index both by id: pandas matches the ids, and an id that one table lacks becomes nan."""
    ratio = a.set_index("id")["time_s"] / b.set_index("id")["time_s"]
    return ratio.reindex(a["id"]).dropna()
