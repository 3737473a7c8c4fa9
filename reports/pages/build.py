"""Result files -> a site, not yet written.

The first result is the subject of the site; each further one gets pages of its own beside it, and
all are compared. Every result lies in the site as it was read, so that its numbers can be checked
and drawn anew from the site alone.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from reports.chapters.outputs import failures, outputs, slowest
from reports.chapters.page import notebook
from reports.chapters.reading import find
from reports.charts.drawing import inline
from reports.charts.plans import plans, start_drawing
from reports.compare.comparison import Comparison, compare, comparison_csv
from reports.compare.drawn import side_by_side
from reports.compare.page import page_values
from reports.findings.findings import Findings, Reference, has_accelerator
from reports.pages.pages import pages
from reports.pages.rendering import render
from reports.pages.subject import SitePage, SourceFile, Subject
from reports.pages.writing import OTHERS, Site, slug
from reports.read.export import as_bytes, tidy
from reports.read.intake import UnreadableError, raw_bytes
from reports.read.load import load
from reports.read.result import Result

HERE = Path(__file__).resolve().parents[1]
MACHINES = HERE / "machines"
TABLE = "data/comparison.csv"


def build(
    results: Sequence[Result],
    complaints: Sequence[str] = (),
    *,
    machines: Path = MACHINES,
    pictures: bool = False,
) -> Site:
    """Build a site from results, the first of them its subject.

    Parameters
    ----------
    machines : folder of result files of other machines, whose accelerators stand in.
    pictures : whether each figure becomes a PNG file, too.

    """
    chapters = find()
    shown = outputs(chapters)  # before anything else runs: chapters measure, too
    failed = failures(shown)
    site = Site(complaints=failed, log=slowest(shown))
    named = [f"{n}-{slug(result.label)}" for n, result in enumerate(results, 1)]
    sources = [_keep(site, *pair) for pair in zip(results, named, strict=True)]
    references = [] if has_accelerator(results[0]) else _references(site, results, machines)
    prefixes = ["", *(f"{OTHERS}{name}/" for name in named[1:])]
    comparison = compare(results) if len(results) > 1 else None
    for number, (result, source, prefix) in enumerate(zip(results, sources, prefixes, strict=True)):
        findings = Findings(result, tuple(reference for reference, _ in references))
        drawing = start_drawing(plans(findings), pictures=pictures)
        up = "../" * prefix.count("/")
        downloads = [(up + path, name) for path, name in _downloads(site, result, source)]
        subject = Subject(
            findings=findings,
            drawn=drawing(),
            source=source,
            references=[each for _, each in references],
            prefix=prefix,
            downloads=downloads,
            others=[
                (f"{up}{path}index.html", other.label)
                for path, other in zip(prefixes, results, strict=True)
                if other is not result
            ],
            complaints=(*complaints, *failed) if number == 0 else (),
            chapters=chapters if number == 0 else (),
            outputs=shown,
            with_comparison=comparison is not None and number == 0,
        )
        _add(site, subject)
    if comparison is not None:
        site.pages.append(comparison_page(site, comparison, sources))
    return site


def _add(site: Site, subject: Subject) -> None:
    """Add the pages of a result to a site, its chapters as notebooks and its figures as files."""
    site.pages += pages(subject)
    for chapter in subject.chapters:
        text = notebook(subject.prose(chapter))
        site.files[chapter.page.removesuffix(".html") + ".ipynb"] = text.encode()
    for name, figure in subject.drawn.items():
        if figure.png:
            site.files[f"{subject.prefix}figures/{slug(name)}.png"] = figure.png


def comparison_page(site: Site, comparison: Comparison, sources: Sequence[SourceFile]) -> SitePage:
    """Return the page that holds machines side by side, and put its table into the site."""
    table = comparison_csv(comparison).encode()
    site.files[TABLE] = table
    plot = side_by_side(comparison)
    heat_map = inline(plot) if plot else ""
    downloads = [
        (TABLE, "CSV"),
        *((source.file, source.file.rpartition("/")[2]) for source in sources),
    ]
    values = page_values(comparison) | {"heat_map": heat_map, "downloads": downloads}
    body = render("compare.html", **values)
    own = SourceFile(file=TABLE, sha256=hashlib.sha256(table).hexdigest())
    return SitePage(
        path="compare.html",
        title="Machines side by side",
        name="Compared",
        body=body,
        sources=(*sources, own),
    )


def _keep(site: Site, result: Result, name: str) -> SourceFile:
    """Put a result into the site as it was read."""
    suffix = "jsonl" if ".jsonl" in result.path else "json"
    path = f"data/{name}.{suffix}"
    site.files[path] = raw_bytes(result.path)
    return SourceFile(file=path, sha256=result.sha256)


def _references(
    site: Site, results: Sequence[Result], machines: Path
) -> list[tuple[Reference, SourceFile]]:
    """Return the committed machines that have an accelerator, newest first, one of each kind."""
    by_kind: dict[str, tuple[Reference, SourceFile]] = {}
    own = {result.sha256 for result in results}
    known = [_loaded(path) for path in sorted(machines.glob("*.json"))]
    for result in sorted(filter(None, known), key=lambda r: r.datetime, reverse=True):
        if result.sha256 in own or not has_accelerator(result):
            continue
        kind = ", ".join(gpu.name for gpu in result.machine.gpus)
        if kind not in by_kind:
            source = _keep(site, result, f"reference-{slug(result.label)}")
            reference = Reference(Findings(result), result.label, source.file)
            by_kind[kind] = (reference, source)
    return list(by_kind.values())


def _loaded(path: Path) -> Result | None:
    try:
        return load(path)
    except UnreadableError:
        return None  # of this project's own files; the tests read each of them


def _downloads(site: Site, result: Result, source: SourceFile) -> Iterator[tuple[str, str]]:
    """Put a result's tables into the site; yield their paths and names."""
    stem = source.file.rpartition(".")[0]
    table = tidy([result])
    for kind, name in (("csv", "CSV"), ("parquet", "Parquet")):
        site.files[f"{stem}.{kind}"] = as_bytes(table, kind)
        yield f"{stem}.{kind}", name
    yield source.file, "JSON"
