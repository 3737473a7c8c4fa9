"""Prints a comparison in the terminal: up to four machines cell by cell, more with a row each.

Texts from files become `rich.text.Text`, so that none of them is read as markup. They are cut to
the width of a column.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from bench.results.verdicts import FASTER, SLOWER
from reports import units
from reports.compare.comparison import ALL, MOST_SHOWN, Comparison, furthest
from reports.compare.page import NOTE, TIMES, counts, ratio_text
from reports.compare.pair import Mean, Pair, means_in, pairs_in
from reports.compare.statements import statements
from reports.compare.verdicts import NOT_COMPARABLE
from reports.findings.statement import Finding

SIDE_BY_SIDE = 4  # machines compared cell by cell
LABEL, LONG = 32, 72  # most characters of a label, and of other texts
STYLES = {FASTER: "green", SLOWER: "red"}


def print_comparison(comparison: Comparison, console: Console, *, all_cells: bool = False) -> None:
    """Print a comparison: findings, means, cells, and the facts that differ."""
    for part in tables(comparison, all_cells=all_cells):
        console.print(part)


def tables(comparison: Comparison, *, all_cells: bool = False) -> Iterator[RenderableType]:
    """Yield the parts of the printed comparison.

    Parameters
    ----------
    all_cells : also show ties and unsettled cells, and every machine.

    """
    if len(comparison.labels) > SIDE_BY_SIDE:
        yield _machines(comparison, all_cells=all_cells)
    else:
        for finding in statements(comparison):
            if finding.about.get("family", ALL) == ALL:
                yield _sentence(finding)
        yield _families(comparison)
        yield _cells(comparison, all_cells=all_cells)
        yield _verdict_counts(comparison)
    yield _account(comparison)
    yield Text(f"{TIMES[comparison.of_medians]} {NOTE}", style="dim")


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


def _families(comparison: Comparison) -> Table:
    """Return a table of means: a row per family, a column per other machine."""
    base = comparison.labels[comparison.baseline]
    table = Table(title=cut(f"times as fast as {base}", LONG), title_justify="left")
    table.add_column("family")
    for other in comparison.others:
        table.add_column(cut(other), justify="right")
    means = {(mean.family, mean.machine): mean for mean in means_in(comparison.means)}
    for family in [*comparison.families, ALL]:
        cells = [_mean(means.get((family, other))) for other in comparison.others]
        table.add_row(cut(family), *cells)
    return table


def _mean(mean: Mean | None) -> Text:
    if mean is None:
        return Text("")
    text = f"{ratio_text(mean.ratio)}, {units.count(mean.cells, 'cell')}"
    return Text(text, style=STYLES.get(mean.verdict, ""))


def _cells(comparison: Comparison, *, all_cells: bool) -> RenderableType:
    """Return a table of cells: the baseline's time, and each other machine's time and ratio."""
    pairs = comparison.pairs
    clear = pairs[pairs["verdict"].isin([FASTER, SLOWER])]
    shown = pairs[pairs["verdict"] != NOT_COMPARABLE]
    if not all_cells:
        shown = shown[shown["key"].isin(clear["key"])]
    if shown.empty:
        return Text("No cell can be compared." if all_cells else "No cell clearly differs.")
    title = "all cells that can be compared" if all_cells else "cells that clearly differ"
    table = Table(title=title, title_justify="left")
    table.add_column("cell")
    table.add_column(cut(comparison.labels[comparison.baseline]), justify="right")
    for other in comparison.others:
        table.add_column(cut(other), justify="right")
    for _, rows in shown.groupby("key", observed=True):
        by_machine = {pair.machine: pair for pair in pairs_in(rows)}
        first = next(iter(by_machine.values()))
        cells = [_cell(by_machine.get(other)) for other in comparison.others]
        table.add_row(cut(first.where, LONG), units.seconds(first.time_base_s), *cells)
    return table


def _cell(pair: Pair | None) -> Text:
    if pair is None:
        return Text("")
    text = f"{units.seconds(pair.time_s)}, {ratio_text(pair.ratio)}"
    return Text(text, style=STYLES.get(pair.verdict, ""))


def _verdict_counts(comparison: Comparison) -> Text:
    lines = []
    for other, by_verdict in counts(comparison).items():
        text = ", ".join(f"{number} {verdict}" for verdict, number in by_verdict.items() if number)
        lines.append(Text.assemble(cut(other), f": {text or 'no cells'}"))
    return Text("\n").join(lines)


def _machines(comparison: Comparison, *, all_cells: bool) -> Table:
    """Return a table of means: a row per machine, a column per family."""
    shown = comparison.others if all_cells else furthest(comparison, MOST_SHOWN)
    hidden = len(comparison.others) - len(shown)
    title = f"times as fast as {comparison.labels[comparison.baseline]}"
    title += f"; {hidden} machines closer to it are not shown" if hidden else ""
    table = Table(title=cut(title, 2 * LONG), title_justify="left")
    table.add_column("machine")
    for family in (ALL, *comparison.families):
        table.add_column(cut(family), justify="right")
    means = {(mean.machine, mean.family): mean for mean in means_in(comparison.means)}
    for other in shown:
        means_of_machine = [means.get((other, family)) for family in (ALL, *comparison.families)]
        table.add_row(cut(other), *map(_short, means_of_machine))
    return table


def _short(mean: Mean | None) -> Text:
    if mean is None or math.isnan(mean.ratio.value):
        return Text("")
    return Text(ratio_text(mean.ratio).partition(" ")[0], style=STYLES.get(mean.verdict, ""))


def _account(comparison: Comparison) -> RenderableType:
    """Return a table of the facts that differ, or a sentence if none does."""
    if not comparison.account:
        return Text("The files show no difference in machine, versions, settings or code.")
    table = Table(title="what differs", title_justify="left")
    table.add_column("fact")
    many = len(comparison.labels) > SIDE_BY_SIDE
    for label in ("value (machines)",) if many else comparison.labels:
        table.add_column(cut(label))
    for fact in comparison.account:
        texts = (fact.spread,) if many else fact.texts
        table.add_row(fact.name, *(cut(text or "not stated", LONG * (1 + many)) for text in texts))
    return table
