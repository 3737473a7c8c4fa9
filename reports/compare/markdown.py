"""Writes a comparison as Markdown, for a comment on a pull request.

The answers come first. The long tables are folded. Texts from files are escaped.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from bench.results.verdicts import FASTER, SLOWER
from reports import units
from reports.compare.best import QUESTIONS
from reports.compare.comparison import ALL, LIKE, SIDE_BY_SIDE, Comparison
from reports.compare.page import DATA, HOW, TIMES, note, of_all, of_processes, spoken
from reports.compare.points import MANY_STEPS, OF_POINTS
from reports.compare.rows import (
    NAMES,
    MachineRow,
    MeanCell,
    cause_rows,
    machine_rows,
    pair_rows,
    rank_tables,
    step_rows,
    work_rows,
)
from reports.findings.statement import Finding, markdown

MOST_ROWS = 200  # of a table: a comment on GitHub has at most 65,536 characters
CLEAR = frozenset({FASTER, SLOWER})
LIKE_NAME = "like for like"
ON_RANKS = "**Training on several ranks**"


def as_markdown(comparison: Comparison, *, all_cells: bool = False) -> str:
    """Return a comparison as Markdown.

    Parameters
    ----------
    all_cells : also list ties and unsettled cells.

    """
    return "\n".join(_lines(comparison, all_cells=all_cells)) + "\n"


def _lines(comparison: Comparison, *, all_cells: bool) -> Iterator[str]:
    many = len(comparison.labels) > SIDE_BY_SIDE
    said = [finding for finding in spoken(comparison) if of_all(finding)]
    work = [finding for finding in said if finding.about["question"] in QUESTIONS]
    of_points = [finding for finding in said if finding.about["question"] in OF_POINTS]
    like = [finding for finding in said if finding.about["question"] == LIKE]
    yield f"### {markdown(' against '.join([*_named(comparison.others), comparison.base]))}"
    yield ""
    yield from _sentences(work)
    if many:
        yield from _ranks(comparison)
    elif not comparison.of_points_alone:
        yield from _means(comparison)
        yield from _works(comparison, all_cells=all_cells)
    yield from _sentences(of_points, ON_RANKS)
    yield from _steps(comparison)
    yield from _sentences(like, "**Like for like**")
    if not many:
        yield from _cells(comparison, all_cells=all_cells)
        yield from _causes(comparison)
    yield from _account(comparison, many=many)
    how = f"{HOW} {DATA[comparison.transfers]} " if work else ""
    times = "" if of_processes(comparison) else f"{TIMES[comparison.of_medians]} "
    yield f"<sub>{markdown(f'{how}{times}{note(comparison)}')}</sub>"


def _named(labels: Sequence[str]) -> list[str]:
    return [", ".join(labels)] if len(labels) <= SIDE_BY_SIDE else [f"{len(labels)} machines"]


def _sentences(findings: Iterable[Finding], head: str = "") -> Iterator[str]:
    lines = [f"- {finding.markdown}" for finding in findings]
    if lines:
        yield from filter(None, (head,))
        if head:
            yield ""
        yield from lines
        yield ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Yield the lines of a table; the first `left` columns hold words, the others numbers."""
    yield f"| {' | '.join(map(markdown, heads))} |"
    yield f"|{'|'.join(['---'] * left + ['---:'] * (len(heads) - left))}|"
    for row in rows[:MOST_ROWS]:
        yield f"| {' | '.join(map(markdown, row))} |"
    if len(rows) > MOST_ROWS:
        yield ""
        yield f"{units.count(len(rows) - MOST_ROWS, 'further row')} not shown."
    yield ""


def _folded(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
) -> Iterator[str]:
    """Yield the lines of a table that opens on request; nothing if it has no row."""
    if rows:
        yield f"<details><summary>{title}</summary>"
        yield ""
        yield from _table(heads, rows, left)
        yield "</details>"
        yield ""


def _means(comparison: Comparison) -> Iterator[str]:
    """Yield a table of means: a row per machine and family, a column per question."""
    with_work = not comparison.done.comparable.empty
    by_question = {
        question: {row.machine: row for row in machine_rows(comparison, question)}
        for question in (*(QUESTIONS if with_work else ()), LIKE)
    }
    families = dict.fromkeys([*comparison.done.families, *comparison.like.families, ALL])
    rows = [
        [other, family, *(_cell(by_machine[other], family) for by_machine in by_question.values())]
        for other in comparison.others
        for family in families
    ]
    what = "How many times sooner than on" if with_work else "Times as fast as"
    yield f"{what} {markdown(comparison.base)}:"
    yield ""
    heads = ["machine", "family", *(NAMES.get(name, LIKE_NAME) for name in by_question)]
    yield from _table(heads, rows, 2)


