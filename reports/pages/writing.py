"""Writes a site: as a folder of pages, or as one page that can be mailed. Both work offline."""

import base64
import gzip
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from markupsafe import Markup, escape

from reports.pages.rendering import TEMPLATES
from reports.pages.subject import SitePage

OTHERS = "machines/"  # the folder of further results
KINDS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "png": "image/png"}


@dataclass(kw_only=True)
class Site:
    """A site before it is written: pages, files by path, complaints, and a log of slow chapters."""

    pages: list[SitePage] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    log: str = ""


def write_folder(site: Site, out: Path) -> Path:
    """Write a site as a folder; return its first page."""
    menu = [(page.path, page.name) for page in site.pages]
    for page in site.pages:
        path = out / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_with_menu(page, menu), encoding="utf-8")
    for name, content in site.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return out / site.pages[0].path


def _with_menu(page: SitePage, menu: Sequence[tuple[str, str]]) -> str:
    """Return the HTML of a page, with its menu."""
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
    """Write a site as one page that contains all pages and their data.

    The pages of further machines are left out: the comparison shows their numbers.
    """
    included = [page for page in site.pages if not page.path.startswith(OTHERS)]
    anchors = {page.path: slug(page.path.removesuffix(".html")) for page in included}
    parts = [
        Markup('<article class="part" id="{}">{}</article>').format(
            anchors[page.path], _for_single_page(page, anchors, site.files)
        )
        for page in included
    ]
    first = included[0]
    sources = list(dict.fromkeys(source for page in included for source in page.sources))
    out.parent.mkdir(parents=True, exist_ok=True)
    text = TEMPLATES.get_template("base.html").render(
        title=first.title,
        body=Markup("\n").join(parts),
        sources=sources,
        menu=[(f"#{anchors[page.path]}", page.name) for page in included if page.name],
        here=f"#{anchors[first.path]}",
        home=f"#{anchors[first.path]}",
    )
    out.write_text(text, encoding="utf-8")
    return out


LINK = re.compile(r'href="([^"#:]*)(#[^"]*)?"( download)?')


def _for_single_page(
    page: SitePage, anchors: Mapping[str, str], files: Mapping[str, bytes]
) -> Markup:
    """Return a page's body; its links to pages become anchors, its links to files become data."""
    folder = posixpath.dirname(page.path)

    def replacement(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, unescape(link[1]))) if link[1] else ""
        if target in anchors:
            return f'href="{link[2] or "#" + anchors[target]}"'
        if target in files:
            return _embedded(target, files[target])
        if target.startswith(OTHERS):
            return f'href="#{anchors["compare.html"]}"'
        return link[0]

    return Markup(LINK.sub(replacement, str(page.body)))


def _embedded(name: str, content: bytes) -> str:
    """Return a data link that contains a file; a result file is compressed."""
    kind, saved_as = KINDS.get(name.rpartition(".")[2], "application/octet-stream"), name
    if name.endswith((".json", ".jsonl")):
        content, kind, saved_as = gzip.compress(content, mtime=0), "application/gzip", f"{name}.gz"
    encoded = base64.b64encode(content).decode()
    label = escape(posixpath.basename(saved_as))
    return f'href="data:{kind};base64,{encoded}" download="{label}" data-file="{escape(name)}"'


def slug(text: str) -> str:
    """Return a safe name for a file or an anchor: letters, digits and hyphens."""
    safe = "".join(char if char.isalnum() and char.isascii() else "-" for char in text)
    return re.sub("-+", "-", safe).strip("-")[:60] or "unnamed"
