"""Chart of time against size, with the speedups beside the points.

Solid lines are estimates from the fastest blocks, dotted lines are medians. A hollow point is
unsettled: the interval of its speedup contains both answers. A cross is an implausible time.
"""

from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.charts.drawing import (
    INK,
    PAPER,
    Plot,
    colour,
    label_lines,
    line_style,
    set_hover,
    style,
)
from reports.charts.naming import short, slug
from reports.read.grouping import by_contender, by_size, grouped
from reports.read.row import IMPLAUSIBLE, Timed

MOST_ACROSS = (2, 3)  # panels in a row, for an even number of panels and for an odd one
TWO_DECADES = 2.0  # an axis of at most this many decades has ticks at 2 and 5 too
LINE_IN = 0.17  # the height of a line of a title
CHAR_IN = 0.09  # the width of the widest character of a contender's name
ALONE = 3  # the axis of a single size goes from a third of it to three times it
CROWDED = 0.1  # share of the axis; labels closer together would overlap
STATES = {
    FASTER: "faster",
    SLOWER: "slower",
    TIE: "tied",
    UNSETTLED: "unsettled",
    IMPLAUSIBLE: "impossible",
}
SIZE_AXIS = {"flops": "work of one iteration, in floating-point operations"}


def time_against_size(rows: Sequence[Timed]) -> Plot:
    """Draw a workload's times against its sizes, with the speedups, one panel for each curve.

    `rows` are the timed cells of one workload, dtype and thread count.
    """
    cells = by_size(rows)
    by_curve = grouped(cells, lambda row: row.curve)
    parts = {curve: by_curve[curve] for curve in dict.fromkeys(row.curve for row in rows)}
    name = slug(cells[0].workload, cells[0].dtype, str(cells[0].threads))
    hover: dict[str, list[str]] = {}
    with style(name):
        names = [short(name, 24) for name in by_contender(cells)]
        right = max(1.5, 0.45 + CHAR_IN * max(map(len, names)))  # space for labels of lines
        titles = [sizes_title(part) for part in parts.values()]
        figure, panels = _panels(titles, right)
        for n, (axes, part) in enumerate(zip(panels.flat, parts.values(), strict=False)):
            last = axes in panels[:, -1] or n == len(parts) - 1
            _panel(axes, part, hover, last=last)
            axes.set_title(titles[n])
        for axes in panels[:, 0]:
            axes.set_ylabel("time of one iteration")
    return Plot(name=name, figure=figure, description=describe(cells), hover=hover)


