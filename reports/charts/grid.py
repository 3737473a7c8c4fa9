"""Chart of ratios as a grid: blue where NumPy is faster, orange where PyTorch is.

Each cell shows its number. Cells and numbers have the same colours in light and dark mode.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure

from bench.results.verdicts import UNSETTLED
from reports import units
from reports.charts.drawing import DIVERGING, INK, ON_DARK, ON_LIGHT, PAPER, Plot, set_hover, style
from reports.charts.naming import short, slug
from reports.read.row import IMPLAUSIBLE, NO_SPEEDUP

SCALE = 10.0  # ratio with the strongest colour; so has its inverse
ROW_IN = 0.2
LEAST = 0.01  # smaller ratios are written as `<0.01`
TENTH, MANY = 0.1, 1e4  # smaller ratios have two decimal places; larger ones end in k or M
SRGB_LINEAR = 0.04045  # sRGB (IEC 61966-2-1): smaller values are proportional to the light
DARK = 0.18  # relative luminance, below which light text has more contrast than dark text
SHADES = LinearSegmentedColormap.from_list("ratio", DIVERGING)
MARKS = {UNSETTLED: "~", IMPLAUSIBLE: "✗ "}
EMPTY = (*to_rgba(INK)[:3], 0.06)  # the colour of a cell without a usable ratio


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

    Parameters
    ----------
    values : the ratios, NaN where there is none.
    states : the `Row.state` of each cell. An unsettled ratio has `~` before it. An implausible one
        has a cross before it and no colour.
    hover : the hover text of each cell.

    """
    values = np.asarray(values, dtype=float)
    hover_texts: dict[str, list[str]] = {}
    rows, columns = [short(row) for row in rows], [short(column) for column in columns]
    name = slug(name)
    with style(name):
        top_in = 0.5 + 0.16 * title.count("\n") + 0.045 * max(map(len, columns))
        width, height = max(7.0, 2.9 + 0.46 * len(columns)), ROW_IN * len(rows) + top_in + 0.42
        left = 0.15 + 0.078 * max(map(len, rows))
        span = min(width - left - 0.75, 0.75 * len(columns))
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes(
            (left / width, 0.4 / height, span / width, ROW_IN * len(rows) / height)
        )
        cells = _cells(axes, values, states)
        set_hover(cells, [text for line in hover for text in line], hover_texts)
        _write(axes, values, states)
        _frame(axes, rows, columns)
        figure.text(0.01, 1 - 0.05 / height, title, fontsize=9.5, va="top")
        figure.text(
            0.01,
            0.1 / height,
            fontsize=9,
            s="×: blue below 1, orange above; ~ cannot tell who is faster; ✗ cannot be true",
        )
    return Plot(name=name, figure=figure, description=description, hover=hover_texts)


def _cells(axes: Axes, values: np.ndarray, states: Sequence[Sequence[str]]) -> PolyCollection:
    down, across = values.shape
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    squares = [corners + np.array((x, y)) for y in range(down) for x in range(across)]
    cells = PolyCollection(
        squares,
        facecolors=[_shade(*each) for each in _flat(values, states)],
        edgecolors=PAPER,
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
    position = np.clip(np.log(value) / np.log(SCALE), -1, 1)
    red, green, blue, _ = SHADES(float(position) / 2 + 0.5)
    return (red, green, blue, 1.0)


def _write(axes: Axes, values: np.ndarray, states: Sequence[Sequence[str]]) -> None:
    across = values.shape[1]
    for n, (value, state) in enumerate(_flat(values, states)):
        shade = _shade(value, state)
        text = MARKS.get(state, "") + (_digits(value) if value > 0 else "")
        if not text:
            continue
        paint = INK if shade == EMPTY else _text_colour(shade)
        axes.text(
            n % across + 0.5,
            n // across + 0.54,
            text,
            ha="center",
            va="center_baseline",
            fontsize=8.5,
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


def _frame(axes: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=9)
    axes.xaxis.tick_top()
    axes.set_xticks(
        np.arange(len(columns)) + 0.5,
        columns,
        fontsize=9,
        rotation=40,
        ha="left",
        rotation_mode="anchor",
    )
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)
