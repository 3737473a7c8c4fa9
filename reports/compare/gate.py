"""Finds what became clearly slower, for `compare --fail-above`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.compare import processes
from reports.compare.best import DONE
from reports.compare.comparison import LIKE, Answer, Comparison
from reports.compare.pair import Mean, Pair, means_in, pairs_in
from reports.compare.points import POINTS, STEPS
from reports.compare.verdicts import NO_TIME, NOT_COMPARABLE


def regressions(answer: Answer, above: float) -> pd.DataFrame:
    """Return the pairs in which the other machine is clearly slower by more than a share.

    Slower by 5 % means 1.05 times the baseline's time. The whole interval must lie beyond that.
    """
    pairs = answer.comparable
    return pairs[pairs["high"] < 1 / (1 + above)]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a gate found.

    Attributes
    ----------
    slow : the pairs that are clearly slower.
    overall : the means over all tests that are, of files of other tools.
    unasked : why nothing could be asked about a machine, by machine.

    """

    slow: Sequence[Pair]
    overall: Sequence[Mean]
    unasked: Mapping[str, str]

    @property
    def fails(self) -> bool:
        """Whether something is slower, or nothing could be asked."""
        return bool(self.slow or self.overall or self.unasked)


WITH_POINTS = {LIKE: POINTS, DONE: STEPS}  # the question that is asked of points as well


def asked(comparison: Comparison, question: str) -> Answer:
    """Return the answer that a gate looks at: that on cells, and the same on points if any."""
    of_cells = comparison.answers[question]
    of_points = comparison.answers.get(WITH_POINTS.get(question, ""))
    if of_points is None or of_points.pairs.empty:
        return of_cells
    if of_cells.pairs.empty:
        return of_points
    pairs = pd.concat([of_cells.pairs, of_points.pairs], ignore_index=True)
    return Answer(pairs=pairs, means=of_cells.means)


def gate(comparison: Comparison, question: str, above: float) -> Gate:
    """Ask what is clearly slower by more than a share."""
    answer = asked(comparison, question)
    return Gate(
        slow=pairs_in(regressions(answer, above)),
        overall=slower_overall(answer, above),
        unasked=unasked(comparison, question),
    )


def slower_overall(answer: Answer, above: float) -> list[Mean]:
    """Return the means over all tests that are clearly slower, of files of other tools.

    Their means have intervals that hold for all tests of a file. Means of this suite's cells say
    how much the cells differ.
    """
    others = set(answer.pairs.loc[processes.foreign(answer.pairs), "machine"].astype(str))
    table = answer.means
    slow = table[(table["high"] < 1 / (1 + above)) & (table["cells"] > 1)]
    return means_in(slow[slow["machine"].astype(str).isin(others)])


def unasked(comparison: Comparison, question: str) -> dict[str, str]:
    """Return the machines about which a gate can ask nothing, each with the numbers and reasons.

    A gate asks about pairs that have an interval.
    """
    answer = asked(comparison, question)
    known = set(answer.comparable.dropna(subset="high")["machine"].astype(str))
    by_machine = answer.pairs["machine"].astype(str)
    without = [other for other in comparison.others if other not in known]
    return {other: reasons(answer.pairs[by_machine == other]) for other in without}


def reasons(pairs: pd.DataFrame) -> str:
    """Return how many of some pairs a gate cannot ask about, and why: `2 of 3, no interval (2)`."""
    silent = pairs[(pairs["verdict"] == NOT_COMPARABLE) | pairs["high"].isna()]
    counted = _counted(silent)
    number = f"{len(silent)} of {len(pairs)} not comparable"
    if not counted:
        return f"{number}: {NO_PAIR}"
    shown = [f"{reason} ({times})" for reason, times in list(counted.items())[:MOST_REASONS]]
    return f"{number}: {'; '.join(shown)}"


def most_frequent_reason(pairs: pd.DataFrame) -> str:
    """Return the most frequent reason why pairs are not comparable.

    A reason why two times cannot be compared says more than a missing time.
    """
    return next(iter(_counted(pairs)), NO_PAIR)


def _counted(pairs: pd.DataFrame) -> dict[str, int]:
    """Return the reasons with their numbers of pairs, in the order of `most_frequent_reason`."""
    counts = Counter(pairs["reason"].dropna().astype(str))
    order = {
        reason: (reason.startswith(NO_TIME), -number, reason) for reason, number in counts.items()
    }
    return {reason: counts[reason] for reason in sorted(order, key=order.__getitem__)}


NO_PAIR = "neither file has any"
MOST_REASONS = 3  # that are printed


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
