"""The roofline of a device: the rate of every case against its arithmetic intensity.

Under the roofs that were measured: the slanted one is memory's, the flat ones arithmetic's. The
shares of the roofs can be had from here too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from bench.results import ids
from bench.results.machine import Peaks
from reports import units
from reports.charts.drawing import INK, Plot, colour, inches, key, style, tell
from reports.charts.naming import power_tick, short, slug, who
from reports.charts.shares import throughput
from reports.findings.names import NUMPY
from reports.findings.roofline import bandwidth, peak_of
from reports.read.load import records

__all__ = ["roofline", "throughput"]
Row = Mapping[Any, Any]
SMALL, LARGE = 1e-3, 1e5  # what is not between them is written as a power of ten
MOST_LABELS = 9
ABOVE_PT = 16.0  # between the frame and the title: the labels of the highest roofs
SIGN_PT, LINE_PT = 5.2, 11.0  # room that a label takes, a sign and a line of it


def roofline(
    table: pd.DataFrame, machine_peaks: Mapping[str, Peaks] | None, device_key: str
) -> Plot | None:
    """Draw every timed case of a device under its roofs, as a rate against arithmetic intensity.

    `device_key` is one of the measured peaks: `cpu/threads=1`, `cuda`. None where that has no
    peak of memory, or none of arithmetic in the precision of any case with operations and bytes.
    """
    peak = (machine_peaks or {}).get(device_key)
    timed = table[(table["time_s"] > 0) & (table["flops"] > 0) & (table["bytes"] > 0)]
    timed = timed[timed["status"] != "implausible"]
    rows = [row for row in records(timed) if peak_of(row, machine_peaks) is peak]
    if peak is None or not bandwidth(peak):
        return None
    flop_s = dict.fromkeys((str(row["precision"]) for row in rows), 0.0)
    flop_s = {kind: peak.flop_s[kind] for kind in flop_s if peak.flop_s.get(kind)}
    if not flop_s:
        return None
    name = slug("roofline", *filter(None, ids.read_peak(device_key)))
    hover: dict[str, list[str]] = {}
    with style(name):
        figure = Figure(figsize=(7.0, 4.9))
        axes = figure.subplots()
        figure.subplots_adjust(0.125, 0.11, 0.74, 0.87)
        x, y = intensities(rows), rates(rows)
        axes.set_xscale("log")
        axes.set_yscale("log")
        top = max([*flop_s.values(), float(y.max())])
        axes.set_xlim(float(x.min()) / 2, max(float(x.max()) * 2, top / bandwidth(peak) * 4))
        axes.set_ylim(float(y.min()) / 2, top * 4)
        _roofs(axes, flop_s, bandwidth(peak))
        order = sorted(
            {str(row["contender"]): row for row in rows}.values(),
            key=lambda r: (r["library"] != NUMPY, not r["plain"], colour(r), r["contender"]),
        )
        for one in order:
            chosen = [row for row in rows if row["contender"] == one["contender"]]
            (dots,) = axes.plot(
                intensities(chosen), rates(chosen), "o", color=colour(one), markersize=4.5,
                alpha=0.75, markeredgewidth=0,
            )  # fmt: skip
            tell(dots, [_told_rate(row) for row in chosen], hover)
        _label_points(axes, rows)
        shown = [(_named(row), colour(row)) for row in order]
        key(axes, shown, x=1.02, y=0.7, inch=0.2)
        claim = under(rows, flop_s, bandwidth(peak))
        axes.set_title(claim, pad=ABOVE_PT)
        _dress(axes)
    peaks_told = "; ".join(f"{kind} {units.rate(v, 'FLOP/s')}" for kind, v in flop_s.items())
    description = (
        f"Roofline of {device_key}: memory {units.rate(bandwidth(peak), 'B/s')}, arithmetic"
        f" {peaks_told}. {claim.replace(chr(10), '; ')}. {_extremes(rows)}"
    )
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _named(row: Row) -> str:
    """Return a contender's name, short where it is a further way on the CPU."""
    way = row["variant"] if row["device"] == ids.CPU else ""
    return who(f"{ids.CPU}-{way}" if way else row["contender"], 18)


def intensities(rows: Iterable[Row]) -> np.ndarray:
    """Return FLOP per byte."""
    return np.array([row["flops"] / row["bytes"] for row in rows])


def rates(rows: Iterable[Row]) -> np.ndarray:
    """Return FLOP/s."""
    return np.array([row["flops"] / row["time_s"] for row in rows])


