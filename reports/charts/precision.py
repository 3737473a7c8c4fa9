"""What less precision buys and costs: speed against error, a point a contender."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from bench.results.verdicts import MARGIN
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, style, tell
from reports.charts.naming import power_tick, ratio_tick, ratio_ticks, short_name, slug
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.row import Timed

LESS = ("bf16", "fp16", "tf32", "amp")
APART_PT = 12.0  # between the lines of two labels
BESIDE = 2  # decades of error, within which two names may meet


@dataclass(frozen=True, kw_only=True)
class Point:
    """A cell as the chart shows it: its error against its speedup.

    Attributes
    ----------
    x : its error; one of 0 stands at a tenth of the least other.

    """

    row: Timed
    speedup: Interval
    error: float
    bound: float | None
    x: float


def speed_against_error(rows: Sequence[Timed]) -> Plot | None:
    """Draw the speedup over NumPy of each precision of one case against its error.

    `rows` are the timed cells of one workload, size and dtype, of one thread setting or more. None
    where no contender in less precision has a speedup and an error.
    """
    points = _points(rows)
    if not any(point.row.variant in LESS for point in points):
        return None
    if not any(point.error > 0 for point in points):
        return None
    settings = {point.row.threads for point in points}
    name = slug("precision", points[0].row.workload, points[0].row.size)
    hover: dict[str, list[str]] = {}
    with style(name):
        figure = Figure(figsize=(7.0, 3.5))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.16, 0.97, 0.9)
        _limits(axes, points)
        axes.axhspan(1 / MARGIN, MARGIN, color=INK, alpha=0.1, linewidth=0)
        axes.axhline(1, color=INK, linewidth=1)
        for point in points:
            _draw(axes, point, hover)
        _names(axes, points, with_cores=len(settings) > 1)
        _dress(axes)
        title = bought(points)
        axes.set_title(title)
    description = " ".join([f"{title}.", *(f"{_point_text(point)}." for point in points)])
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _points(rows: Sequence[Timed]) -> list[Point]:
    """Return a point for NumPy, the usual contenders, and each lesser precision."""
    known = [row for row in rows if row.believed and row.rel_error is not None and row.speedup]
    settings = {row.threads for row in known if row.variant in LESS}
    wanted = [
        row
        for row in known
        if row.threads in settings and (row.is_numpy or row.plain or row.variant in LESS)
    ]
    groups = grouped(wanted, lambda row: (row.contender, row.threads))
    chosen = [group[0] for group in groups.values()]
    errors = [row.rel_error or 0.0 for row in chosen]
    least = min((error for error in errors if error > 0), default=1.0) / 10
    return [
        Point(
            row=row,
            speedup=row.known_speedup,
            error=error,
            bound=row.tolerance or None,
            x=max(error, least),
        )
        for row, error in zip(chosen, errors, strict=True)
    ]


def bought(points: Sequence[Point]) -> str:
    """Return the title: what the fastest of the lesser precisions gains, and its error."""
    lesser = [point for point in points if point.row.variant in LESS]
    fastest = max(lesser, key=lambda point: point.speedup.value)
    about = "about " if units.rough(*fastest.speedup) else ""
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
    axes.set_xlim(min(xs) / 2, max([*bounds, *xs]) * 12)
    axes.set_ylim(min(low, 1 / MARGIN) / 1.3, max(high, MARGIN) * 1.3)


def _draw(axes: Axes, point: Point, hover: dict[str, list[str]]) -> None:
    paint, y = colour(point.row), point.speedup.value
    if point.bound is not None:
        axes.plot([point.x, point.bound], [y, y], ":", color=paint, alpha=0.6, linewidth=1)
        axes.plot(point.bound, y, "|", color=paint, alpha=0.8, markersize=11)
    axes.vlines(point.x, point.speedup.low, point.speedup.high, color=paint, linewidth=1.2)
    face = PAPER if point.row.unsettled else paint
    (dot,) = axes.plot(point.x, y, "o", color=paint, markersize=7, markerfacecolor=face)
    tell(dot, [_point_text(point)], hover)


def _names(axes: Axes, points: Sequence[Point], *, with_cores: bool) -> None:
    """Name each point above it, those at like errors and speeds one above another."""
    low, high = axes.get_ylim()
    step = (high / low) ** (APART_PT / (3.5 * 0.74 * 72))
    taken: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda point: point.speedup.value):
        y = point.speedup.value * step**0.8
        near = [below for at, below in taken if abs(np.log10(at / point.x)) < BESIDE]
        y = max([y, *(below * step for below in near)])
        taken.append((point.x, y))
        cores = f", {point.row.cores}" if with_cores else ""
        axes.annotate(
            short_name(point.row.contender) + cores, (point.x, y), textcoords="offset points",
            xytext=(4, 0), color=colour(point.row), fontsize=10, va="center", annotation_clip=False,
        )  # fmt: skip


def _dress(axes: Axes) -> None:
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.yaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_ylim())))
    axes.yaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    axes.xaxis.set_major_locator(LogLocator(numticks=9))
    axes.xaxis.set_major_formatter(lambda value, _: power_tick(value))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.set_xlabel("relative error, up to its bound (the tick at the end of the dotted line)")
    axes.set_ylabel("speedup over NumPy")


def _point_text(point: Point) -> str:
    """Return what a point says on hover."""
    text = f"{short_name(point.row.contender)}: error {_error(point.error)}"
    text += f" of at most {_error(point.bound)}" if point.bound is not None else ""
    if point.row.is_numpy:
        return f"{text}, the speed that others are compared with"
    ratio = point.speedup
    return f"{text}, {units.ratio(*ratio)} times NumPy's speed ({units.interval(*ratio)})"
