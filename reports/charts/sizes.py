"""Times against sizes, with the speedups beside the points.

Solid lines are times of the fastest blocks, dotted lines the medians. A hollow point is unsettled:
its speedup's interval holds both answers. A cross is a time that cannot be true.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, label_lines, stroke, style, tell
from reports.charts.naming import short, slug
from reports.findings.speedups import IMPLAUSIBLE, open_to_both, state_of
from reports.read.load import records

Row = Mapping[Any, Any]
MOST_ACROSS = (2, 3)  # panels, of an even number of them and of an odd one
TWO_DECADES = 2.0  # below which an axis has marks at 2 and 5 too
LINE_IN = 0.17  # a line of a title
SIGN_IN = 0.09  # a sign of a contender's name, at its widest
ALONE = 3  # times a size that stands alone, its axis ends
CROWDED = 0.1  # of the axis: points nearer than this would write over each other
STATES = {
    FASTER: "faster", SLOWER: "slower", TIE: "tied", UNSETTLED: "unsettled",
    IMPLAUSIBLE: "impossible",
}  # fmt: skip
SIZE_AXIS = {"flops": "work of one iteration, in floating-point operations"}


def time_against_size(rows: pd.DataFrame) -> Plot:
    """Draw a workload's times against its sizes, a panel a curve, with the speedups.

    `rows` are the timed cells of one workload, dtype and thread setting.
    """
    cells = records(rows.sort_values("axis_value", kind="stable"))
    panes = list(dict.fromkeys(rows["curve"]))
    name = slug(cells[0]["workload"], cells[0]["dtype"], f"{cells[0]['threads']:.0f}")
    hover: dict[str, list[str]] = {}
    with style(name):
        across = min(len(panes), MOST_ACROSS[len(panes) % 2])
        down = -(-len(panes) // across)
        names = [short(name, 24) for name in by_contender(cells)]
        right = max(1.5, 0.45 + SIGN_IN * max(map(len, names)))  # the room beside the last panel
        titles = {curve: claim([row for row in cells if row["curve"] == curve]) for curve in panes}
        lines = max(title.count("\n") + 1 for title in titles.values())
        above = 0.46 + LINE_IN * max(0, lines - 2)  # the room above a panel
        width, height = max(7.0, 3.9 * across), (3.34 + above) * down
        figure = Figure(figsize=(width, height))
        panels = figure.subplots(down, across, sharey=True, squeeze=False)
        figure.subplots_adjust(
            0.95 / width, 0.53 / height, 1 - right / width, 1 - above / height, 0.1, 0.42
        )
        for axes, curve in zip(panels.flat, panes, strict=False):
            last = axes in panels[:, -1] or curve == panes[-1]
            part = [row for row in cells if row["curve"] == curve]
            _panel(axes, part, hover, last=last)
            axes.set_title(titles[curve])
        for axes in panels[:, 0]:
            axes.set_ylabel("time of one iteration")
    return Plot(name=name, figure=figure, description=describe(cells), hover=hover)


def by_contender(cells: Sequence[Row]) -> dict[str, list[Row]]:
    """Return cells apart by who ran them, in the order of the first of each."""
    found: dict[str, list[Row]] = {}
    for row in cells:
        found.setdefault(str(row["contender"]), []).append(row)
    return found


def claim(cells: Sequence[Row]) -> str:
    """Return a panel's title: at how many sizes PyTorch was faster, slower, or neither."""
    usual = [row for row in cells if row["plain"] and pd.notna(row["ratio"])]
    curve = short(cells[0]["curve"])
    lines = []
    for contender, line in by_contender(usual).items():
        states = [state_of(row) for row in line]
        counted = ", ".join(counts(states, "at"))
        lines.append(f"{short(contender, 24)}: {counted} of {len(states)}")
    if curve and len(lines) == 1:
        return curve + lines[0][lines[0].index(":") :]
    return "\n".join([curve, *lines] if curve else lines)


def counts(states: Sequence[str], place: str) -> list[str]:
    """Return how often each state occurs, as `faster at 3`; most of them unsettled comes first."""
    mostly = 2 * states.count(UNSETTLED) > len(states)
    order = sorted(STATES, key=lambda state: not mostly or state != UNSETTLED)
    return [f"{STATES[s]} {place} {states.count(s)}" for s in order if s in states]


