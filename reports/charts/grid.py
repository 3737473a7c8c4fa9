"""Ratios as a grid: blue where NumPy is faster, orange where PyTorch is, the number in each cell.

The colours are fixed, the same in light and dark, and so is the colour of the number on each.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure

from bench.results.verdicts import UNSETTLED
from reports import units
from reports.charts.drawing import DIVERGING, INK, ON_DARK, ON_LIGHT, PAPER, Plot, style, tell
from reports.charts.naming import short, slug
from reports.read.row import IMPLAUSIBLE, NO_SPEEDUP

SCALE = 10.0  # a ratio from which the colour is full
ROW_IN = 0.2
LEAST = 0.01  # a ratio that is still written out
TENTH, MANY = 0.1, 1e4  # below the one, two digits after the point; from the other, k and M
FAINT = 0.04045  # of sRGB (IEC 61966-2-1): below it a shade is proportional to its light
DARK = 0.18  # relative luminance: below it a light number has more contrast than a dark one
SHADES = LinearSegmentedColormap.from_list("ratio", DIVERGING)
MARKS = {UNSETTLED: "~", IMPLAUSIBLE: "✗ "}
NOTHING = (*to_rgba(INK)[:3], 0.06)


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
    """Draw ratios as a grid with a number in each cell, diverging about 1 on a logarithmic scale.

    Parameters
    ----------
    values : ratios, NaN where there is none.
    states : of each cell, as `Row.state` gives them: an unsettled ratio is written with a
        sign before it, an implausible one is crossed and has no colour.
    hover : what each cell says.

    """
    values = np.asarray(values, dtype=float)
    hovers: dict[str, list[str]] = {}
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
        tell(cells, [text for line in hover for text in line], hovers)
        _write(axes, values, states)
        _frame(axes, rows, columns)
        figure.text(0.01, 1 - 0.05 / height, title, fontsize=9.5, va="top")
        figure.text(
            0.01, 0.1 / height, fontsize=9,
            s="×: blue below 1, orange above; ~ cannot tell who is faster; ✗ cannot be true",
        )  # fmt: skip
    return Plot(name=name, figure=figure, description=description, hover=hovers)


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
    for line, known in zip(values, states, strict=True):
        yield from zip(map(float, line), known, strict=True)


def _shade(value: float, state: str) -> tuple[float, float, float, float]:
    if not value > 0 or state in NO_SPEEDUP:
        return NOTHING
    place = np.clip(np.log(value) / np.log(SCALE), -1, 1)
    red, green, blue, _ = SHADES(float(place) / 2 + 0.5)
    return (red, green, blue, 1.0)


def _write(axes: Axes, values: np.ndarray, states: Sequence[Sequence[str]]) -> None:
    across = values.shape[1]
    for n, (value, state) in enumerate(_flat(values, states)):
        shade = _shade(value, state)
        text = MARKS.get(state, "") + (_digits(value) if value > 0 else "")
        if not text:
            continue
        paint = INK if shade == NOTHING else _on(shade)
        axes.text(
            n % across + 0.5, n // across + 0.54, text, ha="center", va="center_baseline",
            fontsize=8.5, color=paint,
        )  # fmt: skip


def _digits(value: float) -> str:
    """Return a ratio in few enough signs for a cell; on hover it stands in full."""
    if value < LEAST:
        return f"<{LEAST}"
    if value < TENTH:
        return f"{value:.2f}"
    return units.significant(value, 2) if value < MANY else units.rounded(value)


def _on(shade: Sequence[float]) -> str:
    """Return the colour of a number on a cell, by the cell's luminance (WCAG 2, relative)."""
    linear = [c / 12.92 if c <= FAINT else ((c + 0.055) / 1.055) ** 2.4 for c in shade[:3]]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return ON_DARK if luminance < DARK else ON_LIGHT


def _frame(axes: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, fontsize=9)
    axes.xaxis.tick_top()
    axes.set_xticks(
        np.arange(len(columns)) + 0.5, columns, fontsize=9, rotation=40, ha="left",
        rotation_mode="anchor",
    )  # fmt: skip
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)
