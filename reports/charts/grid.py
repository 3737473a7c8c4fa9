"""Chart of ratios as a grid: blue where NumPy is faster, orange where PyTorch is.

Each cell shows its number. Cells and numbers have the same colours in light and dark mode.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba

from bench.results.verdicts import UNSETTLED
from reports import units
from reports.charts.drawing import (
    DIVERGING,
    INK,
    ON_DARK,
    ON_LIGHT,
    PAPER,
    TILE_IN,
    Plot,
    set_hover,
    style,
    wrap,
)
from reports.charts.naming import slug
from reports.charts.tiles import FONT, LABEL_CHAR_IN, axes_inches, tiles
from reports.read.names import cut_names
from reports.read.row import IMPLAUSIBLE, NO_SPEEDUP

SCALE = 10.0  # ratio with the strongest colour; so has its inverse
ROW_IN = 0.19
SQUARE_IN = 0.42  # the width of the longest number, with space at its sides
INSET = np.array((0.04, 0.09))  # of a cell, around the frame of one that is unsettled
RIGHT_IN = 0.05
ODD_CHAR_IN = 1.3 * LABEL_CHAR_IN  # the width of a brace, a dollar sign and their like
LONGEST = 27  # characters of a row's or a column's name
NOTE = "×: blue below 1, orange above"
SIGNS = {UNSETTLED: "hollow: unsettled", IMPLAUSIBLE: "✗ cannot be true"}
LEAST = 0.01  # smaller ratios are written as `<0.01`
TENTH, MANY = 0.1, 1e4  # smaller ratios have two decimal places; larger ones end in k or M
SRGB_LINEAR = 0.04045  # sRGB (IEC 61966-2-1): smaller values are proportional to the light
DARK = 0.18  # relative luminance, below which light text has more contrast than dark text
SHADES = LinearSegmentedColormap.from_list("ratio", DIVERGING)
EMPTY = (*to_rgba(INK)[:3], 0.06)  # the colour of a cell without a usable ratio
HOLLOW = to_rgba(PAPER)  # and of one that is unsettled
FRAME = (*to_rgba(INK)[:3], 0.5)


def heat_grid(
    values: np.ndarray,
    states: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    description: str,
    name: str,
    hover: Sequence[Sequence[str]],
) -> Plot:
    """Draw ratios as a grid with a number in each cell; the colour scale diverges from 1.

    If there are too many columns for one tile, the further ones follow in tiles of their own.

    Parameters
    ----------
    values : the ratios, NaN where there is none.
    states : the `Row.state` of each cell. An unsettled one is hollow. An implausible ratio has a
        cross before it and no colour.
    hover : the hover text of each cell.

    """
    values = np.asarray(values, dtype=float)
    hover_texts: dict[str, list[str]] = {}
    rows = cut_names(rows, LONGEST)
    columns = cut_names(columns, LONGEST)
    name = slug(name)
    left = 0.1 + max(map(_label_in, rows))
    parts = _parts(len(columns), int((TILE_IN - left - RIGHT_IN) / SQUARE_IN))
    used = {state for line in states for state in line}
    note = wrap("; ".join([NOTE, *(text for state, text in SIGNS.items() if state in used)]))
    with style(name):
        figure, panels = tiles(
            [title, *[""] * (len(parts) - 1)],
            ROW_IN * len(rows),
            left=left,
            right=RIGHT_IN,
            below=0.2 + 0.15 * note.count("\n"),
            above=0.12 + LABEL_CHAR_IN * max(map(len, columns)),
        )
        for axes, part in zip(panels, parts, strict=True):
            own = [line[part] for line in states]
            cells = _cells(axes, values[:, part], own)
            set_hover(cells, [text for line in hover for text in line[part]], hover_texts)
            _write(axes, values[:, part], own)
            _frame(axes, rows, columns[part], (TILE_IN - left - RIGHT_IN) / SQUARE_IN)
            axes.text(
                (0.05 - left) / axes_inches(axes)[0],
                -0.08 / axes_inches(axes)[1],
                note,
                transform=axes.transAxes,
                fontsize=FONT,
                va="top",
            )
    texts = [f"{title}, columns {', '.join(columns[part])}." for part in parts]
    return Plot(
        name=name,
        figure=figure,
        description=description,
        hover=hover_texts,
        tiles=[description, *texts[1:]],
    )


def _label_in(name: str) -> float:
    """Return at least the width of a row's name in inches."""
    usual = sum(char.isalnum() or char in " .,:=_-" for char in name)
    return LABEL_CHAR_IN * usual + ODD_CHAR_IN * (len(name) - usual)


