"""Links the first use of each glossary term on a page to its explanation."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it.token import Token
from markupsafe import Markup

from reports.chapters.reading import Chapter

NAME = "glossary"  # the name of its chapter
TERM = re.compile(r"^\*\*(.+?)\*\* · ", flags=re.MULTILINE)


class Glossary:
    """Links a chapter's first use of each term to the glossary."""

    def __init__(self, chapter: Chapter, contents: Sequence[Chapter]) -> None:
        self._links: dict[str, str] = {}
        for other in contents:
            if other.name == NAME and other.path != chapter.path:
                page = f"../{other.path.parent.name}/{other.path.stem}.html"
                for cell in other.cells:
                    for term in TERM.findall(cell.source):
                        self._links[term.lower()] = f"{page}#{other.anchor(term)}"
        longest_first = sorted(self._links, key=len, reverse=True)
        terms = "|".join(map(re.escape, longest_first)) or "(?!)"
        self._terms = re.compile(rf"\b({terms})(?:e?s)?\b", flags=re.IGNORECASE)

    def link(self, tokens: Sequence[Token]) -> None:
        """Link terms in Markdown tokens, but not in headings, links or emphasis."""
        for opening, inside in pairwise(tokens):
            if inside.type != "inline" or opening.type == "heading_open":
                continue
            linked: list[Token] = []
            depth = 0
            for child in inside.children or ():
                depth += {"open": 1, "close": -1}.get(child.type.rpartition("_")[2], 0)
                plain = child.type == "text" and not depth
                linked += self._linked(child.content) if plain else [child]
            inside.children = linked

    def _linked(self, text: str) -> Iterator[Token]:
        end = 0
        for word in self._terms.finditer(text):
            path = self._links.pop(word[1].lower(), None)
            if path is None:
                continue
            link = Markup('<a class="term" href="{}">{}</a>').format(path, word[0])
            yield Token("text", "", 0, content=text[end : word.start()])
            yield Token("html_inline", "", 0, content=link)
            end = word.end()
        yield Token("text", "", 0, content=text[end:])
