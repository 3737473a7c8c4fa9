"""Is a site true and whole? Every number is drawn anew from the results that lie in it.

What is looked for: a number in prose that no finding stands behind, or another than its file gives;
a figure of a table or a fact that its cell does not hold; a page older than its data; a page that
would load something; a figure without alternative text; a dead link. The page is not believed: its
numbers are recomputed, not compared with each other.
"""

import base64
import gzip
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from reports.compare.comparison import compare, comparison_csv
from reports.findings.statement import QUOTED, Finding
from reports.pages.known import Known, KnownResult
from reports.pages.markup import Page, Quoted, read

TABLE = ".csv"  # what a page of machines side by side is drawn from


def check(site: Path) -> list[str]:
    """Return a line for everything that is wrong with a site: a folder of pages, or one page.

    Raises
    ------
    FileNotFoundError : there are no pages.

    """
    paths = sorted(site.rglob("*.html")) if site.is_dir() else [site]
    if not paths or not paths[0].is_file():
        raise FileNotFoundError(f"pages expected in {site}, found none; build them first")
    root = site if site.is_dir() else site.parent
    pages = {path.relative_to(root).as_posix(): read(path) for path in paths}
    packed = {name: link for page in pages.values() for name, link in page.embedded.items()}
    known = Known(lambda file: _unpacked(packed[file]) if file in packed else _held(root, file))
    return [
        f"{name}: {complaint}"
        for name, page in pages.items()
        for complaint in dict.fromkeys(_complaints(name, page, pages, known, root))
    ]


def _held(root: Path, file: str) -> bytes:
    path = (root / file).resolve()
    if root.resolve() not in path.parents:
        raise OSError(f"{file} lies outside the site")
    return path.read_bytes()


def _unpacked(link: str) -> bytes:
    head, _, packed = link.partition(";base64,")
    content = base64.b64decode(packed)
    return gzip.decompress(content) if head.endswith("gzip") else content


def _complaints(
    name: str, page: Page, pages: Mapping[str, Page], known: Known, root: Path
) -> Iterator[str]:
    yield from page.complaints
    for file, sha256 in page.results:
        source = known.comparison(file) if file.endswith(TABLE) else known.result(file)
        if isinstance(source, str):
            yield f"its result {file} cannot be read: {source}"
        elif source.sha256 != sha256:
            yield f"it is older than its result {file}; build it again"
    yield from _comparison(page, known)
    for number in page.numbers:
        yield from _number(number, page, known)
    for quoted in page.fields:
        yield from _field(quoted, page, known)
    for link in page.links:
        yield from _link(name, link, pages, root)


def _number(number: Quoted, page: Page, known: Known) -> Iterator[str]:
    attributes, text = number.attributes, number.text
    wanted, key = attributes.get("data-finding", ""), attributes.get("data-key", "")
    if not attributes.get("data-cell") or not wanted:
        yield f"the number {text!r} names no cell and no finding"
        return
    finding = _finding(wanted, attributes.get("data-file", ""), page, known)
    if finding is None:
        yield f"the number {text!r} is of {wanted!r}, which its result does not say"
        return
    drawn = finding.words.get(key) if key == QUOTED else finding.numbers.get(key)
    if drawn is None or not text == attributes.get("value") == drawn:
        yield f"the number {text!r} is {drawn!r} when drawn anew: {key} of {wanted}"
    cell = finding.of.get(key, finding.cells[-1] if finding.cells else finding.id)
    if attributes["data-cell"] != cell:
        yield f"the number {text!r} comes from the cell {cell!r}, not {attributes['data-cell']!r}"


def _finding(wanted: str, file: str, page: Page, known: Known) -> Finding | None:
    if wanted.startswith("compare/"):
        comparison = known.comparison(_table(page))
        return None if isinstance(comparison, str) else comparison.findings.get(wanted)
    result = known.result(file or next((name for name, _ in page.results), ""))
    return None if isinstance(result, str) else result.findings.all.get(wanted)


def _table(page: Page) -> str:
    """Return the table of a comparison that a page is drawn from, "" for none."""
    return next((name for name, _ in page.results if name.endswith(TABLE)), "")


def _comparison(page: Page, known: Known) -> Iterator[str]:
    """Ask whether the table of a comparison is what the results beside it give."""
    table = _table(page)
    comparison = known.comparison(table) if table else ""
    beside = [known.result(name) for name, _ in page.results if name != table]
    results = [each.findings.result for each in beside if isinstance(each, KnownResult)]
    if isinstance(comparison, str) or not results or len(results) < len(beside):
        return  # nothing to ask, or one of them was complained of
    if comparison_csv(compare(results)) != comparison.text:
        yield f"its table {table} is not what the results beside it give"


def _field(quoted: Quoted, page: Page, known: Known) -> Iterator[str]:
    attributes, text = quoted.attributes, quoted.text
    field, fact = attributes.get("data-field", ""), attributes.get("data-fact", "")
    if fact and not field:
        drawn, what = _fact(fact, page, known), fact
    elif "data-machine" in attributes or "data-pair" in attributes:
        comparison = known.comparison(_table(page))
        row = attributes.get("data-pair", "") or attributes.get("data-family", "")
        place = (attributes.get("data-machine", ""), row, field)
        drawn = None if isinstance(comparison, str) else comparison.fields.get(place)
        what = " of ".join(reversed(place))
    else:
        drawn, what = _figure(attributes, field, page, known)
    if drawn is None or text != drawn:
        yield f"the figure {text!r} is {drawn!r} when drawn anew: {what}"


def _fact(key: str, page: Page, known: Known) -> str | None:
    result = known.result(page.results[0][0]) if page.results else ""
    return None if isinstance(result, str) else result.facts.get(key)


def _figure(
    attributes: Mapping[str, str], field: str, page: Page, known: Known
) -> tuple[str | None, str]:
    device = attributes.get("data-device-cell", "")
    cell = device or attributes.get("data-cell", "")
    what = f"{field} of {cell}"
    result = known.result(page.results[0][0]) if page.results else ""
    if isinstance(result, str):
        return None, what
    return (result.devices if device else result.figures).get(cell, {}).get(field), what


def _link(name: str, link: str, pages: Mapping[str, Page], root: Path) -> Iterator[str]:
    if link.startswith(("http://", "https://", "mailto:", "data:")):
        return  # leads away when it is clicked; loads nothing
    target, _, fragment = unquote(link).partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) if target else name
    if path in pages:
        if fragment and fragment not in pages[path].ids:
            yield f"the link {link!r} leads to no place on its page"
    elif path.startswith("..") or not (root / path).is_file():
        yield f"the link {link!r} leads nowhere"
