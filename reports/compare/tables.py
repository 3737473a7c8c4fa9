"""Prints a comparison in the terminal: up to four machines case by case, more with a row each.

Texts from files become `rich.text.Text`, so that none of them is read as markup. They are cut to
the width of a column.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from bench.results.verdicts import FASTER, SLOWER
from reports import units
from reports.compare.best import QUESTIONS
from reports.compare.columns import column_of
from reports.compare.comparison import ALL, LIKE, MOST_SHOWN, Comparison, furthest
from reports.compare.page import DATA, HOW, TIMES, note, of_all, of_processes
from reports.compare.pair import Mean, Pair, means_in, pairs_in
from reports.compare.point_statements import point_statements
from reports.compare.points import MANY_STEPS
from reports.compare.ranks import rank_statements
from reports.compare.rows import (
    NAMES,
    MeanCell,
    PairRow,
    RankTable,
    cause_rows,
    count_texts,
    family_rows,
    mean_cell,
    median_text,
    pair_text,
    rank_tables,
    ratio_text,
    step_rows,
    work_rows,
)
from reports.compare.statements import statements
from reports.findings.statement import Finding

SIDE_BY_SIDE = 4  # machines compared case by case
MOST_TESTS = 30  # of other tools' files, unless all are asked for
LABEL, LONG = 32, 72  # most characters of a label, and of other texts
STYLES = {FASTER: "green", SLOWER: "red"}
CLEAR = frozenset({FASTER, SLOWER})


def print_comparison(comparison: Comparison, console: Console, *, all_cells: bool = False) -> None:
    """Print a comparison: the work done, like for like, and the facts that differ."""
    for part in tables(comparison, all_cells=all_cells):
        console.print(part)


def tables(comparison: Comparison, *, all_cells: bool = False) -> Iterator[RenderableType]:
    """Yield the parts of the printed comparison.

    Parameters
    ----------
    all_cells : also show ties and unsettled cells, and every machine.

    """
    yield from map(_sentence, rank_statements(comparison))
    with_work = not comparison.done.comparable.empty
    if len(comparison.labels) > SIDE_BY_SIDE:
        for ranks in rank_tables(comparison):
            yield _ranks(ranks, most=None if all_cells else MOST_SHOWN)
        yield from _steps(comparison, all_cells=all_cells)
        yield _machines(comparison, all_cells=all_cells)
    else:
        said = [finding for finding in statements(comparison) if of_all(finding)]
        yield from map(_sentence, _of(said, *QUESTIONS))
        if with_work:
            yield from _work(comparison, all_cells=all_cells)
        yield from map(_sentence, point_statements(comparison))
        yield from _steps(comparison, all_cells=all_cells)
        if with_work:
            yield Text("\nLike for like: each contender with itself on the other machine")
        yield from map(_sentence, _of(said, LIKE))
        if not comparison.of_points_alone:
            yield _families(comparison)
            yield _cells(comparison, all_cells=all_cells)
            yield _verdict_counts(comparison, LIKE)
        yield from _causes(comparison)
    yield _account(comparison)
    if comparison.account.differences and comparison.account.unstated:
        yield Text(f"The files do not state: {', '.join(comparison.account.unstated)}.")
    how = f"{HOW} {DATA[comparison.transfers]} " if with_work else ""
    times = "" if of_processes(comparison) else f"{TIMES[comparison.of_medians]} "
    yield Text(f"{how}{times}{note(comparison)}", style="dim")


def _of(findings: Iterable[Finding], *questions: str) -> list[Finding]:
    return [finding for finding in findings if finding.about["question"] in questions]


def cut(text: str, most: int = LABEL) -> Text:
    """Return a text on one line, cut to `most` characters.

    The middle is cut out, because labels of runs of one machine differ at their ends.
    """
    line = " ".join(text.split())
    end = most // 2
    return Text(line if len(line) <= most else f"{line[: most - end - 1]}…{line[-end:]}")


def _sentence(finding: Finding) -> Text:
    words = {key: cut(word, LONG).plain for key, word in finding.words.items()}
    return Text(replace(finding, words=words).text)


def _work(comparison: Comparison, *, all_cells: bool) -> Iterator[RenderableType]:
    """Yield the means of the work done by precision, and its cases."""
    several = len(comparison.others) > 1
    title = f"how many times sooner the work is done than on {comparison.base}"
    table = Table(title=cut(title, 2 * LONG), title_justify="left")
    for name in ("machine", "family") if several else ("family",):
        table.add_column(name)
    for question in QUESTIONS:
        table.add_column(NAMES[question], justify="right")
    for row in family_rows(comparison):
        cells = [_counted(row.means.get(question)) for question in QUESTIONS]
        table.add_row(*([cut(row.machine)] if several else []), cut(row.family), *cells)
    yield table
    yield _works(comparison, all_cells=all_cells)
    yield _verdict_counts(comparison, QUESTIONS[0])


def _counted(cell: MeanCell | None, thing: str = "case") -> Text:
    """Return a mean and how many things it was taken over, in the style of its verdict."""
    if cell is None:
        return Text("")
    text = f"{cell.text}, {units.count(cell.cells, thing)}"
    return Text(text, style=STYLES.get(cell.verdict, ""))


def _works(comparison: Comparison, *, all_cells: bool) -> RenderableType:
    """Return a table of cases: on each machine, who does the work, and in what time."""
    rows = [row for row in work_rows(comparison) if all_cells or row.pair.verdict in CLEAR]
    if not rows:
        return Text("In no case is a machine clearly done sooner.")
    title = "all cases that can be compared" if all_cells else "cases that clearly differ"
    table = Table(title=title, title_justify="left")
    table.add_column("work")
    _add_machines(table, [comparison.base, *comparison.others])
    by_work: dict[str, dict[str, PairRow]] = {}
    for row in rows:
        by_work.setdefault(row.pair.work, {})[row.pair.machine] = row
    for name, by_machine in zip(column_of(list(by_work)), by_work.values(), strict=True):
        first = next(iter(by_machine.values()))
        table.add_row(
            name,
            _done(first.time_base, first.pair.by_base),
            *(_other(by_machine.get(other)) for other in comparison.others),
        )
    return table


def _done(time: str, contender: str) -> Text:
    return Text.assemble(f"{time}, ", cut(contender))


def _other(row: PairRow | None) -> Text:
    if row is None:
        return Text("")
    ratio = Text(f", {row.ratio}", style=STYLES.get(row.pair.verdict, ""))
    return Text.assemble(_done(row.time, row.pair.by), ratio)


def _steps(comparison: Comparison, *, all_cells: bool) -> Iterator[Table]:
    """Yield a table of the time to many training steps, if the files hold any."""
    rows = step_rows(comparison)
    if not rows:
        return
    shown = rows if all_cells else rows[:MOST_SHOWN]
    title = f"time to {MANY_STEPS:,} training steps, with the best ranks of each"
    hidden = len(rows) - len(shown)
    title += f"; {units.count(hidden, 'row')} not shown" if hidden else ""
    table = Table(title=title, title_justify="left")
    several = len(comparison.others) > 1
    for name in ("training", "machine") if several else ("training",):
        table.add_column(name)
    _add_machines(table, [comparison.base, "there" if several else comparison.others[0]])
    table.add_column("ratio", justify="right")
    for row in shown:
        machine = [cut(row.pair.machine)] if several else []
        table.add_row(
            cut(row.pair.work, LONG),
            *machine,
            _done(row.time_base, row.pair.by_ranks_base),
            _done(row.time, row.pair.by_ranks),
            Text(row.ratio, style=STYLES.get(row.pair.verdict, "")),
        )
    yield table


def _causes(comparison: Comparison) -> Iterator[Table]:
    """Yield a table of the likely causes of clear differences, if there are any."""
    rows = cause_rows(comparison)
    if not rows:
        return
    several = len(comparison.others) > 1
    table = Table(title="likely causes of clear differences", title_justify="left")
    for name in ("machine", "cause") if several else ("cause",):
        table.add_column(name)
    for name in ("cases", "mean ratio"):
        table.add_column(name, justify="right")
    table.add_column("largest")
    for row in rows:
        texts = [cut(row.cause, LONG), Text(str(row.cases)), Text(row.mean)]
        machine = [cut(row.machine)] if several else []
        table.add_row(*machine, *texts, cut(row.largest.work, LONG))
    yield table


def _families(comparison: Comparison) -> Table:
    """Return a table of means: a row per family, a column per other machine."""
    table = Table(title=cut(f"times as fast as {comparison.base}", LONG), title_justify="left")
    table.add_column("family")
    _add_machines(table, comparison.others)
    own = means_in(comparison.like.means)
    means = {(mean.family, mean.machine): mean_cell(mean) for mean in own}
    for family in [*comparison.like.families, ALL]:
        cells = [_counted(means.get((family, other)), "cell") for other in comparison.others]
        table.add_row(cut(family), *cells)
    return table


def _cells(comparison: Comparison, *, all_cells: bool) -> RenderableType:
    """Return a table of cells: the baseline's time, and each other machine's time and ratio."""
    shown, others = comparison.like.comparable, of_processes(comparison)
    if others and not all_cells:  # hardly any is clear, so those that differ most are shown
        shown = shown[shown["key"].isin(_furthest(shown))]
    elif not all_cells:
        clear = shown[shown["verdict"].isin(CLEAR)]
        shown = shown[shown["key"].isin(clear["key"])]
    if shown.empty:
        return Text("No cell can be compared." if all_cells else "No cell clearly differs.")
    which = "tests that differ most" if others else "cells that clearly differ"
    title = "all cells that can be compared" if all_cells else which
    title += ": minimum, ratio of minima, of medians" if others else ""
    table = Table(title=title, title_justify="left")
    table.add_column("test" if others else "cell")
    _add_machines(table, [comparison.base, *comparison.others])
    groups = [pairs_in(rows) for _, rows in shown.groupby("key", observed=True)]
    for name, pairs in zip(column_of([each[0].where for each in groups]), groups, strict=True):
        by_machine = {pair.machine: pair for pair in pairs}
        cells = [_cell(by_machine.get(other)) for other in comparison.others]
        table.add_row(name, units.seconds(pairs[0].time_base_s), *cells)
    return table


def _add_machines(table: Table, labels: Sequence[str]) -> None:
    """Add a column for each machine; its label is cut so that it differs from the others."""
    for name in column_of(labels, LABEL):
        table.add_column(name, justify="right")


def _furthest(pairs: pd.DataFrame) -> list[str]:
    """Return the keys of the pairs whose ratio is furthest from 1."""
    distance = np.log(pairs["ratio"]).abs().groupby(pairs["key"], observed=True).max()
    return [str(key) for key in distance.sort_values(ascending=False).index[:MOST_TESTS]]


def _cell(pair: Pair | None) -> Text:
    if pair is None:
        return Text("")
    text = f"{units.seconds(pair.time_s)}, {pair_text(pair)}"
    text += f", {medians}" if (medians := median_text(pair)) else ""
    return Text(text, style=STYLES.get(pair.verdict, ""))


def _verdict_counts(comparison: Comparison, question: str) -> Text:
    lines = [
        Text.assemble(cut(machine), f": {text}")
        for machine, text in count_texts(comparison, question).items()
    ]
    return Text("\n").join(lines)


def _ranks(ranks: RankTable, most: int | None) -> Table:
    """Return a table of ranks: a row per machine, a column per family."""
    hidden = max(0, len(ranks.rows) - most) if most else 0
    title = f"rank by the work done, {NAMES[ranks.question]}"
    title += f"; {hidden} slower machines are not shown" if hidden else ""
    table = Table("rank", "machine", title=title, title_justify="left")
    for name in ("cases", *map(str, ranks.families)):
        table.add_column(cut(name), justify="right")
    shown = ranks.rows[:most]
    labels = column_of([row.standing.machine for row in shown])
    for label, row in zip(labels, shown, strict=True):
        cells = [row.means.get(family) for family in ranks.families]
        table.add_row(
            str(row.standing.rank),
            label,
            str(row.standing.cases),
            *(
                Text(cell.text, STYLES.get(cell.verdict, "")) if cell else Text("")
                for cell in cells
            ),
        )
    return table


def _machines(comparison: Comparison, *, all_cells: bool) -> Table:
    """Return a table of like for like: a row per machine, a column per family."""
    shown = comparison.others if all_cells else furthest(comparison, MOST_SHOWN)
    hidden = len(comparison.others) - len(shown)
    title = f"like for like: times as fast as {comparison.base}"
    title += f"; {hidden} machines closer to it are not shown" if hidden else ""
    table = Table(title=cut(title, 2 * LONG), title_justify="left")
    table.add_column("machine")
    for family in (ALL, *comparison.like.families):
        table.add_column(cut(family), justify="right")
    means = {(mean.machine, mean.family): mean for mean in means_in(comparison.like.means)}
    for label, other in zip(column_of(shown), shown, strict=True):
        families = (ALL, *comparison.like.families)
        table.add_row(label, *(_short(means.get((other, family))) for family in families))
    return table


def _short(mean: Mean | None) -> Text:
    if mean is None or math.isnan(mean.ratio.value):
        return Text("")
    return Text(ratio_text(mean.ratio).partition(" ")[0], style=STYLES.get(mean.verdict, ""))


def _account(comparison: Comparison) -> RenderableType:
    """Return a table of the facts that differ, or a sentence if none does."""
    if not comparison.account.differences:
        return Text(comparison.account.nothing)
    table = Table(title="what differs", title_justify="left")
    table.add_column("fact")
    many = len(comparison.labels) > SIDE_BY_SIDE
    for label in column_of(["value (machines)"] if many else comparison.labels, LABEL):
        table.add_column(label)
    for fact in comparison.account.differences:
        texts = (fact.spread,) if many else fact.texts
        table.add_row(fact.name, *(cut(text or "not stated", LONG * (1 + many)) for text in texts))
    return table
