"""Chart of a device's roofline: the rate of every case against its arithmetic intensity.

The roofs are the measured peaks: the slanted roof is memory, the flat roofs are arithmetic.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from bench.results import ids
from bench.results.machine import Peaks
from reports import units
from reports.charts.drawing import COLOURS, INK, Plot, colour, set_hover, style
from reports.charts.naming import power_tick, short, slug
from reports.charts.tiles import (
    DOT_IN,
    FONT,
    LABEL_CHAR_IN,
    LABEL_LINE_IN,
    Box,
    axes_inches,
    boxes_beside,
    colour_key,
    key_height,
    place_inches,
    tiles,
    write_in,
)
from reports.findings.roofline import DevicePeaks, bandwidth, peak_of
from reports.read.grouping import grouped
from reports.read.row import Timed

SMALL, LARGE = 1e-3, 1e5  # tick labels that are not between these are powers of ten
MOST_LABELS = 7
FARTHER = 1.25  # times as far from a label as its own dot, at least, are those of other workloads
HEIGHT_IN, LEFT_IN, BELOW_IN = 3.1, 0.65, 0.42  # of the axes, and the space for their tick labels
DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), "-.")  # of the flat roofs, from the highest on
DASH_IN = 0.32  # the width of a piece of a roof, before its name
ON_ROOF = 200  # places along a roof


def roofline(rows: Sequence[Timed], machine_peaks: DevicePeaks, device_key: str) -> Plot | None:
    """Draw every timed case of a device under its roofs, as a rate against arithmetic intensity.

    `device_key` is one of the measured peaks: `cpu/threads=1`, `cuda`. None if the device has no
    peak of memory, or no peak of arithmetic in the precision of any case that can be drawn.
    """
    peak = (machine_peaks or {}).get(device_key)
    if peak is None or not bandwidth(peak):
        return None
    counted = [row for row in rows if row.plausible and row.flops > 0 and row.bytes > 0]
    rows = [row for row in counted if peak_of(row, machine_peaks) is peak]
    flop_s = _arithmetic(rows, peak)
    if not flop_s:
        return None
    name = slug("roofline", *filter(None, ids.read_peak(device_key)))
    hover: dict[str, list[str]] = {}
    with style(name):
        claim = roofline_title(rows, flop_s, bandwidth(peak))
        order = sorted(rows, key=lambda row: (not row.is_numpy, not row.plain, row.contender))
        groups = grouped(order, _group)
        names = list(groups)
        below = BELOW_IN + key_height(len(names))
        figure, (axes,) = tiles(
            [claim], HEIGHT_IN, upward="FLOP/s", left=LEFT_IN, right=0.2, below=below
        )
        _limits(axes, rows, flop_s, bandwidth(peak))
        roofs, names_of_roofs = _roofs(axes, flop_s, bandwidth(peak))
        for (_, paint), group in groups.items():
            _draw_dots(axes, group, paint, hover)
        name_of_memory = _name_memory(axes, bandwidth(peak), rows)
        _label_points(axes, rows, roofs, [name_of_memory, *names_of_roofs])
        colour_key(axes, names, down_in=BELOW_IN + 0.08)
        _set_axes(axes, max(flop_s.values()))
    arithmetic = "; ".join(f"{kind} {units.rate(v, 'FLOP/s')}" for kind, v in flop_s.items())
    description = (
        f"Roofline of {device_key}: memory {units.rate(bandwidth(peak), 'B/s')}, arithmetic"
        f" {arithmetic}. {claim.replace(chr(10), '; ')}. {_extremes(rows)}"
    )
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _arithmetic(rows: Sequence[Timed], peak: Peaks) -> dict[str, float]:
    """Return the measured peak of arithmetic in each precision that the rows use, in FLOP/s."""
    precisions = dict.fromkeys(row.precision for row in rows)
    return {kind: peak.flop_s[kind] for kind in precisions if peak.flop_s.get(kind)}


def _limits(axes: Axes, rows: Sequence[Timed], flop_s: Mapping[str, float], bytes_s: float) -> None:
    """Set the limits, so that above the highest roof is a line for the name of each."""
    x, y = intensities(rows), rates(rows)
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, top = float(y.min()) / 2, max([*flop_s.values(), float(y.max())])
    axes.set_xlim(float(x.min()) / 2, max(float(x.max()) * 2, top / bytes_s * 4))
    share = 1 - (len(flop_s) + 1) * LABEL_LINE_IN / axes_inches(axes)[1]
    axes.set_ylim(low, low * (top / low) ** (1 / share))


def _draw_dots(axes: Axes, group: Sequence[Timed], paint: str, hover: dict[str, list[str]]) -> None:
    (dots,) = axes.plot(
        intensities(group),
        rates(group),
        "o",
        color=paint,
        markersize=4,
        alpha=0.75,
        markeredgewidth=0,
    )
    set_hover(dots, [_rate_text(row) for row in group], hover)


def _group(row: Timed) -> tuple[str, str]:
    """Return the name and the colour of a row's dots. All variants share one of each."""
    if row.is_numpy or row.plain:
        return row.contender_name, colour(row)
    return "variants of PyTorch", COLOURS["fourth"]


