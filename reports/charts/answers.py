"""The small charts of the first page, one for each of its three questions.

They are narrow, so that a phone shows them whole and a desk shows three in a row.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import FASTER, MARGIN, SLOWER
from reports import units
from reports.charts.drawing import COLOURS, INK, PAPER, Plot, colour, set_hover, style
from reports.charts.naming import ratio_tick, ratio_ticks
from reports.findings.largest import Largest
from reports.read.grouping import by_size
from reports.read.row import Timed

SIZE_IN = (3.9, 2.75)
FRAME = (0.04, 0.16, 0.92, 0.68)  # left, bottom, width, height of the axes, as shares
LINES_FRAME = (0.155, 0.16, 0.815, 0.74)  # the same with tick labels on the left
FONT = 8.5
COLUMNS = 26  # of dots across the chart of the CPU
DOT_IN = 0.085  # height of a stacked dot


def cpu(groups: Sequence[Largest]) -> Plot | None:
    """Draw each computation at its largest size as a dot, stacked by its speedup.

    There is a row for each number of cores. None without speedups.
    """
    rows = [row for group in groups for row in group.rows]
    if not rows:
        return None
    hover: dict[str, list[str]] = {}
    title = "Each dot is a computation, at its largest size"
    with style("answer-cpu"):
        figure, axes = _axes(title, FRAME)
        low = min(1 / 2, *(row.known_speedup.value for row in rows)) / 1.3
        high = max(2.0, *(row.known_speedup.value for row in rows)) * 1.3
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(0, len(groups))
        axes.axvspan(1 / MARGIN, MARGIN, color=INK, alpha=0.12, linewidth=0)
        axes.axvline(1, color=INK, linewidth=1)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(low * 1.2, high / 1.2)))
        axes.xaxis.set_major_formatter(lambda value, _: ratio_tick(value))
        axes.tick_params(labelsize=FONT)
        for place, group in enumerate(sorted(groups, key=lambda group: -group.threads)):
            _stack(axes, group, place, (low, high), hover)
        label = "NumPy’s time / PyTorch’s time (hollow: a tie, or unsettled)"
        axes.set_xlabel(label, fontsize=FONT, labelpad=2)
        _sides(axes, len(groups))
    parts = [f"{title}."] + [f"{_dot_text(row)}." for row in rows]
    return Plot(name="answer-cpu", figure=figure, description=" ".join(parts), hover=hover)


def _stack(
    axes: Axes,
    group: Largest,
    place: int,
    limits: tuple[float, float],
    hover: dict[str, list[str]],
) -> None:
    """Draw a group's dots above its baseline; dots of about the same speedup form a column."""
    low, high = np.log(limits)
    columns = {
        row.cell: int((np.log(row.known_speedup.value) - low) / (high - low) * COLUMNS)
        for row in group.rows
    }
    highest = max(Counter(columns.values()).values())
    step = min(DOT_IN / (SIZE_IN[1] * FRAME[3]) * axes.get_ylim()[1], 1 / (highest + 1))
    heights: Counter[int] = Counter()
    points: dict[str, list[tuple[float, float, Timed]]] = {}
    for row in sorted(group.rows, key=lambda row: row.known_speedup.value):
        column = columns[row.cell]
        heights[column] += 1
        x = float(np.exp(low + (column + 0.5) / COLUMNS * (high - low)))
        points.setdefault(row.state, []).append((x, place + step * heights[column], row))
    for state, dots in points.items():
        paint = {FASTER: COLOURS["torch-cpu"], SLOWER: COLOURS["numpy"]}.get(state, INK)
        (drawn,) = axes.plot(
            [x for x, _, _ in dots],
            [y for _, y, _ in dots],
            "o",
            color=paint,
            markersize=5,
            markerfacecolor=paint if state in {FASTER, SLOWER} else PAPER,
        )
        set_hover(drawn, [_dot_text(row) for _, _, row in dots], hover)
    axes.axhline(place, color=INK, alpha=0.25, linewidth=0.6)
    counts = Counter(row.state for row in group.rows)
    for state, side, align in ((SLOWER, 0.0, "left"), (FASTER, 1.0, "right")):
        axes.text(
            side,
            place + 0.93,
            str(counts[state]),
            transform=axes.get_yaxis_transform(),
            ha=align,
            va="top",
            fontsize=FONT + 6,
            color=COLOURS["numpy" if state == SLOWER else "torch-cpu"],
        )
    axes.annotate(
        group.cores,
        (0, place + 0.93),  # the middle is where the tall columns are
        xycoords=axes.get_yaxis_transform(),
        xytext=(0, -1.3 * (FONT + 6)),
        textcoords="offset points",
        va="top",
        fontsize=FONT,
    )


def _sides(axes: Axes, top: float) -> None:
    for side, text, align in ((0, "← NumPy faster", "left"), (1, "PyTorch faster →", "right")):
        axes.annotate(
            text,
            (side, top),
            xycoords=("axes fraction", "data"),
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


def gpu(lines: Mapping[str, Sequence[Timed]]) -> Plot | None:
    """Draw speedups over NumPy against the size, one line for each way to use the device.

    None if no line has two sizes.
    """
    known = {name: by_size(line) for name, line in lines.items() if len(line) > 1}
    if not known:
        return None
    rows = [row for line in known.values() for row in line]
    title = f"{rows[0].workload} alone: times NumPy’s speed on {rows[0].cores}"
    ys = {name: [row.known_speedup.value for row in line] for name, line in known.items()}
    with style("answer-gpu"):
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
    return Plot(name="answer-gpu", figure=figure, description=description, hover=hover)


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
