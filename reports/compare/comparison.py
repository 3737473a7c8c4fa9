"""Compares results: how much sooner the work is done, and then like for like.

Each question has its pairs of cells with a verdict on each, and the mean ratio of each family.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from typing import Final

import numpy as np
import pandas as pd

from reports.compare import processes
from reports.compare.account import Account, account
from reports.compare.best import DONE, ONE_CORE, QUESTIONS, REDUCED, best
from reports.compare.causes import causes
from reports.compare.matching import match_cells
from reports.compare.names import FULL, matched
from reports.compare.points import (
    OF_POINTS,
    POINTS,
    STEPS,
    best_steps,
    have_points,
    stacked_points,
)
from reports.compare.sides import sides
from reports.compare.stacking import of_medians, stacked
from reports.compare.verdicts import (
    NO_POINT,
    NO_STEPS,
    NOT_COMPARABLE,
    VERDICTS,
    Reasons,
    judge,
    like_for_like,
    means,
    same_work,
    verdicts,
)
from reports.read.names import distinct_labels
from reports.read.result import Tabular

LIKE: Final = "like"  # the question that compares each contender with itself elsewhere
ALL = "all"  # in place of a family: all of them
SIDE_BY_SIDE = 8  # machines compared cell by cell, with a likely cause of each difference
MOST_SHOWN = 40  # machines in a heat map or a table
COLUMNS = {
    "machine": "machine",
    "key": "key",
    "family": "family",
    "workload": "workload",
    "size": "size",
    "dtype": "dtype",
    "setting": "setting",
    "contender_base": "contender_base",
    "contender": "contender",
    "device_base": "device_base",
    "device": "device",
    "threads_base": "threads_base",
    "threads": "threads",
    "time_s_base": "time_base_s",
    "time_s": "time_s",
    "ratio": "ratio",
    "low": "low",
    "high": "high",
    "median_ratio": "median_ratio",
    "tick": "tick",
    "verdict": "verdict",
    "reason": "reason",
    "cause": "cause",
    "cell_base": "cell_base",
    "cell": "cell",
    "minima_base": "minima_base",
    "minima": "minima",
}
OF_ALL = ("question", "transfers", "baseline", "matching")  # further columns of the CSV

NUMBERS = (
    "threads_base",
    "threads",
    "time_base_s",
    "time_s",
    "ratio",
    "low",
    "high",
    "median_ratio",
    "tick",
)

MIN_RESULTS = 2


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer to one question.

    Attributes
    ----------
    pairs : a row per other machine and key; `ratio` is the baseline's time over the machine's.
    means : geometric means of each other machine's ratios, per family and over all cells, in
        columns `machine, family, cells, ratio, low, high, verdict`.

    """

    pairs: pd.DataFrame
    means: pd.DataFrame

    @property
    def families(self) -> list[str]:
        """The families with at least one pair that can be compared."""
        every = self.means["family"].drop_duplicates()
        return [str(family) for family in every if family != ALL]

    @property
    def comparable(self) -> pd.DataFrame:
        """The pairs that can be compared."""
        return self.pairs[self.pairs["verdict"] != NOT_COMPARABLE]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Machines against a baseline.

    Attributes
    ----------
    labels : the machines, each with a unique label.
    baseline : index of the baseline in `labels`.
    answers : by question: `best.QUESTIONS`, which compare the best contenders, and LIKE; if a file
        has points, also `points.OF_POINTS`.
    account : the facts that differ between the machines, and those that do not.
    of_medians : the times are medians, not those of the fastest blocks.
    transfers : a device's best contender includes transfers.
    matching : how tests of other tools' files are matched: FULL or NAME.

    """

    labels: tuple[str, ...]
    baseline: int
    answers: Mapping[str, Answer]
    account: Account = field(default=Account())
    of_medians: bool = False
    transfers: bool = False
    matching: str = FULL

    @property
    def base(self) -> str:
        """The label of the baseline."""
        return self.labels[self.baseline]

    @property
    def others(self) -> list[str]:
        """All machines but the baseline."""
        return [label for place, label in enumerate(self.labels) if place != self.baseline]

    @property
    def done(self) -> Answer:
        """How much sooner the work is done, at IEEE precision."""
        return self.answers[DONE]

    @property
    def reduced(self) -> Answer:
        """How much sooner the work is done, with reduced precision allowed."""
        return self.answers[REDUCED]

    @property
    def one_core(self) -> Answer:
        """How much sooner the work is done on one core of each machine."""
        return self.answers[ONE_CORE]

    @property
    def like(self) -> Answer:
        """The same contender in the same case on both machines."""
        return self.answers[LIKE]

    @property
    def of_points_alone(self) -> bool:
        """Whether no file has a cell, as those of clusters; then only points are compared."""
        return POINTS in self.answers and self.like.pairs.empty

    @property
    def first(self) -> Answer:
        """The first answer that there is: files of other tools have only that of LIKE."""
        return self.like if self.done.comparable.empty else self.done


def compare(
    results: Sequence[Tabular],
    baseline: int = 0,
    *,
    transfers: bool = False,
    matching: str = FULL,
    origins: Mapping[str, tuple[object, ...]] | None = None,
) -> Comparison:
    """Compare every result with one of them, the baseline.

    Several files of another tool can be one side, as `sides.sides` says. The baseline is the side
    that its file is of.

    Parameters
    ----------
    transfers : a device's best contender must include the transfers to it and back.
    matching : how tests of other tools' files are matched: FULL or NAME.
    origins : by path, the argument that a file came from.

    Raises
    ------
    ValueError : there are fewer than two results, or none at that index.

    """
    if len(results) < MIN_RESULTS:
        raise ValueError(f"a comparison needs two or more result files; got {len(results)}")
    if not 0 <= baseline < len(results):
        raise ValueError(f"the baseline must be from 0 to {len(results) - 1}; got {baseline}")
    grouped = sides(matched(results, matching), origins)
    baseline = next(place for place, (_, files) in enumerate(grouped) if baseline in files)
    results = [side for side, _ in grouped]
    if len(results) < MIN_RESULTS:
        raise ValueError("a comparison needs two sides or more; all files are joined to one")
    cells = stacked(results)
    answers = {LIKE: _answer(cells, like_for_like, results, baseline)}
    none: Answer | None = None  # the same for all questions: files of other tools have no work
    for question in QUESTIONS:
        chosen = best(cells, question, transfers=transfers)
        answer = none or _answer(chosen, same_work, results, baseline)
        none = answer if chosen.empty else None
        answers[question] = answer
    if have_points(results):
        steps, points = best_steps(results), stacked_points(results)
        same_steps = partial(same_work, no_cell=NO_STEPS)
        same_point = partial(like_for_like, no_cell=NO_POINT)
        answers[STEPS] = _answer(steps, same_steps, results, baseline)
        answers[POINTS] = _answer(points, same_point, results, baseline)
    return Comparison(
        labels=tuple(names(results)),
        baseline=baseline,
        answers=answers,
        account=account(results, baseline),
        of_medians=of_medians(results),
        transfers=transfers,
        matching=matching,
    )


def _answer(
    cells: pd.DataFrame, reasons: Reasons, results: Sequence[Tabular], baseline: int
) -> Answer:
    """Match the cells of a question and judge the pairs."""
    pairs = match_cells(cells, baseline, len(results))
    runs = pd.factorize(np.array([result.sha256 for result in results], dtype=object))[0]
    pairs = judge(pairs, runs[pairs["machine"]] == runs[baseline], reasons)
    few = len(results) <= SIDE_BY_SIDE
    pairs["cause"] = causes(pairs, results, baseline) if few else pd.Categorical([""] * len(pairs))
    pairs = pairs[list(COLUMNS)].rename(columns=COLUMNS)
    pairs["machine"] = pd.Categorical.from_codes(
        pairs["machine"].to_numpy(dtype=int), categories=pd.Index(names(results))
    )
    return Answer(pairs=pairs, means=_means(pairs))


def names(results: Sequence[Tabular]) -> list[str]:
    """Return a unique label for each result.

    Equal names of files get their folders, other equal labels their date, then a number.
    """
    known = distinct_labels(results)
    uses = Counter(known)
    labels = [
        label
        if uses[label] == 1 or not result.datetime
        else f"{label}, {result.datetime[:16].replace('T', ' ')}"
        for label, result in zip(known, results, strict=True)
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
    of_others = processes.foreign(pairs)
    own = pairs[~of_others]
    with_family = own[~own["family"].isin(["", ALL])]
    parts = [means(with_family, ["machine", "family"]), means(own, ["machine"])]
    tables = [part.reset_index() for part in parts]
    tables[0]["family"] = tables[0]["family"].astype(object)
    tables[1] = tables[1].assign(family=ALL)
    if of_others.any():
        tables.append(_of_processes(pairs[of_others]))
    every = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    return every.sort_values("machine", kind="stable", ignore_index=True)


def _of_processes(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the means over all tests of other tools' files."""
    table = processes.overall(pairs[pairs["verdict"] != NOT_COMPARABLE])
    settled = verdicts(np.log(table["low"]), np.log(table["high"]))
    return table.assign(family=ALL, verdict=pd.Categorical(settled, categories=VERDICTS))


