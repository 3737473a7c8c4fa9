"""What less precision buys and costs: speed against error, a point a contender."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from bench.results.verdicts import MARGIN
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, style, tell
from reports.charts.naming import power_tick, ratio_tick, ratio_ticks, slug, who
from reports.findings.names import NUMPY
from reports.findings.speedups import IMPLAUSIBLE, open_to_both
from reports.read.load import records

Row = Mapping[Any, Any]
LESS = ("bf16", "fp16", "tf32", "amp")
APART_PT = 12.0  # between the lines of two labels
BESIDE = 2  # decades of error, within which two names may meet


def speed_against_error(rows: pd.DataFrame) -> Plot | None:
    """Draw the speedup over NumPy of each precision of one case against its error.

    `rows` are the timed cells of one workload, size and dtype, of one thread setting or more. None
    where no contender in less precision has a speedup and an error.
    """
    timed = rows[(rows["status"] != IMPLAUSIBLE) & (rows["rel_error"] >= 0) & (rows["ratio"] > 0)]
    settings = timed[timed["variant"].isin(LESS)]["threads"].unique()
    timed = timed[timed["threads"].isin(settings)]
    wanted = (timed["library"] == NUMPY) | timed["plain"] | timed["variant"].isin(LESS)
    drawn = records(timed[wanted].drop_duplicates(["contender", "threads"]))
    if not len(settings) or not any(row["rel_error"] > 0 for row in drawn):
        return None
    first = drawn[0]
    name = slug("precision", first["workload"], first["size"])
    hover: dict[str, list[str]] = {}
    with style(name):
        figure = Figure(figsize=(7.0, 3.5))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.16, 0.97, 0.9)
        least = min(row["rel_error"] for row in drawn if row["rel_error"] > 0) / 10
        xs = [max(row["rel_error"], least) for row in drawn]
        _limits(axes, drawn, xs)
        axes.axhspan(1 / MARGIN, MARGIN, color=INK, alpha=0.1, linewidth=0)
        axes.axhline(1, color=INK, linewidth=1)
        for row, x in zip(drawn, xs, strict=True):
            _point(axes, row, x, hover)
        _names(axes, drawn, xs, len(settings) > 1)
        _dress(axes)
        title = bought(drawn)
        axes.set_title(title)
    description = " ".join([f"{title}.", *(f"{_told(row)}." for row in drawn)])
    return Plot(name=name, figure=figure, description=description, hover=hover)


def bought(rows: Sequence[Row]) -> str:
    """Return the title: what the fastest of the lesser precisions gains, and its error."""
    row = max((row for row in rows if row["variant"] in LESS), key=lambda each: each["ratio"])
    gain = units.ratio(row["ratio"], row["low"], row["high"])
    about = "about " if units.rough(row["ratio"], row["low"], row["high"]) else ""
    claim = f"{who(row['contender'])} runs at {about}{gain} times NumPy's speed"
    return f"{claim}, with an error of {_error(row['rel_error'])}"


def _error(value: float) -> str:
    return f"{value:.1e}" if value else "0"


def _limits(axes: Axes, rows: Sequence[Row], xs: Sequence[float]) -> None:
    bounds = [row["tolerance"] for row in rows if row["tolerance"] > 0]
    low = min(row["low"] if row["low"] > 0 else row["ratio"] for row in rows)
    high = max(row["high"] if row["high"] > 0 else row["ratio"] for row in rows)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(xs) / 2, max([*bounds, *xs]) * 12)
    axes.set_ylim(min(low, 1 / MARGIN) / 1.3, max(high, MARGIN) * 1.3)


def _point(axes: Axes, row: Row, x: float, hover: dict[str, list[str]]) -> None:
    paint = colour(row)
    if row["tolerance"] > 0:
        ends = [x, row["tolerance"]]
        axes.plot(ends, [row["ratio"]] * 2, ":", color=paint, alpha=0.6, linewidth=1)
        axes.plot(ends[1], row["ratio"], "|", color=paint, alpha=0.8, markersize=11)
    if row["low"] > 0:
        axes.vlines(x, row["low"], row["high"], color=paint, linewidth=1.2)
    face = PAPER if open_to_both(row) else paint
    (dot,) = axes.plot(x, row["ratio"], "o", color=paint, markersize=7, markerfacecolor=face)
    tell(dot, [_told(row)], hover)


def _names(axes: Axes, rows: Sequence[Row], xs: Sequence[float], *settings: bool) -> None:
    """Name each point above it, those at like errors and speeds one above another."""
    low, high = axes.get_ylim()
    step = (high / low) ** (APART_PT / (3.5 * 0.74 * 72))
    taken: list[tuple[float, float]] = []
    for row, x in sorted(zip(rows, xs, strict=True), key=lambda pair: pair[0]["ratio"]):
        y = row["ratio"] * step**0.8
        near = [below for at, below in taken if abs(np.log10(at / x)) < BESIDE]
        y = max([y, *(below * step for below in near)])
        taken.append((x, y))
        cores = f", {units.count(round(row['threads']), 'core')}" if any(settings) else ""
        axes.annotate(
            who(row["contender"]) + cores, (x, y), textcoords="offset points", xytext=(4, 0),
            color=colour(row), fontsize=10, va="center", annotation_clip=False,
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


def _told(row: Row) -> str:
    gain = (row["ratio"], row["low"], row["high"])
    text = f"{who(row['contender'])}: error {_error(row['rel_error'])}"
    text += f" of at most {_error(row['tolerance'])}" if row["tolerance"] > 0 else ""
    if row["contender"] == NUMPY:
        return f"{text}, the speed that others are compared with"
    return f"{text}, {units.ratio(*gain)} times NumPy's speed ({units.interval(*gain)})"
