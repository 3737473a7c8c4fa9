"""The prose of a chapter: a Jinja template that quotes results and files by name.

A place in it is filled by a part that knows itself as HTML and as Markdown. What comes from files,
findings and code alike, goes into a page after Markdown, which would change its bytes, and which
must not read what a result file says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import CodeType
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from bench.results import ids
from reports.chapters.glossary import TERM, Glossary
from reports.chapters.parts import Part, choose, code, diff, listed, pair, quoted
from reports.chapters.quoting import every, one
from reports.chapters.reading import MISTAKE, Chapter
from reports.findings.findings import Findings
from reports.findings.statement import markdown
from reports.read.sources import function, read_source

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
MARKDOWN.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>')
MARKDOWN.add_render_rule("table_close", lambda *_: "</table></div>")

TIMES = {
    False: "that of the fastest blocks of calls, since interference only ever adds time",
    True: "the median of blocks of calls",
}


class ChapterError(Exception):
    """A chapter whose prose names what does not exist; the message names it and why."""


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

    def html(self, text: str, glossary: Glossary | None = None) -> Markup:
        """Return a cell of prose as HTML, the first use of each word linked to the glossary.

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
        if glossary is not None:
            glossary.link(tokens)
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
            compiled = _compiled(text)
            template = Template.from_code(environment, compiled, environment.make_globals(None))
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

    def _names(self) -> dict[str, Any]:
        label = self.findings.result.label
        times = TIMES[self.findings.result.medians_alone]
        return {
            "machine": Part(html=escape(label), markdown=markdown(label), block=False),
            "times": Part(html=escape(times), markdown=times, block=False),
            "speedup": self._speedup,
            "quote": lambda kind, **about: quoted(one(self.findings, kind, about)),
            "quotes": lambda kind, **about: listed(every(self.findings, kind, about)),
            "headlines": lambda: listed(self.findings.headlines() or [self.findings.all["score"]]),
            "choose": choose,
            "figure": self._figure,
            "source": lambda name: code(read_source(name)),
            "function": lambda name, wanted: code(function(name, wanted)),
            "pair": pair,
            "diff": diff,
            "chapter": self._chapter,
            "family": self._family,
            "mistakes": self._mistakes,
        }

    def _speedup(self, workload: str, size: str, **about: str) -> Part:
        usual = {"contender": "torch-cpu", "dtype": "float32"} | about
        if ids.read_contender(usual["contender"]).device == ids.CPU:
            usual.setdefault("threads", "1")  # an accelerator's cases have all
        wanted = {"workload": workload, "size": size} | usual
        return quoted(one(self.findings, "speedup", wanted))

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
            anchor = other.anchor(MISTAKE + other.mistake)
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
