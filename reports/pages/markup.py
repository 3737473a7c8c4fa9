"""Reads from a page what `check` verifies: its numbers and figures, its links, what it would load.

Numbers in prose that no finding stands behind, figures without alternative text and everything that
reaches outside the page are complaints already.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import html

PROSE = ("p", "li", "h1", "h2", "h3", "h4", "figcaption", "dd", "summary", "blockquote")
NO_PROSE = "data | cite | code | pre | svg | table | script | style | *[@data-fact]"
SOURCES = {"object": "data", "link": "href", "image": "href", "form": "action", "base": "href"}
MEASURED = re.compile(
    r"\d[\d.,]*\s?(?:×|times\b|%|percent\b|[mµn]?s\b|seconds?\b|minutes?\b"
    r"|[kMGT]?i?B(?:/s)?\b|bytes/s\b|[kMGT]?FLOPS?\b|[kMGT]?FLOP/s)"
)
SETTLED = frozenset({"95 %", "5 %", "10 %"})  # an interval's meaning, a winner's margin, a tie's
Element = Any  # of lxml; what an XPath returns has no narrower type
OUTSIDE = re.compile(
    r"@import|url\(\s*['\"]?(?:https?:)?//|\b(?:fetch|XMLHttpRequest|importScripts)\b"
)


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A number on a page, and what its attributes say it comes from."""

    attributes: Mapping[str, str]
    text: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """What `check` verifies of a page.

    Attributes
    ----------
    results : the files that it is drawn from, each with its hash.
    numbers : those in prose; `fields` are those of tables, and the facts.
    embedded : the files that it holds, by name, as links.

    """

    ids: frozenset[str]
    links: Sequence[str]
    results: Sequence[tuple[str, str]]
    numbers: Sequence[Quoted]
    fields: Sequence[Quoted]
    embedded: Mapping[str, str]
    complaints: Sequence[str]


def read(path: Path) -> Page:
    """Read a page."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    page: Element = html.document_fromstring(path.read_bytes(), parser=parser)
    return Page(
        ids=frozenset(page.xpath("//@id")),
        links=page.xpath("//a[not(@data-file)]/@href"),
        results=[
            (meta.get("content", ""), meta.get("data-sha256", ""))
            for meta in page.xpath("//meta[@name='result']")
        ],
        numbers=[
            Quoted(attributes=number.attrib, text=_text(number, "sup"))
            for number in page.iter("data")
        ],
        fields=[
            Quoted(attributes=_of_row(field), text=field.text_content())
            for field in page.xpath("//*[self::td or self::dd][@data-field or @data-fact]")
        ],
        embedded={
            link.get("data-file"): link.get("href", "") for link in page.xpath("//a[@data-file]")
        },
        complaints=[*_reaching_out(page), *_undescribed(page), *_unbacked(page)],
    )


def _of_row(field: Element) -> dict[str, str]:
    """Return the attributes of a figure and of the row that it stands in."""
    rows = field.xpath("ancestor::tr[1]")
    return {**(rows[0].attrib if rows else {}), **field.attrib}


def _text(element: Element, left_out: str) -> str:
    """Return the text of an element, without what stands in elements that are left out."""
    inside = " or ".join(f"ancestor::{tag}" for tag in left_out.split(" | "))
    return "".join(element.xpath(f".//text()[not({inside})]"))


def _reaching_out(page: Element) -> Iterator[str]:
    """Yield a line for everything on the page that would reach outside of it."""
    for element in page.iter("*"):
        source = element.get(SOURCES.get(element.tag, "src"), "")
        if source and not source.startswith(("#", "data:")):
            yield f"<{element.tag}> would load {source!r}; a page must be whole"
        acting = [text for name, text in element.items() if name.startswith(("on", "style"))]
        if element.tag in {"script", "style"}:
            acting.append(element.text_content())
        if any(map(OUTSIDE.search, acting)):
            yield f"<{element.tag}> reaches outside the page"


def _undescribed(page: Element) -> Iterator[str]:
    """Yield a line for every figure without alternative text."""
    for figure in page.iter("svg", "img"):
        description = figure.get("aria-label" if figure.tag == "svg" else "alt", "")
        if not description.strip() and figure.get("aria-hidden") != "true":
            yield f"<{figure.tag}> has no alternative text"


def _unbacked(page: Element) -> Iterator[str]:
    """Yield a line for every measured number in prose that no finding stands behind."""
    for passage in page.iter(*PROSE):
        if any(around.tag in PROSE for around in passage.iterancestors()):
            continue
        for number in MEASURED.findall(_text(passage, NO_PROSE)):
            if " ".join(number.split()) not in SETTLED:
                yield f"the number {number!r} stands in prose, and no finding stands behind it"
