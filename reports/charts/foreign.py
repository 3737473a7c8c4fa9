"""Charts of a file of another suite: all groups at once, a group's tests, times by a parameter.

A dot is a median, the left end of its line the minimum. Nothing is drawn for what differs between
runs, which one file does not tell.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullLocator

from bench.results.foreign import ForeignStats
from reports import units
from reports.charts.drawing import COLOURS, INK, PAPER, TILE_IN, Plot, set_hover, style
from reports.charts.naming import slug
from reports.charts.sizes import below_in, set_sizes, size_labels
from reports.charts.tiles import FONT, LABEL_CHAR_IN, End, label_lines, label_width, tiles
from reports.findings.foreign import Section, parameter_texts
from reports.read.grouping import grouped
from reports.read.names import cut_names
from reports.read.row import ForeignRow

PAINTS = tuple(COLOURS[name] for name in ("tenth", "first", "second", "fifth", "twelfth", "ninth"))
PAINT = PAINTS[0]
ROW_IN = 0.19
BESIDE = 0.06  # of the range of sizes, on both sides
HEIGHT_IN, LEFT_IN = 2.3, 0.62  # of the axes of a curve, and the space for their tick labels
LONGEST = 24  # characters of the name of a row
LONGEST_LINE = 16  # characters of the name of a line
MOST_ROWS = 24  # tests of a chart: those with the longest medians
MOST_GROUPS = 40  # rows of the chart of all groups
MOST_DOTS = 600  # more are small and have no hover texts
MOST_SECTIONS = 60  # sections with charts
FEWEST_SIZES = 3  # points of a line
MOST_DECADES = 2.0  # an axis of at most this many decades has ticks at 2 and 5 too
WIDE = 20  # longest / shortest time from which an axis is logarithmic
MANY_DECADES, FEW_TICKS = 4, 5  # on an axis of so many decades, labels would touch
BELOW_IN = 0.42

Plan = Callable[[], Plot | None]


class Curve(NamedTuple):
    """Tests that differ in one numeric parameter: its name, and the tests of each line."""

    parameter: str
    lines: Mapping[str, list[tuple[float, ForeignRow]]]


def foreign_plans(sections: Sequence[Section]) -> dict[str, Plan]:
    """Return a function that draws each figure of the page: `groups`, `curve/3`, `tests/3`."""
    planned: dict[str, Plan] = {}
    timed = [section for section in sections if section.timed]
    if len(timed) > 1:
        planned["groups"] = partial(all_groups, timed)
    largest = sorted(timed, key=lambda section: len(section.timed), reverse=True)
    for section in largest[:MOST_SECTIONS]:
        curve = curve_of(section)
        if curve is not None:
            planned[f"curve/{section.number}"] = partial(by_parameter, section, curve)
        rest = _rest(section, curve)
        if len(rest) > 1:
            planned[f"tests/{section.number}"] = partial(by_test, section, rest)
    return planned


def _stats(row: ForeignRow) -> ForeignStats:
    if row.stats is None:
        raise ValueError(f"a test with times expected, got {row.cell!r}")
    return row.stats


def _median(row: ForeignRow) -> float:
    return _stats(row).median


def _rest(section: Section, curve: Curve | None) -> list[ForeignRow]:
    """Return the tests with times that are on no line of a curve."""
    drawn = {row.cell for line in curve.lines.values() for _, row in line} if curve else set()
    return [row for row in section.timed if row.cell not in drawn]


def curve_of(section: Section) -> Curve | None:
    """Return the tests that form lines over a numeric parameter; None if there are none.

    Of several such parameters, the one with the most values is taken. There are as many lines as
    colours at most.
    """
    timed = section.timed
    values: dict[str, set[float]] = {}
    for row in timed:
        for name, value in row.params:
            if isinstance(value, float) and value > 0:
                values.setdefault(name, set()).add(value)
    for name in sorted(values, key=lambda name: len(values[name]), reverse=True):
        lines = _lines(timed, name)
        if 0 < len(lines) <= len(PAINTS):
            return Curve(name, lines)
    return None


def _lines(timed: Sequence[ForeignRow], name: str) -> dict[str, list[tuple[float, ForeignRow]]]:
    """Return the lines over a parameter by their name: the function and the other parameters."""
    points = [
        (row, value)
        for row in timed
        if isinstance(value := dict(row.params).get(name), float) and value > 0
    ]
    lines = grouped(points, lambda point: _without(point[0], name))
    whole = {
        key: sorted(((value, row) for row, value in line), key=lambda point: point[0])
        for key, line in lines.items()
        if len({value for _, value in line}) == len(line) >= FEWEST_SIZES
    }
    names = _line_names(list(whole))
    return dict(zip(names, whole.values(), strict=True))


LineKey = tuple[str, tuple[tuple[str, float | str], ...]]


def _without(row: ForeignRow, name: str) -> LineKey:
    return row.cell.partition("[")[0], tuple(pair for pair in row.params if pair[0] != name)


def _line_names(keys: Sequence[LineKey]) -> list[str]:
    """Return names that tell lines apart: what differs among functions and parameters."""
    functions = {function for function, _ in keys}
    common = set.intersection(*(set(pairs) for _, pairs in keys)) if keys else set()
    texts = []
    for function, pairs in keys:
        parts = [] if len(functions) == 1 else [function.rpartition("::")[2]]
        parts += [_value(value) for name, value in pairs if (name, value) not in common]
        texts.append(" ".join(parts) or function.rpartition("::")[2])
    if len(set(texts)) < len(texts):
        texts = [f"{text} ({number})" for number, text in enumerate(texts, 1)]
    return cut_names(texts, LONGEST_LINE)


def _value(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, float) else value


def by_parameter(section: Section, curve: Curve) -> Plot:
    """Draw medians against a parameter, on logarithmic axes where they span decades."""
    name = slug("curve", str(section.number))
    hover: dict[str, list[str]] = {}
    rows = [row for line in curve.lines.values() for _, row in line]
    sizes = sorted({size for line in curve.lines.values() for size, _ in line})
    title = _curve_title(curve, sizes, rows)
    with style(name):
        names = list(curve.lines)
        several = len(names) > 1
        right = label_width(names) if several else 0.2
        labels = size_labels(sizes, (TILE_IN - LEFT_IN - right) / (1 + 2 * BESIDE))
        figure, (axes,) = tiles(
            [title],
            HEIGHT_IN,
            upward="median time of one iteration",
            left=LEFT_IN,
            right=right,
            below=below_in([labels]),
        )
        _curve_axes(axes, curve.parameter, labels, rows)
        ends = []
        for paint, (line_name, line) in zip(PAINTS, curve.lines.items(), strict=False):
            xs, ys = [size for size, _ in line], [_median(row) for _, row in line]
            axes.plot(xs, ys, "-", color=paint, linewidth=1.6)
            (dots,) = axes.plot(xs, ys, "o", color=paint, markersize=4)
            set_hover(dots, [_hover(row) for _, row in line], hover)
            ends.append(End(x=xs[-1], y=ys[-1], name=line_name, paint=paint))
        if several:
            label_lines(axes, ends)
    parts = [f"{section.name}. {title}.", *(f"{_hover(row)}." for row in rows)]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def _curve_title(curve: Curve, sizes: Sequence[float], rows: Sequence[ForeignRow]) -> str:
    """Return by how much medians change from the least value of the parameter to the largest."""
    first, last = units.whole(sizes[0]), units.whole(sizes[-1])
    (parameter,) = cut_names([curve.parameter], LONGEST)
    if len(curve.lines) == 1:
        ends = f"from {units.seconds(_median(rows[0]))} to {units.seconds(_median(rows[-1]))}"
        return f"{parameter} from {first} to {last}: the median goes {ends}"
    return f"{parameter} from {first} to {last}, {units.count(len(curve.lines), 'line')}"


def _curve_axes(
    axes: Axes, parameter: str, labels: Mapping[float, str], rows: Sequence[ForeignRow]
) -> None:
    times_s = [_median(row) for row in rows]
    least_s, most_s = min(times_s), max(times_s)
    axes.set_yscale("log")
    axes.set_ylim(least_s / 1.5, most_s * 1.5)
    _set_time_ticks(axes.yaxis, least_s / 1.5, most_s * 1.5)
    axes.set_xscale("log")
    room = (max(labels) / min(labels)) ** BESIDE
    axes.set_xlim(min(labels) / room, max(labels) * room)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    (label,) = cut_names([parameter], LONGEST)
    axes.set_xlabel(label, fontsize=FONT, labelpad=2)
    set_sizes(axes, parameter, labels)


def _set_time_ticks(axis: Axis, low_s: float, high_s: float) -> None:
    """Set the ticks of a logarithmic axis of times."""
    decades = math.log10(high_s / low_s)
    subs = (1, 2, 5) if decades <= MOST_DECADES else (1,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: units.tick_seconds(value))


def by_test(section: Section, rows: Sequence[ForeignRow]) -> Plot:
    """Draw a row for each test: a dot at its median, a line from its minimum."""
    ordered = sorted(rows, key=_median)
    shown = ordered[-MOST_ROWS:]
    name = slug("tests", str(section.number))
    hover: dict[str, list[str]] = {}
    title = _tests_title(ordered, shown)
    texts = dict(zip([row.cell for row in section.rows], row_labels(section.rows), strict=True))
    labels = cut_names([texts[row.cell] for row in shown], LONGEST)
    with style(name):
        figure, (axes,) = tiles(
            [title],
            ROW_IN * len(shown) + 0.1,
            left=0.14 + LABEL_CHAR_IN * max(map(len, labels)),
            right=0.25,
            below=BELOW_IN,
        )
        _time_axes(axes, shown)
        _row_names(axes, labels)
        ys = np.arange(len(shown))
        medians = [_median(row) for row in shown]
        axes.hlines(ys, [_stats(row).min for row in shown], medians, color=PAINT, linewidth=1.6)
        (dots,) = axes.plot(medians, ys, "o", color=PAINT, markersize=5)
        set_hover(dots, [_hover(row) for row in shown], hover)
    parts = [f"{section.name}. {title}.", *(f"{_hover(row)}." for row in shown)]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def row_labels(rows: Sequence[ForeignRow]) -> list[str]:
    """Return a label for each test of a section; the function alone tells nothing if it is one."""
    pairs = parameter_texts(rows)
    one = len({function for function, _ in pairs}) == 1 < len(pairs)
    return [
        params if one and params else f"{function}[{params}]" if params else function
        for function, params in pairs
    ]


def _tests_title(ordered: Sequence[ForeignRow], shown: Sequence[ForeignRow]) -> str:
    first, last = (units.seconds(_median(row)) for row in (ordered[0], ordered[-1]))
    if first == last:
        return f"Medians of {first}"
    ends = f"{first} to {last}"
    if len(shown) < len(ordered):
        return f"The {len(shown)} longest medians of {len(ordered)}, which go from {ends}"
    return f"Medians from {ends}"


def _time_axes(axes: Axes, rows: Sequence[ForeignRow]) -> None:
    """Set the axis of times: from 0, or logarithmic if times differ by more than WIDE."""
    least_s = min(_stats(row).min for row in rows)
    most_s = max(map(_median, rows))
    if most_s > WIDE * least_s:
        axes.set_xscale("log")
        axes.set_xlim(least_s / 1.4, most_s * 1.4)
        decades = math.log10(most_s / least_s)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(
            LogLocator(numticks=FEW_TICKS if decades > MANY_DECADES else 8)
        )
    else:
        axes.set_xlim(0, most_s * 1.06)
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(lambda value, _: units.tick_seconds(value) if value else "0")
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.set_xlabel("minimum to median", fontsize=FONT, labelpad=2)


def _row_names(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_ylim(len(labels) - 0.45, -0.55)
    axes.yaxis.set_major_locator(FixedLocator(list(range(len(labels)))))
    axes.set_yticklabels(labels, fontsize=FONT)
    axes.tick_params(axis="y", length=0, pad=2)


def all_groups(sections: Sequence[Section]) -> Plot:
    """Draw a row for each group with a dot for each of its tests."""
    longest = sorted(sections, key=lambda section: _median(section.timed[-1]), reverse=True)
    kept = {section.number for section in longest[:MOST_GROUPS]}
    shown = [section for section in sections if section.number in kept]
    rows = [row for section in shown for row in section.timed]
    hover: dict[str, list[str]] = {}
    title = _groups_title(sections, shown)
    labels = cut_names([section.name for section in shown], LONGEST)
    with style("groups"):
        figure, (axes,) = tiles(
            [title],
            ROW_IN * len(shown) + 0.1,
            left=0.14 + LABEL_CHAR_IN * max(map(len, labels)),
            right=0.25,
            below=BELOW_IN,
        )
        _time_axes(axes, rows)
        axes.set_xlabel("median", fontsize=FONT, labelpad=2)
        _row_names(axes, labels)
        for place, section in enumerate(shown):
            medians = [_median(row) for row in section.timed]
            axes.plot([medians[0], medians[-1]], [place, place], color=PAINT, linewidth=0.8)
        ys = [place for place, section in enumerate(shown) for _ in section.timed]
        many = len(rows) > MOST_DOTS
        (dots,) = axes.plot(list(map(_median, rows)), ys, "o", color=PAINT)
        dots.set_markersize(3 if many else 4.5)
        if many:
            dots.set_alpha(0.3)
            dots.set_markeredgewidth(0)
        else:
            dots.set_markeredgecolor(PAPER)
            dots.set_markeredgewidth(0.4)
            set_hover(dots, [_hover(row) for row in rows], hover)
    lines = (
        f"{section.name}: {units.seconds(_median(section.timed[0]))} to"
        f" {units.seconds(_median(section.timed[-1]))}."
        for section in shown
    )
    return Plot(
        name="groups", figure=figure, description=" ".join([f"{title}.", *lines]), hover=hover
    )


def _groups_title(sections: Sequence[Section], shown: Sequence[Section]) -> str:
    thing = "group" if all(section.grouped for section in sections) else "section"
    if len(shown) < len(sections):
        return f"The {len(shown)} of {len(sections)} {thing}s with the longest medians"
    return f"The medians of {units.count(len(sections), thing)}, a dot for each test"


def _hover(row: ForeignRow) -> str:
    stats = _stats(row)
    text = f"{row.contender}: median {units.seconds(stats.median)}"
    return f"{text}, minimum {units.seconds(stats.min)}"