def under(rows: Sequence[Row], flop_s: Mapping[str, float], bytes_s: float) -> str:
    """Return the title: how many cases lie under which roof, and how many above that of memory."""
    edges = np.array([flop_s.get(str(row["precision"]), 0.0) / bytes_s for row in rows])
    x, y = intensities(rows), rates(rows)
    low, known = int(((x < edges) & (edges > 0)).sum()), int((edges > 0).sum())
    above = int((y > x * bytes_s).sum())
    claim = (
        f"{low} of {known} timings lie under the slanted roof of memory, {known - low} under that"
    )
    claim += " of arithmetic"
    if above:
        claim += f"\n{above} above the slanted roof: data that stayed in a cache moves faster"
    return claim


def _roofs(axes: Axes, flop_s: Mapping[str, float], bytes_s: float) -> None:
    left, right = axes.get_xlim()
    top = max(flop_s.values(), default=axes.get_ylim()[1] / 4)
    axes.plot([left, top / bytes_s], [left * bytes_s, top], color=INK, linewidth=1.6)
    floor = 0.0
    for kind, value in sorted(flop_s.items(), key=lambda each: each[1]):
        axes.plot([value / bytes_s, right], [value, value], color=INK, linewidth=1.6)
        axes.annotate(
            f"{short(kind, 12)}: {units.rate(value, 'FLOP/s')}", (right, max(value, floor)),
            fontsize=9, textcoords="offset points", xytext=(5, 0), va="center",
            annotation_clip=False,
        )  # fmt: skip
        floor = max(value, floor) * (axes.get_ylim()[1] / axes.get_ylim()[0]) ** 0.04
    axes.annotate(
        f"memory {units.rate(bytes_s, 'B/s')}", (top / bytes_s, top), fontsize=9,
        textcoords="offset points", xytext=(-2, 6), ha="right", annotation_clip=False,
    )  # fmt: skip


def _told_rate(row: Row) -> str:
    flop_s, intensity = row["flops"] / row["time_s"], row["flops"] / row["bytes"]
    return (
        f"{row['cell']}: {units.rate(flop_s, 'FLOP/s')} at"
        f" {units.intensity(intensity)} FLOP per byte"
    )


def _label_points(axes: Axes, rows: Sequence[Row]) -> None:
    """Name the outermost points, as far as their names do not write over one another."""
    size = np.array(inches(axes)) * 72
    ends = np.log10(np.array([axes.get_xlim(), axes.get_ylim()]))
    points = np.column_stack([np.log10(intensities(rows)), np.log10(rates(rows))])
    places = (points - ends[:, 0]) / (ends[:, 1] - ends[:, 0]) * size
    taken: list[tuple[float, float, float, float]] = []
    named: set[str] = set()
    for n in _outermost(places):
        text = short(rows[n]["workload"], 18)
        if text in named:
            continue
        wide = SIGN_PT * len(text)
        leftward = places[n, 0] + wide + 5 > size[0]
        x = places[n, 0] - wide - 5 if leftward else places[n, 0] + 5
        y = places[n, 1]
        room = (x, x + wide, y - LINE_PT / 2, y + LINE_PT / 2)
        crossed = any(
            room[0] < b[1] and b[0] < room[1] and room[2] < b[3] and b[2] < room[3] for b in taken
        )
        inside = (places[:, 0] > room[0] - 2) & (places[:, 0] < room[1])
        hidden = inside & (places[:, 1] > room[2]) & (places[:, 1] < room[3])
        hidden[n] = False
        if crossed or hidden.sum() > 1 or len(taken) == MOST_LABELS:
            continue
        taken.append(room)
        named.add(text)
        axes.annotate(
            text, (10 ** points[n, 0], 10 ** points[n, 1]), textcoords="offset points",
            xytext=(-5 if leftward else 5, -3), ha="right" if leftward else "left", fontsize=8.5,
        )  # fmt: skip


def _outermost(places: np.ndarray) -> list[int]:
    """Return points in the order of how far out they lie, one direction after the other."""
    directions = [(1, 1), (-1, -1), (1, -1), (-1, 1), (0, -1), (0, 1), (-1, 0), (1, 0)]
    orders = [np.argsort(-(places @ np.array(each))) for each in directions]
    return list(dict.fromkeys(int(n) for step in zip(*orders, strict=True) for n in step))


def _extremes(rows: Sequence[Row]) -> str:
    speeds = rates(rows)
    slow, fast = rows[int(speeds.argmin())], rows[int(speeds.argmax())]
    return f"Fastest: {_told_rate(fast)}. Slowest: {_told_rate(slow)}."


def _dress(axes: Axes) -> None:
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=12))
        axis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: units.quantity(value))
    axes.xaxis.set_major_formatter(
        lambda value, _: f"{value:g}" if SMALL < value < LARGE else power_tick(value)
    )
    axes.set_xlabel("arithmetic intensity, FLOP per byte")
    axes.set_ylabel("FLOP/s")
