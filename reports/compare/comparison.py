"""Results -> their comparison: every pair of cells with its verdict, and the means per family."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np
import pandas as pd

from reports.compare.account import Difference, account
from reports.compare.matching import of_medians, paired
from reports.compare.verdicts import judged, means
from reports.read.result import Tabular

ALL = "all"  # the family of everything
MOST = 40  # machines that a heat map can hold
COLUMNS = {
    "machine": "machine", "key": "key", "family": "family", "workload": "workload",
    "size": "size", "dtype": "dtype", "setting": "setting", "contender": "contender",
    "threads_base": "threads_base",
    "threads": "threads", "time_s_base": "time_base_s", "time_s": "time_s",
    "ratio": "ratio", "low": "low", "high": "high", "verdict": "verdict", "reason": "reason",
    "cell_base": "cell_base", "cell": "cell",
}  # fmt: skip

NUMBERS = ("threads_base", "threads", "time_base_s", "time_s", "ratio", "low", "high")


FEWEST = 2  # results


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Machines against a baseline.

    Attributes
    ----------
    labels : of all machines, each once.
    baseline : its place in `labels`.
    pairs : a row per other machine and key; `ratio` is the baseline's time over the machine's.
    means : the geometric mean of each other machine's ratios per family, and of all: `machine,
        family, cells, ratio, low, high, verdict`.
    account : what differs between the machines.
    of_medians : whether the times are medians, not those of the fastest blocks.

    """

    labels: tuple[str, ...]
    baseline: int
    pairs: pd.DataFrame
    means: pd.DataFrame
    account: tuple[Difference, ...]
    of_medians: bool = False

    @property
    def others(self) -> list[str]:
        """The machines that are compared with the baseline."""
        return [label for place, label in enumerate(self.labels) if place != self.baseline]

    @property
    def families(self) -> list[str]:
        """The families of which anything could be compared."""
        every = self.means["family"].drop_duplicates()
        return [str(family) for family in every if family != ALL]


def compare(results: Sequence[Tabular], baseline: int = 0) -> Comparison:
    """Hold every result against one of them.

    Raises
    ------
    ValueError : there are fewer than two, or none at the baseline's place.

    """
    if len(results) < FEWEST:
        raise ValueError(f"two result files or more expected to compare, got {len(results)}")
    if not 0 <= baseline < len(results):
        raise ValueError(f"a baseline from 0 to {len(results) - 1} expected, got {baseline}")
    labels = names(results)
    pairs = paired(results, baseline)
    runs = pd.factorize(np.array([result.sha256 for result in results], dtype=object))[0]
    pairs = judged(pairs, runs[pairs["machine"]] == runs[baseline])[list(COLUMNS)]
    pairs = pairs.rename(columns=COLUMNS)
    pairs["machine"] = pd.Categorical.from_codes(
        pairs["machine"].to_numpy(dtype=int), categories=pd.Index(labels)
    )
    return Comparison(
        labels=tuple(labels),
        baseline=baseline,
        pairs=pairs,
        means=_means(pairs),
        account=tuple(account(results, baseline)),
        of_medians=of_medians(results),
    )


def names(results: Sequence[Tabular]) -> list[str]:
    """Return a label for each result, with its date and a number where others have the same."""
    alike = Counter(result.label for result in results)
    labels = [
        result.label
        if alike[result.label] == 1
        else f"{result.label}, {result.datetime[:16].replace('T', ' ')}"
        for result in results
    ]
    taken: set[str] = set()
    counted: Counter[str] = Counter()
    for place, label in enumerate(labels):
        while labels[place] in taken:
            counted[label] += 1
            labels[place] = f"{label} ({counted[label] + 1})"
        taken.add(labels[place])
    return labels


def _means(pairs: pd.DataFrame) -> pd.DataFrame:
    known = pairs[~pairs["family"].isin(["", ALL])]
    parts = [means(known, ["machine", "family"]), means(pairs, ["machine"])]
    tables = [part.reset_index() for part in parts]
    tables[0]["family"] = tables[0]["family"].astype(object)
    both = pd.concat([tables[0], tables[1].assign(family=ALL)], ignore_index=True)
    return both.sort_values("machine", kind="stable", ignore_index=True)


def furthest(comparison: Comparison, most: int) -> list[str]:
    """Return the machines that differ most from the baseline by their mean, in their order."""
    overall = comparison.means[comparison.means["family"] == ALL].set_index("machine")["ratio"]
    distance = np.log(overall).abs().sort_values(ascending=False)
    chosen = set(distance.index[:most])
    return [label for label in comparison.others if label in chosen]


def comparison_csv(comparison: Comparison) -> str:
    """Return every pair as CSV, its numbers in full, with the name of the baseline."""
    base = comparison.labels[comparison.baseline]
    return comparison.pairs.assign(baseline=base).to_csv(index=False)


def from_csv(text: str) -> Comparison:
    """Return the comparison that a CSV was written from, but for its account of differences.

    Raises
    ------
    ValueError : it is no such table, or holds no pair.

    """
    pairs = pd.read_csv(StringIO(text), dtype=object, keep_default_na=False)
    if lacking := {*COLUMNS.values(), "baseline"} - set(pairs.columns):
        raise ValueError(f"a table of a comparison expected, it lacks {', '.join(sorted(lacking))}")
    if pairs.empty:
        raise ValueError("a table of a comparison expected, it has no pair")
    for name in NUMBERS:  # as Python reads them: to the last digit
        pairs[name] = [float(value) if value else np.nan for value in pairs[name]]
    base, machines = str(pairs["baseline"].iloc[0]), list(dict.fromkeys(pairs["machine"]))
    pairs["machine"] = pd.Categorical(pairs["machine"], categories=pd.Index(machines))
    pairs["reason"] = pairs["reason"].where(pairs["reason"] != "", np.nan)
    pairs = pairs[list(COLUMNS.values())]
    return Comparison(
        labels=(base, *machines), baseline=0, pairs=pairs, means=_means(pairs), account=()
    )