def _cell(row: MachineRow, family: str) -> str:
    cell: MeanCell | None = row.means.get(family)
    return f"{cell.text}, {cell.cells}, {cell.verdict}" if cell else ""


def _works(comparison: Comparison, *, all_cells: bool) -> Iterator[str]:
    rows = [
        [
            row.pair.work,
            row.pair.machine,
            f"{row.time_base}, {row.pair.by_base}",
            f"{row.time}, {row.pair.by}",
            row.ratio,
            row.pair.verdict,
        ]
        for row in work_rows(comparison)
        if all_cells or row.pair.verdict in CLEAR
    ]
    title = f"{units.count(len(rows), 'case')} {_which(all_cells=all_cells)}"
    heads = ["work", "machine", comparison.base, "there", "ratio", "verdict"]
    yield from _folded(title, heads, rows, 2)


def _steps(comparison: Comparison) -> Iterator[str]:
    """Yield a table of the time to many training steps, with the best ranks of each machine."""
    rows = [
        [
            row.pair.work,
            row.pair.machine,
            f"{row.time_base}, {row.pair.by_ranks_base}",
            f"{row.time}, {row.pair.by_ranks}",
            row.ratio,
            row.pair.verdict,
        ]
        for row in step_rows(comparison)
    ]
    heads = ["training", "machine", comparison.base, "there", "ratio", "verdict"]
    yield from _folded(f"Time to {MANY_STEPS:,} training steps", heads, rows, 2)


def _cells(comparison: Comparison, *, all_cells: bool) -> Iterator[str]:
    others = of_processes(comparison)
    shown = pair_rows(comparison.like)
    if others:  # hardly any is clear, so those that differ most come first
        shown.sort(key=lambda row: -abs(math.log(row.pair.ratio.value)))
    elif not all_cells:
        shown = [row for row in shown if row.pair.verdict in CLEAR]
    rows = [
        [
            row.pair.where,
            row.pair.machine,
            row.time_base,
            row.time,
            row.ratio,
            *([row.medians] if others else []),
            row.pair.verdict,
        ]
        for row in shown
    ]
    which = f"{_which(all_cells=all_cells or others)}, like for like"
    title = f"{units.count(len(rows), 'test' if others else 'cell')} {which}"
    medians = ["ratio of medians"] if others else []
    heads = ["cell", "machine", comparison.base, "there", "ratio", *medians, "verdict"]
    yield from _folded(title, heads, rows, 2)


def _which(*, all_cells: bool) -> str:
    return "compared" if all_cells else "with a clear difference"


def _ranks(comparison: Comparison) -> Iterator[str]:
    for ranks in rank_tables(comparison):
        rows = [
            [
                str(row.standing.rank),
                row.standing.machine,
                str(row.standing.cases),
                *(row.means[name].text if name in row.means else "" for name in ranks.families),
            ]
            for row in ranks.rows
        ]
        heads = ["rank", "machine", "cases", *ranks.families]
        yield from _folded(f"Rank, {NAMES[ranks.question]}", heads, rows, 2)


def _causes(comparison: Comparison) -> Iterator[str]:
    rows = [
        [row.machine, row.cause, str(row.cases), row.mean, row.largest.work]
        for row in cause_rows(comparison)
    ]
    if rows:
        heads = ["machine", "likely cause of clear differences", "cases", "mean ratio", "largest"]
        yield from _table(heads, rows, 2)


def _account(comparison: Comparison, *, many: bool) -> Iterator[str]:
    if not comparison.account.differences:
        yield markdown(comparison.account.nothing)
        yield ""
        return
    heads = ["fact", *(["value (machines)"] if many else comparison.labels)]
    rows = [
        [fact.name, *([fact.spread] if many else [text or "not stated" for text in fact.texts])]
        for fact in comparison.account.differences
    ]
    yield from _folded("What differs", heads, rows, len(heads))
    if comparison.account.unstated:
        yield f"The files do not state: {', '.join(comparison.account.unstated)}."
        yield ""
