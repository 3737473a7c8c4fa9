"""Renders a chapter as the body of its page, and as a notebook."""

import importlib.util
import re
from copy import deepcopy

import jupytext
from markupsafe import Markup

from reports.chapters.execution import CellOutput
from reports.chapters.glossary import Glossary
from reports.chapters.outputs import Outputs
from reports.chapters.prose import Prose, inline_html
from reports.chapters.reading import Chapter, ChapterCell
from reports.read.sources import SourceError, highlighted, paragraphs

CHECKED = re.compile(r"^check\((\w+)\)", flags=re.MULTILINE)  # the exercise that a cell checks
NO_TORCH = "Not run: PyTorch is not installed on the machine that built this page."
NO_GPU = (
    "Not run: this cell needs a GPU, and the machine that built this page has none. No reference"
    " machine has recorded its output yet."
)
AFTER = "Not run, because an earlier cell failed."


def render(prose: Prose, outputs: Outputs) -> Markup:
    """Return the body of a chapter's page.

    Raises
    ------
    ChapterError : its prose names what does not exist.

    """
    parts: list[Markup] = []
    glossary = Glossary(prose.chapter, prose.contents)
    hints = _hints(prose.chapter)
    for cell in prose.chapter.cells:
        if not cell.key:
            parts.append(prose.html(cell.source, glossary))
        else:
            parts += [highlighted(cell.source), _output(cell, outputs)]
            parts += [hints[name] for name in CHECKED.findall(cell.source) if name in hints]
    return Markup("\n").join(parts)


def _hints(chapter: Chapter) -> dict[str, Markup]:
    """Return the hints of each exercise of a chapter, each hint folded inside the one before."""
    try:
        known = paragraphs(f"tutorial/checks/{chapter.name}.py")
    except SourceError:
        return {}
    folded = {}
    for name, steps in known.items():
        inside = Markup()
        for step in reversed(steps):
            inside = Markup("<details><summary>A hint</summary><p>{}</p>{}</details>").format(
                inline_html(step), inside
            )
        if steps:
            folded[name] = inside
    return folded


def _output(cell: ChapterCell, outputs: Outputs) -> Markup:
    """Return a cell's output: from here, from a labelled recording, or why there is none."""
    ran = outputs.ran
    if cell.key in ran.cells:
        return _as_html(ran.cells[cell.key])
    if cell.key == ran.failed:
        return Markup('<pre class="output failed">{}</pre>').format(ran.error)
    if recorded := outputs.recorded(cell.key):
        recording, output = recorded
        note = Markup(
            '<p class="recorded">Recorded on {}, not on this machine (<samp>{}</samp>, {}):</p>'
        )
        return note.format(recording.label, recording.place, recording.made) + _as_html(output)
    if importlib.util.find_spec("torch") is None:
        reason = NO_TORCH
    else:
        reason = AFTER if ran.failed and not cell.gpu else NO_GPU
    return Markup('<p class="recorded">{}</p>').format(reason)


def _as_html(output: CellOutput) -> Markup:
    parts = []
    if output.text:
        parts.append(Markup('<pre class="output">{}</pre>').format(output.text))
    if output.html:
        parts.append(Markup('<div class="output scroll">{}</div>').format(Markup(output.html)))
    figures = map(Markup, output.figures)
    parts += [Markup('<figure class="drawn">{}</figure>').format(figure) for figure in figures]
    return Markup("").join(parts)


def notebook(prose: Prose) -> str:
    """Return a chapter as a notebook file, its prose filled from a result."""
    chapter: Chapter = prose.chapter
    filled = deepcopy(chapter.notebook)
    for number, cell in enumerate(filled.cells):
        cell.id = f"{chapter.path.stem}-{number}"
        if cell.cell_type == "markdown":
            cell.source = prose.markdown(cell.source)
    return str(jupytext.writes(filled, fmt="ipynb"))
