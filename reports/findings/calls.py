"""Findings on the cost of calls: each contender's shortest time and its longest first call."""

from collections.abc import Iterator, Sequence

from reports import units
from reports.findings.statement import Finding, about_cell
from reports.read.grouping import grouped
from reports.read.row import Timed


def overheads(rows: Sequence[Timed]) -> Iterator[Finding]:
    """State the shortest time of each contender, which is about what a call costs."""
    without_variants = [row for row in rows if row.is_numpy or row.plain]
    groups = grouped(without_variants, lambda row: (row.contender, row.threads))
    for (contender, threads), group in groups.items():
        row = min(group, key=lambda row: row.time_s)
        yield Finding(
            id=f"overhead/threads={threads}/{contender}",
            state="measured",
            sentence="A call of {contender}{threads} takes at least {time}: that of {where}",
            words={
                "contender": row.contender_name,
                "threads": "" if threads == 1 else f" with {threads} threads",
                "where": row.case_text,
            },
            numbers={"time": units.seconds(row.time_s)},
            cells=(row.cell,),
            about=about_cell(row),
        )


def first_calls(rows: Sequence[Timed]) -> Iterator[Finding]:
    """State the longest first call of each contender, and its time divided by a later call's."""
    longest: dict[str, tuple[float, Timed]] = {}
    for row in rows:
        first_s = row.first_call_s or 0.0
        if first_s > longest.get(row.contender, (0.0, row))[0]:
            longest[row.contender] = first_s, row
    for contender, (first_s, row) in longest.items():
        yield Finding(
            id=f"first-call/{contender}",
            state="measured",
            sentence="The longest first call of {contender} is that of {where}: {first}, {calls}"
            " times a later one",
            words={"contender": row.contender_name, "where": row.case_text},
            numbers={
                "first": units.seconds(first_s),
                "calls": units.rounded(first_s / row.time_s),
            },
            cells=(row.cell,),
            about=about_cell(row),
        )
