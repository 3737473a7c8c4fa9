"""What is surely slower than it was: a comparison as a gate."""

import numpy as np
import pandas as pd

from reports.compare.comparison import Comparison
from reports.compare.verdicts import NOT_COMPARABLE


def regressions(comparison: Comparison, above: float) -> pd.DataFrame:
    """Return the pairs in which the other machine is slower by more than a share, surely so.

    Slower by 5 % is 1.05 times the baseline's time: the whole interval must lie beyond that.
    """
    pairs = comparison.pairs
    comparable = pairs["verdict"] != NOT_COMPARABLE
    return pairs[comparable & (pairs["high"] < 1 / (1 + above))]


def parse_share(text: str) -> float:
    """Return the share that a text such as `5%`, `5 %` or `0.05` says.

    Raises
    ------
    ValueError : it is no such text. A whole number needs its %: 5 is more likely 5 % than 500 %.

    """
    number, percent = text.strip().removesuffix("%").strip(), text.strip().endswith("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = np.nan
    if not 0 <= share < (10 if percent else 1):
        raise ValueError(
            f"a share from 0 % to below 1000 % expected, written 5% or 0.05, got {text[:40]!r}"
        )
    return share