def furthest(comparison: Comparison, most: int) -> list[str]:
    """Return the `most` machines whose overall mean is furthest from 1, in their order."""
    table = comparison.first.means
    overall = table[table["family"] == ALL].set_index("machine")["ratio"]
    distance = np.log(overall).abs().sort_values(ascending=False)
    chosen = set(distance.index[:most])
    return [label for label in comparison.others if label in chosen]


def comparison_csv(comparison: Comparison) -> str:
    """Return all pairs as CSV in full precision, with the question and the baseline in each row."""
    parts = [answer.pairs.assign(question=name) for name, answer in comparison.answers.items()]
    about = {
        "transfers": "yes" if comparison.transfers else "no",
        "baseline": comparison.base,
        "matching": comparison.matching,
    }
    return pd.concat(parts).assign(**about).to_csv(index=False)


def from_csv(text: str) -> Comparison:
    """Return the comparison in a CSV; its account of differences is empty.

    Raises
    ------
    ValueError : the text lacks columns of a comparison, or has no row.

    """
    pairs = pd.read_csv(StringIO(text), dtype=object, keep_default_na=False)
    if lacking := {*COLUMNS.values(), *OF_ALL} - set(pairs.columns):
        raise ValueError(f"the CSV of a comparison expected; it lacks {', '.join(sorted(lacking))}")
    if pairs.empty:
        raise ValueError("the CSV of a comparison expected; it has no row")
    for name in NUMBERS:  # float() keeps the last digit, which pandas may round
        pairs[name] = [float(value) if value else np.nan for value in pairs[name]]
    base, machines = str(pairs["baseline"].iloc[0]), list(dict.fromkeys(pairs["machine"]))
    pairs["machine"] = pd.Categorical(pairs["machine"], categories=pd.Index(machines))
    pairs["reason"] = pairs["reason"].where(pairs["reason"] != "", np.nan)
    of_points = [name for name in OF_POINTS if (pairs["question"] == name).any()]
    return Comparison(
        labels=(base, *machines),
        baseline=0,
        answers={name: _read(pairs, name) for name in (*QUESTIONS, LIKE, *of_points)},
        transfers=bool((pairs["transfers"] == "yes").any()),
        matching=str(pairs["matching"].iloc[0]),
    )


def _read(pairs: pd.DataFrame, question: str) -> Answer:
    """Return the answer to one question, from the rows of a CSV."""
    part = pairs.loc[pairs["question"] == question, list(COLUMNS.values())]
    part = part.reset_index(drop=True)
    return Answer(pairs=part, means=_means(part))
