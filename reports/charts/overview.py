"""Chart that opens a page: the speedups of every workload on one axis."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import MARGIN
from reports import units
from reports.charts.drawing import INK, PAPER, TILE_IN, Plot, colour, set_hover, style
from reports.charts.naming import ratio_tick, ratio_ticks, short, short_name, slug
from reports.charts.sizes import counts
from reports.charts.tiles import (
    EDGE_IN,
    FONT,
    LABEL_CHAR_IN,
    axes_inches,
    colour_key,
    key_height,
    note,
    tiles,
)
from reports.read.grouping import at_largest_size, by_contender, grouped, in_dtype
from reports.read.row import Row, Timed

ROW_IN = 0.19
BELOW_IN = 0.42  # space for the ticks and the label of the axis
LARGE, SMALL = 6.0, 2.8  # diameters of dots: for the largest size of a workload, for the others
SPACING = 0.32  # between two contenders of a row, as a share of its height
LONGEST = 22  # characters of a row's name
GAP = 0.9  # rows between two families, for the name of the second


class Place(NamedTuple):
    """A row of the chart."""

    family: str
    workload: str
    curve: str


def overview(
    rows: Sequence[Row], threads: int, dtype: str = "float32", workload: str = ""
) -> Plot | None:
    """Draw the speedups of PyTorch without variants at every size, one row for each computation.

    The rows may be those of one `workload`. None if there is no speedup with this number of
    threads.
    """
    timed = [
        row
        for row in in_dtype(rows, dtype)
        if isinstance(row, Timed) and row.threads == threads
        if row.plain and row.speedup is not None
    ]
    if not timed:
        return None
    places = _places(timed)
    lines = dict(sorted(by_contender(timed).items()))
    name = slug("overview", workload, f"{threads}", dtype if workload else "")
    hover: dict[str, list[str]] = {}
    title = overview_title(timed)
    with style(name):
        names = [(short_name(each), colour(line[-1])) for each, line in lines.items()]
        names = names if len(names) > 1 else []  # the title names a single contender
        signs = _signs(timed)
        labels = [_label(place) for place in places]
        figure, (axes,) = tiles(
            [title],
            ROW_IN * (max(places.values()) + 1),
            left=0.12 + LABEL_CHAR_IN * max(map(len, labels)),
            below=BELOW_IN + key_height(len(names)) + key_height(1) * bool(signs),
            above=0.24,
        )
        _frame(axes, timed, places)
        for n, line in enumerate(lines.values()):
            offset = SPACING * (n - (len(lines) - 1) / 2) if len(lines) > 1 else 0.0
            _draw_dots(axes, line, places, offset, hover)
        colour_key(axes, names, down_in=BELOW_IN + 0.08)
        note(axes, signs, down_in=BELOW_IN + 0.08 + key_height(len(names)))
    parts = [title.replace("\n", "; ") + "."]
    parts += [f"{_dot_text(row)}." for row in _largest(timed)]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def _signs(rows: Sequence[Timed]) -> str:
    """Return what the dots' sizes and faces mean, as far as they differ."""
    sizes = "large dot: largest size; small: others"
    several = len(_largest(rows)) < len(rows)
    hollow = any(row.unsettled for row in rows)
    return "; ".join([sizes] * several + ["hollow: unsettled"] * hollow)


def _places(rows: Sequence[Timed]) -> dict[Place, float]:
    """Return the position of each row of the chart; above each family is space for its name."""
    places = list(dict.fromkeys(map(_place, rows)))
    families = list(dict.fromkeys(place.family for place in places))
    order = sorted(places, key=lambda place: families.index(place.family))
    return {place: n + GAP * (families.index(place.family) + 1) for n, place in enumerate(order)}


def _label(place: Place) -> str:
    return short(" ".join(filter(None, (place.workload, place.curve))), LONGEST)


def _place(row: Timed) -> Place:
    return Place(str(row.family), row.workload, row.curve)


def overview_title(rows: Sequence[Timed]) -> str:
    """Return the title: in how many workloads each contender is faster at their largest size.

    If most are unsettled, the title says so first.
    """
    lines = []
    largest = _largest(rows)
    where = ", at the largest sizes" if len(largest) < len(rows) else ""
    for contender, line in sorted(by_contender(largest).items()):
        states = [row.state for row in line]
        cores = f"on {line[0].cores}" if line[0].on_cpu else ""
        name = " ".join(filter(None, (short_name(contender), cores)))
        counts_text = ", ".join(counts(states, "in"))
        lines.append(f"{name}: {counts_text} of {len(states)}{where}")
    return "\n".join(lines)


def _largest(rows: Sequence[Timed]) -> list[Timed]:
    """Return each contender's cell at its largest size of each row of the chart."""
    groups = grouped(rows, lambda row: (_place(row), row.contender))
    return [at_largest_size(group)[0] for group in groups.values()]


def _frame(axes: Axes, rows: Sequence[Timed], places: Mapping[Place, float]) -> None:
    """Draw everything but the dots: axes, the band around 1, names of workloads and families."""
    values = [row.known_speedup.value for row in rows]
    low, high = min(values), max(values)
    axes.set_xscale("log")
    axes.set_xlim(min(low, 1 / MARGIN) / 1.6, max(high, MARGIN) * 1.6)
    axes.set_ylim(max(places.values()) + 0.5, -0.5)
    axes.axvspan(1 / MARGIN, MARGIN, color=INK, alpha=0.12, linewidth=0)
    axes.axvline(1, color=INK, linewidth=1)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.set_yticks(list(places.values()), [_label(place) for place in places], fontsize=FONT)
    axes.tick_params(axis="y", length=0, pad=2)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    axes.set_xlabel("speedup over NumPy", fontsize=FONT, labelpad=2)
    for side, text, ha in ((0, "← NumPy faster", "left"), (1, "PyTorch faster →", "right")):
        axes.annotate(
            text,
            (side, 1),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            ha=ha,
            fontsize=FONT,
        )
    width = axes_inches(axes)[0]
    left = -(TILE_IN - 0.12 - width - EDGE_IN) / width
    for family, group in grouped(places, lambda place: place.family).items():
        y = places[group[0]]
        axes.text(
            left,
            y - 0.5 - GAP / 2,
            short(family, LONGEST),
            transform=axes.get_yaxis_transform(),
            fontsize=FONT,
            va="center_baseline",
            alpha=0.75,
            style="italic",
        )
        axes.axhline(y - 0.5 - GAP, xmin=left, color=INK, alpha=0.25, linewidth=0.6, clip_on=False)


def _draw_dots(
    axes: Axes,
    rows: Sequence[Timed],
    places: Mapping[Place, float],
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
        [places[_place(row)] + offset for row in plausible],
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
                [places[_place(row)] + offset for row in points],
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
    return text + (", unsettled" if row.unsettled else "")
