"""The first chart of a page: every workload, on one axis, on NumPy's side or on PyTorch's.

The grids that tell the same in numbers can be had from here too.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import MARGIN, UNSETTLED
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, key, style, tell
from reports.charts.grid import heat_grid
from reports.charts.heat import heat_map
from reports.charts.naming import ratio_tick, ratio_ticks, short, slug, who
from reports.charts.sizes import counts
from reports.findings.speedups import IMPLAUSIBLE, open_to_both, state_of
from reports.read.load import records

__all__ = ["heat_grid", "heat_map", "overview"]
Row = Mapping[Any, Any]
ROW_IN = 0.2
LARGE, SMALL = 7.0, 3.2  # points: the largest size of a workload, and the others
SIDE = 0.32  # of a row: the way between two contenders of it


def overview(table: pd.DataFrame, threads: int, dtype: str = "float32") -> Plot | None:
    """Draw the speedups of the usual contenders at every size, a row a workload.

    None where there is no speedup with so many threads.
    """
    timed = table[(table["threads"] == threads) & (table["dtype"] == dtype)]
    timed = timed[timed["plain"] & (timed["ratio"] > 0)]
    if timed.empty:
        return None
    rows = records(timed)
    places = {place: None for row in rows for place in [_place(row)]}
    order = sorted(
        places, key=lambda place: list(dict.fromkeys(f for f, *_ in places)).index(place[0])
    )
    contenders = {str(row["contender"]): row for row in rows}
    name = slug("overview", f"{threads}")
    hover: dict[str, list[str]] = {}
    title = at_the_largest(rows, threads)
    with style(name):
        top_in = 0.62 + 0.16 * title.count("\n")
        height = ROW_IN * len(order) + top_in + 0.5
        figure = Figure(figsize=(7.0, height))
        axes = figure.add_axes((0.3, 0.48 / height, 0.56, ROW_IN * len(order) / height))
        _frame(axes, rows, order)
        for n, contender in enumerate(sorted(contenders)):
            aside = SIDE * (n - (len(contenders) - 1) / 2) if len(contenders) > 1 else 0.0
            chosen = [row for row in rows if row["contender"] == contender]
            _dots(axes, chosen, order, aside, hover)
        key(
            axes,
            [(who(n), colour(contenders[n])) for n in sorted(contenders)],
            y=-0.41 / (ROW_IN * len(order)),
        )
        figure.text(0.01, 1 - 0.05 / height, title, fontsize=9.5, va="top")
    parts = [title.replace("\n", "; ") + "."]
    parts += [f"{_told(row)}." for row in _largest(rows)]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def at_the_largest(rows: Sequence[Row], threads: int) -> str:
    """Return the title: in how many workloads each contender is faster at their largest size.

    Where most are unsettled, that comes first.
    """
    lines = []
    largest = sorted(_largest(rows), key=lambda row: str(row["contender"]))
    for contender, group in groupby(largest, key=lambda row: str(row["contender"])):
        line = list(group)
        states = [state_of(row) for row in line]
        cores = f"on {units.count(threads, 'core')}" if line[0]["device"] == "cpu" else ""
        who_where = " ".join(filter(None, (who(contender), cores)))
        lines.append(
            f"{who_where}: {', '.join(counts(states, 'in'))} of {len(states)}, at the largest sizes"
        )
    return "\n".join(lines)


def _place(row: Row) -> tuple[str, str, str]:
    return str(row["family"]), str(row["workload"]), str(row["curve"])


def _largest(rows: Sequence[Row]) -> list[Row]:
    """Return each contender's cell at its largest size of each workload."""
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        known = found.get((*_place(row), str(row["contender"])))
        if known is None or row["axis_value"] > known["axis_value"]:
            found[(*_place(row), str(row["contender"]))] = row
    return list(found.values())


def _frame(axes: Axes, rows: Sequence[Row], order: Sequence[tuple[str, str, str]]) -> None:
    low, high = min(row["ratio"] for row in rows), max(row["ratio"] for row in rows)
    axes.set_xscale("log")
    axes.set_xlim(min(low, 1 / MARGIN) / 1.6, max(high, MARGIN) * 1.6)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.axvspan(1 / MARGIN, MARGIN, color=INK, alpha=0.12, linewidth=0)
    axes.axvline(1, color=INK, linewidth=1)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.set_yticks(
        range(len(order)), [short(" ".join(filter(None, place[1:]))) for place in order], fontsize=9
    )
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=9.5)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    axes.set_xlabel("speedup over NumPy", fontsize=9.5, loc="left")
    for side, text, ha in ((-6, "← NumPy faster", "right"), (6, "PyTorch faster →", "left")):
        axes.annotate(
            text, (1, -0.5), xytext=(side, 4), textcoords="offset points", ha=ha, fontsize=9,
            annotation_clip=False,
        )  # fmt: skip
    start = 0
    for family, places in groupby(order, key=lambda place: place[0]):
        length = len(list(places))
        axes.text(
            1.02, start + (length - 1) / 2, short(family, 12), transform=axes.get_yaxis_transform(),
            fontsize=9, va="center_baseline", alpha=0.75,
        )  # fmt: skip
        start += length
        if start < len(order):
            axes.axhline(
                start - 0.5, color=INK, alpha=0.25, linewidth=0.6, xmax=1.25, clip_on=False
            )


def _dots(
    axes: Axes,
    rows: Sequence[Row],
    order: Sequence[tuple[str, str, str]],
    aside: float,
    hover: dict[str, list[str]],
) -> None:
    """Draw a contender's dots, those of the largest sizes over the others."""
    paint = colour(rows[0])
    ends = [id(row) for row in _largest(rows)]
    sized = [[row for row in rows if (id(row) in ends) == largest] for largest in (False, True)]
    known = [row for row in sized[1] if row["low"] > 0 and row["status"] != IMPLAUSIBLE]
    axes.hlines(
        [order.index(_place(row)) + aside for row in known], [row["low"] for row in known],
        [row["high"] for row in known], color=paint, linewidth=1.5,
    )  # fmt: skip
    for chosen, size in zip(sized, (SMALL, LARGE), strict=True):
        for kind, mark, face in (
            ("settled", "o", paint),
            (UNSETTLED, "o", PAPER),
            (IMPLAUSIBLE, "x", paint),
        ):
            points = [row for row in chosen if _kind(row) == kind]
            if not points:
                continue
            (dots,) = axes.plot(
                [row["ratio"] for row in points],
                [order.index(_place(row)) + aside for row in points],
                mark, color=paint, markersize=size, markerfacecolor=face,
            )  # fmt: skip
            tell(dots, [_told(row) for row in points], hover)


def _kind(row: Row) -> str:
    state = state_of(row)
    return state if state in {UNSETTLED, IMPLAUSIBLE} else "settled"


def _told(row: Row) -> str:
    ratio = (row["ratio"], row["low"], row["high"])
    where = f"{row['workload']} at {str(row['size']).replace(',', ', ')}, {who(row['contender'])}"
    if row["status"] == IMPLAUSIBLE:
        return f"{where}: cannot be true"
    text = f"{where}: {units.ratio(*ratio)} times NumPy's speed ({units.interval(*ratio)})"
    return text + (", cannot tell who is faster" if open_to_both(row) else "")
