"""Chart of time against size, with the speedups beside the points.

Solid lines are estimates from the fastest blocks, dotted lines are medians. A hollow point is
unsettled: the interval of its speedup leaves more than one answer. A cross is an implausible time.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.charts.drawing import (
    INK,
    PAPER,
    TILE_IN,
    Plot,
    colour,
    line_style,
    set_hover,
    style,
)
from reports.charts.naming import short, slug
from reports.charts.tiles import (
    FONT,
    LABEL_CHAR_IN,
    LABEL_LINE_IN,
    End,
    axes_inches,
    label_lines,
    label_width,
    place_inches,
    tiles,
)
from reports.read.grouping import by_contender, by_size, grouped
from reports.read.row import IMPLAUSIBLE, Timed

HEIGHT_IN, LEFT_IN, BELOW_IN = 2.3, 0.56, 0.45  # of the axes, and the space for tick labels
BESIDE = 0.18  # of the range of sizes, on both sides: space for half a speedup
LONGEST = 23  # characters of a contender's name
MOST_LINES = 4  # if there are more, the CPU and the accelerators have a panel each
TWO_DECADES = 2.0  # an axis of at most this many decades has ticks at 2 and 5 too
ALONE = 3  # the axis of a single size goes from a third of it to three times it
ABOVE_PT, BELOW_PT = 6, -13  # from a point to its speedup
CROWDED_IN = 0.42  # labels closer together would overlap
STATES = {
    FASTER: "faster",
    SLOWER: "slower",
    TIE: "tied",
    UNSETTLED: "unsettled",
    IMPLAUSIBLE: "impossible",
}
SIZE_AXIS = {"flops": "operations of one iteration"}


def time_against_size(rows: Sequence[Timed]) -> Plot:
    """Draw a workload's times against its sizes, with the speedups, one panel for each curve.

    `rows` are the timed cells of one workload, dtype and thread count.
    """
    cells = by_size(rows)
    by_curve = grouped(cells, lambda row: row.curve)
    curves = [by_curve[curve] for curve in dict.fromkeys(row.curve for row in rows)]
    parts = [part for curve in curves for part in _by_device(curve)]
    name = slug(cells[0].workload, cells[0].dtype, str(cells[0].threads))
    hover: dict[str, list[str]] = {}
    with style(name):
        names = [short(name, LONGEST) for name in by_contender(cells)]
        titles = [sizes_title(part) for part in parts]
        right = label_width(names)
        span_in = (TILE_IN - LEFT_IN - right) / (1 + 2 * BESIDE)
        labels = [size_labels((row.axis_value for row in part), span_in) for part in parts]
        figure, panels = tiles(
            titles,
            HEIGHT_IN,
            upward="time of one iteration",
            left=LEFT_IN,
            right=right,
            below=below_in(labels),
        )
        _share_limits(panels, cells)
        for axes, part, own in zip(panels, parts, labels, strict=True):
            _panel(axes, part, own, hover)
    texts = [f"{title}. {describe(part)}" for title, part in zip(titles, parts, strict=True)]
    return Plot(
        name=name,
        figure=figure,
        description=describe(cells),
        hover=hover,
        tiles=texts,
    )


def _by_device(curve: Sequence[Timed]) -> list[list[Timed]]:
    """Return the cells of each panel: a whole curve, or each device if there are many lines."""
    return by_device(curve) if len(by_contender(curve)) > MOST_LINES else [list(curve)]


def by_device(rows: Sequence[Timed]) -> list[list[Timed]]:
    """Return the cells on the CPU, and those of NumPy and of accelerators if there are any.

    Then no two contenders of a list have the same colour.
    """
    on_cpu = [row for row in rows if row.on_cpu]
    elsewhere = [row for row in rows if row.is_numpy or not row.on_cpu]
    if len(on_cpu) == len(rows) or len(elsewhere) == len(rows):
        return [list(rows)]
    return [on_cpu, elsewhere]


def _share_limits(panels: Sequence[Axes], cells: Sequence[Timed]) -> None:
    """Give all panels the same limits of time, with space for the speedups."""
    longest_s = max(max(row.typical_s, row.time_high_s or 0.0, row.time_s) for row in cells)
    shortest_s = min(min(row.time_s, row.time_low_s or row.time_s) for row in cells)
    space = (longest_s / shortest_s) ** 0.1 * 1.25
    for axes in panels:
        axes.set_yscale("log")
        axes.set_ylim(shortest_s / space, longest_s * space)


def sizes_title(cells: Sequence[Timed]) -> str:
    """Return a panel's title: at how many sizes PyTorch is faster, slower, tied and so on."""
    plain = [row for row in cells if row.plain and row.speedup is not None]
    curve = short(cells[0].curve)
    lines = []
    for contender, line in by_contender(plain).items():
        states = [row.state for row in line]
        counts_text = ", ".join(counts(states, "at"))
        lines.append(f"{short(contender, LONGEST)}: {counts_text} of {len(states)}")
    if curve and len(lines) == 1:
        return curve + lines[0][lines[0].index(":") :]
    return "\n".join([curve, *lines] if curve else lines)


