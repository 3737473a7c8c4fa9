"""Result files -> a folder of pages, or one page that can be mailed. Both are whole and offline.

The first result is the subject of the site; each further one gets pages of its own beside it, and
all are compared. Every result lies in the site as it was read, so that its numbers can be checked
and drawn anew from the site alone.
"""

import base64
import gzip
import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from markupsafe import Markup, escape

from reports.chapters.outputs import failures, outputs, slowest
from reports.chapters.page import notebook
from reports.chapters.reading import find
from reports.charts.drawing import inline
from reports.compare.comparison import Comparison, compare, comparison_csv
from reports.compare.drawn import side_by_side
from reports.compare.page import page_values
from reports.read.export import as_bytes, tidy
from reports.findings.findings import Findings, Reference, has_accelerator
from reports.read.intake import UnreadableError, raw_bytes
from reports.read.load import Result, load
from reports.site.pages import TEMPLATES, Page, Source, Subject, pages, render
from reports.charts.plans import begin, plans

HERE = Path(__file__).resolve().parents[1]
MACHINES = HERE / "machines"
TABLE = "data/comparison.csv"
OTHERS = "machines/"  # the folder of further results
PARTS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "png": "image/png"}


@dataclass(kw_only=True)
class Site:
    """A site before it is written: pages, files by their path, what went wrong, what was slow."""

    pages: list[Page] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    log: str = ""


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
        drawing = begin(plans(findings), pictures=pictures)
        up = "../" * prefix.count("/")
        downloads = [(up + path, name) for path, name in _downloads(site, result, source)]
        drawn = drawing()
        subject = Subject(
            findings=findings,
            drawn=drawn,
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
            compared=comparison is not None and number == 0,
        )
        site.pages += pages(subject)
        for chapter in subject.chapters:
            text = notebook(subject.prose(chapter))
            site.files[chapter.page.removesuffix(".html") + ".ipynb"] = text.encode()
        for name, figure in drawn.items():
            if figure.png:
                site.files[f"{prefix}figures/{slug(name)}.png"] = figure.png
    if comparison is not None:
        site.pages.append(compared(site, comparison, sources))
    return site


def compared(site: Site, comparison: Comparison, sources: Sequence[Source]) -> Page:
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
    own = Source(file=TABLE, sha256=hashlib.sha256(table).hexdigest())
    return Page(
        path="compare.html",
        title="Machines side by side",
        name="Compared",
        body=body,
        sources=(*sources, own),
    )


def _keep(site: Site, result: Result, name: str) -> Source:
    """Put a result into the site as it was read."""
    suffix = "jsonl" if ".jsonl" in result.path else "json"
    path = f"data/{name}.{suffix}"
    site.files[path] = raw_bytes(result.path)
    return Source(file=path, sha256=result.sha256)


def _references(
    site: Site, results: Sequence[Result], machines: Path
) -> list[tuple[Reference, Source]]:
    """Return the committed machines that have an accelerator, newest first, one of each kind."""
    found: dict[str, tuple[Reference, Source]] = {}
    own = {result.sha256 for result in results}
    known = [_loaded(path) for path in sorted(machines.glob("*.json"))]
    for result in sorted(filter(None, known), key=lambda r: r.datetime, reverse=True):
        if result.sha256 in own or not has_accelerator(result):
            continue
        kind = ", ".join(gpu.name for gpu in result.machine.gpus)
        if kind not in found:
            source = _keep(site, result, f"reference-{slug(result.label)}")
            reference = Reference(Findings(result), result.label, source.file)
            found[kind] = (reference, source)
    return list(found.values())


def _loaded(path: Path) -> Result | None:
    try:
        return load(path)
    except UnreadableError:
        return None  # of this project's own files; the tests read each of them


def _downloads(site: Site, result: Result, source: Source) -> Iterator[tuple[str, str]]:
    """Put a result's tables into the site; yield their paths and what they are called."""
    stem = source.file.rpartition(".")[0]
    table = tidy([result])
    for kind, name in (("csv", "CSV"), ("parquet", "Parquet")):
        site.files[f"{stem}.{kind}"] = as_bytes(table, kind)
        yield f"{stem}.{kind}", name
    yield source.file, "JSON"


