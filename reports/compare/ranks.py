"""Ranks machines by how soon they get the work done, and states how far they are apart.

A machine is ranked by its mean ratio to the baseline, over the cases that both have. The fastest
machine is compared with each other one case by case, which says which of them may be as fast.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.results import ids
from bench.results.verdicts import SLOWER
from reports import units
from reports.compare.best import DONE, ONE_CORE
from reports.compare.comparison import ALL, Answer, Comparison
from reports.compare.pair import Mean, means_in
from reports.compare.verdicts import means
from reports.findings.ratios import hedged, ratio_texts, verdict_on
from reports.findings.statement import Finding
from reports.read.interval import Interval

FEWEST = 3  # machines of which a rank says more than a ratio
EXACTLY_1 = Interval(value=1.0, low=1.0, high=1.0)
SCOPES = {
    DONE: "{first} gets the work done soonest of {count} machines",
    ONE_CORE: "On one core, {first} gets the work done soonest of {count} machines",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A machine's rank in all and its mean of each family; the baseline's ratios are 1."""

    machine: str
    rank: int
    cases: int
    means: dict[str, Interval]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """The fastest, the slowest and the median machine of a family."""

    family: str
    machines: int
    fastest: str
    slowest: str
    high: Interval
    low: Interval
    median: float


def ranked(comparison: Comparison) -> list[str]:
    """Return the questions to rank by: whole machines, and one core of each if that differs."""
    whole, one_core = comparison.done.comparable, comparison.one_core.comparable
    cells = ["cell", "cell_base"]
    same = len(whole) == len(one_core) and all(
        whole[side].astype(str).tolist() == one_core[side].astype(str).tolist() for side in cells
    )
    return [DONE] if same else [DONE, ONE_CORE]


def standings(comparison: Comparison, question: str) -> list[Standing]:
    """Return the machines that have a mean, the fastest first."""
    answer = comparison.answers[question]
    by_machine: dict[str, dict[str, Mean]] = {}
    for mean in means_in(answer.means):
        by_machine.setdefault(mean.machine, {})[mean.family] = mean
    if not by_machine:
        return []
    rows = [
        (machine, own[ALL].cells, {name: mean.ratio for name, mean in own.items()})
        for machine, own in by_machine.items()
    ]
    cases = answer.comparable["key"].nunique()
    rows.append((comparison.base, cases, dict.fromkeys([*answer.families, ALL], EXACTLY_1)))
    rows.sort(key=lambda row: -row[2][ALL].value)
    values = [ratios[ALL].value for _, _, ratios in rows]
    return [
        Standing(machine=machine, rank=1 + values.index(value), cases=number, means=ratios)
        for (machine, number, ratios), value in zip(rows, values, strict=True)
    ]


def spreads(rows: list[Standing]) -> list[Spread]:
    """Return the spread in all and in each family."""
    families = dict.fromkeys(name for row in rows for name in row.means if name != ALL)
    return [_spread(family, rows) for family in (ALL, *families)] if rows else []


def _spread(family: str, rows: list[Standing]) -> Spread:
    known = [(row.means[family], row.machine) for row in rows if family in row.means]
    ordered = sorted(known, key=lambda each: -each[0].value)
    (high, fastest), (low, slowest) = ordered[0], ordered[-1]
    return Spread(
        family=family,
        machines=len(ordered),
        fastest=fastest,
        slowest=slowest,
        high=high,
        low=low,
        median=float(np.median([ratio.value for ratio, _ in ordered])),
    )


def rank_statements(comparison: Comparison) -> Iterator[Finding]:
    """State which machine is the fastest, as a whole and on one core."""
    if len(comparison.labels) < FEWEST:
        return
    for question in ranked(comparison):
        rows = standings(comparison, question)
        if len(rows) >= FEWEST:
            yield _fastest(comparison, question, rows)


def _fastest(comparison: Comparison, question: str, rows: list[Standing]) -> Finding:
    """State by how much the fastest machine leads the last, and which may be as fast."""
    first, last = rows[0].machine, rows[-1].machine
    answer = comparison.answers[question]
    against = _against(answer, comparison, first)
    close = [
        row.machine
        for row in rows[1:]
        if row.machine in against and verdict_on(against[row.machine][0]) != SLOWER
    ]
    sentence, numbers = SCOPES[question], {"count": str(len(rows))}
    lead = against.get(last)
    state = "absent" if lead is None else verdict_on(lead[0].inverted)
    if lead is not None:
        ratio, cases = lead[0].inverted, lead[1]
        sentence += hedged(
            ": {ratio} times sooner than {last}, the last (95 % interval {interval}, {cells})",
            ratio,
        )
        numbers |= ratio_texts(ratio) | {"cells": units.count(cases, "case")}
    if close:
        sentence += "; {close} may be as fast"
        numbers["close"] = f"{len(close)} other{'' if len(close) == 1 else 's'}"
    own = answer.comparable
    rows_of_first = own if first == comparison.base else own[own["machine"] == first]
    column = "cell_base" if first == comparison.base else "cell"
    return Finding(
        id=f"compare/{question}//rank",
        state=state,
        sentence=sentence,
        words={"first": first, "last": last},
        numbers=numbers,
        cells=tuple(rows_of_first[column].astype(str).drop_duplicates()),
        about={"question": question, "rank": ALL},
    )


def _against(answer: Answer, comparison: Comparison, first: str) -> dict[str, tuple[Interval, int]]:
    """Return each machine's mean ratio to one of them, over the cases that both have."""
    own = answer.comparable
    if first == comparison.base:
        table = answer.means[answer.means["family"] == ALL]
        return {mean.machine: (mean.ratio, mean.cells) for mean in means_in(table)}
    of_first = own[own["machine"] == first].set_index("key")["ratio"]
    ratio_of_first = own["key"].astype(object).map(of_first)
    both = own[ratio_of_first.notna() & (own["machine"] != first)]
    ratios = both["ratio"] / ratio_of_first[both.index]
    table = means(both.assign(ratio=ratios, low=math.nan, high=math.nan), ["machine"])
    against = {
        mean.machine: (mean.ratio, mean.cells)
        for mean in means_in(table.reset_index().assign(family=ALL))
    }
    (lead,) = (
        mean
        for mean in means_in(answer.means[answer.means["family"] == ALL])
        if mean.machine == first
    )
    return against | {comparison.base: (lead.ratio.inverted, lead.cells)}


def devices(comparison: Comparison) -> dict[str, str]:
    """Return for each machine the accelerators that are its best contender in some case."""
    pairs = comparison.done.pairs
    known: dict[str, set[str]] = {}
    for side in ("", "_base"):
        column = pairs[f"device{side}"]
        used = pairs[column.notna() & ~column.isin(["", ids.CPU])]
        machines = [comparison.base] * len(used) if side else used["machine"].astype(str)
        for machine, device in zip(machines, used[f"device{side}"], strict=True):
            known.setdefault(machine, set()).add(device)
    return {machine: ", ".join(sorted(names)) for machine, names in known.items()}


def cores(comparison: Comparison) -> dict[str, int]:
    """Return the most cores that each machine used."""
    pairs = comparison.like.pairs
    most = pairs.groupby("machine", observed=True)["threads"].max().dropna()
    known = {str(machine): round(number) for machine, number in most.items()}
    base = pairs["threads_base"].max()
    return known if pd.isna(base) else known | {comparison.base: round(base)}
