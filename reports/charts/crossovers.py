"""Chart of speedup against size: where the lead changes, on one core and on all cores.

A line is one contender with one thread count, paler and solid with fewer threads than another, and
bars are 95 % intervals. A hollow point is
unsettled, a cross is implausible. The faint band around 1 is the margin that a winner's interval
must clear. A crossover is drawn as a range of sizes and a diamond at the estimate inside it.
"""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results import ids
from bench.results.verdicts import MARGIN
from reports import units
from reports.charts.drawing import (
    INK,
    PALE,
    PAPER,
    TILE_IN,
    Plot,
    colour,
    line_style,
    set_hover,
    style,
)
from reports.charts.naming import ratio_tick, ratio_ticks, short, short_name, slug
from reports.charts.overtaking import CLAIMS, crossing_text, crossover_title, lines_of
from reports.charts.sizes import SIZE_AXIS, below_in, point_text, set_sizes, size_labels
from reports.charts.tiles import FONT, End, label_lines, label_width, tiles
from reports.findings.crossing import crossing
from reports.read.grouping import grouped
from reports.read.row import Timed

HEIGHT_IN, LEFT_IN = 2.1, 0.52  # of the axes, and the space for their tick labels
BESIDE = 0.07  # of the range of sizes, on both sides
APART = 0.25  # of that space, between the points of two lines at one size
LONGEST = 20  # characters of a contender's name


def speedup_against_size(rows: Sequence[Timed]) -> Plot | None:
    """Draw a workload's speedups over NumPy against its sizes, one panel for each curve.

    `rows` are the timed cells of one workload and dtype, with all thread counts. Only PyTorch
    without a variant and with transfers is drawn. None if neither has a speedup.
    """
    drawn = [row for row in rows if row.plain or row.variant == ids.TRANSFER]
    rows = [row for row in drawn if row.speedup is not None]
    if not rows:
        return None
    name = slug("speedups", rows[0].workload, rows[0].dtype)
    parts = list(grouped(rows, lambda row: row.curve).values())
    titles = [crossover_title(part, len(parts)) for part in parts]
    hover: dict[str, list[str]] = {}
    with style(name):
        right = label_width([_end_name(line) for line in lines_of(rows).values()])
        span_in = (TILE_IN - LEFT_IN - right) / (1 + 2 * BESIDE)
        labels = [size_labels((row.axis_value for row in part), span_in) for part in parts]
        figure, panels = tiles(
            titles,
            HEIGHT_IN,
            upward="speedup over NumPy",
            left=LEFT_IN,
            right=right,
            below=below_in(labels),
        )
        low = min(row.known_speedup.low for row in rows)
        high = max(row.known_speedup.high for row in rows)
        for axes, part, own in zip(panels, parts, labels, strict=True):
            axes.set_yscale("log")
            axes.set_ylim(min(low, 1 / MARGIN) / 1.25, max(high, MARGIN) * 1.25)
            _panel(axes, part, own, hover)
    return Plot(
        name=name,
        figure=figure,
        description=describe_speedups(rows),
        hover=hover,
        tiles=[describe_speedups(part) for part in parts],
    )


def _end_name(line: Sequence[Timed]) -> str:
    """Return the label of a line: its contender, on the CPU with its cores."""
    cores = f", {line[0].cores}" if line[0].on_cpu else ""
    return short_name(line[0].contender, LONGEST) + cores


