"""Reads a chapter from its script: number, name, title, part, cells."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import jupytext
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent.parent
GPU = "gpu"  # the tag of a cell that needs a GPU
MISTAKE = "A common mistake: "
FIVES = ("five", "ten", "fifteen", "twenty", "twenty-five", "thirty")
WORDS_A_MINUTE, LINES_A_MINUTE = 180, 15  # of a reader who follows the code


class ChapterCell(NamedTuple):
    """A cell.

    Attributes
    ----------
    source : its text.
    key : for code, a hash of the chapter's code up to the end of this cell; for prose, "".
    gpu : whether it needs a GPU.

    """

    source: str
    key: str
    gpu: bool


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter as read from its script."""

    path: Path
    notebook: NotebookNode

    @property
    def title(self) -> str:
        """The first heading."""
        first = self.notebook.cells[0].source.splitlines()[0]
        return str(first.lstrip("# "))

    @property
    def names(self) -> str:
        """The names that it teaches, as Markdown: the paragraph between heading and opening."""
        _, names, opening, *_ = [*str(self.notebook.cells[0].source).split("\n\n"), "", "", ""]
        return " ".join(names.split()) if opening.startswith("{{ opening(") else ""

    @property
    def minutes(self) -> int:
        """About how many minutes it takes to read without its exercises, a multiple of five.

        An estimate, by WORDS_A_MINUTE of prose and LINES_A_MINUTE of code.
        """
        words = sum(len(cell.source.split()) for cell in self.cells if not cell.key)
        lines = sum(len(cell.source.splitlines()) for cell in self.cells if cell.key)
        return max(5 * round((words / WORDS_A_MINUTE + lines / LINES_A_MINUTE) / 5), 5)

    @property
    def reading_time(self) -> str:
        """Its minutes in words, because it is an estimate and no measurement."""
        return f"{FIVES[min(self.minutes // 5, len(FIVES)) - 1]} minutes"

    @property
    def search_words(self) -> str:
        """The words of its headings, of its code in prose and of its bold terms, for a search."""
        marked = r"^#+ (.+)$|`([^`\n]+)`|\*\*([^*\n]+)\*\*"
        found = re.findall(marked, self.prose, flags=re.MULTILINE)
        words = re.findall(r"[^\W\d][\w.]+", " ".join("".join(each) for each in found).lower())
        return " ".join(dict.fromkeys(words))

    @property
    def number(self) -> str:
        """Its number in the tutorial: "04"."""
        return self.path.stem.partition("_")[0]

    @property
    def name(self) -> str:
        """Its name in links from other chapters: "views"."""
        return self.path.stem.partition("_")[2]

    @property
    def part(self) -> str:
        """The part of the tutorial that it belongs to: "Basics"."""
        return self.path.parent.name.partition("_")[2].capitalize()

    @property
    def page(self) -> str:
        """The path of its page inside the site: `tutorial/1_basics/04_views.html`."""
        return "/".join(["tutorial", self.path.parent.name, f"{self.path.stem}.html"])

    @cached_property
    def cells(self) -> tuple[ChapterCell, ...]:
        """Its cells in order."""
        return tuple(_cells(self.notebook))

    @property
    def code(self) -> str:
        """All its code."""
        return "\n".join(cell.source for cell in self.cells if cell.key)

    @property
    def prose(self) -> str:
        """All its prose."""
        return "\n".join(cell.source for cell in self.cells if not cell.key)

    @property
    def has_exercises(self) -> bool:
        """Whether it has a section of exercises."""
        return re.search(r"^## Exercises$", self.prose, flags=re.MULTILINE) is not None

    @property
    def mistake(self) -> str:
        """The common mistake that it shows, else ""."""
        heading = re.search(rf"^## {MISTAKE}(.+)$", self.prose, flags=re.MULTILINE)
        return heading[1] if heading else ""

    @property
    def figures(self) -> list[str]:
        """The names of the measured figures that its prose shows."""
        prose = "\n".join(cell.source for cell in self.cells if not cell.key)
        return re.findall(r"""\bfigure\(["']([^"']+)["']\)""", prose)

    def anchor(self, heading: str) -> str:
        """Return the id of a heading in its page, unique among all chapters."""
        name = "".join(char if char.isalnum() and char.isascii() else "-" for char in heading)
        return re.sub("-+", "-", f"c{self.number}-{name.lower()}").strip("-")


def _cells(notebook: NotebookNode) -> Iterator[ChapterCell]:
    code = hashlib.sha256()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield ChapterCell(cell.source, "", gpu=False)
        else:
            code.update(f"{cell.source}\0".encode())
            yield ChapterCell(
                cell.source, code.hexdigest(), gpu=GPU in cell.metadata.get("tags", ())
            )


def read(path: Path) -> Chapter:
    """Read a chapter's script."""
    return Chapter(path=path, notebook=jupytext.read(path, fmt="py:percent"))


def find(root: Path = ROOT / "tutorial") -> list[Chapter]:
    """Return all chapters in reading order."""
    return [read(path) for path in sorted(root.glob("[0-9]_*/[0-9]*.py"))]
