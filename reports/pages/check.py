"""Checks a site: recomputes every number from the results in the site, and follows every link.

It reports a number in prose that has no finding or differs from it; a number in a table or a fact
that differs from its cell; a page older than its data; a page that loads something from outside; a
figure without alternative text; a dead link.
"""

import base64
import gzip
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from reports.compare.comparison import compare, comparison_csv
from reports.findings.statement import QUOTED, Finding
from reports.pages.known import Recomputed, RecomputedResult
from reports.pages.markup import Page, PageNumber, read

TABLE = ".csv"  # ending of the file that a comparison page is made from


def check(site: Path) -> list[str]:
    """Return a line for each fault of a site: a folder of pages, or one page.

    Raises
    ------
    FileNotFoundError : the folder has no pages, or there is no such page.

    """
    paths = sorted(site.rglob("*.html")) if site.is_dir() else [site]
    if not paths or not paths[0].is_file():
        raise FileNotFoundError(f"{site} must hold pages; it holds none: build them first")
    root = site if site.is_dir() else site.parent
    pages = {path.relative_to(root).as_posix(): read(path) for path in paths}
    embedded = {name: link for page in pages.values() for name, link in page.embedded.items()}

    def content(file: str) -> bytes:
        return _decoded(embedded[file]) if file in embedded else _read_file(root, file)

    recomputed = Recomputed(content)
    return [
        f"{name}: {complaint}"
        for name, page in pages.items()
        for complaint in dict.fromkeys(_complaints(name, page, pages, recomputed, root))
    ]


def _read_file(root: Path, file: str) -> bytes:
    path = (root / file).resolve()
    if root.resolve() not in path.parents:
        raise OSError(f"{file} lies outside the site")
    return path.read_bytes()


def _decoded(link: str) -> bytes:
    head, _, text = link.partition(";base64,")
    content = base64.b64decode(text)
    return gzip.decompress(content) if head.endswith("gzip") else content


def _complaints(
    name: str, page: Page, pages: Mapping[str, Page], recomputed: Recomputed, root: Path
) -> Iterator[str]:
    yield from page.complaints
    for file, sha256 in page.results:
        source = recomputed.comparison(file) if file.endswith(TABLE) else recomputed.result(file)
        if isinstance(source, str):
            yield f"its result {file} cannot be read: {source}"
        elif source.sha256 != sha256:
            yield f"it is older than its result {file}; build it again"
    yield from _comparison(page, recomputed)
    for number in page.numbers:
        yield from _number(number, page, recomputed)
    for number in page.fields:
        yield from _field(number, page, recomputed)
    for link in page.links:
        yield from _link(name, link, pages, root)


def _number(number: PageNumber, page: Page, recomputed: Recomputed) -> Iterator[str]:
    attributes, text = number.attributes, number.text
    finding_id, key = attributes.get("data-finding", ""), attributes.get("data-key", "")
    if not attributes.get("data-cell") or not finding_id:
        yield f"the number {text!r} names no cell and no finding"
        return
    finding = _finding(finding_id, attributes.get("data-file", ""), page, recomputed)
    if finding is None:
        yield f"the number {text!r} names {finding_id!r}, which its result does not have"
        return
    expected = finding.words.get(key) if key == QUOTED else finding.numbers.get(key)
    if expected is None or not text == attributes.get("value") == expected:
        yield f"the number {text!r} is {expected!r} when recomputed: {key} of {finding_id}"
    cell = finding.of.get(key, finding.cells[-1] if finding.cells else finding.id)
    if attributes["data-cell"] != cell:
        yield f"the number {text!r} comes from the cell {cell!r}, not {attributes['data-cell']!r}"


def _finding(finding_id: str, file: str, page: Page, recomputed: Recomputed) -> Finding | None:
    if finding_id.startswith("compare/"):
        comparison = recomputed.comparison(_table(page))
        return None if isinstance(comparison, str) else comparison.findings.get(finding_id)
    result = recomputed.result(file or next((name for name, _ in page.results), ""))
    return None if isinstance(result, str) else result.findings.all.get(finding_id)


def _table(page: Page) -> str:
    """Return the CSV of a comparison page, "" for other pages."""
    return next((name for name, _ in page.results if name.endswith(TABLE)), "")


def _comparison(page: Page, recomputed: Recomputed) -> Iterator[str]:
    """Check that the CSV of a comparison follows from the results beside it."""
    table = _table(page)
    comparison = recomputed.comparison(table) if table else ""
    beside = [recomputed.result(name) for name, _ in page.results if name != table]
    results = [each.findings.result for each in beside if isinstance(each, RecomputedResult)]
    if isinstance(comparison, str) or not results or len(results) < len(beside):
        return  # nothing to compare, or an unreadable file, which was reported above
    names = [name for name, _ in page.results if name != table]
    results = [
        replace(result, label=page.labels.get(name) or result.label)
        for name, result in zip(names, results, strict=True)
    ]
    for result in results:
        own = result.machine.label
        if own and not result.label.endswith(own) and not result.label.startswith(own):
            yield f"the label {result.label!r} is not that of its result, {own!r}"
    if comparison_csv(compare(results)) != comparison.text:
        yield f"its table {table} does not follow from the results beside it"


def _field(number: PageNumber, page: Page, recomputed: Recomputed) -> Iterator[str]:
    attributes, text = number.attributes, number.text
    field, fact = attributes.get("data-field", ""), attributes.get("data-fact", "")
    if fact and not field:
        expected, what = _fact(fact, page, recomputed), fact
    elif "data-machine" in attributes or "data-pair" in attributes:
        comparison = recomputed.comparison(_table(page))
        row = attributes.get("data-pair", "") or attributes.get("data-family", "")
        place = (attributes.get("data-machine", ""), row, field)
        expected = None if isinstance(comparison, str) else comparison.fields.get(place)
        what = " of ".join(reversed(place))
    else:
        expected, what = _figure(attributes, field, page, recomputed)
    if expected is None or text != expected:
        yield f"the value {text!r} is {expected!r} when recomputed: {what}"


def _fact(key: str, page: Page, recomputed: Recomputed) -> str | None:
    result = recomputed.result(page.results[0][0]) if page.results else ""
    return None if isinstance(result, str) else result.facts.get(key)


def _figure(
    attributes: Mapping[str, str], field: str, page: Page, recomputed: Recomputed
) -> tuple[str | None, str]:
    device = attributes.get("data-device-cell", "")
    cell = device or attributes.get("data-cell", "")
    what = f"{field} of {cell}"
    result = recomputed.result(page.results[0][0]) if page.results else ""
    if isinstance(result, str):
        return None, what
    return (result.devices if device else result.figures).get(cell, {}).get(field), what


def _link(name: str, link: str, pages: Mapping[str, Page], root: Path) -> Iterator[str]:
    if link.startswith(("http://", "https://", "mailto:", "data:")):
        return  # leads out of the site, but loads nothing by itself
    target, _, fragment = unquote(link).partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) if target else name
    if path in pages:
        if fragment and fragment not in pages[path].ids:
            yield f"the link {link!r} leads to an id that its page does not have"
    elif path.startswith("..") or not (root / path).is_file():
        yield f"the link {link!r} leads to no file of the site"