def intensities(rows: Iterable[Timed]) -> np.ndarray:
    """Return the arithmetic intensity of each row, in FLOP per byte."""
    return np.array([row.intensity for row in rows])


def rates(rows: Iterable[Timed]) -> np.ndarray:
    """Return the rate of each row, in FLOP/s."""
    return np.array([row.flop_s for row in rows])


def roofline_title(rows: Sequence[Timed], flop_s: Mapping[str, float], bytes_s: float) -> str:
    """Return the title: how many cases each roof limits, and how many lie above that of memory."""
    ridges = np.array([flop_s.get(row.precision, 0.0) / bytes_s for row in rows])
    x, y = intensities(rows), rates(rows)
    in_memory = x < ridges
    memory, known = int(in_memory.sum()), int((ridges > 0).sum())
    above = int((in_memory & (y > x * bytes_s)).sum())
    claim = (
        f"{memory} of {known} timings are in the range of the memory roof,"
        f" {known - memory} in that of arithmetic"
    )
    if above:
        claim += f"\n{above} of the {memory} lie above their roof: data in a cache moves faster"
    return claim


def _roofs(axes: Axes, flop_s: Mapping[str, float], bytes_s: float) -> tuple[np.ndarray, list[Box]]:
    """Draw the roofs, and name the flat ones above the highest.

    Each flat roof has dashes of its own, and its name a piece of them. Return places along all
    roofs, in inches, and the boxes of the names.
    """
    left, right = axes.get_xlim()
    top = max(flop_s.values())
    width, height = axes_inches(axes)
    ends = [((left, left * bytes_s), (top / bytes_s, top))]
    names: list[Box] = []
    axes.plot(*zip(*ends[0], strict=True), color=INK, linewidth=1.6)
    texts = {k: f"{short(k, 12)}: {units.rate(v, 'FLOP/s')}" for k, v in flop_s.items()}
    start = width - LABEL_CHAR_IN * max(map(len, texts.values())) - DASH_IN
    for n, (kind, value) in enumerate(sorted(flop_s.items(), key=lambda each: -each[1])):
        ends.append(((value / bytes_s, value), (right, value)))
        dash = DASHES[n % len(DASHES)]
        axes.plot(*zip(*ends[-1], strict=True), color=INK, linewidth=1.6, linestyle=dash)
        y = 1 - (n + 0.5) * LABEL_LINE_IN / height
        lowest = height - (n + 1) * LABEL_LINE_IN
        names.append(Box(start, width, lowest, lowest + LABEL_LINE_IN))
        axes.plot(
            [start / width, (start + DASH_IN - 0.06) / width],
            [y, y],
            transform=axes.transAxes,
            color=INK,
            linewidth=1.6,
            linestyle=dash,
        )
        axes.text(
            (start + DASH_IN) / width,
            y,
            texts[kind],
            transform=axes.transAxes,
            fontsize=FONT,
            va="center_baseline",
        )
    steps = np.linspace(0, 1, ON_ROOF)[:, None]
    places = [[np.array(place_inches(axes, *end)) for end in each] for each in ends]
    return np.vstack([first + steps * (last - first) for first, last in places]), names