def _panel(
    axes: Axes, rows: Sequence[Timed], labels: Mapping[float, str], hover: dict[str, list[str]]
) -> None:
    """Draw the lines of one curve, with intervals, points and crossovers."""
    axes.set_xscale("log")
    values = [row.axis_value for row in rows]
    smallest, largest = min(values), max(values)
    margin = (largest / smallest) ** BESIDE if largest > smallest else 2.0
    axes.set_xlim(smallest / margin, largest * margin)  # first: matplotlib warns of a single size
    axes.axhspan(1 / MARGIN, MARGIN, color=INK, alpha=0.1, linewidth=0)
    axes.axhline(1, color=INK, linewidth=1)
    ends = []
    lines = lines_of(rows)
    most = max(threads for _, threads in lines)
    for number, ((_, threads), line) in enumerate(lines.items()):
        paint, on_cpu = colour(line[0]), line[0].on_cpu
        shade = paint if threads == most else PALE.get(paint, paint)
        shift = margin ** (APART * (number - (len(lines) - 1) / 2))
        plausible = [row for row in line if row.plausible]
        dash = line_style(line[0]) if not on_cpu or threads == 1 else (0, (4, 2))
        xs, ys = _xy(plausible, shift)
        axes.plot(xs, ys, linestyle=dash, color=shade, linewidth=1.6)
        lows = [row.known_speedup.low for row in plausible]
        highs = [row.known_speedup.high for row in plausible]
        axes.vlines(xs, lows, highs, color=shade, linewidth=1.2)
        for points, marker, face in (
            ([row for row in plausible if not row.unsettled], "o", shade),
            ([row for row in plausible if row.unsettled], "o", PAPER),
            ([row for row in line if not row.plausible], "x", shade),
        ):
            _draw_points(axes, points, shift, (marker, shade, face), hover)
        if plausible:
            ends.append(End(x=xs[-1], y=ys[-1], name=_end_name(line), paint=paint))
        _draw_crossing(axes, line, paint, hover)
    _set_axes(axes, rows, labels)
    label_lines(axes, ends)


def _xy(rows: Sequence[Timed], shift: float = 1.0) -> tuple[list[float], list[float]]:
    return [row.axis_value * shift for row in rows], [row.known_speedup.value for row in rows]


def _draw_points(
    axes: Axes,
    rows: Sequence[Timed],
    shift: float,
    look: tuple[str, str, str],
    hover: dict[str, list[str]],
) -> None:
    """Draw points of one look: their marker, the colour of its edge, and that of its face."""
    if not rows:
        return
    marker, paint, face = look
    (dots,) = axes.plot(
        *_xy(rows, shift),
        marker,
        color=paint,
        markersize=4.5 if marker == "o" else 8,
        markerfacecolor=face,
    )
    threads = f", {rows[0].cores}" if rows[0].on_cpu else ""
    set_hover(dots, [point_text(row) + threads + _state_note(row) for row in rows], hover)


def _state_note(row: Timed) -> str:
    """Return the end of a hover text, which says that a speedup is implausible or unsettled."""
    if not row.plausible:
        return "; cannot be true"
    return "; unsettled" if row.unsettled else ""


def _draw_crossing(
    axes: Axes, line: Sequence[Timed], paint: str, hover: dict[str, list[str]]
) -> None:
    """Draw a band over the sizes between which the lead changes, and a diamond at the estimate."""
    change = crossing(line)
    if change is None or change.at is None:
        return
    axes.axvspan(change.low, change.high, color=paint, alpha=0.07, linewidth=0)
    (diamond,) = axes.plot(
        change.at, 1, "D", color=paint, markersize=8, markeredgecolor=PAPER, markeredgewidth=1.2
    )
    low, high = units.whole(change.low), units.whole(change.high)
    claim = CLAIMS[change.state].format(
        name=f"{line[0].contender}, {line[0].cores},", at=crossing_text(line[0], change)
    )
    set_hover(diamond, [f"{claim}, between {low} and {high}"], hover)


def _set_axes(axes: Axes, rows: Sequence[Timed], labels: Mapping[float, str]) -> None:
    """Set the ticks, labels and grid of both axes."""
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_ylim())))
    axes.yaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    axis = rows[0].axis
    axes.set_xlabel(SIZE_AXIS.get(axis, short(axis)), fontsize=FONT, labelpad=2)
    set_sizes(axes, axis, labels)


def describe_speedups(rows: Sequence[Timed]) -> str:
    """Return the alt text: the first and last speedup of each line, and where it crosses 1."""
    parts = [f"Speedup of {rows[0].workload} over NumPy against size, both logarithmic."]
    for curve, part in grouped(rows, lambda row: row.curve).items():
        for (contender, _), line in lines_of(part).items():
            curve_text = f" ({curve})" if curve else ""
            parts.append(
                f"{contender}, {line[0].cores}{curve_text}: "
                f"{units.ratio(*line[0].known_speedup)} at {line[0].size}, "
                f"{units.ratio(*line[-1].known_speedup)} at {line[-1].size}."
            )
        parts.append(crossover_title(part).removeprefix(f"{curve}\n").replace("\n", "; ") + ".")
    return " ".join(parts)
