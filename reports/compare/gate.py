"""Finds what became clearly slower, for `compare --fail-above`."""

from collections import Counter

import numpy as np
import pandas as pd

from reports.compare.comparison import Answer, Comparison
from reports.compare.verdicts import NO_TIME


def regressions(answer: Answer, above: float) -> pd.DataFrame:
    """Return the pairs in which the other machine is clearly slower by more than a share.

    Slower by 5 % means 1.05 times the baseline's time. The whole interval must lie beyond that.
    """
    pairs = answer.comparable
    return pairs[pairs["high"] < 1 / (1 + above)]


def incomparable(comparison: Comparison, question: str) -> dict[str, str]:
    """Return the machines of which nothing can be compared, each with the most frequent reason."""
    answer = comparison.answers[question]
    compared = set(answer.comparable["machine"].astype(str))
    by_machine = answer.pairs["machine"].astype(str)
    without = [other for other in comparison.others if other not in compared]
    return {other: most_frequent_reason(answer.pairs[by_machine == other]) for other in without}


def most_frequent_reason(pairs: pd.DataFrame) -> str:
    """Return the most frequent reason why pairs are not comparable.

    A reason why two times cannot be compared says more than a missing time.
    """
    reasons = Counter(pairs["reason"].dropna().astype(str))
    order = {
        reason: (reason.startswith(NO_TIME), -number, reason) for reason, number in reasons.items()
    }
    return min(order, key=order.__getitem__) if order else NO_PAIR


NO_PAIR = "neither file has any"


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