def write_folder(site: Site, out: Path) -> Path:
    """Write a site as a folder; return its first page."""
    menu = [(page.path, page.name) for page in site.pages]
    for page in site.pages:
        path = out / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_whole(page, menu), encoding="utf-8")
    for name, content in site.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return out / site.pages[0].path


def _whole(page: Page, menu: Sequence[tuple[str, str]]) -> str:
    """Return a page with its head, its menu and its foot."""
    folder = posixpath.dirname(page.path)
    prefix = next((p for p in _prefixes(menu) if p and page.path.startswith(p)), "")
    own = [
        (path, name)
        for path, name in menu
        if name and (path.startswith(prefix) if prefix else not path.startswith(OTHERS))
    ]
    return TEMPLATES.get_template("base.html").render(
        title=page.title,
        body=page.body,
        sources=page.sources,
        menu=[(posixpath.relpath(path, folder or "."), name) for path, name in own],
        here=posixpath.relpath(page.path, folder or "."),
        home=posixpath.relpath(own[0][0], folder or "."),
    )


def _prefixes(menu: Sequence[tuple[str, str]]) -> list[str]:
    """Return the folders of further machines."""
    others = [path for path, _ in menu if path.startswith(OTHERS)]
    return [path.removesuffix("index.html") for path in others if path.endswith("/index.html")]


def write_single(site: Site, out: Path) -> Path:
    """Write a site as one page that holds all others, and the data they come from.

    Pages of further machines are left out: what is said of them stands in the comparison.
    """
    held = [page for page in site.pages if not page.path.startswith(OTHERS)]
    anchors = {page.path: slug(page.path.removesuffix(".html")) for page in held}
    parts = [
        Markup('<article class="part" id="{}">{}</article>').format(
            anchors[page.path], _inward(page, anchors, site.files)
        )
        for page in held
    ]
    first = held[0]
    sources = list(dict.fromkeys(source for page in held for source in page.sources))
    out.parent.mkdir(parents=True, exist_ok=True)
    text = TEMPLATES.get_template("base.html").render(
        title=first.title,
        body=Markup("\n").join(parts),
        sources=sources,
        menu=[(f"#{anchors[page.path]}", page.name) for page in held if page.name],
        here=f"#{anchors[first.path]}",
        home=f"#{anchors[first.path]}",
    )
    out.write_text(text, encoding="utf-8")
    return out


LINK = re.compile(r'href="([^"#:]*)(#[^"]*)?"( download)?')


def _inward(page: Page, anchors: Mapping[str, str], files: Mapping[str, bytes]) -> Markup:
    """Return a page's body with every link to the rest of its site turned to this one page."""
    folder = posixpath.dirname(page.path)

    def turned(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, unescape(link[1]))) if link[1] else ""
        if target in anchors:
            return f'href="{link[2] or "#" + anchors[target]}"'
        if target in files:
            return _embedded(target, files[target])
        if target.startswith(OTHERS):
            return f'href="#{anchors["compare.html"]}"'
        return link[0]

    return Markup(LINK.sub(turned, str(page.body)))


def _embedded(name: str, content: bytes) -> str:
    """Return a link that holds the file it leads to; a result file is packed."""
    kind, called = PARTS.get(name.rpartition(".")[2], "application/octet-stream"), name
    if name.endswith((".json", ".jsonl")):
        content, kind, called = gzip.compress(content, mtime=0), "application/gzip", f"{name}.gz"
    packed = base64.b64encode(content).decode()
    label = escape(posixpath.basename(called))
    return f'href="data:{kind};base64,{packed}" download="{label}" data-file="{escape(name)}"'


def slug(text: str) -> str:
    """Return a name for a file or an anchor; what a file calls itself names no path."""
    kept = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in text)
    return re.sub("-+", "-", kept).strip("-")[:60] or "unnamed"
