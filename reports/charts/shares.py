"""How near each case comes to what its device was measured to do at most.

The axis is logarithmic: shares run from a thousandth to the whole.
"""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, key, style, tell
from reports.charts.naming import ratio_ticks, short, short_name, slug
from reports.findings.roofline import Roofs, memory_bound, of_roof
from reports.read.grouping import grouped
from reports.read.row import Timed

WHAT = {"FLOP/s": "arithmetic", "bytes/s": "memory"}
SIGN_IN = 0.082  # a sign of a name, at its widest
ROW_IN = 0.27


class Share(NamedTuple):
    """The share that a cell gets of its measured roof, and the unit of that roof."""

    row: Timed
    share: float
    unit: str


def throughput(rows: Sequence[Timed], peaks: Roofs) -> Plot | None:
    """Draw which share of its measured roof each case gets, a row a case.

    `rows` are the timed cells of one family and one thread setting, of the largest size of each
    workload; of them NumPy and the usual contenders are drawn. None where no roof is known. What
    memory limits while its data may lie in a cache has none: a share of arithmetic says little.
    """
    shares = _known(rows, peaks)
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
        left = max(0.3, (0.3 + SIGN_IN * max(map(len, names))) / 7.0)
        figure.subplots_adjust(left, 0.52 / height, 0.84, 1 - 0.62 / height)
        _frame(axes, shares, names)
        for y, case in enumerate(cases.values()):
            _case(axes, y, case)
        for group in contenders.values():
            _dots(axes, group, list(cases), hover)
        paints = [
            (short_name(each, 20), colour(group[-1].row)) for each, group in contenders.items()
        ]
        key(axes, paints, y=1 + 0.1 / (height - 1.14))
        figure.text(0.01, 1 - 0.2 / height, _nearest(shares), fontsize=9.5)
    parts = [_nearest(shares) + ".", *(_share_text(each) + "." for each in shares)]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def _known(rows: Sequence[Timed], peaks: Roofs) -> list[Share]:
    """Return the shares of NumPy and the usual contenders, where they say something."""
    usual = [row for row in rows if row.believed and (row.is_numpy or row.plain)]
    shares = [Share(row, *of_roof(row, peaks)) for row in usual]
    return [
        each
        for each in shares
        if each.unit and not (each.unit == "FLOP/s" and memory_bound(each.row, peaks))
    ]


def _frame(axes: Axes, shares: Sequence[Share], names: Sequence[str]) -> None:
    least, most = min(each.share for each in shares), max(each.share for each in shares)
    axes.set_xscale("log")
    room = (max(1.0, most) / least) ** 0.2 * 1.2  # for the numbers beside the points
    axes.set_xlim(least / room, max(1.6, most * room))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.axvline(1, color=INK, linewidth=2)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_xlabel("share of the measured roof")
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.tick_params(axis="y", length=0)


def _case(axes: Axes, y: int, case: Sequence[Share]) -> None:
    """Draw the line between the shares of a case, with the numbers at its ends."""
    of_what = dict.fromkeys(WHAT[each.unit] for each in case)
    axes.text(
        1.02, y, f"of {' / '.join(of_what)}", transform=axes.get_yaxis_transform(), fontsize=9,
        va="center",
    )  # fmt: skip
    least, most = min(each.share for each in case), max(each.share for each in case)
    axes.hlines(y, least, most, color=INK, alpha=0.3, linewidth=1)
    ends = [(most, 7, "left")] + ([(least, -7, "right")] if most > least else [])
    for share, aside, ha in ends:
        axes.annotate(
            units.share(share), (share, y), textcoords="offset points", xytext=(aside, 0),
            ha=ha, va="center_baseline", fontsize=8.5,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
        )  # fmt: skip


def _dots(
    axes: Axes, shares: Sequence[Share], cases: Sequence[str], hover: dict[str, list[str]]
) -> None:
    paint = colour(shares[0].row)
    for unsettled, face in ((False, paint), (True, PAPER)):
        chosen = [each for each in shares if each.row.unsettled == unsettled]
        if not chosen:
            continue
        (dots,) = axes.plot(
            [each.share for each in chosen], [cases.index(each.row.case) for each in chosen], "o",
            color=paint, markersize=7, markerfacecolor=face,
        )  # fmt: skip
        tell(dots, [_share_text(each) for each in chosen], hover)


def _share_text(each: Share) -> str:
    """Return what a point says on hover."""
    row, share, unit = each
    rate = row.flop_s if unit == "FLOP/s" else row.bytes_s
    return (
        f"{row.contender}, {row.workload} at {row.size}:"
        f" {units.rate(rate, unit.replace('bytes', 'B'))},"
        f" {units.share(share)} of the measured peak of {WHAT[unit]}"
    )


def _nearest(shares: Sequence[Share]) -> str:
    """Return the title: which case comes nearest to a roof."""
    row, share, unit = max(shares, key=lambda each: each.share)
    nearest = f"{short_name(row.contender)} in {short(row.computation)}"
    return (
        f"{short(row.family)}, {row.cores}: nearest to a roof comes {nearest},"
        f" {units.share(share)} of {WHAT[unit]}"
    )