def _parts(count: int, most: int) -> list[slice]:
    """Return the columns of each tile: as few tiles as possible, and about equally many columns."""
    tiles_needed = -(-count // max(1, most))
    size = -(-count // tiles_needed)
    return [slice(start, start + size) for start in range(0, count, size)]


def _cells(axes: Axes, values: np.ndarray, states: Sequence[Sequence[str]]) -> PolyCollection:
    down, across = values.shape
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    hollow = [state == UNSETTLED for _, state in _flat(values, states)]
    squares = [
        INSET + (1 - 2 * INSET) * corners + place if framed else corners + place
        for framed, place in zip(hollow, np.argwhere(np.ones((down, across)))[:, ::-1], strict=True)
    ]
    cells = PolyCollection(
        squares,
        facecolors=[_shade(*each) for each in _flat(values, states)],
        edgecolors=[FRAME if framed else to_rgba(PAPER) for framed in hollow],
        linewidths=1,
    )
    axes.add_collection(cells, autolim=False)
    return cells


def _flat(values: np.ndarray, states: Sequence[Sequence[str]]) -> Iterator[tuple[float, str]]:
    """Yield the value and the state of each cell, row by row."""
    for value_row, state_row in zip(values, states, strict=True):
        yield from zip(map(float, value_row), state_row, strict=True)


def _shade(value: float, state: str) -> tuple[float, float, float, float]:
    """Return the colour of a cell."""
    if not value > 0 or state in NO_SPEEDUP:
        return EMPTY
    if state == UNSETTLED:
        return HOLLOW
    position = np.clip(np.log(value) / np.log(SCALE), -1, 1)
    red, green, blue, _ = SHADES(float(position) / 2 + 0.5)
    return (red, green, blue, 1.0)


def _write(axes: Axes, values: np.ndarray, states: Sequence[Sequence[str]]) -> None:
    across = values.shape[1]
    for n, (value, state) in enumerate(_flat(values, states)):
        shade = _shade(value, state)
        text = ("✗ " if state == IMPLAUSIBLE else "") + (_digits(value) if value > 0 else "")
        if not text:
            continue
        paint = INK if shade in {EMPTY, HOLLOW} else _text_colour(shade)
        axes.text(
            n % across + 0.5,
            n // across + 0.54,
            text,
            ha="center",
            va="center_baseline",
            fontsize=FONT,
            color=paint,
        )


def _digits(value: float) -> str:
    """Return a ratio that is short enough for a cell; the hover text has all its digits."""
    if value < LEAST:
        return f"<{LEAST}"
    if value < TENTH:
        return f"{value:.2f}"
    return units.significant(value, 2) if value < MANY else units.rounded(value)


def _text_colour(shade: Sequence[float]) -> str:
    """Return the text colour for a cell of this colour, by its relative luminance (WCAG 2)."""
    linear = [c / 12.92 if c <= SRGB_LINEAR else ((c + 0.055) / 1.055) ** 2.4 for c in shade[:3]]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return ON_DARK if luminance < DARK else ON_LIGHT


def _frame(axes: Axes, rows: Sequence[str], columns: Sequence[str], most: float) -> None:
    """Draw the names of rows and columns; squares have one width in all tiles."""
    axes.set_xlim(0, most)
    axes.set_ylim(len(rows), 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=FONT)
    axes.xaxis.tick_top()
    axes.set_xticks(
        np.arange(len(columns)) + 0.5,
        columns,
        fontsize=FONT,
        rotation=90,
    )
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)