def _name_memory(axes: Axes, bytes_s: float, rows: Sequence[Timed]) -> Box:
    """Write the name of the slanted roof above it, at the left; return its box."""
    text = f"memory {units.rate(bytes_s, 'B/s')}"
    left, width = 0.08, LABEL_CHAR_IN * len(text)
    across = axes_inches(axes)[0]
    low, high = axes.get_xlim()
    end = low * (high / low) ** ((left + width) / across)
    above = place_inches(axes, end, end * bytes_s)[1] + 2 * DOT_IN
    dots = _places(axes, rows)
    under = dots[(dots[:, 0] < left + width + DOT_IN) & (dots[:, 1] > above - LABEL_LINE_IN), 1]
    bottom = max([above, *(under + 2 * DOT_IN)])
    box = Box(left, left + width, bottom, bottom + LABEL_LINE_IN)
    write_in(axes, box, text)
    return box


def _places(axes: Axes, rows: Sequence[Timed]) -> np.ndarray:
    """Return the place of each row's dot, in inches."""
    pairs = zip(intensities(rows), rates(rows), strict=True)
    return np.array([place_inches(axes, float(x), float(y)) for x, y in pairs])


def _rate_text(row: Timed) -> str:
    """Return a point's hover text."""
    rate, intensity = units.rate(row.flop_s, "FLOP/s"), units.intensity(row.intensity)
    return f"{row.cell}: {rate} at {intensity} FLOP per byte"


def _label_points(
    axes: Axes, rows: Sequence[Timed], roofs: np.ndarray, taken: Sequence[Box]
) -> None:
    """Write the workload beside the outermost points, where a label covers no dot and no roof.

    Dots of other workloads are clearly farther from a label than one of its own. `roofs` are places
    along them, and `taken` is covered by other labels.
    """
    width, height = axes_inches(axes)
    dots = _places(axes, rows)
    covered = np.vstack([dots, roofs])
    workloads = np.array([row.workload for row in rows])
    boxes: dict[str, Box] = {}
    for n in _outermost(dots):
        text = short(rows[n].workload, 18)
        if text in boxes or len(boxes) == MOST_LABELS:
            continue
        free = [
            box
            for box in boxes_beside(dots[n], text)
            if box.left > 0 and box.right < width and box.bottom > 0 and box.top < height
            if not box.covers(covered) and not any(map(box.overlaps, [*taken, *boxes.values()]))
            if _nearest_own(box, dots, workloads == rows[n].workload)
        ]
        if free:
            boxes[text] = free[0]
            write_in(axes, free[0], text)


def _nearest_own(box: Box, dots: np.ndarray, own: np.ndarray) -> bool:
    """Return whether a label is clearly nearer to a dot of its own workload than to any other."""
    away = box.distances(dots)
    return bool(np.all(away[~own] > FARTHER * away[own].min()))


def _outermost(positions: np.ndarray) -> list[int]:
    """Return the indices of points, the outermost in each of eight directions first."""
    directions = [(1, 1), (-1, -1), (1, -1), (-1, 1), (0, -1), (0, 1), (-1, 0), (1, 0)]
    orders = [np.argsort(-(positions @ np.array(each))) for each in directions]
    return list(dict.fromkeys(int(n) for step in zip(*orders, strict=True) for n in step))


def _extremes(rows: Sequence[Timed]) -> str:
    speeds = rates(rows)
    slow, fast = rows[int(speeds.argmin())], rows[int(speeds.argmax())]
    return f"Fastest: {_rate_text(fast)}. Slowest: {_rate_text(slow)}."


def _set_axes(axes: Axes, top: float) -> None:
    """Set the ticks, labels and grid of both axes; above the highest roof there is no tick."""
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=7))
        axis.set_minor_locator(NullLocator())
    least = axes.get_ylim()[0]
    axes.set_yticks([tick for tick in axes.get_yticks() if least <= tick <= top])
    axes.yaxis.set_major_formatter(lambda value, _: units.quantity(value))
    axes.xaxis.set_major_formatter(
        lambda value, _: f"{value:g}" if SMALL < value < LARGE else power_tick(value)
    )
    axes.set_xlabel("arithmetic intensity, FLOP per byte", fontsize=FONT, labelpad=2)
