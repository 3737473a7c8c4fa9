"""Chart that opens a page: the speedups of every workload on one axis."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import MARGIN
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, colour_key, set_hover, style
from reports.charts.naming import ratio_tick, ratio_ticks, short, short_name, slug
from reports.charts.sizes import counts
from reports.read.grouping import at_largest_size, by_contender, grouped
from reports.read.row import Row, Timed

ROW_IN = 0.2
LARGE, SMALL = 7.0, 3.2  # diameters of dots: for the largest size of a workload, for the others
SPACING = 0.32  # between two contenders of a row, as a share of its height


class Place(NamedTuple):
    """A row of the chart."""

    family: str
    workload: str
    curve: str


def overview(rows: Sequence[Row], threads: int, dtype: str = "float32") -> Plot | None:
    """Draw the speedups of PyTorch without variants at every size, one row for each workload.

    None if there is no speedup with this number of threads.
    """
    timed = [
        row
        for row in rows
        if isinstance(row, Timed) and row.threads == threads and row.dtype == dtype
        if row.plain and row.speedup is not None
    ]
    if not timed:
        return None
    order = _order(timed)
    lines = dict(sorted(by_contender(timed).items()))
    name = slug("overview", f"{threads}")
    hover: dict[str, list[str]] = {}
    title = overview_title(timed)
    with style(name):
        top_in = 0.62 + 0.16 * title.count("\n")
        height = ROW_IN * len(order) + top_in + 0.5
        figure = Figure(figsize=(7.0, height))
        axes = figure.add_axes((0.3, 0.48 / height, 0.56, ROW_IN * len(order) / height))
        _frame(axes, timed, order)
        for n, line in enumerate(lines.values()):
            offset = SPACING * (n - (len(lines) - 1) / 2) if len(lines) > 1 else 0.0
            _draw_dots(axes, line, order, offset, hover)
        names = [(short_name(each), colour(line[-1])) for each, line in lines.items()]
        colour_key(axes, names, y=-0.41 / (ROW_IN * len(order)))
        figure.text(0.01, 1 - 0.05 / height, title, fontsize=9.5, va="top")
    parts = [title.replace("\n", "; ") + "."]
    parts += [f"{_dot_text(row)}." for row in _largest(timed)]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def _order(rows: Sequence[Timed]) -> list[Place]:
    """Return the rows of the chart, grouped by family."""
    places = list(dict.fromkeys(map(_place, rows)))
    families = list(dict.fromkeys(place.family for place in places))
    return sorted(places, key=lambda place: families.index(place.family))


def _place(row: Timed) -> Place:
    return Place(str(row.family), row.workload, row.curve)


def overview_title(rows: Sequence[Timed]) -> str:
    """Return the title: in how many workloads each contender is faster at their largest size.

    If most are unsettled, the title says so first.
    """
    lines = []
    for contender, line in sorted(by_contender(_largest(rows)).items()):
        states = [row.state for row in line]
        cores = f"on {line[0].cores}" if line[0].on_cpu else ""
        name = " ".join(filter(None, (short_name(contender), cores)))
        counts_text = ", ".join(counts(states, "in"))
        lines.append(f"{name}: {counts_text} of {len(states)}, at the largest sizes")
    return "\n".join(lines)


def _largest(rows: Sequence[Timed]) -> list[Timed]:
    """Return each contender's cell at its largest size of each row of the chart."""
    groups = grouped(rows, lambda row: (_place(row), row.contender))
    return [at_largest_size(group)[0] for group in groups.values()]


def _frame(axes: Axes, rows: Sequence[Timed], order: Sequence[Place]) -> None:
    """Draw everything but the dots: axes, the band around 1, names of workloads and families."""
    values = [row.known_speedup.value for row in rows]
    low, high = min(values), max(values)
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
            text,
            (1, -0.5),
            xytext=(side, 4),
            textcoords="offset points",
            ha=ha,
            fontsize=9,
            annotation_clip=False,
        )
    start = 0
    for family, places in groupby(order, key=lambda place: place.family):
        length = len(list(places))
        axes.text(
            1.02,
            start + (length - 1) / 2,
            short(family, 12),
            transform=axes.get_yaxis_transform(),
            fontsize=9,
            va="center_baseline",
            alpha=0.75,
        )
        start += length
        if start < len(order):
            axes.axhline(
                start - 0.5, color=INK, alpha=0.25, linewidth=0.6, xmax=1.25, clip_on=False
            )


def _draw_dots(
    axes: Axes,
    rows: Sequence[Timed],
    order: Sequence[Place],
    offset: float,
    hover: dict[str, list[str]],
) -> None:
    """Draw a contender's dots; those of the largest sizes lie on top of the others."""
    paint = colour(rows[0])
    largest_cells = {row.cell for row in _largest(rows)}
    largest = [row for row in rows if row.cell in largest_cells]
    others = [row for row in rows if row.cell not in largest_cells]
    plausible = [row for row in largest if row.plausible]
    axes.hlines(
        [order.index(_place(row)) + offset for row in plausible],
        [row.known_speedup.low for row in plausible],
        [row.known_speedup.high for row in plausible],
        color=paint,
        linewidth=1.5,
    )
    for group, size in ((others, SMALL), (largest, LARGE)):
        for points, marker, face in (
            ([row for row in group if row.plausible and not row.unsettled], "o", paint),
            ([row for row in group if row.unsettled], "o", PAPER),
            ([row for row in group if not row.plausible], "x", paint),
        ):
            if not points:
                continue
            (dots,) = axes.plot(
                [row.known_speedup.value for row in points],
                [order.index(_place(row)) + offset for row in points],
                marker,
                color=paint,
                markersize=size,
                markerfacecolor=face,
            )
            set_hover(dots, [_dot_text(row) for row in points], hover)


def _dot_text(row: Timed) -> str:
    """Return a dot's hover text."""
    name = f"{row.workload} at {row.spaced_size}, {short_name(row.contender)}"
    if not row.plausible:
        return f"{name}: cannot be true"
    ratio = row.known_speedup
    text = f"{name}: {units.ratio(*ratio)} times NumPy's speed ({units.interval(*ratio)})"
    return text + (", cannot tell who is faster" if row.unsettled else "")