def counts(states: Sequence[str], preposition: str) -> list[str]:
    """Return how often each state occurs, as `faster at 3`; "unsettled" is first if it is most."""
    mostly = 2 * states.count(UNSETTLED) > len(states)
    order = sorted(STATES, key=lambda state: not mostly or state != UNSETTLED)
    return [f"{STATES[s]} {preposition} {states.count(s)}" for s in order if s in states]


def _panel(
    axes: Axes,
    cells: Sequence[Timed],
    labels: Mapping[float, str],
    hover: dict[str, list[str]],
) -> None:
    """Draw the lines of one curve, each labelled at its right end."""
    axes.set_xscale("log")
    if len({row.axis_value for row in cells}) == 1:  # matplotlib warns of equal limits
        axes.set_xlim(cells[0].axis_value / ALONE, cells[0].axis_value * ALONE)
    ends = []
    for contender, line in by_contender(cells).items():
        paint = colour(line[0])
        if implausible := [row for row in line if not row.plausible]:
            axes.plot(*_xy(implausible), "x", color=paint, markersize=8)
        if plausible := [row for row in line if row.plausible]:
            _draw_line(axes, plausible, hover)
            last = plausible[-1]
            name = short(contender, LONGEST)
            ends.append(End(x=last.axis_value, y=last.time_s, name=name, paint=paint))
    _set_axes(axes, cells, labels)
    _write_speedups(axes, cells)
    label_lines(axes, ends)


def _draw_line(axes: Axes, line: Sequence[Timed], hover: dict[str, list[str]]) -> None:
    """Draw the plausible times of one contender with their intervals and medians."""
    paint, (xs, times_s) = colour(line[0]), _xy(line)
    axes.plot(xs, times_s, line_style(line[0]), color=paint, linewidth=1.6)
    axes.plot(xs, [row.typical_s for row in line], ":", color=paint, linewidth=1)
    lows = [np.nan if row.time_low_s is None else row.time_low_s for row in line]
    highs = [np.nan if row.time_high_s is None else row.time_high_s for row in line]
    axes.vlines(xs, lows, highs, color=paint, linewidth=1.2)
    for unsettled, face in ((False, paint), (True, PAPER)):
        if points := [row for row in line if row.unsettled == unsettled]:
            (dots,) = axes.plot(*_xy(points), "o", color=paint, markersize=4, markerfacecolor=face)
            set_hover(dots, [point_text(row) for row in points], hover)


def _xy(cells: Sequence[Timed]) -> tuple[list[float], list[float]]:
    return [row.axis_value for row in cells], [row.time_s for row in cells]


