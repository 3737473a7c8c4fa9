"""Renders the prose of a chapter: a Jinja template that quotes results and files by name.

Each quote becomes a fragment with an HTML form and a Markdown form. A page gets its fragments after
its Markdown is rendered. So Markdown cannot change the code of a file, and nothing in a result file
is read as Markdown.
"""

from collections.abc import Callable, Mapping, Sequence
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
from reports.chapters.parts import Fragment, choose, code, diff, list_of, pair, picture, quote_of
from reports.chapters.quoting import finding_about, findings_about
from reports.chapters.reading import MISTAKE, Chapter
from reports.charts.plans import ELSEWHERE
from reports.findings.findings import Findings
from reports.findings.statement import markdown
from reports.read.sources import function, read_source

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
MARKDOWN.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>')
MARKDOWN.add_render_rule("table_close", lambda *_: "</table></div>")

TIMES = {
    False: "that of the fastest blocks of calls, because other programs can only add time",
    True: "the median of blocks of calls",
}


class ChapterError(Exception):
    """A chapter's prose names something that does not exist; the message says what."""


@dataclass(frozen=True, kw_only=True)
class Prose:
    """The prose of one chapter over one result.

    Attributes
    ----------
    figure : returns a figure of the result's pages by its name, or None.
    contents : all chapters, for links.
    families : the paths of the family pages, by family, and of the page "roofline".

    """

    chapter: Chapter
    findings: Findings
    figure: Callable[[str], Markup | None]
    contents: Sequence[Chapter]
    families: Mapping[str, str]

    def html(self, text: str, glossary: Glossary | None = None) -> Markup:
        """Return a prose cell as HTML; the first use of each term is linked to the glossary.

        Raises
        ------
        ChapterError : it names something that does not exist.

        """
        fragments: list[Fragment] = []

        def placeholder(value: Any) -> Any:
            if not isinstance(value, Fragment):
                return value
            fragments.append(value)
            tag = "div" if value.block else "span"
            return Markup('<{} id="fragment-{}"></{}>').format(tag, len(fragments) - 1, tag)

        tokens = MARKDOWN.parse(self._fill(text, placeholder))
        self._add_anchors(tokens)
        if glossary is not None:
            glossary.link(tokens)
        html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
        for number, fragment in enumerate(fragments):
            tag = "div" if fragment.block else "span"
            html = html.replace(f'<{tag} id="fragment-{number}"></{tag}>', fragment.html)
        return Markup(html)

    def markdown(self, text: str) -> str:
        """Return a prose cell as Markdown for a notebook."""
        return self._fill(
            text, lambda value: Markup(value.markdown) if isinstance(value, Fragment) else value
        )

    def _fill(self, text: str, finalize: Any) -> str:
        if "{" not in text:
            return text
        environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=finalize)
        try:
            compiled = _compiled(text)
            template = Template.from_code(environment, compiled, environment.make_globals(None))
            return template.render(self._names())
        except Exception as error:
            raise ChapterError(f"{self.chapter.path.name}: {error}") from error

    def _add_anchors(self, tokens: Sequence[Token]) -> None:
        """Give an id to each heading and to each glossary term."""
        for opening, inside in pairwise(tokens):
            if opening.type == "heading_open" and opening.tag != "h1":
                opening.attrSet("id", self.chapter.anchor(inside.content))
            if opening.type == "paragraph_open" and (term := TERM.match(inside.content)):
                opening.attrSet("id", self.chapter.anchor(term[1]))

    def _names(self) -> dict[str, Any]:
        label = self.findings.result.label
        times = TIMES[self.findings.result.medians_alone]
        return {
            "machine": Fragment(html=escape(label), markdown=markdown(label), block=False),
            "times": Fragment(html=escape(times), markdown=times, block=False),
            "speedup": self._speedup,
            "quote": lambda kind, **about: quote_of(finding_about(self.findings, kind, about)),
            "quotes": lambda kind, **about: list_of(findings_about(self.findings, kind, about)),
            "headlines": lambda: list_of(self.findings.headlines() or [self.findings.all["score"]]),
            "choose": choose,
            "figure": self._figure,
            "source": lambda path: code(read_source(path)),
            "function": lambda path, name: code(function(path, name)),
            "pair": pair,
            "picture": picture,
            "diff": diff,
            "chapter": self._chapter,
            "opening": self._opening,
            "family": self._family,
            "mistakes": self._mistakes,
        }

    def _speedup(self, workload: str, size: str, **about: str) -> Fragment:
        defaults = {"contender": "torch-cpu", "dtype": "float32"} | about
        if ids.read_contender(defaults["contender"]).device == ids.CPU:
            defaults.setdefault("threads", "1")  # an accelerator's cases use all cores
        about_cell = {"workload": workload, "size": size} | defaults
        return quote_of(finding_about(self.findings, "speedup", about_cell))

    def _figure(self, name: str) -> Fragment:
        if (figure := self.figure(name)) is None:
            text = f"(There is no figure {name}: this run did not time what it shows.)"
            return Fragment(html=Markup('<p class="soft">{}</p>').format(text), markdown=text)
        prefix = f"c{self.chapter.number}-"
        svg = str(figure).replace('id="', f'id="{prefix}')
        svg = svg.replace('href="#', f'href="#{prefix}').replace("url(#", f"url(#{prefix}")
        place = self.findings.result.label
        if name in ELSEWHERE and (reference := self.findings.reference_with_gpu()) is not None:
            place = f"{reference.label}, not on this machine"
        return Fragment(
            html=Markup("<figure>{}<figcaption>Measured on {}.</figcaption></figure>").format(
                Markup(svg), place
            ),
            markdown=f"*(The figure {name} stands in this chapter's page.)*",
        )

    def _chapter(self, name: str) -> Fragment:
        for other in self.contents:
            if other.name == name:
                path = f"../{other.path.parent.name}/{other.path.stem}"
                words = f"{other.number} · {other.title}"
                return Fragment(
                    html=Markup('<a href="{}.html">{}</a>').format(path, words),
                    markdown=f"[{words}]({path}.ipynb)",
                    block=False,
                )
        raise LookupError(f"chapter({name!r}) must name one of {[c.name for c in self.contents]}")

    def _opening(self, *needs: str) -> Fragment:
        """Say how long the chapter takes to read, and which chapters it needs."""
        exercises = ", and the exercises" if self.chapter.has_exercises else ""
        words = f"About {self.chapter.reading_time}{exercises}."
        links = [self._chapter(name) for name in needs]
        html, text = Markup(words), words
        if links:
            html += Markup(" Needs ") + Markup(" and ").join(each.html for each in links) + "."
            text += " Needs " + " and ".join(each.markdown for each in links) + "."
        return Fragment(html=Markup('<p class="soft">{}</p>').format(html), markdown=f"*{text}*")

    def _family(self, name: str, words: str) -> Fragment:
        path = self.families.get(name)
        link = Markup('<a href="../../{}">{}</a>').format(path, words)
        return Fragment(html=link if path else escape(words), markdown=words, block=False)

    def _mistakes(self) -> Fragment:
        """List every common mistake, with a link to the chapter that shows it."""
        html, lines = [], []
        for other in self.contents:
            if not other.mistake:
                continue
            path = f"../{other.path.parent.name}/{other.path.stem}"
            anchor = other.anchor(MISTAKE + other.mistake)
            words = inline_html(other.mistake)
            html.append(
                Markup(
                    '<li><a href="{}.html#{}">{}</a> <span class="soft">{} · {}</span></li>'
                ).format(path, anchor, words, other.number, other.title)
            )
            lines.append(f"- [{other.mistake}]({path}.ipynb) ({other.number} · {other.title})")
        return Fragment(
            html=Markup("<ul>{}</ul>").format(Markup("").join(html)), markdown="\n".join(lines)
        )


def inline_html(text: str) -> Markup:
    """Return a line of Markdown as HTML."""
    return Markup(MARKDOWN.renderInline(text))


@lru_cache(maxsize=4096)  # the sites of many machines have the same prose
def _compiled(text: str) -> CodeType:
    """Compile a template; it runs in any environment that has a `finalize`, like this one."""
    return Environment(autoescape=True, finalize=lambda value: value).compile(text)
