"""Table -> figure. One claim a chart, said in its title; SVG that is the same bytes every time.

Text takes the page's colour and contenders take the page's palette, through CSS variables, so that
one figure serves light and dark. Colours are Okabe and Ito's, told apart by colour-blind readers.
"""

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from reports import units
from reports.findings import state_of

INK = "#010203"  # becomes currentColor
COLOURS = {
    "numpy": "#0072b2",
    "torch-cpu": "#d55e00",
    "accelerator": "#009e73",
    "first": "#e69f00",
    "second": "#cc79a7",
    "third": "#3b3b3b",
    "fourth": "#8a8a8a",
    "fifth": "#6a51a3",
    "sixth": "#a6761d",
}
FURTHER = {  # rungs and ways; those of one colour are never of one workload
    "tensors": "first", "hand": "first", "channels-last": "first", "fp16": "first",
    "autograd": "second", "forward": "second", "pinned": "second",
    "compile": "third", "finite": "third", "tf32": "third",
    "bf16": "fourth", "amp": "fourth",
    "graph": "fifth", "transfer": "sixth",
}  # fmt: skip
MOST_ACROSS = (2, 3)  # panels, of an even number of them and of an odd one
TWO_DECADES = 2.0  # below which an axis has marks at 2 and 5 too
CROWDED = 0.1  # of the axis: points nearer than this would write over each other
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titley": 1.0,
}
STATES = {
    "wins": "faster", "loses": "slower", "tie": "tied", "unstable": "unsettled",
    "implausible": "impossible",
}  # fmt: skip
SIZE_AXIS = {"flops": "work of one iteration, in floating-point operations"}


def colour(contender: str) -> str:
    """Return a contender's colour, the same in every chart."""
    _, _, where = contender.partition("-")
    device, _, further = where.partition("-")
    usual = {"": "numpy", "cpu": "torch-cpu"}.get(device, "accelerator")
    return COLOURS[FURTHER.get(further, usual)]


def stroke(contender: str) -> str:
    """Return how a contender's line is drawn: dashed for a further way on an accelerator."""
    _, _, where = contender.partition("-")
    device, _, further = where.partition("-")
    return "--" if further and device != "cpu" else "-"


