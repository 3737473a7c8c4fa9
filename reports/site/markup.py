"""What a page holds of what is checked: its numbers and figures, its links, and what it would load.

Numbers in prose that no finding stands behind, figures without alternative text and everything that
reaches outside are complaints already; the rest is for `check` to judge.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset({"meta", "br", "hr", "img", "input", "link", "source", "wbr", "path", "use"})
PROSE = frozenset({"p", "li", "h1", "h2", "h3", "h4", "figcaption", "dd", "summary", "blockquote"})
APART = frozenset({"data", "cite", "code", "pre", "svg", "table", "script", "style"})
LOADS = {
    "script": "src", "img": "src", "iframe": "src", "embed": "src", "object": "data",
    "link": "href", "video": "src", "audio": "src", "source": "src", "image": "href",
    "form": "action", "base": "href",
}  # fmt: skip
MEASURED = re.compile(
    r"\d[\d.,]*\s?(?:×|times\b|%|percent\b|[mµn]?s\b|seconds?\b|minutes?\b"
    r"|[kMGT]?i?B(?:/s)?\b|bytes/s\b|[kMGT]?FLOPS?\b|[kMGT]?FLOP/s)"
)
SETTLED = frozenset({"95 %", "5 %", "10 %"})  # an interval's meaning, a winner's margin, a tie's
OUTSIDE = re.compile(
    r"@import|url\(\s*['\"]?(?:https?:)?//|\b(?:fetch|XMLHttpRequest|importScripts)\b"
)


@dataclass
class Quoted:
    """A number on a page, and what it says it comes from."""

    attributes: Mapping[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """What a page holds of what is checked."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    results: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[Quoted] = field(default_factory=list)
    fields: list[Quoted] = field(default_factory=list)
    embedded: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._filling: Quoted | None = None
        self._prose = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and what is said of it."""
        found = {key: value or "" for key, value in attrs}
        self._note(tag, found)
        if tag not in VOID:
            self._open.append((tag, found))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that holds nothing."""
        self._note(tag, {key: value or "" for key, value in attrs})

    def _note(self, tag: str, found: dict[str, str]) -> None:
        if found.get("id"):
            self.ids.add(found["id"])
        if tag == "meta" and found.get("name") == "result":
            self.results.append((found.get("content", ""), found.get("data-sha256", "")))
        if tag == "a" and "data-file" in found:
            self.embedded[found["data-file"]] = found.get("href", "")
        elif tag == "a" and "href" in found:
            self.links.append(found["href"])
        source = found.get(LOADS.get(tag, ""), "")
        if source and not source.startswith(("#", "data:")):
            self.complaints.append(f"<{tag}> would load {source!r}; a page must be whole")
        described = found.get("aria-label" if tag == "svg" else "alt", "").strip()
        if tag in {"svg", "img"} and not described and found.get("aria-hidden") != "true":
            self.complaints.append(f"<{tag}> has no alternative text")
        acting = (value for key, value in found.items() if key.startswith(("on", "style")))
        if any(OUTSIDE.search(value) for value in acting):
            self.complaints.append(f"<{tag}> reaches outside the page")
        if tag == "data":
            self.numbers.append(Quoted(found))
        elif tag in {"td", "dd"} and ("data-field" in found or "data-fact" in found):
            row = next((held for name, held in reversed(self._open) if name == "tr"), {})
            self._filling = Quoted({**row, **found})
            self.fields.append(self._filling)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, and what was left open in it."""
        if tag in VOID:
            return
        if tag in {"td", "dd"}:
            self._filling = None
        while self._open:
            name, _ = self._open.pop()
            if name in PROSE and not any(other in PROSE for other, _ in self._open):
                self._judge()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        """Add text to the number, the figure or the prose that it stands in."""
        names = [name for name, _ in self._open]
        if names and names[-1] in {"script", "style"} and OUTSIDE.search(data):
            self.complaints.append(f"<{names[-1]}> reaches outside the page")
        if "data" in names and "sup" not in names:
            self.numbers[-1].text += data
        if self._filling is not None:
            self._filling.text += data
        if PROSE & set(names) and not APART & set(names) and not _facts(self._open):
            self._prose += data

    def _judge(self) -> None:
        for number in MEASURED.findall(self._prose):
            if " ".join(number.split()) not in SETTLED:
                self.complaints.append(
                    f"the number {number!r} stands in prose, and no finding stands behind it"
                )
        self._prose = ""


def _facts(tags: Sequence[tuple[str, Mapping[str, str]]]) -> bool:
    """Tell whether a place is a fact, which is checked as one."""
    return any("data-fact" in held for _, held in tags)


def read(path: Path) -> Page:
    """Read a page."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page