def _panel(axes: Axes, cells: Sequence[Row], hover: dict[str, list[str]], *, last: bool) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    ends = []
    for contender, line in by_contender(cells).items():
        paint = colour(line[0])
        untrue = [row for row in line if row["status"] == "implausible"]
        held = [row for row in line if row["status"] != "implausible"]
        if untrue:
            axes.plot(*_xy(untrue), "x", color=paint, markersize=8)
        if not held:
            continue
        axes.plot(*_xy(held), stroke(line[0]), color=paint, linewidth=1.8)
        axes.plot(*_xy(held, "typical_s"), ":", color=paint, linewidth=1)
        lows, highs = _xy(held, "time_low_s")[1], _xy(held, "time_high_s")[1]
        axes.vlines(_xy(held)[0], lows, highs, color=paint, linewidth=1.2)
        settled = [row for row in held if not open_to_both(row)]
        hollow = [row for row in held if open_to_both(row)]
        for points, face in ((settled, paint), (hollow, PAPER)):
            if points:
                (dots,) = axes.plot(
                    *_xy(points), "o", color=paint, markersize=5, markerfacecolor=face
                )
                tell(dots, [told(row) for row in points], hover)
        ends.append((float(held[-1]["time_s"]), short(contender, 24), paint))
    _mark_speedups(axes, cells)
    if last:
        label_lines(axes, float(cells[-1]["axis_value"]), ends)
    _dress(axes, cells)


def _xy(cells: Sequence[Row], what: str = "time_s") -> tuple[list[float], list[float]]:
    return [row["axis_value"] for row in cells], [row[what] for row in cells]


def _dress(axes: Axes, cells: Sequence[Row]) -> None:
    """Give both axes their marks and units."""
    axes.margins(x=0.07, y=0.14)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axis = str(cells[0]["axis"])
    axes.set_xlabel(SIZE_AXIS.get(axis, short(axis)))
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    longest, least = max(row["typical_s"] for row in cells), min(row["time_s"] for row in cells)
    many = np.log10(longest / least) > TWO_DECADES
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if many else (1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: units.quantity(value))
    values = {float(row["axis_value"]) for row in cells}
    if len(values) == 1:  # its whiskers' places are rounded, and matplotlib warns of no room
        axes.set_autoscalex_on(False)
        axes.set_xlim(min(values) / ALONE, max(values) * ALONE)
    if axis not in SIZE_AXIS:
        axes.xaxis.set_major_locator(FixedLocator(_apart(values)))


def _apart(values: Collection[float]) -> list[float]:
    """Return the values that have room for their marks on a logarithmic axis, the largest first."""
    span = np.log(max(values) / min(values)) or 1.0
    kept: list[float] = []
    for value in sorted(values, reverse=True):
        if not kept or np.log(kept[-1] / value) >= CROWDED * span:
            kept.append(value)
    return kept


def _mark_speedups(axes: Axes, cells: Sequence[Row]) -> None:
    """Write each main PyTorch contender's speedup over NumPy beside its point.

    With several contenders only the first and last point of each line: more labels would overlap.
    """
    usual = [row for row in cells if row["plain"] and pd.notna(row["ratio"])]
    usual = [row for row in usual if row["status"] != "implausible"]
    lines = list(by_contender(usual).values())
    if len(lines) > 1:
        usual = [row for line in lines for row in (line[0], line[-1])]
    span = np.log(cells[-1]["axis_value"] / cells[0]["axis_value"]) or 1.0
    last = -np.inf
    for row in sorted(usual, key=lambda row: (str(row["contender"]), row["axis_value"])):
        x = np.log(row["axis_value"]) / span
        crowded = 0 <= x - last < CROWDED
        last = -np.inf if crowded else x
        above = row["ratio"] < 1
        axes.annotate(
            units.ratio(row["ratio"], row["low"], row["high"]) + "×",
            (row["axis_value"], row["time_s"]),
            textcoords="offset points",
            xytext=(0, (8 if above else -16) + crowded * (12 if above else -12)),
            ha="center",
            fontsize=9,
            color=colour(row),
            fontweight="bold" if state_of(row) in {FASTER, SLOWER} else "normal",
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
        )


def told(row: Row) -> str:
    """Return what a point says on hover: who, where, how long, and the speedup if there is one."""
    text = f"{row['contender']} at {row['size']}: {units.seconds(row['time_s'])}"
    if row["contender"] == "numpy" or pd.isna(row["ratio"]):
        return text
    ratio = (row["ratio"], row["low"], row["high"])
    return f"{text}, speedup {units.ratio(*ratio)} ({units.interval(*ratio)})"


def describe(cells: Sequence[Row]) -> str:
    """Return the alternative text: what is drawn, and its ends, from the data."""
    parts = [f"Time of one iteration of {cells[0]['workload']} against size, both logarithmic."]
    curves: dict[tuple[str, str], list[Row]] = {}
    for row in cells:
        curves.setdefault((str(row["curve"]), str(row["contender"])), []).append(row)
    for (curve, contender), line in curves.items():
        first, last = line[0], line[-1]
        parts.append(
            f"{contender}{f' ({curve})' if curve else ''}: "
            f"{units.seconds(first['time_s'])} at {first['size']}, "
            f"{units.seconds(last['time_s'])} at {last['size']}."
        )
    return " ".join(parts)
