"""Builds the pages of one result from findings, figures and code. Writes nothing."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from reports.chapters.page import render as chapter_body
from reports.findings.facts import facts
from reports.findings.findings import Reference, about_accelerators, has_accelerator
from reports.findings.statement import Finding
from reports.pages.family import family_page
from reports.pages.rendering import render
from reports.pages.subject import SitePage, Subject, family_path
from reports.read.grouping import grouped
from reports.read.result import Result
from reports.read.row import ForeignRow, Row, Timed

CONTENTS = "tutorial/index.html"


def pages(subject: Subject) -> Iterator[SitePage]:
    """Yield the pages of a result: the index, one a family, the roofline, the machine, chapters."""
    yield _page(subject, "index.html", "Should I care?", "Overview", _index(subject))
    for family in subject.families:
        title = family.capitalize()
        yield _page(subject, family_path(family), title, title, family_page(subject, family))
    yield _page(subject, "roofline.html", "Roofline", "Roofline", _roofline(subject))
    yield _page(subject, "machine.html", "The machine", "Machine", _machine(subject))
    if subject.chapters:
        yield _page(subject, CONTENTS, "The tutorial", "Tutorial", _contents(subject))
    for number, chapter in enumerate(subject.chapters):
        title = f"{chapter.number} · {chapter.title}"
        yield _page(subject, chapter.page, title, "", _chapter(subject, number))


def _page(subject: Subject, path: str, title: str, name: str, body: Markup) -> SitePage:
    return SitePage(
        path=subject.prefix + path,
        title=title,
        name=name,
        body=body,
        sources=(subject.source, *subject.references),
    )


def _index(subject: Subject) -> Markup:
    findings = subject.findings
    crossovers = [
        finding
        for finding in findings.kind("crossover")
        if finding.state in {"overtakes", "falls-behind", "changes"}
    ]
    further = [
        (
            "roofline.html",
            "Roofline",
            "the limits of this machine, and how close each result comes",
        ),
        ("machine.html", "The machine", "its facts, and how far to trust the numbers"),
    ]
    if subject.chapters:
        line = f"{len(subject.chapters)} chapters; each answers a question with code"
        further.insert(0, (CONTENTS, "The tutorial", line))
    if subject.with_comparison:
        further.append(("compare.html", "Comparison", "this machine against the others"))
    return render(
        "index.html",
        result=subject.result,
        findings=findings,
        figures={name: subject.figure(name) for name in ("overview", "heat")},
        accelerated=has_accelerator(subject.result),
        references=[
            _reference(reference, "../" * subject.prefix.count("/"))
            for reference in findings.references
        ],
        crossovers=crossovers,
        families=[
            {"name": name, "path": family_path(name), "workloads": workloads}
            for name, workloads in subject.families.items()
        ],
        further=further,
        downloads=subject.downloads,
        others=subject.others,
        prefix="",
        complaints=subject.complaints,
        untimed=untimed(subject.result),
    )


def _reference(reference: Reference, up: str) -> dict[str, Any]:
    """Return a reference machine's findings about its accelerator, with each number marked.

    `up` is the path from the page to the folder of the site, for example "../".
    """

    def elsewhere(finding: Finding) -> Finding:
        return finding.elsewhere(reference.label, reference.file)

    findings, machine = reference.findings, reference.findings.result.machine
    measured = f"{findings.result.datetime[:10]}, commit {findings.result.commit.id[:12]}"
    drivers = ", ".join(f"{gpu.name} (driver {gpu.driver or 'unknown'})" for gpu in machine.gpus)
    return {
        "label": reference.label,
        "about": f"{drivers or 'its accelerator'}, {measured}.",
        "file": up + reference.file,
        "headlines": [elsewhere(f) for f in findings.headlines() if about_accelerators(f)],
        "crossovers": [elsewhere(f) for f in findings.kind("crossover") if about_accelerators(f)],
    }


def _contents(subject: Subject) -> Markup:
    """Return the contents of the tutorial, part by part."""
    names = dict.fromkeys(chapter.part for chapter in subject.chapters)
    parts = {name: [each for each in subject.chapters if each.part == name] for name in names}
    return render("tutorial.html", result=subject.result, parts=parts)


def _chapter(subject: Subject, number: int) -> Markup:
    chapter, last = subject.chapters[number], len(subject.chapters) - 1
    outputs = subject.outputs[chapter.path.stem]
    return render(
        "chapter.html",
        chapter=chapter,
        findings=subject.findings,
        ran=outputs.ran,
        before=subject.chapters[number - 1] if number else None,
        after=subject.chapters[number + 1] if number < last else None,
        content=chapter_body(subject.prose(chapter), outputs),
    )


def _roofline(subject: Subject) -> Markup:
    return render(
        "roofline.html",
        result=subject.result,
        figures=subject.figures("roofline/"),
        roofs=subject.findings.kind("roof"),
    )


def _machine(subject: Subject) -> Markup:
    findings = subject.findings
    environment = subject.result.machine.settings.environment
    return render(
        "machine.html",
        result=subject.result,
        findings=findings,
        facts=facts(subject.result),
        environment=" ".join(f"{name}={value}" for name, value in environment.items()),
        overheads=findings.kind("overhead"),
        firsts=findings.kind("first-call"),
        figures=subject.figures("blocks/"),
    )


def untimed(result: Result) -> list[tuple[str, str, list[str]]]:
    """Return the cells without a time, by status and reason."""
    rows: list[Row | ForeignRow] = [row for row in result.rows if not isinstance(row, Timed)]
    rows += [row for row in result.foreign if row.time_s is None]
    groups = grouped(rows, lambda row: (row.status, row.reason))
    return [(*key, [row.cell for row in group]) for key, group in groups.items()]
