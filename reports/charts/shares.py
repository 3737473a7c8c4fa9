"""How near each case comes to what its device was measured to do at most.

The axis is logarithmic: shares run from a thousandth to the whole.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.machine import Peaks
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, key, style, tell
from reports.charts.naming import ratio_ticks, short, slug, who
from reports.findings.names import NUMPY
from reports.findings.roofline import memory_bound, of_roof
from reports.findings.speedups import open_to_both
from reports.read.load import records

Row = Mapping[Any, Any]
Found = Sequence[tuple[Row, float, str]]
WHAT = {"FLOP/s": "arithmetic", "bytes/s": "memory"}
SIGN_IN = 0.082  # a sign of a name, at its widest
ROW_IN = 0.27


def throughput(rows: pd.DataFrame, peaks: Mapping[str, Peaks] | None) -> Plot | None:
    """Draw which share of its measured roof each case gets, a row a case.

    `rows` are the timed cells of one family and one thread setting, of the largest size of each
    workload; of them NumPy and the usual contenders are drawn. None where no roof is known. What
    memory limits while its data may lie in a cache has none: a share of arithmetic says little.
    """
    found = [
        (row, *of_roof(row, peaks))
        for row in records(rows)
        if row["status"] != "implausible" and (row["library"] == NUMPY or row["plain"])
    ]
    found = [
        (row, share, unit)
        for row, share, unit in found
        if unit and not (unit == "FLOP/s" and memory_bound(row, peaks))
    ]
    if not found:
        return None
    cases = list(dict.fromkeys(str(row["case"]) for row, _, _ in found))
    first = found[0][0]
    name = slug("throughput", first["family"], f"{first['threads']:.0f}")
    hover: dict[str, list[str]] = {}
    with style(name):
        height = ROW_IN * len(cases) + 1.2
        figure = Figure(figsize=(7.0, height))
        axes = figure.subplots()
        longest = _frame(axes, cases, found)
        left = max(0.3, (0.3 + SIGN_IN * longest) / 7.0)
        figure.subplots_adjust(left, 0.52 / height, 0.84, 1 - 0.62 / height)
        for contender in dict.fromkeys(str(row["contender"]) for row, _, _ in found):
            _shares(
                axes, [each for each in found if each[0]["contender"] == contender], cases, hover
            )
        names = {str(row["contender"]): row for row, _, _ in found}
        key(
            axes,
            [(who(n, 20), colour(row)) for n, row in names.items()],
            y=1 + 0.1 / (height - 1.14),
        )
        figure.text(0.01, 1 - 0.2 / height, _nearest(found), fontsize=9.5)
    return Plot(name=name, figure=figure, description=_describe_shares(found), hover=hover)


def _frame(axes: Axes, cases: list[str], found: Found) -> int:
    """Dress the axes; return the signs of the longest name at the left."""
    least = min(share for _, share, _ in found)
    most = max(share for _, share, _ in found)
    axes.set_xscale("log")
    room = (max(1.0, most) / least) ** 0.2 * 1.2  # for the numbers beside the points
    axes.set_xlim(least / room, max(1.6, most * room))
    axes.set_ylim(len(cases) - 0.5, -0.5)
    axes.axvline(1, color=INK, linewidth=2)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.set_xlabel("share of the measured roof")
    of = {str(row["case"]): (row, unit) for row, _, unit in found}
    sizes = [str(of[case][0]["size"]).replace(",", ", ") for case in cases]
    named = [
        short(f"{of[case][0]['workload']} {size}", 32)
        for case, size in zip(cases, sizes, strict=True)
    ]
    axes.set_yticks(range(len(cases)), named, fontsize=9)
    axes.tick_params(axis="y", length=0)
    for y, case in enumerate(cases):
        units_of = dict.fromkeys(WHAT[unit] for row, _, unit in found if row["case"] == case)
        axes.text(
            1.02, y, f"of {' / '.join(units_of)}", transform=axes.get_yaxis_transform(),
            fontsize=9, va="center",
        )  # fmt: skip
        shares = [share for row, share, _ in found if row["case"] == case]
        axes.hlines(y, min(shares), max(shares), color=INK, alpha=0.3, linewidth=1)
        ends = [(max(shares), 7, "left")]
        ends += [(min(shares), -7, "right")] if max(shares) > min(shares) else []
        for share, aside, ha in ends:
            axes.annotate(
                units.share(share), (share, y), textcoords="offset points", xytext=(aside, 0),
                ha=ha, va="center_baseline", fontsize=8.5,
                bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
            )  # fmt: skip
    return max(map(len, named))


def _shares(axes: Axes, found: Found, cases: list[str], hover: dict[str, list[str]]) -> None:
    paint = colour(found[0][0])
    for hollow, face in ((False, paint), (True, PAPER)):
        chosen = [each for each in found if open_to_both(each[0]) == hollow]
        if not chosen:
            continue
        (dots,) = axes.plot(
            [share for _, share, _ in chosen], [cases.index(row["case"]) for row, _, _ in chosen],
            "o", color=paint, markersize=7, markerfacecolor=face,
        )  # fmt: skip
        tell(dots, [_told_share(*each) for each in chosen], hover)


def _told_share(row: Row, share: float, unit: str) -> str:
    rate = row["flops" if unit == "FLOP/s" else "bytes"] / row["time_s"]
    told = units.rate(rate, unit.replace("bytes", "B"))
    return (
        f"{row['contender']}, {row['workload']} at {row['size']}: {told},"
        f" {units.share(share)} of the measured peak of {WHAT[unit]}"
    )


def _nearest(found: Found) -> str:
    row, share, unit = max(found, key=lambda each: each[1])
    where = short(" ".join(filter(None, (str(row["workload"]), str(row["curve"])))))
    cores = f", {units.count(round(row['threads']), 'core')}"
    nearest = f"{who(row['contender'])} in {where}, {units.share(share)} of {WHAT[unit]}"
    return f"{short(row['family'])}{cores}: nearest to a roof comes {nearest}"


def _describe_shares(found: Found) -> str:
    parts = [_nearest(found) + "."]
    parts += [_told_share(*each) + "." for each in found]
    return " ".join(parts)