def _set_axes(axes: Axes, cells: Sequence[Timed], labels: Mapping[float, str]) -> None:
    """Set the limits, ticks, labels and grid of both axes."""
    axes.margins(x=BESIDE)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axis = cells[0].axis
    axes.set_xlabel(SIZE_AXIS.get(axis, short(axis)), fontsize=FONT, labelpad=2)
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    low_s, high_s = axes.get_ylim()
    many_decades = np.log10(high_s / low_s) > TWO_DECADES
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if many_decades else (1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    set_sizes(axes, axis, labels)


def set_sizes(axes: Axes, axis: str, labels: Mapping[float, str]) -> None:
    """Set the ticks of an axis of sizes: at every size, with its label."""
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: _size(value))
    if axis not in SIZE_AXIS:
        axes.set_xticks(list(labels), list(labels.values()))


def size_labels(sizes: Iterable[float], span_in: float) -> dict[float, str]:
    """Return the tick labels of sizes, on a second line where they would overlap on the first.

    A label that overlaps on both is empty. `span_in` is the distance of the largest size from the
    smallest.
    """
    values = sorted(set(sizes), reverse=True)
    inches = span_in / np.log(values[0] / values[-1]) if len(values) > 1 else 0.0
    ends_in = [np.inf, np.inf]  # the left end of the last label on each line
    labels = {}
    for value in values:
        text, x_in = _size(value), inches * np.log(value / values[-1])
        half_in = LABEL_CHAR_IN * (len(text) + 1) / 2
        line = next((n for n, end in enumerate(ends_in) if x_in + half_in <= end), None)
        if line is not None:
            ends_in[line] = x_in - half_in
        labels[value] = "" if line is None else "\n" * line + text
    return labels


def below_in(labels: Iterable[Mapping[float, str]]) -> float:
    """Return the space below axes of sizes with these labels, in inches."""
    second = any("\n" in text for each in labels for text in each.values())
    return BELOW_IN + LABEL_LINE_IN * second


def _size(value: float) -> str:
    return min(units.quantity(value), units.whole(value), key=len)


def _crowded(axes: Axes) -> float:
    """Return the ratio of two sizes whose labels would touch."""
    low, high = axes.get_xlim()
    return float((high / low) ** (CROWDED_IN / axes_inches(axes)[0]))


def _uncrowded(values: Collection[float], apart: float) -> list[float]:
    """Return values that differ by at least a ratio, from the largest on."""
    kept: list[float] = []
    for value in sorted(values, reverse=True):
        if not kept or kept[-1] / value >= apart:
            kept.append(value)
    return kept


def _write_speedups(axes: Axes, cells: Sequence[Timed]) -> None:
    """Write the speedup over NumPy beside points of PyTorch without a variant.

    Points whose labels would overlap have none. With several contenders, only the first and last
    point of each line can have one.
    """
    plain = [row for row in cells if row.plain and row.plausible and row.speedup is not None]
    lines = list(by_contender(plain).values())
    taken: list[tuple[float, float]] = []
    for line in lines:
        ends = {line[0].axis_value, line[-1].axis_value}
        values = ends if len(lines) > 1 else {row.axis_value for row in line}
        shown = _uncrowded(values, _crowded(axes))
        for row in line:
            if row.axis_value in shown:
                _write_speedup(axes, row, taken)


def _write_speedup(axes: Axes, row: Timed, taken: list[tuple[float, float]]) -> None:
    """Write a speedup above its point, or below it if PyTorch is faster; or where there is space.

    `taken` are the places of other labels, in inches; the place of this one is added.
    """
    text = units.ratio(*row.known_speedup) + "×"
    width = max(CROWDED_IN, 1.15 * LABEL_CHAR_IN * len(text))
    x, y = place_inches(axes, row.axis_value, row.time_s)
    sides_pt = (ABOVE_PT, BELOW_PT) if row.known_speedup.value < 1 else (BELOW_PT, ABOVE_PT)
    for side_pt in sides_pt:
        place = y + side_pt / 72
        if all(abs(x - left) > width or abs(place - up) > LABEL_LINE_IN for left, up in taken):
            break
    else:
        return
    taken.append((x, place))
    axes.annotate(
        text,
        (row.axis_value, row.time_s),
        textcoords="offset points",
        xytext=(0, side_pt),
        ha="center",
        fontsize=FONT,
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
