"""The prose of a chapter: a Jinja template that quotes results and files by name.

A place in it is filled by a part that knows itself as HTML and as Markdown. What comes from files,
findings and code alike, goes into a page after Markdown, which would change its bytes, and which
must not read what a result file says.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from types import CodeType
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from reports.chapters.reading import Chapter
from reports.findings import Findings, about_accelerators, has_accelerator
from reports.sources import bodies, function, highlighted, read_source
from reports.statement import Finding, markdown

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
MARKDOWN.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>')
MARKDOWN.add_render_rule("table_close", lambda *_: "</table></div>")
GLOSSARY = "glossary"  # the chapter that explains words
TERM = re.compile(r"^\*\*(.+?)\*\* · ", flags=re.MULTILINE)
UNASKED = "not asked for in this run"
ALONE = "no accelerator was timed in this run, nor this by a reference machine yet"
WIDE = 48  # characters of a line that still fit into half a page
SIDES = {"numpy": "NumPy", "torch": "PyTorch"}


class ChapterError(Exception):
    """A chapter whose prose names what does not exist; the message names it and why."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What fills a place in prose.

    Attributes
    ----------
    html : as it stands in a page.
    markdown : as it stands in a notebook.
    state : of the finding that it quotes, "" for none.
    block : whether it stands alone between paragraphs.

    """

    html: Markup
    markdown: str
    state: str = ""
    block: bool = True


@dataclass(frozen=True, kw_only=True)
class Prose:
    """The prose of one chapter over one result.

    Attributes
    ----------
    figures : those of the result's pages, by name.
    contents : all chapters, for links.
    families : of the result's pages: their paths by name.

    """

    chapter: Chapter
    findings: Findings
    figures: Mapping[str, Markup]
    contents: Sequence[Chapter]
    families: Mapping[str, str]

    @cached_property
    def glossary(self) -> Mapping[str, str]:
        """Where each term is explained: links by the term, in lower case."""
        links = {}
        for other in self.contents:
            if other.name == GLOSSARY and other.path != self.chapter.path:
                page = f"../{other.path.parent.name}/{other.path.stem}.html"
                for cell in other.cells:
                    for term in TERM.findall(cell.source):
                        links[term.lower()] = f"{page}#{other.anchor(term)}"
        return links

    def html(self, text: str, linked: set[str] | None = None) -> Markup:
        """Return a cell of prose as HTML.

        Parameters
        ----------
        linked : the terms of the glossary that a cell before has linked; those of this one are
            added.

        Raises
        ------
        ChapterError : it names what does not exist.

        """
        kept: list[Part] = []

        def keep(value: Any) -> Any:
            if not isinstance(value, Part):
                return value
            kept.append(value)
            tag = "div" if value.block else "span"
            return Markup('<{} id="kept-{}"></{}>').format(tag, len(kept) - 1, tag)

        tokens = MARKDOWN.parse(self._filled(text, keep))
        self._anchored(tokens)
        self._explained(tokens, set() if linked is None else linked)
        html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
        for number, part in enumerate(kept):
            tag = "div" if part.block else "span"
            html = html.replace(f'<{tag} id="kept-{number}"></{tag}>', part.html)
        return Markup(html)

    def markdown(self, text: str) -> str:
        """Return a cell of prose as Markdown for a notebook."""
        return self._filled(
            text, lambda value: Markup(value.markdown) if isinstance(value, Part) else value
        )

    def _filled(self, text: str, shown: Any) -> str:
        environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=shown)
        try:
            code = _compiled(text)
            template = Template.from_code(environment, code, environment.make_globals(None))
            return template.render(self._names())
        except Exception as error:
            raise ChapterError(f"{self.chapter.path.name}: {error}") from error

    def _anchored(self, tokens: Sequence[Token]) -> None:
        """Give each heading an id, and each term of the glossary."""
        for opening, inside in pairwise(tokens):
            if opening.type == "heading_open" and opening.tag != "h1":
                opening.attrSet("id", self.chapter.anchor(inside.content))
            if opening.type == "paragraph_open" and (term := TERM.match(inside.content)):
                opening.attrSet("id", self.chapter.anchor(term[1]))

    def _explained(self, tokens: Sequence[Token], linked: set[str]) -> None:
        """Link the first use of each term to the glossary."""
        for opening, inside in pairwise(tokens):
            if inside.type != "inline" or opening.type == "heading_open":
                continue
            found: list[Token] = []
            depth = 0
            for child in inside.children or ():
                depth += {"open": 1, "close": -1}.get(child.type.rpartition("_")[2], 0)
                text = child.type == "text" and not depth
                found += self._terms(child.content, linked) if text else [child]
            inside.children = found

    def _terms(self, text: str, linked: set[str]) -> Iterator[Token]:
        """Yield a text with a link at each term that has none yet."""
        place = 0
        for found in self._any_term.finditer(text):
            term = found[1].lower()
            if term in linked:
                continue
            linked.add(term)
            link = Markup('<a class="term" href="{}">{}</a>').format(self.glossary[term], found[0])
            yield Token("text", "", 0, content=text[place : found.start()])
            yield Token("html_inline", "", 0, content=link)
            place = found.end()
        yield Token("text", "", 0, content=text[place:])

    @cached_property
    def _any_term(self) -> re.Pattern[str]:
        """What finds a term of the glossary in a text, the longest that begins there."""
        terms = sorted(self.glossary, key=len, reverse=True)
        pattern = rf"\b({'|'.join(map(re.escape, terms))})(?:e?s)?\b" if terms else r"(?!)"
        return re.compile(pattern, flags=re.IGNORECASE)

    def _names(self) -> dict[str, Any]:
        label = self.findings.result.label
        return {
            "machine": Part(html=escape(label), markdown=markdown(label), block=False),
            "speedup": self._speedup,
            "quote": lambda kind, **about: _quoted(one(self.findings, kind, about)),
            "quotes": lambda kind, **about: _listed(every(self.findings, kind, about)),
            "headlines": lambda: _listed(self.findings.headlines() or [self.findings.all["score"]]),
            "choose": choose,
            "figure": self._figure,
            "source": lambda name: _code(read_source(name)),
            "function": lambda name, wanted: _code(function(name, wanted)),
            "pair": pair,
            "diff": diff,
            "chapter": self._chapter,
            "family": self._family,
            "mistakes": self._mistakes,
        }

    def _speedup(self, workload: str, size: str, **about: str) -> Part:
        usual = {"contender": "torch-cpu", "dtype": "float32"} | about
        if usual["contender"].startswith("torch-cpu"):
            usual.setdefault("threads", "1")  # an accelerator's cases have all
        wanted = {"workload": workload, "size": size} | usual
        return _quoted(one(self.findings, "speedup", wanted))

    def _figure(self, name: str) -> Part:
        if name not in self.figures:
            text = f"(The figure {name} is not here: this run did not time what it shows.)"
            return Part(html=Markup('<p class="soft">{}</p>').format(text), markdown=text)
        prefix = f"c{self.chapter.number}-"
        svg = str(self.figures[name]).replace('id="', f'id="{prefix}')
        svg = svg.replace('href="#', f'href="#{prefix}').replace("url(#", f"url(#{prefix}")
        label = self.findings.result.label
        return Part(
            html=Markup(
                "<figure>{}<figcaption>Measured on {}.</figcaption></figure>"
            ).format(Markup(svg), label),
            markdown=f"*(The figure {name} stands in this chapter's page.)*",
        )  # fmt: skip

    def _chapter(self, name: str) -> Part:
        for other in self.contents:
            if other.name == name:
                path = f"../{other.path.parent.name}/{other.path.stem}"
                words = f"{other.number} · {other.title}"
                return Part(
                    html=Markup('<a href="{}.html">{}</a>').format(path, words),
                    markdown=f"[{words}]({path}.ipynb)",
                    block=False,
                )
        raise LookupError(f"chapter({name!r}) must name one of {[c.name for c in self.contents]}")

    def _family(self, name: str, words: str) -> Part:
        path = self.families.get(name)
        link = Markup('<a href="../../{}">{}</a>').format(path, words)
        return Part(html=link if path else escape(words), markdown=words, block=False)

    def _mistakes(self) -> Part:
        """Return every common mistake with a link to where its consequence is shown."""
        html, lines = [], []
        for other in self.contents:
            if not other.mistake:
                continue
            path = f"../{other.path.parent.name}/{other.path.stem}"
            anchor = other.anchor(f"A common mistake: {other.mistake}")
            words = Markup(MARKDOWN.renderInline(other.mistake))
            html.append(
                Markup('<li><a href="{}.html#{}">{}</a> <span class="soft">{} · {}</span></li>')
                .format(path, anchor, words, other.number, other.title)
            )  # fmt: skip
            lines.append(f"- [{other.mistake}]({path}.ipynb) ({other.number} · {other.title})")
        return Part(
            html=Markup("<ul>{}</ul>").format(Markup("").join(html)), markdown="\n".join(lines)
        )


@lru_cache(maxsize=4096)  # the same prose stands in the pages of many machines
def _compiled(text: str) -> CodeType:
    """Return a template of prose, compiled for any environment that finishes its values."""
    return Environment(autoescape=True, finalize=lambda value: value).compile(text)


def one(findings: Findings, kind: str, about: Mapping[str, str]) -> Finding:
    """Return the finding of a kind that is about something; one that says so where there is none.

    Where this machine has nothing to tell of it, a reference machine's of the same, if that is of
    an accelerator, marked as that.
    """
    own = findings.kind(kind, **about)
    if told := [finding for finding in own if finding.told]:
        return told[0]
    for reference in findings.references:
        theirs = [f for f in reference.findings.kind(kind, **about) if f.told]
        if theirs and about_accelerators(theirs[0]):
            return theirs[0].elsewhere(reference.label, reference.file)
    return own[0] if own else unasked(kind, about, alone=not has_accelerator(findings.result))


def every(findings: Findings, kind: str, about: Mapping[str, str]) -> list[Finding]:
    """Return all findings of a kind that are about something and hold a number."""
    found = [finding for finding in findings.kind(kind, **about) if finding.told]
    return found or [one(findings, kind, about)]


def unasked(kind: str, about: Mapping[str, str], *, alone: bool) -> Finding:
    """Return a finding that says that nothing of this was asked for; `alone`, without a GPU."""
    size = about.get("size", "").replace(",", ", ")
    named = f"{about['workload']} at {size}" if size and "workload" in about else ""
    rest = [about[key] for key in ("dtype", "contender") if key in about]
    device = about.get("contender", "").partition("-")[2].partition("-")[0]
    first = named or about.get("workload") or kind
    return Finding(
        id="/".join([kind, *about.values()]),
        state="absent",
        sentence="{where}: " + (ALONE if alone and device not in {"", "cpu"} else UNASKED),
        words={"where": ", ".join([first, *rest])},
    )


def choose(quoted: Part, *, otherwise: str, **by_state: str) -> Markup:
    """Return the prose for the state that a quoted finding is in."""
    return Markup(" ".join(by_state.get(quoted.state, otherwise).split()))


def pair(workload: str) -> Part:
    """Return both bodies of a workload side by side.

    Raises
    ------
    SourceError : there is no such workload.

    """
    found = bodies(read_source(f"bench/workloads/{workload}.py"))
    widest = max(map(len, "\n".join(found.values()).splitlines()))
    columns = Markup("").join(
        Markup("<div><h4>{}</h4>{}</div>").format(name, highlighted(found[side]))
        for side, name in SIDES.items()
    )
    return Part(
        html=Markup('<div class="{}">{}</div>').format(
            "pair" if widest <= WIDE else "pair stacked", columns
        ),
        markdown="\n\n".join(f"```python\n{found[side]}```" for side in SIDES),
    )


def diff(first: str, old: str, second: str, new: str) -> Part:
    """Return how a function differs from another, line by line."""
    before, after = function(first, old).splitlines(), function(second, new).splitlines()
    lines = [line for line in difflib.ndiff(before, after) if not line.startswith("?")]
    rows = Markup("").join(
        Markup('<span class="{}">{}</span>\n').format(
            {"-": "gone", "+": "come"}.get(line[0], "kept"), line.rstrip()
        )
        for line in lines
    )
    text = "\n".join(line.rstrip() for line in lines)
    return Part(
        html=Markup('<pre class="diff">{}</pre>').format(rows), markdown=f"```diff\n{text}\n```"
    )


def _quoted(finding: Finding) -> Part:
    return Part(
        html=finding.html, markdown=finding.markdown, state=finding.state, block=False
    )  # fmt: skip


def _listed(found: Sequence[Finding]) -> Part:
    items = Markup("").join(
        Markup('<li class="{}">{}</li>').format(each.state, each.html) for each in found
    )
    return Part(
        html=Markup('<ul class="findings">{}</ul>').format(items),
        markdown="\n".join(f"- {each.markdown}" for each in found),
    )


def _code(text: str) -> Part:
    return Part(html=highlighted(text), markdown=f"```python\n{text}```")
