"""Builds the page of a file that pytest-benchmark wrote for another suite: a table of its tests.

The page rests on the fields of that file alone. It says nothing of verification, fairness or
limits of the machine, which such a file does not hold.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from reports.findings.facts import facts
from reports.findings.foreign import (
    HEADS,
    Section,
    section_figures,
    sections,
    sort_keys,
)
from reports.pages.rendering import render
from reports.pages.subject import SitePage, Subject
from reports.read.row import ForeignRow

MOST_OPEN = 30  # tests of a table that does not scroll
BREAKS = re.compile(r"(?<=[_.:/\[,-])(?=[^_.:/\[,-])")  # where a long name may be broken
MANY = 12  # tests from which the page has filters


def foreign_pages(subject: Subject) -> Iterator[SitePage]:
    """Yield the pages of a file of another suite: one."""
    yield SitePage(
        path=f"{subject.prefix}index.html",
        title=f"Tests of {subject.result.label}",
        name="Tests",
        body=_body(subject),
        sources=(subject.source,),
    )


def _body(subject: Subject) -> Markup:
    result, findings = subject.result, subject.findings
    parts = sections(result)
    return render(
        "foreign.html",
        result=result,
        findings=findings.all,
        facts=facts(result),
        overview=subject.figure("groups"),
        sections=[_section(subject, section) for section in parts],
        heads=HEADS,
        with_filters=len(result.foreign) > MANY,
        several=len(parts) > 1,
        wide=any(name.startswith(("curve/", "tests/")) for name in subject.drawn),
        up="../" * subject.prefix.count("/"),
        downloads=subject.downloads,
        others=subject.others,
        complaints=subject.complaints,
        with_comparison=subject.with_comparison,
    )


def _section(subject: Subject, section: Section) -> dict[str, Any]:
    """Return the values of a section for the template."""
    texts = dict(section_figures(section))
    return {
        "id": f"tests-{section.number}",
        "name": section.name,
        "grouped": section.grouped,
        "finding": subject.findings.all[section.finding],
        "figures": [
            figure
            for kind in ("curve", "tests")
            if (figure := subject.figure(f"{kind}/{section.number}")) is not None
        ],
        "rows": [_line(row, texts[row.cell]) for row in section.rows],
        "with_params": any(texts[row.cell]["params"] for row in section.rows),
        "heads": [key for key in HEADS if any(texts[row.cell].get(key) for row in section.rows)],
        "tall": len(section.rows) > MOST_OPEN,
    }


def _line(row: ForeignRow, texts: Mapping[str, str]) -> dict[str, Any]:
    name = Markup("<wbr>").join(BREAKS.split(texts["test"]))
    return {"row": row, "texts": texts, "name": name, "sort": sort_keys(row)}
