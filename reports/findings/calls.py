"""Findings on the cost of calls: each contender's shortest time and its costliest first call."""

from collections.abc import Iterator, Sequence

from reports import units
from reports.findings.statement import Finding, about_cell
from reports.read.grouping import grouped
from reports.read.row import Timed


def overheads(rows: Sequence[Timed]) -> Iterator[Finding]:
    """State the shortest time of each contender on its fewest threads: about what a call costs."""
    without_variants = [row for row in rows if row.is_numpy or row.plain]
    for contender, group in grouped(without_variants, lambda row: row.contender).items():
        fewest = min(row.threads for row in group)
        row = min((row for row in group if row.threads == fewest), key=lambda row: row.time_s)
        yield Finding(
            id=f"overhead/{contender}",
            state="measured",
            sentence="The shortest call of {contender} here takes about {time}: {where}",
            words={"contender": row.contender_name, "where": row.case_text},
            numbers={"time": units.seconds(float(f"{row.time_s:.2g}"), digits=2)},
            cells=(row.cell,),
            about=about_cell(row),
        )


def first_calls(rows: Sequence[Timed]) -> Iterator[Finding]:
    """State each contender's costliest first call, by its time beyond a later one."""
    costliest: dict[str, tuple[float, float, Timed]] = {}
    for row in rows:
        extra_s = (row.first_call_s or 0.0) - row.time_s
        if extra_s > costliest.get(row.contender, (0.0,))[0]:
            costliest[row.contender] = extra_s, row.first_call_s or 0.0, row
    for _, first_s, row in sorted(costliest.values(), key=lambda each: each[0], reverse=True):
        yield Finding(
            id=f"first-call/{row.contender}",
            state="measured",
            sentence="A first call adds most to {contender} in {where}: it takes {first}, {calls}"
            " times a later one",
            words={"contender": row.contender_name, "where": row.case_text},
            numbers={
                "first": units.seconds(first_s),
                "calls": units.rounded(first_s / row.time_s),
            },
            cells=(row.cell,),
            about=about_cell(row),
        )
