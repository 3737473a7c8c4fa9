"""Compares results: the verdict on every pair of cells, and the mean ratio of each family."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np
import pandas as pd

from reports.compare.account import Difference, account
from reports.compare.matching import match_cells, of_medians
from reports.compare.verdicts import judge, means
from reports.read.result import Tabular

ALL = "all"  # in place of a family: all of them
MOST_SHOWN = 40  # machines in a heat map or a table
COLUMNS = {
    "machine": "machine",
    "key": "key",
    "family": "family",
    "workload": "workload",
    "size": "size",
    "dtype": "dtype",
    "setting": "setting",
    "contender": "contender",
    "threads_base": "threads_base",
    "threads": "threads",
    "time_s_base": "time_base_s",
    "time_s": "time_s",
    "ratio": "ratio",
    "low": "low",
    "high": "high",
    "verdict": "verdict",
    "reason": "reason",
    "cell_base": "cell_base",
    "cell": "cell",
}

NUMBERS = ("threads_base", "threads", "time_base_s", "time_s", "ratio", "low", "high")

MIN_RESULTS = 2


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Machines against a baseline.

    Attributes
    ----------
    labels : the machines, each with a unique label.
    baseline : index of the baseline in `labels`.
    pairs : a row per other machine and key; `ratio` is the baseline's time over the machine's.
    means : geometric means of each other machine's ratios, per family and over all cells, in
        columns `machine, family, cells, ratio, low, high, verdict`.
    account : the facts that differ between the machines.
    of_medians : the times are medians, not those of the fastest blocks.

    """

    labels: tuple[str, ...]
    baseline: int
    pairs: pd.DataFrame
    means: pd.DataFrame
    account: tuple[Difference, ...]
    of_medians: bool = False

    @property
    def others(self) -> list[str]:
        """All machines but the baseline."""
        return [label for place, label in enumerate(self.labels) if place != self.baseline]

    @property
    def families(self) -> list[str]:
        """The families with at least one pair that can be compared."""
        every = self.means["family"].drop_duplicates()
        return [str(family) for family in every if family != ALL]


def compare(results: Sequence[Tabular], baseline: int = 0) -> Comparison:
    """Compare every result with one of them, the baseline.

    Raises
    ------
    ValueError : there are fewer than two results, or none at that index.

    """
    if len(results) < MIN_RESULTS:
        raise ValueError(f"a comparison needs two or more result files; got {len(results)}")
    if not 0 <= baseline < len(results):
        raise ValueError(f"the baseline must be from 0 to {len(results) - 1}; got {baseline}")
    labels = names(results)
    pairs = match_cells(results, baseline)
    runs = pd.factorize(np.array([result.sha256 for result in results], dtype=object))[0]
    pairs = judge(pairs, runs[pairs["machine"]] == runs[baseline])[list(COLUMNS)]
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
    """Return a unique label for each result: equal labels get their date, then a number."""
    uses = Counter(result.label for result in results)
    labels = [
        result.label
        if uses[result.label] == 1
        else f"{result.label}, {result.datetime[:16].replace('T', ' ')}"
        for result in results
    ]
    taken: set[str] = set()
    numbers: Counter[str] = Counter()
    for index, label in enumerate(labels):
        while labels[index] in taken:
            numbers[label] += 1
            labels[index] = f"{label} ({numbers[label] + 1})"
        taken.add(labels[index])
    return labels


def _means(pairs: pd.DataFrame) -> pd.DataFrame:
    with_family = pairs[~pairs["family"].isin(["", ALL])]
    parts = [means(with_family, ["machine", "family"]), means(pairs, ["machine"])]
    tables = [part.reset_index() for part in parts]
    tables[0]["family"] = tables[0]["family"].astype(object)
    both = pd.concat([tables[0], tables[1].assign(family=ALL)], ignore_index=True)
    return both.sort_values("machine", kind="stable", ignore_index=True)


def furthest(comparison: Comparison, most: int) -> list[str]:
    """Return the `most` machines whose overall mean is furthest from 1, in their order."""
    overall = comparison.means[comparison.means["family"] == ALL].set_index("machine")["ratio"]
    distance = np.log(overall).abs().sort_values(ascending=False)
    chosen = set(distance.index[:most])
    return [label for label in comparison.others if label in chosen]


def comparison_csv(comparison: Comparison) -> str:
    """Return all pairs as CSV in full precision, with the baseline's label in each row."""
    base = comparison.labels[comparison.baseline]
    return comparison.pairs.assign(baseline=base).to_csv(index=False)


def from_csv(text: str) -> Comparison:
    """Return the comparison in a CSV; its account of differences is empty.

    Raises
    ------
    ValueError : the text lacks columns of a comparison, or has no row.

    """
    pairs = pd.read_csv(StringIO(text), dtype=object, keep_default_na=False)
    if lacking := {*COLUMNS.values(), "baseline"} - set(pairs.columns):
        raise ValueError(f"the CSV of a comparison expected; it lacks {', '.join(sorted(lacking))}")
    if pairs.empty:
        raise ValueError("the CSV of a comparison expected; it has no row")
    for name in NUMBERS:  # float() keeps the last digit, which pandas may round
        pairs[name] = [float(value) if value else np.nan for value in pairs[name]]
    base, machines = str(pairs["baseline"].iloc[0]), list(dict.fromkeys(pairs["machine"]))
    pairs["machine"] = pd.Categorical(pairs["machine"], categories=pd.Index(machines))
    pairs["reason"] = pairs["reason"].where(pairs["reason"] != "", np.nan)
    pairs = pairs[list(COLUMNS.values())]
    return Comparison(
        labels=(base, *machines), baseline=0, pairs=pairs, means=_means(pairs), account=()
    )
