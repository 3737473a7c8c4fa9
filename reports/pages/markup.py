"""Parses a page into what `check` verifies: numbers, links, results and embedded files.

Some faults need no results, and are reported here: a measured number in prose without a finding, a
figure without alternative text, and whatever loads something from outside the page.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import html

PROSE = ("p", "li", "h1", "h2", "h3", "h4", "figcaption", "dd", "summary", "blockquote")
NO_PROSE = "data | cite | code | samp | pre | svg | table | script | style | *[@data-fact]"
SOURCES = {"object": "data", "link": "href", "image": "href", "form": "action", "base": "href"}
MEASURED = re.compile(
    r"\d[\d.,]*\s?(?:×|times\b|%|percent\b|[mµn]?s\b|seconds?\b|minutes?\b"
    r"|[kMGT]?i?B(?:/s)?\b|bytes/s\b|[kMGT]?FLOPS?\b|[kMGT]?FLOP/s)"
)
CONSTANTS = frozenset({"95 %", "5 %", "10 %"})  # of an interval, a winner, a tie: not measured
Element = Any  # lxml's XPath results have no narrower type
FIELDS = "//*[self::td or self::dd or self::span or self::small][@data-field or @data-fact]"
OUTSIDE = re.compile(
    r"@import|url\(\s*['\"]?(?:https?:)?//|\b(?:fetch|XMLHttpRequest|importScripts)\b"
)


@dataclass(frozen=True, kw_only=True)
class PageNumber:
    """A number on a page; its attributes name its source."""

    attributes: Mapping[str, str]
    text: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """What `check` verifies of a page.

    Attributes
    ----------
    results : the result files of the page, each with its hash.
    labels : the label of each result file, as pages name it.
    numbers : the numbers in prose.
    fields : the numbers in tables, and the facts.
    embedded : the files inside the page as data links, by name.

    """

    ids: frozenset[str]
    links: Sequence[str]
    results: Sequence[tuple[str, str]]
    labels: Mapping[str, str]
    numbers: Sequence[PageNumber]
    fields: Sequence[PageNumber]
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
        labels={
            meta.get("content", ""): meta.get("data-label", "")
            for meta in page.xpath("//meta[@name='result'][@data-label]")
        },
        numbers=[
            PageNumber(attributes=number.attrib, text=_text(number, "sup"))
            for number in page.iter("data")
        ],
        fields=[
            PageNumber(attributes=_with_row(field), text=field.text_content())
            for field in page.xpath(FIELDS)
        ],
        embedded={
            link.get("data-file"): link.get("href", "") for link in page.xpath("//a[@data-file]")
        },
        complaints=[*_loads(page), *_without_alternative(page), *_without_finding(page)],
    )


def _with_row(field: Element) -> dict[str, str]:
    """Return the attributes of a field and of its table row."""
    rows = field.xpath("ancestor::tr[1]")
    return {**(rows[0].attrib if rows else {}), **field.attrib}


def _text(element: Element, excluded: str) -> str:
    """Return the text of an element, without the text of the excluded elements in it."""
    inside = " or ".join(f"ancestor::{tag}" for tag in excluded.split(" | "))
    return "".join(element.xpath(f".//text()[not({inside})]"))


def _loads(page: Element) -> Iterator[str]:
    """Yield a line for each element that loads something from outside the page."""
    for element in page.iter("*"):
        source = element.get(SOURCES.get(element.tag, "src"), "")
        if source and not source.startswith(("#", "data:")):
            yield f"<{element.tag}> loads {source!r}; a page must load nothing"
        texts = [text for name, text in element.items() if name.startswith(("on", "style"))]
        if element.tag in {"script", "style"}:
            texts.append(element.text_content())
        if any(map(OUTSIDE.search, texts)):
            yield f"<{element.tag}> loads something from outside the page"


def _without_alternative(page: Element) -> Iterator[str]:
    """Yield a line for every figure without alternative text."""
    for figure in page.iter("svg", "img"):
        description = figure.get("aria-label" if figure.tag == "svg" else "alt", "")
        if not description.strip() and figure.get("aria-hidden") != "true":
            yield f"<{figure.tag}> has no alternative text"


def _without_finding(page: Element) -> Iterator[str]:
    """Yield a line for every measured number in prose that has no finding."""
    for passage in page.iter(*PROSE):
        if any(ancestor.tag in PROSE for ancestor in passage.iterancestors()):
            continue
        for number in MEASURED.findall(_text(passage, NO_PROSE)):
            if " ".join(number.split()) not in CONSTANTS:
                yield f"the number {number!r} in prose has no finding"
