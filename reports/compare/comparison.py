"""Results -> their comparison: every pair of cells with its verdict, and the means per family."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np
import pandas as pd

from reports.compare.account import Difference, account
from reports.compare.matching import of_medians, paired
from reports.compare.verdicts import NOT_COMPARABLE, judged, means
from reports.read.interval import Interval
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """A geometric mean of another machine's ratios: of a family, or of all its cells."""

    machine: str
    family: str
    cells: int
    ratio: Interval
    verdict: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A cell of the baseline and of another machine; `ratio` is NaN where they do not compare.

    Attributes
    ----------
    setting : of threads: "1 core" or "all cores", "" of another tool's file.
    reason : why they do not compare or are unsettled, "" for nothing.

    """

    machine: str
    key: str
    workload: str
    size: str
    dtype: str
    setting: str
    contender: str
    time_base_s: float
    time_s: float
    ratio: Interval
    verdict: str
    reason: str
    cell_base: str
    cell: str

    @property
    def where(self) -> str:
        """What a sentence calls its case and its contender."""
        if not self.workload:
            return self.key
        size = self.size.replace(",", ", ")
        return f"{self.workload} at {size}, {self.dtype}, {self.setting}, {self.contender}"


def means_in(table: pd.DataFrame) -> list[Mean]:
    """Return the lines of a table of means, typed."""
    names = table[["machine", "family", "verdict"]].astype(str)
    return [
        Mean(machine=machine, family=family, cells=cells, ratio=ratio, verdict=verdict)
        for machine, family, verdict, cells, ratio in zip(
            *(names[name] for name in names), table["cells"].tolist(), _ratios(table), strict=True
        )
    ]


PAIR_WORDS = [
    "machine", "key", "workload", "size", "dtype", "setting", "contender", "verdict", "cell_base",
    "cell",
]  # fmt: skip


def pairs_in(table: pd.DataFrame) -> list[Pair]:
    """Return the lines of a table of pairs, typed."""
    words = table[PAIR_WORDS].astype(str)
    reasons = table["reason"].astype(object).where(table["reason"].notna(), "")
    rest = table["time_base_s"].tolist(), table["time_s"].tolist(), reasons, _ratios(table)
    return [
        Pair(
            **dict(zip(PAIR_WORDS, line, strict=True)),
            time_base_s=time_base_s,
            time_s=time_s,
            reason=reason,
            ratio=ratio,
        )
        for line, time_base_s, time_s, reason, ratio in zip(
            words.itertuples(index=False, name=None), *rest, strict=True
        )
    ]


def _ratios(table: pd.DataFrame) -> list[Interval]:
    ends = zip(*(table[name].tolist() for name in ("ratio", "low", "high")), strict=True)
    return [Interval(value=value, low=low, high=high) for value, low, high in ends]


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


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Mean ratios for a heat map, NaN where nothing can be compared, and the verdicts on them."""

    ratios: np.ndarray
    verdicts: list[list[str]]
    rows: tuple[str, ...]
    columns: tuple[str, ...]


def grid(comparison: Comparison, most: int = MOST) -> Grid:
    """Return means for a heat map: families by machines, or workloads by the only other machine.

    Of more machines than `most`, those whose mean over all cells lies furthest from 1 are taken, in
    their order.
    """
    if len(comparison.others) == 1:
        known = comparison.pairs[comparison.pairs["workload"] != ""]
        index, averages = "workload", means(known, ["machine", "workload"]).reset_index()
        order = list(averages["workload"])
    else:
        index, averages = "family", comparison.means
        order = [*comparison.families, ALL]
    table = averages.pivot_table("ratio", index, "machine", observed=True).reindex(order)
    chosen = [label for label in furthest(comparison, most) if label in table.columns]
    table = table.reindex(columns=chosen)
    places = zip(averages[index].astype(str), averages["machine"].astype(str), strict=True)
    known_verdicts = dict(zip(places, averages["verdict"].astype(str), strict=True))
    rows = tuple(map(str, table.index))
    return Grid(
        ratios=table.to_numpy(dtype=float),
        verdicts=[[known_verdicts.get((row, label), "absent") for label in chosen] for row in rows],
        rows=rows,
        columns=tuple(chosen),
    )


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
