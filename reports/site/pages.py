"""Findings, figures and code -> the pages of one result. Nothing is written here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments.formatters import HtmlFormatter

from reports import units

from reports.read import sources
from reports.chapters.outputs import Outputs
from reports.chapters.page import render as rendered
from reports.chapters.prose import Prose
from reports.chapters.reading import Chapter
from reports.findings.facts import facts
from reports.findings.figures import DEVICE_HEADS, HEADS, device_figures, figures, keys
from reports.findings.findings import Findings, Reference, about_accelerators, has_accelerator
from reports.read.load import Result, records
from reports.charts.plans import Drawn
from reports.findings.speedups import state_of
from reports.findings.statement import Finding

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "units": units,
    "light": HtmlFormatter(style="xcode", cssclass="code").get_style_defs(),
    "dark": HtmlFormatter(style="github-dark", cssclass="code").get_style_defs(),
}
CONTENTS = "tutorial/index.html"
ALWAYS = {"size", "dtype", "threads", "contender", "time", "median", "status"}


class Source(NamedTuple):
    """A result file as a site holds it: its path there, and the hash of its bytes."""

    file: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: its path in the site, its title, and what stands between head and foot."""

    path: str
    title: str
    name: str  # in the menu, "" for none
    body: Markup
    sources: Sequence[Source]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the pages of one result are made from.

    Attributes
    ----------
    prefix : the folder of its pages in the site, "" or ending in a slash.
    downloads : paths from there, and what they are called.
    others : the first pages of other results, from the site's root, with their labels.
    outputs : what each chapter's code shows, by the stem of its file.

    """

    findings: Findings
    drawn: Mapping[str, Drawn]
    source: Source
    references: Sequence[Source] = ()
    prefix: str = ""
    downloads: Sequence[tuple[str, str]] = ()
    others: Sequence[tuple[str, str]] = ()
    complaints: Sequence[str] = ()
    chapters: Sequence[Chapter] = ()
    outputs: Mapping[str, Outputs] = field(default_factory=dict)
    compared: bool = False

    @property
    def result(self) -> Result:
        """The result."""
        return self.findings.result

    @property
    def families(self) -> dict[str, list[str]]:
        """The workloads of each family that was timed."""
        grouped = self.result.timed.groupby("family", sort=False)
        return {
            str(name): [str(each) for each in dict.fromkeys(rows["workload"])]
            for name, rows in grouped
        }

    def prose(self, chapter: Chapter) -> Prose:
        """Return the prose of a chapter over this result."""
        return Prose(
            chapter=chapter,
            findings=self.findings,
            figures={name: drawn.svg for name, drawn in self.drawn.items()},
            contents=self.chapters,
            families={name: _path(name) for name in self.families},
        )

    def figure(self, name: str) -> Markup | None:
        """Return a figure, None where there was nothing to draw."""
        return self.drawn[name].svg if name in self.drawn else None

    def figures(self, prefix: str) -> list[Markup]:
        """Return the figures whose names begin so."""
        return [drawn.svg for name, drawn in self.drawn.items() if name.startswith(prefix)]


def pages(subject: Subject) -> Iterator[Page]:
    """Yield the pages of a result: the index, one a family, the roofline, the machine, chapters."""
    yield _page(subject, "index.html", "Should I care?", "Overview", _index(subject))
    for family in subject.families:
        title = family.capitalize()
        yield _page(subject, _path(family), title, title, _family(subject, family))
    yield _page(subject, "roofline.html", "Roofline", "Roofline", _roofline(subject))
    yield _page(subject, "machine.html", "The machine", "Machine", _machine(subject))
    if subject.chapters:
        yield _page(subject, CONTENTS, "The tutorial", "Tutorial", _contents(subject))
    for number, chapter in enumerate(subject.chapters):
        title = f"{chapter.number} · {chapter.title}"
        yield _page(subject, chapter.page, title, "", _chapter(subject, number))


def _page(subject: Subject, path: str, title: str, name: str, body: Markup) -> Page:
    return Page(
        path=subject.prefix + path,
        title=title,
        name=name,
        body=body,
        sources=(subject.source, *subject.references),
    )


def render(template: str, **values: Any) -> Markup:
    """Return the body that a template makes."""
    read = TEMPLATES.get_template(template)
    return Markup("".join(read.blocks["body"](read.new_context(values))))


def _path(family: str) -> str:
    """Return a family's page; what a file calls a family names no path."""
    kept = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in family)
    return f"family-{kept[:40]}.html"


