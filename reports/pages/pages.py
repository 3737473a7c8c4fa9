"""Builds the pages of one result from findings, figures and code. Writes nothing."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from reports import units
from reports.chapters.glossary import NAME as GLOSSARY
from reports.chapters.page import render as chapter_body
from reports.chapters.prose import inline_html
from reports.findings.facts import facts
from reports.findings.findings import Reference, about_accelerators
from reports.pages.family import family_page
from reports.pages.first import Answer, answers
from reports.pages.foreign import foreign_pages
from reports.pages.rendering import render
from reports.pages.scaling import LINE, SCALING, scaling_page
from reports.pages.subject import ROOFLINE, SitePage, Subject, family_path
from reports.read.grouping import grouped
from reports.read.result import Result
from reports.read.row import Timed

CONTENTS = "tutorial/index.html"
WORDS = "Words"  # the name of the glossary in the menu of every page
CHANGES = {  # titles of the changes of the lead along a curve, by their state
    "overtakes": "From NumPy to PyTorch",
    "falls-behind": "From PyTorch to NumPy",
    "changes": "More than once",
}
WAYS = {  # names of chapters, by the time that a reader has
    "An hour": "what_is_pytorch five_numbers autograd whole_program",
    "A day": "what_is_pytorch five_numbers tensors numpy_bridge views autograd whole_program timing"
    " training_ladder data saving gpu common_mistakes",
}


def pages(subject: Subject) -> Iterator[SitePage]:
    """Yield the pages of a result: the index, one a family, the roofline, ranks, machine, chapters.

    A file of another suite has one page. A file without cells, of ranks alone, has no roofline.
    """
    if not subject.result.own:
        yield from foreign_pages(subject)
        return
    # first, because most chapters need no figures, which are still being drawn
    chapters = [_chapter_page(subject, number) for number in range(len(subject.chapters))]
    if alone := bool(subject.result.points) and not subject.result.rows:
        yield _page(subject, "index.html", "What ranks gain", "Overview", _index_of_points(subject))
    else:
        yield _page(subject, "index.html", "NumPy or PyTorch?", "Overview", _index(subject))
    for family in subject.families:
        title = family.capitalize()
        yield _page(subject, family_path(family), title, title, family_page(subject, family))
    if not alone:
        yield _page(subject, ROOFLINE, "Roofline", "Roofline", _roofline(subject))
    if subject.result.points:
        yield _page(subject, SCALING, "Scaling", "Scaling", scaling_page(subject))
    yield _page(subject, "machine.html", "The machine", "Machine", _machine(subject))
    if subject.chapters:
        yield _page(subject, CONTENTS, "The tutorial", "Tutorial", _contents(subject))
    yield from chapters


def _page(subject: Subject, path: str, title: str, name: str, body: Markup) -> SitePage:
    return SitePage(
        path=subject.prefix + path,
        title=title,
        name=name,
        body=body,
        sources=(subject.source, *subject.references),
    )


def _index_of_points(subject: Subject) -> Markup:
    """Return the first page of a file that has points and no cells."""
    return render(
        "index_points.html",
        result=subject.result,
        findings=subject.findings,
        further=_further(subject, roofline=False),
        downloads=subject.downloads,
        others=subject.others,
        complaints=subject.complaints,
    )


def _further(subject: Subject, *, roofline: bool = True) -> list[tuple[str, str, str]]:
    """Return the path, title and line of each page that the first page leads to."""
    further = [
        (
            ROOFLINE,
            "Roofline",
            "the limits of this machine, and how close each result comes",
        ),
        (SCALING, "Scaling", LINE),
        ("machine.html", "The machine", "its facts, and how far to trust the numbers"),
    ]
    has = {ROOFLINE: roofline, SCALING: bool(subject.result.points)}
    further = [each for each in further if has.get(each[0], True)]
    if subject.chapters:
        line = f"{len(subject.chapters)} chapters; each answers a question with code"
        further.insert(0, (CONTENTS, "The tutorial", line))
    if subject.with_comparison:
        further.append(("compare.html", "Comparison", "this machine against the others"))
    return further


def _index(subject: Subject) -> Markup:
    findings = subject.findings
    by_state = grouped(findings.kind("crossover"), lambda finding: finding.state)
    crossovers = {title: by_state[state] for state, title in CHANGES.items() if state in by_state}
    return render(
        "index.html",
        result=subject.result,
        findings=findings,
        figures={name: subject.figure(name) for name in ("overview", "overview/fewest", "heat")},
        answers=[_shown(subject, answer) for answer in answers(subject)],
        bins=[finding for finding in findings.kind("bins") if not about_accelerators(finding)],
        crossovers=crossovers,
        families=[
            {"name": name, "path": family_path(name), "workloads": workloads}
            for name, workloads in subject.families.items()
        ],
        further=_further(subject),
        downloads=subject.downloads,
        others=subject.others,
        prefix="",
        complaints=subject.complaints,
        untimed=untimed(subject.result),
    )


def _shown(subject: Subject, answer: Answer) -> dict[str, Any]:
    """Return the values of an answer for the template."""
    pages = {chapter.name: chapter.page for chapter in subject.chapters}
    why = {words: pages[name] for words, name in answer.why.items() if name in pages}
    values = {**vars(answer), "why": why}
    if answer.reference is not None:
        up = "../" * subject.prefix.count("/")
        values |= {"about": _about(answer.reference), "file": up + answer.reference.file}
    return values


def _about(reference: Reference) -> str:
    """Return a reference machine's accelerator, and when and with which code it was measured."""
    result = reference.findings.result
    drivers = (f"{gpu.name} (driver {gpu.driver or 'unknown'})" for gpu in result.machine.gpus)
    names = ", ".join(drivers) or "its accelerator"
    return f"{names}, {result.datetime[:10]}, commit {result.commit.id[:12]}."


def _contents(subject: Subject) -> Markup:
    """Return the contents of the tutorial, part by part, and shorter ways through it."""
    names = dict.fromkeys(chapter.part for chapter in subject.chapters)
    parts = {name: [each for each in subject.chapters if each.part == name] for name in names}
    by_name = {chapter.name: chapter for chapter in subject.chapters}
    ways = {
        title: [by_name[name] for name in names.split() if name in by_name]
        for title, names in WAYS.items()
    }
    return render(
        "tutorial.html",
        result=subject.result,
        parts=parts,
        ways=ways,
        names={chapter.name: inline_html(chapter.names) for chapter in subject.chapters},
        hours=units.count(round(sum(each.minutes for each in subject.chapters) / 60), "hour"),
    )


def _chapter_page(subject: Subject, number: int) -> SitePage:
    chapter, last = subject.chapters[number], len(subject.chapters) - 1
    outputs = subject.outputs[chapter.path.stem]
    body = render(
        "chapter.html",
        chapter=chapter,
        findings=subject.findings,
        ran=outputs.ran,
        before=subject.chapters[number - 1] if number else None,
        after=subject.chapters[number + 1] if number < last else None,
        content=chapter_body(subject.prose(chapter), outputs),
    )
    name = WORDS if chapter.name == GLOSSARY else ""
    return _page(subject, chapter.page, f"{chapter.number} · {chapter.title}", name, body)


def _roofline(subject: Subject) -> Markup:
    return render(
        ROOFLINE,
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
    rows = [row for row in result.rows if not isinstance(row, Timed)]
    groups = grouped(rows, lambda row: (row.status, row.reason))
    return [(*key, [row.cell for row in group]) for key, group in groups.items()]
