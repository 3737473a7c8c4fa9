"""Chart of each case's share of its device's measured peak.

The axis is logarithmic, because shares range from a thousandth to one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, PAPER, TILE_IN, Plot, colour, set_hover, style
from reports.charts.naming import ratio_ticks, short, short_name, slug
from reports.charts.tiles import EDGE_IN, FONT, colour_key, key_height, tiles
from reports.findings.roofline import DevicePeaks, memory_bound, roof_share
from reports.read.grouping import grouped
from reports.read.row import Timed

LIMITS = {"FLOP/s": "arithmetic", "bytes/s": "memory"}  # the limit that a peak's unit belongs to
LONGEST = 38  # characters of a case's name
ROW_IN = 0.37  # of a case: its name, and its dots below
BELOW_IN = 0.42  # space for the ticks and the label of the axis
MARGIN_IN = 0.14  # on the left and on the right


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
        paints = [
            (short_name(each, 20), colour(group[-1].row)) for each, group in contenders.items()
        ]
        title = _title(shares)
        figure, (axes,) = tiles(
            [title],
            ROW_IN * len(cases),
            left=MARGIN_IN,
            right=MARGIN_IN,
            below=BELOW_IN + key_height(len(paints)),
        )
        _frame(axes, shares, len(cases))
        for y, case in enumerate(cases.values()):
            _draw_line(axes, y, case)
        for group in contenders.values():
            _draw_dots(axes, group, list(cases), hover)
        colour_key(axes, paints, down_in=BELOW_IN + 0.08)
    parts = [title + ".", *(_share_text(each) + "." for each in shares)]
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


def _frame(axes: Axes, shares: Sequence[Share], count: int) -> None:
    """Set the limits, ticks, labels and grid of both axes."""
    least, most = min(each.share for each in shares), max(each.share for each in shares)
    axes.set_xscale("log")
    margin = (max(1.0, most) / least) ** 0.18 * 1.15  # for the numbers beside the points
    axes.set_xlim(least / margin, max(1.6, most * margin))
    axes.set_ylim(count - 0.15, -0.85)
    axes.axvline(1, color=INK, linewidth=2)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_xlabel("share of the measured roof", fontsize=FONT, labelpad=2)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _draw_line(axes: Axes, y: int, case: Sequence[Share]) -> None:
    """Draw a line between the smallest and the largest share of a case, with both numbers."""
    limits = dict.fromkeys(LIMITS[each.unit] for each in case)
    row = case[-1].row
    name = short(f"{row.workload} {row.spaced_size}", LONGEST)
    axes.text(
        (EDGE_IN - MARGIN_IN) / (TILE_IN - 2 * MARGIN_IN),
        y - 0.42,
        f"{name}, of {' / '.join(limits)}",
        transform=axes.get_yaxis_transform(),
        fontsize=FONT,
        va="center_baseline",
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.3},
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
            fontsize=FONT,
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
            markersize=6,
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