def _panels(titles: Sequence[str], right: float) -> tuple[Figure, np.ndarray]:
    """Return a figure and its panels, one for each title; `right` is the space for labels."""
    across = min(len(titles), MOST_ACROSS[len(titles) % 2])
    down = -(-len(titles) // across)
    lines = max(title.count("\n") + 1 for title in titles)
    above = 0.46 + LINE_IN * max(0, lines - 2)  # space above a panel
    width, height = max(7.0, 3.9 * across), (3.34 + above) * down
    figure = Figure(figsize=(width, height))
    panels = figure.subplots(down, across, sharey=True, squeeze=False)
    figure.subplots_adjust(
        0.95 / width, 0.53 / height, 1 - right / width, 1 - above / height, 0.1, 0.42
    )
    return figure, panels


def sizes_title(cells: Sequence[Timed]) -> str:
    """Return a panel's title: at how many sizes PyTorch is faster, slower, tied and so on."""
    plain = [row for row in cells if row.plain and row.speedup is not None]
    curve = short(cells[0].curve)
    lines = []
    for contender, line in by_contender(plain).items():
        states = [row.state for row in line]
        counts_text = ", ".join(counts(states, "at"))
        lines.append(f"{short(contender, 24)}: {counts_text} of {len(states)}")
    if curve and len(lines) == 1:
        return curve + lines[0][lines[0].index(":") :]
    return "\n".join([curve, *lines] if curve else lines)


def counts(states: Sequence[str], preposition: str) -> list[str]:
    """Return how often each state occurs, as `faster at 3`; "unsettled" is first if it is most."""
    mostly = 2 * states.count(UNSETTLED) > len(states)
    order = sorted(STATES, key=lambda state: not mostly or state != UNSETTLED)
    return [f"{STATES[s]} {preposition} {states.count(s)}" for s in order if s in states]


def _panel(axes: Axes, cells: Sequence[Timed], hover: dict[str, list[str]], *, last: bool) -> None:
    """Draw the lines of one curve; the last panel of a row also gets the labels of its lines."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    if len({row.axis_value for row in cells}) == 1:  # matplotlib warns of equal limits
        axes.set_xlim(cells[0].axis_value / ALONE, cells[0].axis_value * ALONE)
    ends = []
    for contender, line in by_contender(cells).items():
        paint = colour(line[0])
        if implausible := [row for row in line if not row.plausible]:
            axes.plot(*_xy(implausible), "x", color=paint, markersize=8)
        if plausible := [row for row in line if row.plausible]:
            _draw_line(axes, plausible, hover)
            ends.append((plausible[-1].time_s, short(contender, 24), paint))
    _write_speedups(axes, cells)
    if last:
        label_lines(axes, cells[-1].axis_value, ends)
    _set_axes(axes, cells)


def _draw_line(axes: Axes, line: Sequence[Timed], hover: dict[str, list[str]]) -> None:
    """Draw the plausible times of one contender with their intervals and medians."""
    paint, (xs, times_s) = colour(line[0]), _xy(line)
    axes.plot(xs, times_s, line_style(line[0]), color=paint, linewidth=1.8)
    axes.plot(xs, [row.typical_s for row in line], ":", color=paint, linewidth=1)
    lows = [np.nan if row.time_low_s is None else row.time_low_s for row in line]
    highs = [np.nan if row.time_high_s is None else row.time_high_s for row in line]
    axes.vlines(xs, lows, highs, color=paint, linewidth=1.2)
    for unsettled, face in ((False, paint), (True, PAPER)):
        if points := [row for row in line if row.unsettled == unsettled]:
            (dots,) = axes.plot(*_xy(points), "o", color=paint, markersize=5, markerfacecolor=face)
            set_hover(dots, [point_text(row) for row in points], hover)


def _xy(cells: Sequence[Timed]) -> tuple[list[float], list[float]]:
    return [row.axis_value for row in cells], [row.time_s for row in cells]


def _set_axes(axes: Axes, cells: Sequence[Timed]) -> None:
    """Set the limits, ticks, labels and grid of both axes."""
    axes.margins(x=0.07, y=0.14)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axis = cells[0].axis
    axes.set_xlabel(SIZE_AXIS.get(axis, short(axis)))
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    longest_s, shortest_s = max(row.typical_s for row in cells), min(row.time_s for row in cells)
    many_decades = np.log10(longest_s / shortest_s) > TWO_DECADES
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if many_decades else (1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: units.quantity(value))
    if axis not in SIZE_AXIS:
        values = {row.axis_value for row in cells}
        axes.xaxis.set_major_locator(FixedLocator(_uncrowded(values)))


def _uncrowded(values: Collection[float]) -> list[float]:
    """Return values whose tick labels do not overlap on a logarithmic axis, from the largest on."""
    span = np.log(max(values) / min(values)) or 1.0
    kept: list[float] = []
    for value in sorted(values, reverse=True):
        if not kept or np.log(kept[-1] / value) >= CROWDED * span:
            kept.append(value)
    return kept


def _write_speedups(axes: Axes, cells: Sequence[Timed]) -> None:
    """Write the speedup over NumPy beside the points of PyTorch without a variant.

    With several contenders, only the first and last point of each line: more labels would overlap.
    """
    plain = [row for row in cells if row.plain and row.plausible and row.speedup is not None]
    lines = list(by_contender(plain).values())
    if len(lines) > 1:
        plain = [row for line in lines for row in (line[0], line[-1])]
    span = np.log(cells[-1].axis_value / cells[0].axis_value) or 1.0
    last = -np.inf
    for row in sorted(plain, key=lambda row: (row.contender, row.axis_value)):
        x = np.log(row.axis_value) / span
        crowded = 0 <= x - last < CROWDED
        last = -np.inf if crowded else x
        _write_speedup(axes, row, crowded=crowded)


def _write_speedup(axes: Axes, row: Timed, *, crowded: bool) -> None:
    """Write a speedup above or below its point; a crowded label is moved further away."""
    above = row.known_speedup.value < 1
    axes.annotate(
        units.ratio(*row.known_speedup) + "×",
        (row.axis_value, row.time_s),
        textcoords="offset points",
        xytext=(0, (8 if above else -16) + crowded * (12 if above else -12)),
        ha="center",
        fontsize=9,
        color=colour(row),
        fontweight="bold" if row.state in {FASTER, SLOWER} else "normal",
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
    )


def point_text(row: Timed) -> str:
    """Return a point's hover text: contender, size, time, and the speedup if there is one."""
    text = f"{row.contender} at {row.size}: {units.seconds(row.time_s)}"
    if row.is_numpy or row.speedup is None:
        return text
    return f"{text}, speedup {units.ratio(*row.speedup)} ({units.interval(*row.speedup)})"


def describe(cells: Sequence[Timed]) -> str:
    """Return the alt text: what the chart shows, and the first and last time of each line."""
    parts = [f"Time of one iteration of {cells[0].workload} against size, both logarithmic."]
    lines = grouped(cells, lambda row: (row.curve, row.contender))
    for (curve, contender), line in lines.items():
        first, last = line[0], line[-1]
        parts.append(
            f"{contender}{f' ({curve})' if curve else ''}: "
            f"{units.seconds(first.time_s)} at {first.size}, "
            f"{units.seconds(last.time_s)} at {last.size}."
        )
    return " ".join(parts)
