"""Formats the rows of a comparison's tables, for the page and for Markdown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from reports import units
from reports.compare.best import DONE, ONE_CORE, QUESTIONS, REDUCED
from reports.compare.comparison import ALL, LIKE, Answer, Comparison
from reports.compare.pair import Mean, Pair, means_in, pairs_in
from reports.compare.points import STEPS
from reports.compare.ranks import (
    Spread,
    Standing,
    cores,
    devices,
    ranked,
    spreads,
    standings,
)
from reports.compare.verdicts import VERDICTS, means
from reports.findings.ratios import ratio_texts, verdict_on
from reports.read.interval import Interval
from reports.read.names import cut_names

NAMES = {
    DONE: "IEEE precision",
    REDUCED: "reduced precision allowed",
    ONE_CORE: "one core, IEEE precision",
}
MOST_REASONS = 40  # that are listed
MOST_CELLS = 12  # that are named for one reason
LONGEST = 100  # characters of a name among the first cells
RATIO_DIGITS = 3
NO_CAUSE = "nothing that the files show"


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanCell:
    """A machine's mean of one family: as text, and as a number to sort by."""

    text: str
    sort: float
    cells: int
    verdict: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineRow:
    """A machine's number of pairs per verdict, and its mean per family."""

    machine: str
    counts: Mapping[str, int]
    means: Mapping[str, MeanCell]


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyRow:
    """A machine's means of one family, by question; `cases` counts those at IEEE precision."""

    machine: str
    family: str
    cases: int
    means: Mapping[str, MeanCell]


@dataclass(frozen=True, kw_only=True, slots=True)
class PairRow:
    """A pair of cells that has a ratio.

    Attributes
    ----------
    reduced : the ratio with reduced precision allowed.
    medians : the ratio of the medians, of files of other tools.

    """

    pair: Pair
    ratio: str
    time: str
    time_base: str
    reduced: str = ""
    medians: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseRow:
    """The clear differences of a machine that have one likely cause: their mean."""

    machine: str
    cause: str
    cases: int
    ratio: Interval
    mean: str
    largest: Pair


@dataclass(frozen=True, kw_only=True, slots=True)
class RankRow:
    """A machine's rank: its ratios as texts and numbers by family."""

    standing: Standing
    cores: int | None
    device: str
    means: Mapping[str, MeanCell]


