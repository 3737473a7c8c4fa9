"""Speedups against sizes: where the lead changes, on one core and on all of them.

A line is a contender with one thread setting; bars are intervals, a hollow point is unsettled, a
cross cannot be true. The faint band about 1 is the margin that a winner's interval must clear. A
crossover is drawn as what is known of it: a range of sizes, and the estimate inside.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import MARGIN
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, label_lines, stroke, style, tell
from reports.charts.naming import ratio_tick, ratio_ticks, short, slug, who
from reports.charts.overtaking import CLAIMS, curves, overtaking, place
from reports.charts.sizes import SIZE_AXIS, told
from reports.findings.speedups import IMPLAUSIBLE, open_to_both
from reports.findings.trends import crossing

Row = Mapping[Any, Any]


def speedup_against_size(rows: pd.DataFrame) -> Plot | None:
    """Draw a workload's speedups over NumPy against its sizes, a panel a curve.

    `rows` are the timed cells of one workload and dtype, of all thread settings. None where no
    usual contender, nor one with transfers, has a speedup.
    """
    usual = rows["plain"] | (rows["variant"] == "transfer")
    rows = rows[usual & (rows["ratio"] > 0) & (rows["axis_value"] > 0)]
    if rows.empty:
        return None
    name = slug("speedups", rows["workload"].iloc[0], rows["dtype"].iloc[0])
    panes = list(rows["curve"].unique())
    titles = [overtaking(rows[rows["curve"] == each], len(panes)) for each in panes]
    title_in = 0.2 + 0.16 * max(title.count("\n") + 1 for title in titles)
    hover: dict[str, list[str]] = {}
    with style(name):
        across = min(len(panes), 2)
        down = -(-len(panes) // across)
        width, height = 7.0 + across - 1, (3.1 + title_in) * down
        figure = Figure(figsize=(width, height))
        panels = figure.subplots(down, across, sharey=True, squeeze=False)
        figure.subplots_adjust(
            0.85 / width,
            0.53 / height,
            1 - 1.6 / width,
            1 - title_in / height,
            0.12,
            (0.35 + title_in) / 2.5,
        )
        for axes in panels.flat[len(panes) :]:
            axes.set_axis_off()
        low, high = rows["low"].min(), rows["high"].max()
        panels[0, 0].set_yscale("log")
        panels[0, 0].set_ylim(min(low, 1 / MARGIN) / 1.25, max(high, MARGIN) * 1.25)
        for axes, curve, title in zip(panels.flat, panes, titles, strict=False):
            axes.set_title(title)
            _panel(axes, rows[rows["curve"] == curve], hover)
            if axes not in panels[:, -1] and curve != panes[-1]:
                for text in list(axes.texts):
                    text.remove()
        for axes in panels[:, 0]:
            axes.set_ylabel("speedup over NumPy")
    return Plot(name=name, figure=figure, description=describe_speedups(rows), hover=hover)


def _panel(axes: Axes, rows: pd.DataFrame, hover: dict[str, list[str]]) -> None:
    axes.set_xscale("log")
    axes.axhspan(1 / MARGIN, MARGIN, color=INK, alpha=0.1, linewidth=0)
    axes.axhline(1, color=INK, linewidth=1)
    ends = []
    for (contender, threads), line in curves(rows):
        paint = colour(line[0])
        true = [row for row in line if row["status"] != IMPLAUSIBLE]
        false = [row for row in line if row["status"] == IMPLAUSIBLE]
        on_cpu = line[0]["device"] == "cpu"
        dash = stroke(line[0]) if not on_cpu or threads == 1 else (0, (4, 2))
        xs, ys = [row["axis_value"] for row in true], [row["ratio"] for row in true]
        axes.plot(xs, ys, linestyle=dash, color=paint, linewidth=1.6)
        known = [row for row in true if row["low"] > 0]
        axes.vlines(
            [row["axis_value"] for row in known], [row["low"] for row in known],
            [row["high"] for row in known], color=paint, linewidth=1.2,
        )  # fmt: skip
        settled = [row for row in true if not open_to_both(row)]
        hollow = [row for row in true if open_to_both(row)]
        for points, mark, face in (
            (settled, "o", paint),
            (hollow, "o", PAPER),
            (false, "x", paint),
        ):
            _mark(axes, points, mark, paint, face, hover)
        if true:
            cores = f", {units.count(round(threads), 'core')}" if on_cpu else ""
            ends.append((float(ys[-1]), who(contender, 20) + cores, paint))
        _mark_crossing(axes, line, paint, hover)
    _dress(axes, rows)
    label_lines(axes, axes.get_xlim()[1], ends, offset=3)


def _mark(
    axes: Axes, rows: list[Row], mark: str, paint: str, face: str, hover: dict[str, list[str]]
) -> None:
    if not rows:
        return
    (dots,) = axes.plot(
        [row["axis_value"] for row in rows], [row["ratio"] for row in rows], mark, color=paint,
        markersize=5 if mark == "o" else 8, markerfacecolor=face,
    )  # fmt: skip
    threads = (
        "" if rows[0]["device"] != "cpu" else f", {units.count(round(rows[0]['threads']), 'core')}"
    )
    tell(dots, [told(row) + threads + _aside(row) for row in rows], hover)


def _aside(row: Row) -> str:
    if row["status"] == IMPLAUSIBLE:
        return "; cannot be true"
    return "; cannot tell who is faster" if open_to_both(row) else ""


def _mark_crossing(
    axes: Axes, line: Sequence[Row], paint: str, hover: dict[str, list[str]]
) -> None:
    found = crossing(line)
    if found is None or found.at is None:
        return
    axes.axvspan(found.low, found.high, color=paint, alpha=0.07, linewidth=0)
    (mark,) = axes.plot(
        found.at, 1, "D", color=paint, markersize=8, markeredgecolor=PAPER, markeredgewidth=1.2
    )
    low, high = units.whole(found.low), units.whole(found.high)
    claim = CLAIMS[found.state].format(
        name=f"{line[0]['contender']}, {units.count(round(line[0]['threads']), 'core')},",
        at=place(line[0], found),
    )
    tell(mark, [f"{claim}, between {low} and {high}"], hover)


def _dress(axes: Axes, rows: pd.DataFrame) -> None:
    least, most = rows["axis_value"].min(), rows["axis_value"].max()
    room = (most / least) ** 0.07 if most > least else 2.0
    axes.set_xlim(least / room, most * room)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_ylim())))
    axes.yaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    axes.xaxis.set_major_formatter(lambda value, _: units.quantity(value))
    axis = str(rows["axis"].iloc[0])
    axes.set_xlabel(SIZE_AXIS.get(axis, short(axis)))
    if axis not in SIZE_AXIS:
        axes.xaxis.set_major_locator(FixedLocator(sorted(rows["axis_value"].unique())))


def describe_speedups(rows: pd.DataFrame) -> str:
    """Return the alternative text: each line's ends, and where it crosses 1."""
    parts = [f"Speedup of {rows['workload'].iloc[0]} over NumPy against size, both logarithmic."]
    for curve in rows["curve"].unique():
        panel = rows[rows["curve"] == curve]
        for (contender, threads), line in curves(panel):
            first, last = ((row["ratio"], row["size"]) for row in (line[0], line[-1]))
            aside = f" ({curve})" if curve else ""
            parts.append(
                f"{contender}, {units.count(round(threads), 'core')}{aside}: "
                f"{units.significant(first[0], 3)} at {first[1]}, "
                f"{units.significant(last[0], 3)} at {last[1]}."
            )
        parts.append(overtaking(panel).removeprefix(f"{curve}\n").replace("\n", "; ") + ".")
    return " ".join(parts)
