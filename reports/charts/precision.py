"""Chart of speedup against error for lower precisions, one point for each contender."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from bench.results.verdicts import MARGIN
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, set_hover, style
from reports.charts.naming import power_tick, ratio_tick, ratio_ticks, short_name, slug
from reports.charts.tiles import (
    FONT,
    Box,
    axes_inches,
    boxes_beside,
    place_inches,
    tiles,
    write_in,
)
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.row import Timed

LOWER = ("bf16", "fp16", "tf32", "amp")  # variants in lower precision
HEIGHT_IN, LEFT_IN = 2.1, 0.52  # of the axes, and the space for their tick labels


@dataclass(frozen=True, kw_only=True)
class Point:
    """A cell with its error and its speedup.

    Attributes
    ----------
    bound : the largest error that verification accepts.
    x : where the point is drawn: at its error, or, if that is 0, at a tenth of the smallest other.

    """

    row: Timed
    speedup: Interval
    error: float
    bound: float | None
    x: float


def speed_against_error(rows: Sequence[Timed]) -> Plot | None:
    """Draw the speedup over NumPy of each precision of one case against its error.

    `rows` are the timed cells of one workload, size and dtype, with any thread counts. None if no
    variant in lower precision has a speedup and an error.
    """
    points = _points(rows)
    if not any(point.row.variant in LOWER for point in points):
        return None
    if not any(point.error > 0 for point in points):
        return None
    thread_counts = {point.row.threads for point in points}
    name = slug("precision", points[0].row.workload, points[0].row.size)
    hover: dict[str, list[str]] = {}
    with style(name):
        title = precision_title(points)
        figure, (axes,) = tiles([title], HEIGHT_IN, upward="speedup over NumPy", left=LEFT_IN)
        _limits(axes, points)
        axes.axhspan(1 / MARGIN, MARGIN, color=INK, alpha=0.1, linewidth=0)
        axes.axhline(1, color=INK, linewidth=1)
        for point in points:
            _draw(axes, point, hover)
        _label(axes, points, with_cores=len(thread_counts) > 1)
        _set_axes(axes)
    description = " ".join([f"{title}.", *(f"{_point_text(point)}." for point in points)])
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _points(rows: Sequence[Timed]) -> list[Point]:
    """Return a point for NumPy, for PyTorch without a variant, and for each lower precision."""
    known = [row for row in rows if row.plausible and row.rel_error is not None and row.speedup]
    thread_counts = {row.threads for row in known if row.variant in LOWER}
    candidates = [
        row
        for row in known
        if row.threads in thread_counts and (row.is_numpy or row.plain or row.variant in LOWER)
    ]
    groups = grouped(candidates, lambda row: (row.contender, row.threads))
    drawn = [group[0] for group in groups.values()]
    errors = [row.rel_error or 0.0 for row in drawn]
    x_of_zero = min((error for error in errors if error > 0), default=1.0) / 10
    return [
        Point(
            row=row,
            speedup=row.known_speedup,
            error=error,
            bound=row.tolerance or None,
            x=max(error, x_of_zero),
        )
        for row, error in zip(drawn, errors, strict=True)
    ]


def precision_title(points: Sequence[Point]) -> str:
    """Return the title: the speedup and the error of the fastest lower precision."""
    lower = [point for point in points if point.row.variant in LOWER]
    fastest = max(lower, key=lambda point: point.speedup.value)
    about = "about " if units.rough(fastest.speedup.low, fastest.speedup.high) else ""
    gain = f"{about}{units.ratio(*fastest.speedup)} times NumPy's speed"
    name = short_name(fastest.row.contender)
    return f"{name} runs at {gain}, with an error of {_error(fastest.error)}"


def _error(value: float) -> str:
    return f"{value:.1e}" if value else "0"


def _limits(axes: Axes, points: Sequence[Point]) -> None:
    bounds = [point.bound for point in points if point.bound is not None]
    xs = [point.x for point in points]
    low = min(point.speedup.low for point in points)
    high = max(point.speedup.high for point in points)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(xs) / 2, max([*bounds, *xs]) * 2)
    axes.set_ylim(min(low, 1 / MARGIN) / 1.3, max(high, MARGIN) * 1.3)


def _draw(axes: Axes, point: Point, hover: dict[str, list[str]]) -> None:
    """Draw a point, its interval, and a dotted line to the bound of its error."""
    paint, y = colour(point.row), point.speedup.value
    if point.bound is not None:
        axes.plot([point.x, point.bound], [y, y], ":", color=paint, alpha=0.6, linewidth=1)
        axes.plot(point.bound, y, "|", color=paint, alpha=0.8, markersize=11)
    axes.vlines(point.x, point.speedup.low, point.speedup.high, color=paint, linewidth=1.2)
    face = PAPER if point.row.unsettled else paint
    (dot,) = axes.plot(point.x, y, "o", color=paint, markersize=6, markerfacecolor=face)
    set_hover(dot, [_point_text(point)], hover)


def _label(axes: Axes, points: Sequence[Point], *, with_cores: bool) -> None:
    """Write each point's name beside it, off all points and lines if there is such a place."""
    dots = np.array([place_inches(axes, point.x, point.speedup.value) for point in points])
    lines = np.vstack([dots, *(_line_places(axes, point) for point in points)])
    width, height = axes_inches(axes)
    one_in = place_inches(axes, points[0].x, 1.0)[1]
    taken = [Box(0, width, one_in, one_in)]  # the line of 1
    for point, place in zip(points, dots, strict=True):
        cores = f", {point.row.cores}" if with_cores else ""
        text = short_name(point.row.contender) + cores
        boxes = [
            box
            for box in boxes_beside(place, text)
            if box.left > 0 and box.right < width and box.bottom > 0 and box.top < height
        ]
        apart = [box for box in boxes if not any(map(box.overlaps, taken))]
        free = [box for box in apart if not box.covers(lines)]
        box = next(iter(free or apart or boxes), boxes_beside(place, text)[0])
        taken.append(box)
        write_in(axes, box, text, colour(point.row))


def _line_places(axes: Axes, point: Point) -> np.ndarray:
    """Return places that labels avoid, in inches: a point's interval and its line to the bound."""
    ends = [(point.x, point.speedup.low), (point.x, point.speedup.high)]
    ends += [(point.x, point.speedup.value), (point.bound or point.x, point.speedup.value)]
    low, high, left, right = (np.array(place_inches(axes, *end)) for end in ends)
    steps = np.linspace(0, 1, 50)[:, None]
    return np.vstack([low + steps * (high - low), left + steps * (right - left)])


def _set_axes(axes: Axes) -> None:
    """Set the ticks, labels and grid of both axes."""
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.yaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_ylim())))
    axes.yaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_major_formatter(lambda value, _: power_tick(value))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.set_xlabel("relative error; dotted: up to its bound", fontsize=FONT, labelpad=2)


def _point_text(point: Point) -> str:
    """Return a point's hover text."""
    text = f"{short_name(point.row.contender)}: error {_error(point.error)}"
    text += f" of at most {_error(point.bound)}" if point.bound is not None else ""
    if point.row.is_numpy:
        return f"{text}, the speed that others are compared with"
    ratio = point.speedup
    return f"{text}, {units.ratio(*ratio)} times NumPy's speed ({units.interval(*ratio)})"
