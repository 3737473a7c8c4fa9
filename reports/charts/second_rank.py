"""Chart of what a second rank gains, a row for each contender; and the words for any gain.

Bars are 95 % intervals, with an arrow where one goes on beyond the axis. A hollow point is
unsettled, a square is weak scaling. The dotted line is the ideal, a speedup equal to the ranks.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import FASTER, MARGIN, SLOWER, TIE, UNSETTLED
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, rank_colour, set_hover, style
from reports.charts.naming import ratio_tick, ratio_ticks, short
from reports.charts.tiles import FONT, LABEL_CHAR_IN, tiles
from reports.findings.ratios import too_wide
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.point import Point
from reports.read.row import NO_SPEEDUP

ROW_IN = 0.24
NUMBER_IN = 0.8  # the space for the number at the end of a row
LONGEST = 22  # characters of the name of a row
SPARE = 1.3  # of the axis, beyond the ideal and all values
CLAIMS = {
    FASTER: "{name}: {ratio} times as fast with {parts}",
    SLOWER: "{name}: slower with {parts} than with one",
    TIE: "{name}: no faster with {parts} than with one",
    UNSETTLED: "{name}: unsettled whether {parts} are faster",
}
FIRST = ("torch-nccl", "torch-gloo", "torch-nccl-fsdp", "numpy")  # whose speedup is in the title


def gain_title(points: Sequence[Point]) -> str:
    """Return a panel's title: its size, and what the most ranks of PyTorch gain there."""
    first = points[0]
    head = f"{short(first.workload)}, {short(first.spaced_size, 40)}"
    strong = [point for point in points if not point.weak and point.communicates] or list(points)
    most = max(strong, key=lambda point: (-title_place(point), point.ranks))
    ratio = most.speedup
    if ratio is None:
        return head
    text = units.ratio(*ratio)
    about = f"about {text}" if units.rough(ratio.low, ratio.high) else text
    claim = CLAIMS[most.state].format(
        name=short(most.contender_name, LONGEST), ratio=about, parts=most.parts
    )
    return f"{head}\n{claim}"


def title_place(point: Point) -> int:
    """Return a sort key: the contender whose number a title gives comes first."""
    return FIRST.index(point.contender) if point.contender in FIRST else len(FIRST)


def line_name(point: Point) -> str:
    """Return a contender's name, with its mode if that is weak scaling."""
    name = short(point.contender_name, LONGEST)
    return f"{name}, weak" if point.weak else name


def gain_text(point: Point, ratio: Interval) -> str:
    """Return a point's hover text."""
    mode = " (weak)" if point.weak else ""
    text = f"{point.contender_name}{mode}, {point.parts}: {units.ratio(*ratio)}"
    text += f" ({units.interval(*ratio)})"
    if point.efficiency is not None:
        text += f", efficiency {units.share(point.efficiency.value)}"
    return text


def second_rank(points: Sequence[Point], name: str) -> Plot:
    """Draw the speedups of points that all have the same number of ranks, one panel a size."""
    parts = list(grouped(points, lambda point: (point.workload, point.size)).values())
    titles = [gain_title(part) for part in parts]
    hover: dict[str, list[str]] = {}
    with style(name):
        figure, panels = tiles(
            titles,
            ROW_IN * max(map(len, parts)) + ROW_IN,
            left=0.2 + LABEL_CHAR_IN * max(len(line_name(point)) for point in points),
            right=NUMBER_IN,
        )
        limits = _limits(points)
        for axes, part in zip(panels, parts, strict=True):
            axes.set_xscale("log")
            axes.set_xlim(*limits)
            _panel(axes, part, hover)
    texts = [f"{title}. {_described(part)}" for title, part in zip(titles, parts, strict=True)]
    return Plot(
        name=name,
        figure=figure,
        description=" ".join(texts),
        hover=hover,
        tiles=texts,
    )


def _limits(points: Sequence[Point]) -> tuple[float, float]:
    """Return the limits of all panels: all values and the ideal, whatever the intervals."""
    values = [point.speedup.value for point in points if point.speedup is not None]
    return min(0.5, *values) / SPARE, max(points[0].ranks, *values) * SPARE


def _panel(axes: Axes, points: Sequence[Point], hover: dict[str, list[str]]) -> None:
    """Draw a row for each point, the line of 1, its band, and the ideal."""
    ranks = points[0].ranks
    axes.set_ylim(len(points) - 0.4, -1.1)
    axes.axvspan(1 / MARGIN, MARGIN, color=INK, alpha=0.1, linewidth=0)
    axes.axvline(1, color=INK, linewidth=1)
    axes.axvline(ranks, color=INK, linewidth=1.4, linestyle=":")
    axes.annotate(
        "ideal",
        (ranks, -0.75),
        textcoords="offset points",
        xytext=(-5, 0),
        ha="right",
        va="center",
        fontsize=FONT,
    )
    for y, point in enumerate(points):
        if point.speedup is not None:
            _row(axes, y, point, point.speedup, hover)
    axes.set_yticks(range(len(points)), [line_name(point) for point in points], fontsize=FONT)
    for label, point in zip(axes.get_yticklabels(), points, strict=True):
        label.set_color(rank_colour(point))
    axes.tick_params(axis="y", length=0, pad=7)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)
    axes.set_xlabel("speedup over one rank", fontsize=FONT, labelpad=2)


def _row(axes: Axes, y: int, point: Point, ratio: Interval, hover: dict[str, list[str]]) -> None:
    """Draw one interval with its dot, and write the speedup at its end."""
    paint, (low, high) = rank_colour(point), axes.get_xlim()
    axes.hlines(y, max(ratio.low, low), min(ratio.high, high), color=paint, linewidth=1.5)
    for end, mark, beyond in ((low, "<", ratio.low < low), (high, ">", ratio.high > high)):
        if beyond:
            axes.plot(end, y, mark, color=paint, markersize=5, clip_on=False)
    (dot,) = axes.plot(
        ratio.value,
        y,
        "s" if point.weak else "o",
        color=paint,
        markersize=6,
        markerfacecolor=PAPER if point.state == UNSETTLED else paint,
    )
    set_hover(dot, [gain_text(point, ratio)], hover)
    axes.annotate(
        f"{units.ratio(*ratio)}×" if not too_wide(ratio) else "not known",
        (1, y),
        xycoords=axes.get_yaxis_transform(),
        xytext=(8, 0),
        textcoords="offset points",
        va="center_baseline",
        fontsize=FONT,
        color=paint,
        fontweight="normal" if point.state in {TIE, UNSETTLED, *NO_SPEEDUP} else "bold",
    )


def _described(points: Sequence[Point]) -> str:
    """Return the alt text of one panel: every speedup with its interval."""
    texts = [gain_text(p, p.speedup) for p in points if p.speedup is not None]
    return f"Speedup over one rank. {'; '.join(texts)}."
