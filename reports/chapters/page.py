"""Renders a chapter as the body of its page, and as a notebook."""

import importlib.util
from copy import deepcopy

import jupytext
from markupsafe import Markup

from reports.chapters.glossary import Glossary
from reports.chapters.outputs import Outputs
from reports.chapters.prose import Prose
from reports.chapters.reading import Chapter, ChapterCell
from reports.read.sources import highlighted

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
    for cell in prose.chapter.cells:
        if not cell.key:
            parts.append(prose.html(cell.source, glossary))
        else:
            parts += [highlighted(cell.source), _output(cell, outputs)]
    return Markup("\n").join(parts)


def _output(cell: ChapterCell, outputs: Outputs) -> Markup:
    """Return a cell's output: from here, from a labelled recording, or why there is none."""
    ran = outputs.ran
    if cell.key in ran.cells:
        return _as_html(ran.cells[cell.key].text, ran.cells[cell.key].figures)
    if cell.key == ran.failed:
        return Markup('<pre class="output failed">{}</pre>').format(ran.error)
    if recorded := outputs.recorded(cell.key):
        recording, output = recorded
        note = Markup(
            '<p class="recorded">Recorded on {}, not on this machine (<samp>{}</samp>, {}):</p>'
        )
        return note.format(recording.label, recording.place, recording.made) + _as_html(
            output.text, output.figures
        )
    if importlib.util.find_spec("torch") is None:
        reason = NO_TORCH
    else:
        reason = AFTER if ran.failed and not cell.gpu else NO_GPU
    return Markup('<p class="recorded">{}</p>').format(reason)


def _as_html(text: str, figures: tuple[str, ...]) -> Markup:
    html = Markup('<pre class="output">{}</pre>').format(text) if text else Markup()
    return html + Markup("").join(
        Markup('<figure class="drawn">{}</figure>').format(Markup(figure)) for figure in figures
    )


def notebook(prose: Prose) -> str:
    """Return a chapter as a notebook file, its prose filled from a result."""
    chapter: Chapter = prose.chapter
    filled = deepcopy(chapter.notebook)
    for number, cell in enumerate(filled.cells):
        cell.id = f"{chapter.path.stem}-{number}"
        if cell.cell_type == "markdown":
            cell.source = prose.markdown(cell.source)
    return str(jupytext.writes(filled, fmt="ipynb"))
