"""Chart of a device's roofline: the rate of every case against its arithmetic intensity.

The roofs are the measured peaks: the slanted roof is memory, the flat roofs are arithmetic.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from bench.results import ids
from bench.results.machine import Peaks
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, set_hover, style
from reports.charts.naming import power_tick, short, short_name, slug
from reports.charts.tiles import (
    FONT,
    LABEL_LINE_IN,
    axes_inches,
    colour_key,
    key_height,
    tiles,
)
from reports.findings.roofline import DevicePeaks, bandwidth, peak_of
from reports.read.grouping import by_contender
from reports.read.row import Timed

SMALL, LARGE = 1e-3, 1e5  # tick labels that are not between these are powers of ten
MOST_LABELS = 7
HEIGHT_IN, LEFT_IN, BELOW_IN = 3.1, 0.65, 0.42  # of the axes, and the space for their tick labels
SLANTED = 0.95  # where the name of the slanted roof ends, as a share of the way to the ridge
CHAR_PT, LINE_PT = 5.2, 11.0  # the width of a label's character, and its height


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
        groups = sorted(by_contender(rows).values(), key=lambda group: _draw_order(group[-1]))
        names = [(_contender_name(group[-1]), colour(group[-1])) for group in groups]
        below = BELOW_IN + key_height(len(names))
        figure, (axes,) = tiles(
            [claim], HEIGHT_IN, upward="FLOP/s", left=LEFT_IN, right=0.2, below=below
        )
        _limits(axes, rows, flop_s, bandwidth(peak))
        names_of_roofs = _roofs(axes, flop_s, bandwidth(peak))
        for group in groups:
            _draw_dots(axes, group, hover)
        _label_points(axes, rows, names_of_roofs)
        colour_key(axes, names, down_in=BELOW_IN + 0.08)
        _set_axes(axes)
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
    x, y = intensities(rows), rates(rows)
    axes.set_xscale("log")
    axes.set_yscale("log")
    top = max([*flop_s.values(), float(y.max())])
    axes.set_xlim(float(x.min()) / 2, max(float(x.max()) * 2, top / bytes_s * 4))
    axes.set_ylim(float(y.min()) / 2, top * 4 ** (1 + len(flop_s) / 2))


def _draw_dots(axes: Axes, group: Sequence[Timed], hover: dict[str, list[str]]) -> None:
    (dots,) = axes.plot(
        intensities(group),
        rates(group),
        "o",
        color=colour(group[-1]),
        markersize=4,
        alpha=0.75,
        markeredgewidth=0,
    )
    set_hover(dots, [_rate_text(row) for row in group], hover)


def _draw_order(row: Timed) -> tuple[bool, bool, str, str]:
    """Return a sort key of contenders: NumPy is drawn first, variants last."""
    return not row.is_numpy, not row.plain, colour(row), row.contender


def _contender_name(row: Timed) -> str:
    """Return a contender's name; a variant on the CPU is named without `torch`."""
    variant = row.variant if row.on_cpu else ""
    return short_name(f"{ids.CPU}-{variant}" if variant else row.contender, 23)


def intensities(rows: Iterable[Timed]) -> np.ndarray:
    """Return the arithmetic intensity of each row, in FLOP per byte."""
    return np.array([row.intensity for row in rows])


def rates(rows: Iterable[Timed]) -> np.ndarray:
    """Return the rate of each row, in FLOP/s."""
    return np.array([row.flop_s for row in rows])


def roofline_title(rows: Sequence[Timed], flop_s: Mapping[str, float], bytes_s: float) -> str:
    """Return the title: how many cases lie under each roof, and how many above that of memory."""
    ridges = np.array([flop_s.get(row.precision, 0.0) / bytes_s for row in rows])
    x, y = intensities(rows), rates(rows)
    memory, known = int(((x < ridges) & (ridges > 0)).sum()), int((ridges > 0).sum())
    above = int((y > x * bytes_s).sum())
    claim = (
        f"{memory} of {known} timings lie under the slanted roof of memory,"
        f" {known - memory} under that of arithmetic"
    )
    if above:
        claim += f"\n{above} above the slanted roof: data that stayed in a cache moves faster"
    return claim


