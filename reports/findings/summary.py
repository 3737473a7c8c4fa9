"""The summary that the terminal shows at the end of a run."""

import textwrap
from collections.abc import Iterator, Sequence

from reports.findings.findings import Findings
from reports.findings.largest import BINS
from reports.findings.statement import NAMED, NOT_YOURS, Finding

WIDTH = 96  # characters of a line
INDENT = "  "
MOST_NAMED = 5  # implausible times that are listed; the rest are counted


def summary(findings: Findings) -> Iterator[str]:
    """Yield the lines: answers, bins, headlines, ranks, noise, implausible times, the self-test.

    Of another suite's file: what it holds. Of a file of ranks alone: what they gain.
    """
    about_ranks = list(_about_ranks(findings))
    if not findings.result.own or (about_ranks and not findings.result.rows):
        yield from _without_cells(findings, about_ranks)
        return
    for question, answers in findings.answers().items():
        if answers:
            yield INDENT + question
        for answer in answers:
            where = f" {NOT_YOURS} on {answer.machine}, not here." if answer.machine else ""
            yield from _wrapped(answer.text + where, 2 * INDENT)
    yield ""
    for finding in findings.kind("bins"):
        yield from _binned(finding)
        yield ""
    card = findings.all["card"]
    about_card = [card] if card.state in {"busy", "held back"} else []
    noise = findings.all["noise"]
    for finding in (*findings.headlines(), *about_ranks, noise, *about_card):
        yield from _wrapped(finding.text, INDENT)
    implausible = [row for row in findings.result.rows if not row.plausible]
    for row in implausible[:MOST_NAMED]:
        yield from _wrapped(f"implausible: {row.cell}: {row.reason}.", INDENT)
    if len(implausible) > MOST_NAMED:
        more = len(implausible) - MOST_NAMED
        yield f"{INDENT}implausible: {more} more, named in the result file."
    if findings.result.machine.self_test:
        yield from _wrapped(f"self-test: {findings.all['self-test'].text}", INDENT)


def _without_cells(findings: Findings, about_ranks: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of a file without cells: another suite's, or of ranks alone."""
    of_ranks = [findings.all["points"], *about_ranks] if about_ranks else []
    for finding in of_ranks or findings.all.values():
        names = f"{finding.words[NAMED]}: " if NAMED in finding.words else ""
        yield from _wrapped(f"{names}{finding.text}", INDENT)


def _about_ranks(findings: Findings) -> Iterator[Finding]:
    """Yield whether a second rank is worth it, or that more ranks than cores show nothing."""
    if findings.result.points:
        over = findings.all.get("oversubscribed")
        yield over or findings.all["second-rank"]


def _binned(finding: Finding) -> Iterator[str]:
    """Yield the bins of a contender as aligned lines: title, count, names of computations."""
    words, numbers = finding.words, finding.numbers
    yield (
        f"{INDENT}{words['contender']} on {words['cores']}, {numbers['count']} {words['things']}"
    )
    across = max(map(len, BINS.values()))
    for key, title in BINS.items():
        if key in numbers:
            head = f"{2 * INDENT}{title:<{across}}  {numbers[key]:>3}  "
            yield from _wrapped(words[f"{key}_names"], head)


def _wrapped(text: str, head: str) -> list[str]:
    lines = textwrap.wrap(
        text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
    )
    return lines or [head.rstrip()]