def time_against_size(rows: pd.DataFrame) -> Markup:
    """Draw a workload's times against its sizes, a panel a variant, with the speedups."""
    variants = rows["variant"].unique()
    salt = f"{rows['workload'].iloc[0]}-{rows['threads'].iloc[0]}"
    with mpl.rc_context({**STYLE, "svg.hashsalt": salt}):
        across = min(len(variants), MOST_ACROSS[len(variants) % 2])
        down = -(-len(variants) // across)
        width, height = max(7.0, 3.9 * across), 3.8 * down
        figure = Figure(figsize=(width, height))
        panels = figure.subplots(down, across, sharey=True, squeeze=False)
        figure.subplots_adjust(
            0.95 / width, 0.53 / height, 1 - 1.5 / width, 1 - 0.46 / height, 0.1, 0.42
        )
        for axes, variant in zip(panels.flat, variants, strict=False):
            last = axes in panels[:, -1] or variant == variants[-1]
            _panel(axes, rows[rows["variant"] == variant], last=last)
            axes.set_title(claim(rows[rows["variant"] == variant]))
        for axes in panels[:, 0]:
            axes.set_ylabel("time of one iteration")
        return inline_svg(figure, describe(rows))


def claim(rows: pd.DataFrame) -> str:
    """Return a panel's title: at how many sizes PyTorch was faster, slower, or neither."""
    main = rows[(rows["contender"].str.count("-") == 1) & rows["ratio"].notna()]
    variant = str(rows["variant"].iloc[0])
    lines = []
    for contender, line in main.groupby("contender", sort=False):
        states = [state_of(row) for row in line.to_dict("records")]
        told = [f"{word} at {states.count(s)}" for s, word in STATES.items() if s in states]
        lines.append(f"{contender}: {', '.join(told)} of {len(states)}")
    if variant and len(lines) == 1:
        return variant + lines[0][lines[0].index(":") :]
    return "\n".join([variant, *lines] if variant else lines)


def _panel(axes: Axes, rows: pd.DataFrame, *, last: bool) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    ends = []
    ordered = rows.sort_values("axis_value")
    for contender, line in ordered.groupby("contender", sort=False):
        paint = colour(str(contender))
        untrue = line["status"] == "implausible"
        marks = line[untrue]
        axes.plot(marks["axis_value"], marks["typical_s"], "x", color=paint, markersize=8)
        if untrue.all():
            continue
        line = line[~untrue]  # noqa: PLW2901 - what is left of it
        axes.plot(
            line["axis_value"], line["typical_s"], stroke(str(contender)), color=paint,
            linewidth=1.8,
        )  # fmt: skip
        axes.plot(line["axis_value"], line["best_s"], ":", color=paint, linewidth=1)
        hollow = line["status"] == "unstable"
        for points, face in ((line[~hollow], paint), (line[hollow], "none")):
            axes.plot(
                points["axis_value"], points["typical_s"], "o", color=paint, markersize=5,
                markerfacecolor=face,
            )  # fmt: skip
        ends.append((float(line["typical_s"].iloc[-1]), str(contender), paint))
    _mark_speedups(axes, rows)
    if last:
        _label_lines(axes, float(rows["axis_value"].max()), ends)
    axes.margins(x=0.07, y=0.14)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axis = str(rows["axis"].iloc[0])
    axes.set_xlabel(SIZE_AXIS.get(axis, axis))
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    decades = np.log10(rows["typical_s"].max() / rows["best_s"].min())
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if decades > TWO_DECADES else (1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: units.quantity(value))
    if axis not in SIZE_AXIS:
        axes.xaxis.set_major_locator(FixedLocator(sorted(rows["axis_value"].unique())))


def _mark_speedups(axes: Axes, rows: pd.DataFrame) -> None:
    """Write each main PyTorch contender's speedup over NumPy beside its point."""
    main = rows[(rows["contender"].str.count("-") == 1) & rows["ratio"].notna()]
    main = main[main["status"] != "implausible"]
    span = np.log(rows["axis_value"].max() / rows["axis_value"].min()) or 1.0
    last = -np.inf
    for row in main.sort_values(["contender", "axis_value"]).to_dict("records"):
        x = np.log(row["axis_value"]) / span
        crowded = 0 <= x - last < CROWDED
        last = -np.inf if crowded else x
        above = row["ratio"] < 1
        axes.annotate(
            units.ratio(row["ratio"], row["low"], row["high"]) + "×",  # noqa: RUF001 - as is said
            (row["axis_value"], row["typical_s"]),
            textcoords="offset points",
            xytext=(0, (8 if above else -16) + crowded * (12 if above else -12)),
            ha="center",
            fontsize=9,
            color=colour(row["contender"]),
            fontweight="bold" if state_of(row) in {"wins", "loses"} else "normal",
        )


def _label_lines(axes: Axes, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Name each line at its right end, apart from one another."""
    low, high = axes.get_ylim()
    gap = (high / low) ** 0.065
    floor = 0.0
    for value, name, paint in sorted(ends):
        y = max(value, floor)
        floor = y * gap
        axes.annotate(
            name, (x, y), textcoords="offset points", xytext=(20, -4), color=paint,
            annotation_clip=False,
        )  # fmt: skip


def blocks_over_time(blocks: pd.DataFrame, title: str) -> Markup:
    """Draw every block of some cells of a case in the order they were taken, visit by visit.

    `blocks` has a row a block: contender, visit, worker, start_s, time_s, disturbed. Within a visit
    the axis is time; between visits lie seconds to minutes, which are told beneath.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": "blocks"}):
        visits = blocks.groupby("visit")["start_s"]
        first, length = visits.min(), (visits.max() - visits.min()).replace(0.0, 1.0)
        place = {visit: n for n, visit in enumerate(first.index)}
        figure = Figure(figsize=(max(7.0, 1.1 * len(place) + 2), 4.0))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.2, 0.84, 0.86)
        axes.set_yscale("log")
        ends = []
        for contender, line in blocks.groupby("contender", sort=False):
            paint = colour(str(contender))
            within = (line["start_s"] - line["visit"].map(first)) / line["visit"].map(length)
            x = line["visit"].map(place) + 0.1 + 0.8 * within
            calm = ~line["disturbed"].astype(bool)
            axes.plot(x[calm], line["time_s"][calm], "o", color=paint, markersize=4)
            axes.plot(x[~calm], line["time_s"][~calm], "x", color=paint, markersize=6)
            typical_s = float(line["time_s"].median())
            axes.axhline(typical_s, color=paint, linewidth=1, alpha=0.6)
            ends.append((typical_s, str(contender), paint))
        for edge in range(1, len(place)):
            axes.axvline(edge, color=INK, alpha=0.15, linewidth=0.6)
        workers = blocks.groupby("visit")["worker"].first()
        axes.set_xticks(
            [n + 0.5 for n in place.values()],
            [f"{first[visit]:.0f} s\nworker {workers[visit]}" for visit in place],
        )
        axes.set_xlim(0, len(place))
        axes.set_xlabel("visit: when in the run, and by which generation of processes")
        axes.set_ylabel("time of one iteration")
        axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_minor_locator(NullLocator())
        _label_lines(axes, float(len(place)), ends)
        axes.set_title(f"{title}\ndots: blocks of iterations; crosses: disturbed; lines: medians")
        count, marked = len(blocks), int(blocks["disturbed"].sum())
        return inline_svg(
            figure, f"{title} {count} blocks over {len(place)} visits, {marked} disturbed."
        )


def describe(rows: pd.DataFrame) -> str:
    """Return the alternative text: what is drawn, and its ends, from the data."""
    parts = [f"Time of one iteration of {rows['workload'].iloc[0]} against size, both logarithmic."]
    for (variant, contender), line in rows.groupby(["variant", "contender"], sort=False):
        first, last = line.iloc[0], line.iloc[-1]
        parts.append(
            f"{contender}{f' ({variant})' if variant else ''}: "
            f"{units.seconds(first['typical_s'])} at {first['size']}, "
            f"{units.seconds(last['typical_s'])} at {last['size']}."
        )
    return " ".join(parts)


def inline_svg(figure: Figure, description: str) -> Markup:
    """Return a figure as an SVG element to stand in a page."""
    file = StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    for paint, name in _variables().items():
        svg = svg.replace(paint, name)
    salt = mpl.rcParams["svg.hashsalt"]
    svg = re.sub(r'\bid="', f'id="{salt}-', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{salt}-", svg)
    label = Markup('<svg role="img" aria-label="{}"').format(description)
    return Markup(svg.replace("<svg", label, 1))


def _variables() -> Mapping[str, str]:
    colours = {paint: f"var(--{name})" for name, paint in COLOURS.items()}
    return {INK: "currentColor"} | colours


def standalone(svg: Markup) -> str:
    """Return an inline figure as a file of its own, dark on white, for pages of a code host."""
    text = str(svg)
    for paint, name in _variables().items():
        text = text.replace(name, "#1d1f24" if paint == INK else paint)
    return text.replace(">", '><rect width="100%" height="100%" fill="#ffffff"/>', 1)
