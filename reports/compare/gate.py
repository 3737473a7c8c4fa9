"""Finds the cells that became clearly slower, for `compare --fail-above`."""

import numpy as np
import pandas as pd

from reports.compare.comparison import Comparison
from reports.compare.verdicts import NOT_COMPARABLE


def regressions(comparison: Comparison, above: float) -> pd.DataFrame:
    """Return the pairs in which the other machine is clearly slower by more than a share.

    Slower by 5 % means 1.05 times the baseline's time. The whole interval must lie beyond that.
    """
    pairs = comparison.pairs
    comparable = pairs["verdict"] != NOT_COMPARABLE
    return pairs[comparable & (pairs["high"] < 1 / (1 + above))]


def parse_share(text: str) -> float:
    """Parse a share, written `5%`, `5 %` or `0.05`.

    Raises
    ------
    ValueError : not a share. `5` is refused, since its writer more likely meant 5 % than 500 %.

    """
    number, percent = text.strip().removesuffix("%").strip(), text.strip().endswith("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = np.nan
    if not 0 <= share < (10 if percent else 1):
        raise ValueError(
            f"a share must be from 0 % to below 1000 %, written 5% or 0.05; got {text[:40]!r}"
        )
    return share