@dataclass(frozen=True, kw_only=True, slots=True)
class RankTable:
    """The ranks of all machines, and the spread of each family."""

    question: str
    families: Sequence[str]
    rows: Sequence[RankRow]
    spreads: Sequence[Mapping[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class SpreadRow:
    """One cell on many machines: its slowest and its fastest pair, and the ratios as text."""

    slowest: Pair
    fastest: Pair
    machines: int
    min: str
    median: str
    max: str
    median_sort: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonRow:
    """The pairs that are unsettled or not comparable for one reason.

    Attributes
    ----------
    pairs, machines : how many there are.
    cells : the first of them.
    further : how many cells are not named.

    """

    verdict: str
    reason: str
    pairs: int
    machines: int
    cells: Sequence[str]
    further: int


def ratio_text(ratio: Interval) -> str:
    """Format a ratio, with its interval if there is one."""
    texts = ratio_texts(ratio)
    return texts["ratio"] if math.isnan(ratio.low) else f"{texts['ratio']} ({texts['interval']})"


def pair_text(pair: Pair) -> str:
    """Format the ratio of a pair, with its interval.

    Of other tools' files the ratio is shown as it was measured, however wide the interval is.
    """
    if math.isnan(pair.median_ratio):
        return ratio_text(pair.ratio)
    texts = ratio_texts(pair.ratio)
    return f"{units.significant(pair.ratio.value, RATIO_DIGITS)} ({texts['interval']})"


def counts(comparison: Comparison, question: str = LIKE) -> dict[str, dict[str, int]]:
    """Return the number of pairs per verdict, for each machine."""
    pairs = comparison.answers[question].pairs
    sizes = pairs.groupby(["machine", "verdict"], observed=False).size().to_dict()
    return {
        other: {name: int(sizes.get((other, name), 0)) for name in VERDICTS}
        for other in comparison.others
    }


def count_texts(comparison: Comparison, question: str) -> dict[str, str]:
    """Return the number of pairs per verdict as a text, for each machine."""
    texts = {}
    for machine, by_verdict in counts(comparison, question).items():
        parts = [f"{number} {verdict}" for verdict, number in by_verdict.items() if number]
        texts[machine] = ", ".join(parts) or "no pairs"
    return texts


def family_rows(comparison: Comparison) -> list[FamilyRow]:
    """Return a row for each other machine and family; the last family is all of them."""
    by_place: dict[tuple[str, str], dict[str, MeanCell]] = {}
    for question in QUESTIONS:
        for mean in means_in(comparison.answers[question].means):
            by_place.setdefault((mean.machine, mean.family), {})[question] = mean_cell(mean)
    places = [
        (other, family)
        for other in comparison.others
        for family in (*comparison.done.families, ALL)
        if DONE in by_place.get((other, family), {})
    ]
    return [
        FamilyRow(
            machine=other,
            family=family,
            cases=by_place[other, family][DONE].cells,
            means=by_place[other, family],
        )
        for other, family in places
    ]


def machine_rows(comparison: Comparison, question: str = LIKE) -> list[MachineRow]:
    """Return a row for each other machine: its counts, and its mean of each family."""
    by_machine: dict[str, dict[str, MeanCell]] = {}
    for mean in means_in(comparison.answers[question].means):
        by_machine.setdefault(mean.machine, {})[mean.family] = mean_cell(mean)
    numbers = counts(comparison, question)
    return [
        MachineRow(machine=other, counts=numbers[other], means=by_machine.get(other, {}))
        for other in comparison.others
    ]


def mean_cell(mean: Mean) -> MeanCell:
    """Return a mean as a cell of a table."""
    return MeanCell(
        text=ratio_text(mean.ratio), sort=mean.ratio.value, cells=mean.cells, verdict=mean.verdict
    )


def pair_rows(answer: Answer) -> list[PairRow]:
    """Return a row for each pair that has a ratio."""
    return [_pair_row(pair) for pair in pairs_in(answer.comparable)]


def work_rows(comparison: Comparison) -> list[PairRow]:
    """Return a row for each case of work, with its ratio with reduced precision beside it.

    That ratio is "" if the contenders are the same.
    """
    reduced = {(pair.machine, pair.key): pair for pair in pairs_in(comparison.reduced.comparable)}
    rows = []
    for pair in pairs_in(comparison.done.comparable):
        other = reduced.get((pair.machine, pair.key))
        same = other is None or (other.cell, other.cell_base) == (pair.cell, pair.cell_base)
        rows.append(_pair_row(pair, "" if same or other is None else ratio_text(other.ratio)))
    return rows


def step_rows(comparison: Comparison) -> list[PairRow]:
    """Return a row for each machine and training size, with the times of many steps."""
    answer = comparison.answers.get(STEPS)
    return [] if answer is None else pair_rows(answer)


def _pair_row(pair: Pair, reduced: str = "") -> PairRow:
    return PairRow(
        pair=pair,
        ratio=pair_text(pair),
        time=units.seconds(pair.time_s),
        time_base=units.seconds(pair.time_base_s),
        reduced=reduced,
        medians=median_text(pair),
    )


def median_text(pair: Pair) -> str:
    """Return the ratio of the medians, "" if the files are this suite's."""
    known = not math.isnan(pair.median_ratio)
    return units.significant(pair.median_ratio, RATIO_DIGITS) if known else ""


def cause_rows(comparison: Comparison) -> list[CauseRow]:
    """Return the likely causes of clear differences, those of the largest first.

    They are those of the work done; of files of other tools, those of like for like.
    """
    clear = comparison.first.comparable
    clear = clear[clear["verdict"].isin(["faster", "slower"])]
    clear = clear.assign(cause=clear["cause"].astype(object).replace("", NO_CAUSE))
    if clear["cause"].eq(NO_CAUSE).all():
        return []
    table = means(clear, ["machine", "cause"]).reset_index().rename(columns={"cause": "family"})
    rows = []
    for mean in means_in(table):
        own = clear[(clear["machine"] == mean.machine) & (clear["cause"] == mean.family)]
        far = (own["ratio"].map(math.log)).abs().idxmax()
        (largest,) = pairs_in(own.loc[[far]])
        rows.append(
            CauseRow(
                machine=mean.machine,
                cause=mean.family,
                cases=mean.cells,
                ratio=mean.ratio,
                mean=ratio_text(mean.ratio),
                largest=largest,
            )
        )
    return sorted(rows, key=lambda row: (row.cause == NO_CAUSE, -abs(math.log(row.ratio.value))))


def rank_tables(comparison: Comparison) -> list[RankTable]:
    """Return the ranks of whole machines, and of one core of each."""
    tables = []
    for question in ranked(comparison):
        rows = standings(comparison, question)
        if rows:
            table = RankTable(
                question=question,
                families=[ALL, *comparison.answers[question].families],
                rows=_rank_rows(comparison, rows),
                spreads=list(map(_spread_texts, spreads(rows))),
            )
            tables.append(table)
    return tables


def _rank_rows(comparison: Comparison, rows: list[Standing]) -> list[RankRow]:
    used, by_device = cores(comparison), devices(comparison)
    return [
        RankRow(
            standing=row,
            cores=used.get(row.machine),
            device=by_device.get(row.machine, ""),
            means={
                family: MeanCell(
                    text=ratio_texts(ratio)["ratio"],
                    sort=ratio.value,
                    cells=row.cases,
                    verdict=verdict_on(ratio),
                )
                for family, ratio in row.means.items()
            },
        )
        for row in rows
    ]


def _spread_texts(spread: Spread) -> dict[str, str]:
    ratios = {
        "highest": spread.high.value,
        "median": spread.median,
        "lowest": spread.low.value,
        "range": spread.high.value / spread.low.value,
    }
    return {
        "family": spread.family,
        "machines": str(spread.machines),
        "fastest": spread.fastest,
        "slowest": spread.slowest,
        **{name: units.significant(ratio, 3) for name, ratio in ratios.items()},
    }


def spread_rows(answer: Answer) -> list[SpreadRow]:
    """Return for each key its slowest, median and fastest machine."""
    comparable = answer.comparable
    groups = comparable.groupby("key", observed=True)["ratio"]
    table = groups.agg(["size", "median", "idxmin", "idxmax"])
    ends = (pairs_in(comparable.loc[table[name]]) for name in ("idxmin", "idxmax"))
    groups_of_key = zip(*ends, table["size"].tolist(), table["median"].tolist(), strict=True)
    return [
        SpreadRow(
            slowest=slowest,
            fastest=fastest,
            machines=machines,
            min=units.significant(slowest.ratio.value, 3),
            median=units.significant(median, 3),
            max=units.significant(fastest.ratio.value, 3),
            median_sort=median,
        )
        for slowest, fastest, machines, median in groups_of_key
    ]


def reason_rows(pairs: pd.DataFrame) -> list[ReasonRow]:
    """Group the unsettled and the not comparable pairs by reason, the most frequent first."""
    with_reason = pairs[pairs["reason"].notna()]
    groups = with_reason.groupby(["verdict", "reason"], observed=True)
    sizes = groups.agg(pairs=("key", "size"), machines=("machine", "nunique"))
    most_frequent = sizes.sort_values("pairs", ascending=False, kind="stable").head(MOST_REASONS)
    rows = []
    for verdict, reason in most_frequent.index:
        keys = _keys(with_reason, verdict, reason)
        row = ReasonRow(
            verdict=verdict,
            reason=reason,
            pairs=int(most_frequent.loc[(verdict, reason), "pairs"]),
            machines=int(most_frequent.loc[(verdict, reason), "machines"]),
            cells=cut_names(keys[:MOST_CELLS], LONGEST),
            further=max(0, len(keys) - MOST_CELLS),
        )
        rows.append(row)
    return rows


def _keys(pairs: pd.DataFrame, verdict: str, reason: str) -> list[str]:
    """Return the distinct keys of the pairs with this verdict and this reason."""
    wanted = (pairs["verdict"] == verdict) & (pairs["reason"] == reason)
    return [str(key) for key in pairs.loc[wanted, "key"].unique()]
