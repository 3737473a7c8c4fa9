"""Chart of each case's share of its device's measured peak.

The axis is logarithmic, because shares range from a thousandth to one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, colour_key, set_hover, style
from reports.charts.naming import ratio_ticks, short, short_name, slug
from reports.findings.roofline import DevicePeaks, memory_bound, roof_share
from reports.read.grouping import grouped
from reports.read.row import Timed

LIMITS = {"FLOP/s": "arithmetic", "bytes/s": "memory"}  # the limit that a peak's unit belongs to
CHAR_IN = 0.082  # the width of a name's widest character
ROW_IN = 0.27


class Share(NamedTuple):
    """A cell's share of its measured peak, and the unit of that peak."""

    row: Timed
    share: float
    unit: str


def throughput(rows: Sequence[Timed], peaks: DevicePeaks) -> Plot | None:
    """Draw each case's share of its measured peak, one row for each case.

    `rows` are the timed cells of one family and one thread count, of the largest size of each
    workload. NumPy and PyTorch without a variant are drawn. None if no peak is known.

    Cases that memory limits, but whose data may be in a cache, are left out: neither peak fits.
    """
    shares = _shares(rows, peaks)
    if not shares:
        return None
    first = shares[0].row
    cases = grouped(shares, lambda each: each.row.case)
    contenders = grouped(shares, lambda each: each.row.contender)
    name = slug("throughput", first.family, first.threads)
    hover: dict[str, list[str]] = {}
    with style(name):
        height = ROW_IN * len(cases) + 1.2
        figure = Figure(figsize=(7.0, height))
        axes = figure.subplots()
        names = [short(f"{c[-1].row.workload} {c[-1].row.spaced_size}", 32) for c in cases.values()]
        left = max(0.3, (0.3 + CHAR_IN * max(map(len, names))) / 7.0)
        figure.subplots_adjust(left, 0.52 / height, 0.84, 1 - 0.62 / height)
        _frame(axes, shares, names)
        for y, case in enumerate(cases.values()):
            _draw_line(axes, y, case)
        for group in contenders.values():
            _draw_dots(axes, group, list(cases), hover)
        paints = [
            (short_name(each, 20), colour(group[-1].row)) for each, group in contenders.items()
        ]
        colour_key(axes, paints, y=1 + 0.1 / (height - 1.14))
        figure.text(0.01, 1 - 0.2 / height, _title(shares), fontsize=9.5)
    parts = [_title(shares) + ".", *(_share_text(each) + "." for each in shares)]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def _shares(rows: Sequence[Timed], peaks: DevicePeaks) -> list[Share]:
    """Return the shares of NumPy and of PyTorch without a variant, where they are meaningful."""
    drawn = [row for row in rows if row.plausible and (row.is_numpy or row.plain)]
    shares = [Share(row, *roof_share(row, peaks)) for row in drawn]
    return [
        each
        for each in shares
        if each.unit and not (each.unit == "FLOP/s" and memory_bound(each.row, peaks))
    ]


def _frame(axes: Axes, shares: Sequence[Share], names: Sequence[str]) -> None:
    """Set the limits, ticks, labels and grid of both axes."""
    least, most = min(each.share for each in shares), max(each.share for each in shares)
    axes.set_xscale("log")
    margin = (max(1.0, most) / least) ** 0.2 * 1.2  # for the numbers beside the points
    axes.set_xlim(least / margin, max(1.6, most * margin))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.axvline(1, color=INK, linewidth=2)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_xlabel("share of the measured roof")
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.tick_params(axis="y", length=0)


def _draw_line(axes: Axes, y: int, case: Sequence[Share]) -> None:
    """Draw a line between the smallest and the largest share of a case, with both numbers."""
    limits = dict.fromkeys(LIMITS[each.unit] for each in case)
    axes.text(
        1.02,
        y,
        f"of {' / '.join(limits)}",
        transform=axes.get_yaxis_transform(),
        fontsize=9,
        va="center",
    )
    least, most = min(each.share for each in case), max(each.share for each in case)
    axes.hlines(y, least, most, color=INK, alpha=0.3, linewidth=1)
    ends = [(most, 7, "left")] + ([(least, -7, "right")] if most > least else [])
    for share, offset, ha in ends:
        axes.annotate(
            units.share(share),
            (share, y),
            textcoords="offset points",
            xytext=(offset, 0),
            ha=ha,
            va="center_baseline",
            fontsize=8.5,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
        )


def _draw_dots(
    axes: Axes, shares: Sequence[Share], cases: Sequence[str], hover: dict[str, list[str]]
) -> None:
    paint = colour(shares[0].row)
    for unsettled, face in ((False, paint), (True, PAPER)):
        points = [each for each in shares if each.row.unsettled == unsettled]
        if not points:
            continue
        (dots,) = axes.plot(
            [each.share for each in points],
            [cases.index(each.row.case) for each in points],
            "o",
            color=paint,
            markersize=7,
            markerfacecolor=face,
        )
        set_hover(dots, [_share_text(each) for each in points], hover)


def _share_text(each: Share) -> str:
    """Return a point's hover text."""
    row, share, unit = each
    rate = row.flop_s if unit == "FLOP/s" else row.bytes_s
    return (
        f"{row.contender}, {row.workload} at {row.size}:"
        f" {units.rate(rate, unit.replace('bytes', 'B'))},"
        f" {units.share(share)} of the measured peak of {LIMITS[unit]}"
    )


def _title(shares: Sequence[Share]) -> str:
    """Return the title: the case with the largest share of its peak."""
    row, share, unit = max(shares, key=lambda each: each.share)
    nearest = f"{short_name(row.contender)} in {short(row.computation)}"
    return (
        f"{short(row.family)}, {row.cores}: nearest to a roof comes {nearest},"
        f" {units.share(share)} of {LIMITS[unit]}"
    )
