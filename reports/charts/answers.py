"""The small charts that answer the first page's three questions, and what a GPU changes by size.

They are narrow, so that a phone shows them whole and a desk shows three in a row.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import FASTER, MARGIN, SLOWER, TIE, UNSETTLED
from reports import units
from reports.charts.drawing import COLOURS, INK, PAPER, Plot, colour, set_hover, style
from reports.charts.naming import ratio_tick, ratio_ticks
from reports.findings.largest import Largest
from reports.read.grouping import by_size, grouped
from reports.read.row import Timed

SIZE_IN = (3.9, 2.75)
FRAME = (0.04, 0.16, 0.92, 0.68)  # left, bottom, width, height of the axes, as shares
LINES_FRAME = (0.155, 0.16, 0.815, 0.74)  # the same with tick labels on the left
FONT = 8.5
COLUMNS = 42  # of dots across the chart
HEIGHT_IN = SIZE_IN[1] * FRAME[3]
HEAD_IN = 0.26  # above the dots of a row, for its name and its counts
DOT_IN, DOT = 0.085, 4.4  # height of a stacked dot, and its diameter in points
SIGNS = {TIE: "grey: a tie", UNSETTLED: "hollow: unsettled"}


def cpu(groups: Sequence[Largest]) -> Plot | None:
    """Draw each computation at its largest size as a dot, a row for each number of cores."""
    return _stacks("cpu", {group.cores: group.rows for group in groups}, "PyTorch", "torch-cpu")


def gpu(groups: Mapping[str, Sequence[Timed]]) -> Plot | None:
    """Draw each computation at its largest size as a dot, a row for each way to use the device."""
    return _stacks("gpu", groups, "GPU", "accelerator")


def _stacks(key: str, groups: Mapping[str, Sequence[Timed]], side: str, paint: str) -> Plot | None:
    """Draw each group as a row of dots; equal speedups are stacked. None without speedups.

    `side` is the name of the side that competes with NumPy, `paint` the name of its colour.
    """
    rows = [row for group in groups.values() for row in group]
    if not rows:
        return None
    name, title = f"answer-{key}", "Each dot is a computation, at its largest size"
    paints = {FASTER: COLOURS[paint], SLOWER: COLOURS["numpy"], TIE: COLOURS["fourth"]}
    hover: dict[str, list[str]] = {}
    with style(name):
        figure, axes = _axes(title, FRAME)
        low = min(1 / 2, *(row.known_speedup.value for row in rows)) / 1.3
        high = max(2.0, *(row.known_speedup.value for row in rows)) * 1.3
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(0, HEIGHT_IN)
        axes.axvspan(1 / MARGIN, MARGIN, color=INK, alpha=0.12, linewidth=0)
        axes.axvline(1, color=INK, linewidth=1)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(low * 1.2, high / 1.2)))
        axes.xaxis.set_major_formatter(lambda value, _: ratio_tick(value))
        axes.tick_params(labelsize=FONT)
        width = np.log(high / low) / COLUMNS
        columns = {each: _columns(group, width) for each, group in groups.items()}
        heights = [max(map(len, column.values())) for column in columns.values()]
        spare_in = HEIGHT_IN - HEAD_IN * len(groups)
        step_in = min(DOT_IN, spare_in / (sum(heights) + len(groups)))
        gap_in = spare_in / len(groups) - step_in * sum(heights) / len(groups)
        top_in = HEIGHT_IN
        for (each, group), height in zip(groups.items(), heights, strict=True):
            base_in = top_in - HEAD_IN - gap_in - step_in * height
            _head(axes, each, group, top_in, paints)
            _stack(axes, columns[each], width, (base_in, step_in), paints, hover)
            top_in = base_in
        states = {row.state for row in rows}
        signs = ", ".join(text for state, text in SIGNS.items() if state in states)
        label = "; ".join(filter(None, (f"NumPy’s time / {side}’s time", signs)))
        axes.set_xlabel(label, fontsize=FONT, labelpad=2)
        _sides(axes, side)
    parts = [f"{title}."] + [f"{_dot_text(row)}." for row in rows]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def _columns(rows: Sequence[Timed], width: float) -> dict[int, list[Timed]]:
    """Return the dots of each column; 1 is an edge, so that no column holds both sides of it."""
    ordered = sorted(rows, key=lambda row: row.known_speedup.value)
    return grouped(ordered, lambda row: int(np.floor(np.log(row.known_speedup.value) / width)))


def _stack(
    axes: Axes,
    columns: Mapping[int, Sequence[Timed]],
    width: float,
    place_in: tuple[float, float],
    paints: Mapping[str, str],
    hover: dict[str, list[str]],
) -> None:
    """Draw the dots of a group above its base, `place_in`, which also has the step upward."""
    base_in, step_in = place_in
    dots = [
        (float(np.exp((column + 0.5) * width)), base_in + step_in * (n + 0.75), row)
        for column, stacked in columns.items()
        for n, row in enumerate(stacked)
    ]
    for state, part in grouped(dots, lambda dot: dot[2].state).items():
        (drawn,) = axes.plot(
            [x for x, _, _ in part],
            [y for _, y, _ in part],
            "o",
            color=paints.get(state, INK),
            markersize=DOT * step_in / DOT_IN,
            markerfacecolor=paints.get(state, PAPER),
        )
        set_hover(drawn, [_dot_text(row) for _, _, row in part], hover)
    axes.axhline(base_in, color=INK, alpha=0.25, linewidth=0.6)


def _head(
    axes: Axes, name: str, rows: Sequence[Timed], top_in: float, paints: Mapping[str, str]
) -> None:
    """Write a group's name, and how often each side is faster, above its dots.

    The name stands in the middle of the wider side, so that it does not cross the line of 1.
    """
    one = float(axes.transLimits.transform((0.0, 0.0))[0])  # the logarithm of 1 is 0
    middle = one / 2 if one > 1 / 2 else (1 + one) / 2
    counts = Counter(row.state for row in rows)
    texts = (
        (0.0, "left", str(counts[SLOWER]), FONT + 6, paints[SLOWER]),
        (middle, "center", name, FONT, INK),
        (1.0, "right", str(counts[FASTER]), FONT + 6, paints[FASTER]),
    )
    for x, align, text, size, paint in texts:
        axes.text(
            x,
            top_in - HEAD_IN / 2,
            text,
            transform=axes.get_yaxis_transform(),
            ha=align,
            va="center_baseline",
            fontsize=size,
            color=paint,
        )


def _sides(axes: Axes, name: str) -> None:
    for side, text, align in ((0, "← NumPy faster", "left"), (1, f"{name} faster →", "right")):
        axes.annotate(
            text,
            (side, 1),
            xycoords="axes fraction",
            xytext=(0, 3),
            textcoords="offset points",
            ha=align,
            fontsize=FONT,
        )


def _dot_text(row: Timed) -> str:
    ratio = row.known_speedup
    return (
        f"{row.computation} at {row.spaced_size}, {row.cores}:"
        f" {units.ratio(*ratio)} times NumPy’s speed ({units.interval(*ratio)})"
    )


def gpu_sizes(lines: Mapping[str, Sequence[Timed]]) -> Plot | None:
    """Draw speedups over NumPy against the size, one line for each way to use the device.

    None if no line has two sizes.
    """
    known = {name: by_size(line) for name, line in lines.items() if len(line) > 1}
    if not known:
        return None
    rows = [row for line in known.values() for row in line]
    title = f"{rows[0].workload}: times NumPy’s speed on {rows[0].cores}, in float32"
    ys = {name: [row.known_speedup.value for row in line] for name, line in known.items()}
    with style("gpu-sizes"):
        figure, axes = _axes(title, LINES_FRAME)
        hover = _draw_lines(axes, known, ys)
        axes.axhline(1, color=INK, linewidth=1)
        low, high = axes.get_ylim()
        axes.yaxis.set_major_locator(FixedLocator(ratio_ticks(low, high)))
        axes.yaxis.set_major_formatter(lambda value, _: ratio_tick(value))
        axes.set_xlabel(f"{rows[0].axis}, rows of the matrices", fontsize=FONT, labelpad=2)
    description = f"{title}. " + " ".join(
        f"{name} at {row.axis} = {row.axis_value:g}: {units.ratio(*row.known_speedup)}."
        for name, line in known.items()
        for row in line
    )
    return Plot(name="gpu-sizes", figure=figure, description=description, hover=hover)


def autograd(lines: Mapping[str, Sequence[Timed]]) -> Plot | None:
    """Draw the time of a gradient against the number of parameters, a line for each way.

    None if no line has two sizes.
    """
    known = {name: by_size(line) for name, line in lines.items() if len(line) > 1}
    if not known:
        return None
    title = "Time of one gradient"
    ys = {name: [row.time_s for row in line] for name, line in known.items()}
    with style("answer-autograd"):
        figure, axes = _axes(title, LINES_FRAME)
        hover = _draw_lines(axes, known, ys)
        axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
        axes.set_xlabel("parameters", fontsize=FONT, labelpad=2)
    description = f"{title}. " + " ".join(
        f"{name} with {row.axis_value:g} parameters: {units.seconds(row.time_s)}."
        for name, line in known.items()
        for row in line
    )
    return Plot(name="answer-autograd", figure=figure, description=description, hover=hover)


def _axes(title: str, frame: tuple[float, float, float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_IN)
    axes = figure.add_axes(frame)
    figure.text(0.012, 0.985, title, fontsize=FONT + 0.5, va="top")
    return figure, axes


def _draw_lines(
    axes: Axes, lines: Mapping[str, Sequence[Timed]], ys: Mapping[str, Sequence[float]]
) -> dict[str, list[str]]:
    """Draw lines on logarithmic axes, each labelled at its right end; return the hover texts."""
    hover: dict[str, list[str]] = {}
    axes.set_xscale("log")
    axes.set_yscale("log")
    xs = sorted({row.axis_value for line in lines.values() for row in line})
    axes.set_xlim(xs[0] / 1.25, xs[-1] * 1.25)
    values = [y for line in ys.values() for y in line]
    axes.set_ylim(min(values) / 3, max(values) * 3)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(_apart(xs)))
    axes.xaxis.set_major_formatter(lambda value, _: units.quantity(value))
    axes.tick_params(labelsize=FONT)
    for name, line in lines.items():
        (drawn,) = axes.plot(
            [row.axis_value for row in line],
            ys[name],
            "o-",
            color=colour(line[0]),
            markersize=4,
            linewidth=1.6,
        )
        at = [f"{name}, {row.axis} = {row.axis_value:g}: {_line_text(row)}" for row in line]
        set_hover(drawn, at, hover)
    _label_ends(axes, lines, ys)
    return hover


def _line_text(row: Timed) -> str:
    if row.speedup is None:
        return units.seconds(row.time_s)
    return f"{units.seconds(row.time_s)}, {units.ratio(*row.speedup)} times NumPy’s speed"


def _apart(values: Sequence[float]) -> list[float]:
    """Return values for ticks that do not overlap on a logarithmic axis, from the largest on."""
    span = float(np.log(values[-1] / values[0])) or 1.0
    kept: list[float] = []
    for value in reversed(values):
        if not kept or np.log(kept[-1] / value) > 0.13 * span:
            kept.append(value)
    return kept


def _label_ends(
    axes: Axes, lines: Mapping[str, Sequence[Timed]], ys: Mapping[str, Sequence[float]]
) -> None:
    """Write each line's name above its right end; the lowest line's below if the next is near."""
    low, high = np.log(axes.get_ylim())
    gap = 0.085 * (high - low)
    taken = -np.inf
    ends = sorted(np.log(line[-1]) for line in ys.values())
    crowded = len(ends) > 1 and ends[1] - ends[0] < 2 * gap
    for place, name in enumerate(sorted(lines, key=lambda name: ys[name][-1])):
        below = place == 0 and crowded
        end, lowest = np.log(ys[name][-1]), np.log(min(ys[name][-2:]))
        y = lowest - 0.03 * (high - low) if below else max(end + 0.03 * (high - low), taken + gap)
        taken = end if below else y
        axes.annotate(
            name,
            (axes.get_xlim()[1], float(np.exp(y))),
            ha="right",
            va="top" if below else "bottom",
            fontsize=FONT,
            color=colour(lines[name][0]),
        )