def _index(subject: Subject) -> Markup:
    findings = subject.findings
    crossovers = [
        finding
        for finding in findings.kind("crossover")
        if finding.state in {"overtakes", "falls-behind", "changes"}
    ]
    further = [
        ("roofline.html", "Roofline", "what this machine can do, and how near each result comes"),
        ("machine.html", "The machine", "its facts, fairness, and how far to trust the numbers"),
    ]
    if subject.chapters:
        told = f"{len(subject.chapters)} chapters, each a question with code that answers it"
        further.insert(0, (CONTENTS, "The tutorial", told))
    if subject.compared:
        further.append(("compare.html", "Compared", "these machines side by side"))
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
            {"name": name, "path": _path(name), "workloads": workloads}
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
    """Return a reference machine's findings about its accelerator, each number marked as its own.

    `up` leads from the page to the folder of the site, as "../" does.
    """

    def elsewhere(finding: Finding) -> Finding:
        return finding.elsewhere(reference.label, reference.file)

    findings, machine = reference.findings, reference.findings.result.machine
    made = f"{findings.result.datetime[:10]}, commit {findings.result.commit.id[:12]}"
    drivers = ", ".join(f"{gpu.name} (driver {gpu.driver or 'unknown'})" for gpu in machine.gpus)
    return {
        "label": reference.label,
        "about": f"{drivers or 'its accelerator'}, {made}.",
        "file": up + reference.file,
        "headlines": [elsewhere(f) for f in findings.headlines() if about_accelerators(f)],
        "crossovers": [elsewhere(f) for f in findings.kind("crossover") if about_accelerators(f)],
    }


def _family(subject: Subject, family: str) -> Markup:
    timed = subject.result.timed
    rows = timed[timed["family"] == family]
    drawn = {
        "ladder": subject.figure("ladder") if family == "training" else None,
        "losses": subject.figures("losses/") if family == "training" else [],
        "throughput": subject.figures(f"throughput/{family}/"),
    }
    return render(
        "family.html",
        result=subject.result,
        family=family,
        figures=drawn,
        ladders=subject.findings.kind("ladder"),
        device_heads=DEVICE_HEADS,
        sections=[
            _section(subject, str(name), part)
            for name, part in rows.groupby("workload", sort=False)
        ],
    )


def _section(subject: Subject, name: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Return what a family's page says of a workload."""
    findings = subject.findings
    listed = records(rows.sort_values(["curve", "dtype", "threads", "axis_value"]))
    lines = [_line(row, subject.result) for row in listed]
    filled = {key for line in lines for key, text in line["figures"].items() if text}
    twice = {"median", "by_medians"} if subject.result.medians_alone else set()
    return {
        "name": name,
        "summary": (code := _code(rows)).summary,
        "code": code,
        "figures": list(_figures(subject, name)),
        "trends": findings.kind("crossover", workload=name)
        + findings.kind("gradients", workload=name),
        "references": list(_elsewhere(findings, name)),
        "speedups": findings.kind("speedup", workload=name),
        "further": [
            finding
            for kind in ("roof", "scaling", "dtype", "growth")
            for finding in findings.kind(kind, workload=name)
        ],
        "heads": [(key, head) for key, head in HEADS.items() if key in (ALWAYS | filled) - twice],
        "rows": lines,
        "devices": [line for line in lines if line["device"]],
    }


def _line(row: Mapping[Any, Any], result: Result) -> dict[str, Any]:
    return {
        "cell": row["cell"],
        "state": state_of(row),
        "reason": row["reason"],
        "figures": figures(row, result.machine.peaks),
        "sorts": keys(row),
        "device": device_figures(row),
    }


def _figures(subject: Subject, name: str) -> Iterator[dict[str, Any]]:
    for key, drawn in subject.drawn.items():
        kind, _, rest = key.partition("/")
        workload, _, further = rest.partition("/")
        if workload != name or kind not in {"speedup", "time", "precision"}:
            continue
        dtype, _, threads = further.partition("/")
        cores = (
            "One core against one core" if threads == "1" else f"{threads} cores against as many"
        )
        yield {"svg": drawn.svg, "caption": f"{cores}, {dtype}." if kind == "time" else ""}


def _elsewhere(findings: Findings, workload: str) -> Iterator[Finding]:
    """Yield what a reference machine's accelerator did, where this machine has none."""
    if has_accelerator(findings.result):
        return
    for reference in findings.references:
        theirs = reference.findings
        told = theirs.kind("crossover", workload=workload)
        told += theirs.kind("speedup", workload=workload)
        for finding in told:
            if about_accelerators(finding) and finding.told and not finding.about["variant"]:
                yield finding.elsewhere(reference.label, reference.file)


def _code(rows: pd.DataFrame) -> sources.Timed:
    """Return a workload's code, highlighted."""
    first = records(rows)[0]
    names = first["sources"] if isinstance(first["sources"], list) else []
    found = sources.timed(names, str(first["source_sha256"]))
    return sources.Timed(
        state=found.state,
        summary=found.summary,
        bodies={side: sources.highlighted(text) for side, text in found.bodies.items()},
        files={name: sources.highlighted(text) for name, text in found.files.items()},
    )


def _contents(subject: Subject) -> Markup:
    """Return the contents of the tutorial, part by part."""
    parts: dict[str, list[Chapter]] = {}
    for chapter in subject.chapters:
        parts.setdefault(chapter.part, []).append(chapter)
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
        content=rendered(subject.prose(chapter), outputs),
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
    rows = result.table[result.table["time_s"].isna()]
    groups = rows.groupby(["status", "reason"], sort=False)["cell"]
    return [(str(key[0]), str(key[1]), list(cells)) for key, cells in groups if len(cells)]
