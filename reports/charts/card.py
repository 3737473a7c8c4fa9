"""A card of the first page's three answers, as a picture to share: 1200 x 630 pixels."""

import textwrap
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.image import imread

from reports.charts.drawing import COLOURS, STYLE, Plot, png
from reports.charts.naming import short

PIXELS = (1200, 630)
DPI = 100
LEFT, ACROSS = 0.035, 0.32  # of the first column, and from one column to the next
WIDTH = 41  # characters of a line of a sentence
TEXT, PALE = "#1d1f24", "#555c68"
ACCENTS = ("torch-cpu", "accelerator", "second")


class CardAnswer(NamedTuple):
    """One answer as plain text, and its chart if there is one."""

    question: str
    number: str
    unit: str
    sentence: str
    plot: Plot | None


def card(title: str, answers: Sequence[CardAnswer], foot: str) -> bytes:
    """Return the card as PNG."""
    with mpl.rc_context({**STYLE, "text.parse_math": False}):
        figure = Figure(figsize=(PIXELS[0] / DPI, PIXELS[1] / DPI), dpi=DPI, facecolor="#ffffff")
        figure.text(LEFT, 0.93, "NumPy or PyTorch?", fontsize=24, weight="bold", color=TEXT)
        figure.text(1 - LEFT, 0.935, short(title, 60), fontsize=13, color=PALE, ha="right")
        for place, answer in enumerate(answers):
            _column(figure, LEFT + place * ACROSS, answer, COLOURS[ACCENTS[place % len(ACCENTS)]])
        figure.text(LEFT, 0.035, short(foot, 150), fontsize=10.5, color=PALE)
        file = BytesIO()
        figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def _column(figure: Figure, left: float, answer: CardAnswer, accent: str) -> None:
    """Write one answer below the other parts of its column, and place its chart."""
    lines = textwrap.wrap(answer.sentence, WIDTH)
    figure.text(left, 0.855, answer.question, fontsize=14, weight="bold", color=accent)
    figure.text(left, 0.755, answer.number, fontsize=34, weight="bold", color=TEXT)
    figure.text(left, 0.71, answer.unit, fontsize=13, color=PALE)
    figure.text(left, 0.675, "\n".join(lines), fontsize=11.5, color=TEXT, va="top", linespacing=1.4)
    if answer.plot is not None:
        axes = figure.add_axes((left, 0.085, ACROSS - 0.03, 0.39))
        axes.imshow(imread(BytesIO(png(answer.plot))))
        axes.set_axis_off()
        axes.set_anchor("SW")