def _roofs(axes: Axes, flop_s: Mapping[str, float], bytes_s: float) -> list["Box"]:
    """Draw the roofs; return the boxes of the flat roofs' names, each above its right end."""
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    top, least = max(flop_s.values()), min(flop_s.values())
    axes.plot([left, top / bytes_s], [left * bytes_s, top], color=INK, linewidth=1.6)
    boxes: list[Box] = []
    width_in, height_in = axes_inches(axes)
    place_in = 0.0
    for kind, value in sorted(flop_s.items(), key=lambda each: each[1]):
        axes.plot([value / bytes_s, right], [value, value], color=INK, linewidth=1.6)
        roof_in = float(np.log(value / low) / np.log(high / low)) * height_in
        place_in = max(roof_in + 0.09, place_in + LABEL_LINE_IN)
        text = f"{short(kind, 12)}: {units.rate(value, 'FLOP/s')}"
        axes.text(
            0.995,
            place_in / height_in,
            text,
            transform=axes.transAxes,
            fontsize=FONT,
            ha="right",
            va="center_baseline",
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.3},
        )
        edge, middle = width_in * 72, place_in * 72
        boxes.append(
            Box(edge - CHAR_PT * len(text), edge, middle - LINE_PT / 2, middle + LINE_PT / 2)
        )
    x = left * (least / bytes_s / left) ** SLANTED
    axes.annotate(
        f"memory {units.rate(bytes_s, 'B/s')}",
        (x, x * bytes_s),
        fontsize=FONT,
        textcoords="offset points",
        xytext=(-6, 3),
        ha="right",
    )
    return boxes


def _rate_text(row: Timed) -> str:
    """Return a point's hover text."""
    rate, intensity = units.rate(row.flop_s, "FLOP/s"), units.intensity(row.intensity)
    return f"{row.cell}: {rate} at {intensity} FLOP per byte"


class Box(NamedTuple):
    """The rectangle that a label covers, in points."""

    left: float
    right: float
    bottom: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Return whether two labels overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def covers(self, positions: np.ndarray) -> np.ndarray:
        """Return which points a label covers."""
        across = (positions[:, 0] > self.left - 2) & (positions[:, 0] < self.right)
        return np.asarray(across & (positions[:, 1] > self.bottom) & (positions[:, 1] < self.top))


def _label_points(axes: Axes, rows: Sequence[Timed], taken: Sequence[Box]) -> None:
    """Write the workload beside the outermost points, where labels overlap neither labels nor dots.

    A label may cover one other dot. `taken` is covered by other labels.
    """
    size = np.array(axes_inches(axes)) * 72
    limits = np.log10(np.array([axes.get_xlim(), axes.get_ylim()]))
    points = np.column_stack([np.log10(intensities(rows)), np.log10(rates(rows))])
    positions = (points - limits[:, 0]) / (limits[:, 1] - limits[:, 0]) * size
    boxes: dict[str, Box] = {}
    for n in _outermost(positions):
        text = short(rows[n].workload, 18)
        if text in boxes or len(boxes) == MOST_LABELS:
            continue
        x, y, width = positions[n, 0], positions[n, 1], CHAR_PT * len(text)
        leftward = x + width + 5 > size[0]
        left = x - width - 5 if leftward else x + 5
        box = Box(left, left + width, y - LINE_PT / 2, y + LINE_PT / 2)
        covered = box.covers(positions)
        covered[n] = False
        if covered.sum() > 1 or any(map(box.overlaps, [*taken, *boxes.values()])):
            continue
        boxes[text] = box
        axes.annotate(
            text,
            (10 ** points[n, 0], 10 ** points[n, 1]),
            textcoords="offset points",
            xytext=(-5 if leftward else 5, -3),
            ha="right" if leftward else "left",
            fontsize=FONT,
        )


def _outermost(positions: np.ndarray) -> list[int]:
    """Return the indices of points, the outermost in each of eight directions first."""
    directions = [(1, 1), (-1, -1), (1, -1), (-1, 1), (0, -1), (0, 1), (-1, 0), (1, 0)]
    orders = [np.argsort(-(positions @ np.array(each))) for each in directions]
    return list(dict.fromkeys(int(n) for step in zip(*orders, strict=True) for n in step))


def _extremes(rows: Sequence[Timed]) -> str:
    speeds = rates(rows)
    slow, fast = rows[int(speeds.argmin())], rows[int(speeds.argmax())]
    return f"Fastest: {_rate_text(fast)}. Slowest: {_rate_text(slow)}."


def _set_axes(axes: Axes) -> None:
    """Set the ticks, labels and grid of both axes."""
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=7))
        axis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: units.quantity(value))
    axes.xaxis.set_major_formatter(
        lambda value, _: f"{value:g}" if SMALL < value < LARGE else power_tick(value)
    )
    axes.set_xlabel("arithmetic intensity, FLOP per byte", fontsize=FONT, labelpad=2)
