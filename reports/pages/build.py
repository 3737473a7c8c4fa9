"""Builds a site from result files, without writing it.

The first result is the subject of the site. Each further result gets its own pages, and all results
are compared. The site contains every result file unchanged, so that its numbers can be recomputed
from the site alone.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from reports.chapters.outputs import failures, outputs, slowest
from reports.chapters.page import notebook
from reports.chapters.reading import find
from reports.charts.drawing import inline
from reports.charts.plans import drawing, plans
from reports.compare.comparison import Comparison, compare, comparison_csv, names
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
TABLE = "data/comparison.csv"  # its path in the site


def build(
    results: Sequence[Result],
    complaints: Sequence[str] = (),
    *,
    machines: Path = MACHINES,
    pictures: bool = False,
) -> Site:
    """Build a site from results; the first is its subject.

    Parameters
    ----------
    machines : folder of result files of other machines; a result without an accelerator shows
        theirs.
    pictures : also write each figure as a PNG file.

    """
    chapters = find() if results[0].own else []  # of another suite's file they could quote nothing
    chapter_outputs = outputs(chapters) if chapters else {}
    failures_of_chapters = failures(chapter_outputs)
    site = Site(complaints=failures_of_chapters, log=slowest(chapter_outputs) if chapters else "")
    results = labelled(results)
    stems = [f"{n}-{slug(result.label)}" for n, result in enumerate(results, 1)]
    sources = [_add_file(site, *pair) for pair in zip(results, stems, strict=True)]
    with_gpu = has_accelerator(results[0]) or not results[0].own
    references = [] if with_gpu else _references(site, results, machines)
    prefixes = ["", *(f"{OTHERS}{stem}/" for stem in stems[1:])]
    comparison = compare(results) if len(results) > 1 else None
    for number, (result, source, prefix) in enumerate(zip(results, sources, prefixes, strict=True)):
        findings = Findings(result, tuple(reference for reference, _ in references))
        own_chapters = chapters if number == 0 else []
        quoted = {name for chapter in own_chapters for name in chapter.figures}
        up = "../" * prefix.count("/")
        with drawing(plans(findings), first=quoted, pictures=pictures) as drawn:
            subject = Subject(
                findings=findings,
                drawn=drawn,
                source=source,
                references=[each for _, each in references],
                prefix=prefix,
                downloads=[(up + path, name) for path, name in _downloads(site, result, source)],
                others=[
                    (f"{up}{path}index.html", other.label)
                    for path, other in zip(prefixes, results, strict=True)
                    if other is not result
                ],
                complaints=(*complaints, *failures_of_chapters) if number == 0 else (),
                chapters=own_chapters,
                outputs=chapter_outputs,
                with_comparison=comparison is not None and number == 0,
            )
            _add(site, subject)
    if comparison is not None:
        site.pages.append(comparison_page(site, comparison, sources))
    return site


def labelled(results: Sequence[Result]) -> list[Result]:
    """Return the results, each with a label of its own."""
    labels = names(results)
    return [replace(result, label=label) for result, label in zip(results, labels, strict=True)]


def _add(site: Site, subject: Subject) -> None:
    """Add a result's pages, its notebooks and its PNG figures to a site."""
    for chapter in subject.chapters:  # first, because notebooks show no figures
        text = notebook(subject.prose(chapter))
        site.files[chapter.page.removesuffix(".html") + ".ipynb"] = text.encode()
    site.pages += pages(subject)
    for name, figure in subject.drawn.items():
        if figure.png:
            site.files[f"{subject.prefix}figures/{slug(name)}.png"] = figure.png


def comparison_page(site: Site, comparison: Comparison, sources: Sequence[SourceFile]) -> SitePage:
    """Return the page that compares machines; add its CSV to the site."""
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
        name="Comparison",
        body=body,
        sources=(*sources, own),
    )


def _add_file(site: Site, result: Result, name: str) -> SourceFile:
    """Add a result file to the site, unchanged."""
    suffix = "jsonl" if ".jsonl" in result.path else "json"
    path = f"data/{name}.{suffix}"
    site.files[path] = raw_bytes(result.path)
    return SourceFile(file=path, sha256=result.sha256, label=result.label)


def _references(
    site: Site, results: Sequence[Result], machines: Path
) -> list[tuple[Reference, SourceFile]]:
    """Return the reference machines with an accelerator; add their files to the site."""
    references = []
    for result in with_accelerators(results, machines):
        source = _add_file(site, result, f"reference-{slug(result.label)}")
        references.append((Reference(Findings(result), result.label, source.file), source))
    return references


def with_references(result: Result) -> Findings:
    """Return the findings of a result. If it has no GPU, they quote committed machines that do."""
    quoted = [] if has_accelerator(result) or not result.own else with_accelerators([result])
    return Findings(result, tuple(Reference(Findings(r), r.label, "") for r in quoted))


def with_accelerators(results: Sequence[Result], machines: Path = MACHINES) -> list[Result]:
    """Return the newest committed machine with each kind of accelerator, newest first.

    Machines among `results` are left out.
    """
    by_kind: dict[str, Result] = {}
    own = {result.sha256 for result in results}
    known = filter(None, (_loaded(path, own) for path in sorted(machines.glob("*.json"))))
    for result in sorted(known, key=lambda result: result.datetime, reverse=True):
        if has_accelerator(result):
            by_kind.setdefault(", ".join(gpu.name for gpu in result.machine.gpus), result)
    return list(by_kind.values())


def _loaded(path: Path, own: Collection[str]) -> Result | None:
    try:
        known = hashlib.sha256(raw_bytes(path)).hexdigest() in own
        return None if known else load(path)
    except UnreadableError:
        return None  # a test reads every committed file


def _downloads(site: Site, result: Result, source: SourceFile) -> Iterator[tuple[str, str]]:
    """Add a result's tables to the site; yield the path and the name of each download."""
    stem = source.file.rpartition(".")[0]
    table = tidy([result])
    for kind, name in (("csv", "CSV"), ("parquet", "Parquet")):
        site.files[f"{stem}.{kind}"] = as_bytes(table, kind)
        yield f"{stem}.{kind}", name
    yield source.file, "JSON"
