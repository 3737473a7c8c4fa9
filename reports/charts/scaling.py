"""Charts of several ranks: speedup against ranks, and bandwidth of an all-reduce against its bytes.

Bars are 95 % intervals. A hollow point is unsettled, or a bandwidth that is not known. A solid line
is strong scaling, a dashed line with squares is weak scaling; the dotted line is the ideal, a
speedup equal to the ranks.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from bench.results.verdicts import MARGIN, UNSETTLED
from reports import units
from reports.charts.drawing import INK, PAPER, Plot, rank_colour, set_hover, style
from reports.charts.naming import ratio_tick, ratio_ticks, short, slug
from reports.charts.second_rank import (
    LONGEST,
    gain_text,
    gain_title,
    line_name,
    second_rank,
    title_place,
)
from reports.charts.tiles import FONT, End, label_lines, label_width, place_inches, tiles
from reports.findings.communication import bus_of
from reports.findings.ratios import too_wide
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.point import Point

HEIGHT_IN, LEFT_IN = 2.1, 0.52  # of the axes of speedups, and the space for their tick labels
BUS_LEFT_IN = 0.8  # for labels like 100 MB/s
APART = 0.07  # octaves between the points of two lines at one number of ranks
WIDEST = 4.0  # times the largest or smallest value, beyond which intervals are cut off
MOST_RANKS = 8  # ticks of numbers of ranks
TICK_IN = 0.52  # the width of the tick label of a message
DASHES = ("-", "--", ":", "-.")  # of the numbers of ranks, in order


class Line(NamedTuple):
    """A line of a panel: one contender, strong or weak, at several numbers of ranks."""

    contender: str
    mode: str


def speedup_against_ranks(points: Sequence[Point]) -> Plot | None:
    """Draw speedups against the number of ranks, one panel for each size; None without any.

    With a single number of ranks there is no line to draw, but a row for each contender.
    """
    known = [point for point in points if point.speedup is not None and point.ranks > 1]
    if not known:
        return None
    name = slug("ranks")
    if len({point.ranks for point in known}) == 1:
        return second_rank(known, name)
    panels_of = list(grouped(known, lambda point: (point.workload, point.size)).values())
    titles = [gain_title(part) for part in panels_of]
    hover: dict[str, list[str]] = {}
    with style(name):
        right = label_width([line_name(point) for point in known])
        figure, panels = tiles(
            titles, HEIGHT_IN, upward="speedup over one rank", left=LEFT_IN, right=right
        )
        limits = _limits(known)
        for axes, part in zip(panels, panels_of, strict=True):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_ylim(*limits)
            _draw_gains(axes, part, hover)
    texts = [f"{title}. {_describe_gains(p)}" for title, p in zip(titles, panels_of, strict=True)]
    return Plot(
        name=name,
        figure=figure,
        description=" ".join(texts),
        hover=hover,
        tiles=texts,
    )


def _limits(points: Sequence[Point]) -> tuple[float, float]:
    """Return the limits of all panels: all values and, unless they are very wide, intervals."""
    ratios = [point.speedup for point in points if point.speedup is not None]
    values = [1 / MARGIN, *(ratio.value for ratio in ratios)]
    most = max([*values, *(point.ranks for point in points)])
    low = max(min([*values, *(ratio.low for ratio in ratios)]), min(values) / WIDEST)
    high = min(max([most, *(ratio.high for ratio in ratios)]), most * WIDEST)
    return low / 1.2, high * 1.2


def _draw_gains(axes: Axes, points: Sequence[Point], hover: dict[str, list[str]]) -> None:
    """Draw the lines of one size, the ideal line, and the band that a winner must clear."""
    counts = sorted({1, *(point.ranks for point in points)})
    most = counts[-1]
    axes.set_xlim(2**-0.25, most * 2**0.3)
    axes.axhspan(1 / MARGIN, MARGIN, color=INK, alpha=0.1, linewidth=0)
    axes.axhline(1, color=INK, linewidth=1)
    axes.plot([1, most], [1, most], linestyle=":", color=INK, alpha=0.6, linewidth=1.4)
    ends = [End(x=most, y=most, name="ideal", paint=INK)]
    lines = grouped(points, lambda point: Line(point.contender, point.mode))
    for number, line in enumerate(lines.values()):
        shift = 2 ** (APART * (number - (len(lines) - 1) / 2))
        ends.append(_draw_gain(axes, line, shift, hover))
    _set_ranks(axes, counts)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_ylim())))
    axes.yaxis.set_major_formatter(lambda value, _: ratio_tick(value))
    label_lines(axes, ends)


def _draw_gain(axes: Axes, line: Sequence[Point], shift: float, hover: dict[str, list[str]]) -> End:
    """Draw one line from the single process on; return its end."""
    ordered = sorted(line, key=lambda point: point.ranks)
    paint, weak = rank_colour(ordered[0]), ordered[0].weak
    known = [(point, point.speedup) for point in ordered if point.speedup is not None]
    xs = [point.ranks * shift for point, _ in known]
    ys = [ratio.value for _, ratio in known]
    dash = "--" if weak else "-"
    axes.plot([1, *xs], [1, *ys], linestyle=dash, color=paint, linewidth=1.4, alpha=0.8)
    axes.vlines(
        xs, [r.low for _, r in known], [r.high for _, r in known], color=paint, linewidth=1.2
    )
    marker = "s" if weak else "o"
    for x, (point, ratio) in zip(xs, known, strict=True):
        face = PAPER if point.state == UNSETTLED else paint
        (dot,) = axes.plot(x, ratio.value, marker, color=paint, markersize=5, markerfacecolor=face)
        set_hover(dot, [gain_text(point, ratio)], hover)
    return End(x=xs[-1], y=ys[-1], name=line_name(ordered[0]), paint=paint)


def _set_ranks(axes: Axes, counts: Sequence[int]) -> None:
    """Set the ticks of the numbers of ranks: those measured, or the powers of 2 among many."""
    few = list(counts)
    if len(few) > MOST_RANKS:
        few = [count for count in few if count.bit_count() == 1][-MOST_RANKS:]
    axes.xaxis.set_major_locator(FixedLocator(few))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("ranks", fontsize=FONT, labelpad=2)


def _describe_gains(points: Sequence[Point]) -> str:
    """Return the alt text of one panel: every speedup with its interval."""
    texts = [gain_text(p, p.speedup) for p in points if p.speedup is not None]
    return f"Speedup against ranks, both logarithmic. {'; '.join(texts)}."


def bandwidth_against_bytes(points: Sequence[Point], copy_bytes_s: float | None) -> Plot | None:
    """Draw the bus bandwidth of an all-reduce against the bytes of its message; None without any.

    The bandwidth at which one rank copies memory is a horizontal line.
    """
    known = [
        (point, bus)
        for point in points
        if point.status == "ok" and point.message_bytes and (bus := bus_of(point)) is not None
    ]
    if not known:
        return None
    if not any(point.on_cpu for point, _ in known):
        copy_bytes_s = None  # it is one in the memory of the CPU
    name = slug("all-reduce")
    hover: dict[str, list[str]] = {}
    title = bandwidth_title([point for point, _ in known], copy_bytes_s)
    with style(name):
        names = [*(_bus_name(point) for point, _ in known), "copy in memory"]
        figure, (axes,) = tiles(
            [title],
            HEIGHT_IN * 1.15,
            upward="bus bandwidth",
            left=BUS_LEFT_IN,
            right=label_width(names),
        )
        _draw_bandwidths(axes, known, copy_bytes_s, hover)
    return Plot(
        name=name,
        figure=figure,
        description=f"{title}. {_describe_bandwidths(known, copy_bytes_s)}",
        hover=hover,
    )


Bus = tuple[Point, Interval]


def bandwidth_title(points: Sequence[Point], copy_bytes_s: float | None) -> str:
    """Return the title: how near to a copy the largest message comes, or that it is unknown."""
    if any(point.oversubscribed for point in points):
        return "More ranks than cores: these rates show the waiting, not the link"
    torch = [point for point in points if not point.is_numpy] or list(points)
    most = max(point.ranks for point in torch)
    largest = max(
        (point for point in torch if point.ranks == most),
        key=lambda point: (point.message_bytes or 0.0, -title_place(point)),
    )
    name = f"{largest.contender_name}, {largest.parts}"
    size = units.message_bytes(largest.message_bytes or 0.0)
    bus = bus_of(largest)
    if bus is None or too_wide(bus):
        return f"{name}: the bandwidth at {size} is not known"
    if copy_bytes_s and largest.on_cpu:
        return f"{name}: {units.share(bus.value / copy_bytes_s)} of a copy’s bandwidth at {size}"
    return f"{name}: {units.byte_rate(bus.value)} at {size}"


def _bus_name(point: Point) -> str:
    return f"{short(point.contender_name, LONGEST)}, {point.ranks}"


def _draw_bandwidths(
    axes: Axes, known: Sequence[Bus], copy_bytes_s: float | None, hover: dict[str, list[str]]
) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({point.message_bytes or 1.0 for point, _ in known})
    spare = max((sizes[-1] / sizes[0]) ** 0.06, 1.5)
    axes.set_xlim(sizes[0] / spare, sizes[-1] * spare)
    values = [bus.value for _, bus in known] + ([copy_bytes_s] if copy_bytes_s else [])
    low = max(min([*values, *_finite(bus.low for _, bus in known)]), min(values) / WIDEST)
    high = min(max([*values, *_finite(bus.high for _, bus in known)]), max(values) * WIDEST)
    axes.set_ylim(low / 1.3, high * 1.3)
    ranks = sorted({point.ranks for point, _ in known})
    ends = []
    lines = list(grouped(known, lambda pair: (pair[0].contender, pair[0].ranks)).values())
    for number, line in enumerate(lines):
        shift = spare ** (0.12 * (number - (len(lines) - 1) / 2))
        dash = DASHES[ranks.index(line[0][0].ranks) % len(DASHES)]
        ends.append(_draw_bandwidth(axes, line, shift, dash, hover))
    if copy_bytes_s:
        axes.axhline(copy_bytes_s, color=INK, linewidth=1.2, linestyle=":")
        ends.append(End(x=sizes[-1], y=copy_bytes_s, name="copy in memory", paint=INK))
    axes.xaxis.set_major_locator(FixedLocator(_apart(axes, sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: units.message_bytes(value))
    axes.set_xlabel("message", fontsize=FONT, labelpad=2)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(ratio_ticks(*axes.get_ylim())))
    axes.yaxis.set_major_formatter(lambda value, _: rate_tick(value))
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    label_lines(axes, ends)


def _apart(axes: Axes, sizes: Sequence[float]) -> list[float]:
    """Return the sizes whose tick labels do not touch, the largest among them."""
    few: list[float] = []
    last_in = math.inf
    for size in reversed(sizes):
        at_in, _ = place_inches(axes, size, axes.get_ylim()[0])
        if last_in - at_in >= TICK_IN:
            few.append(size)
            last_in = at_in
    return few


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _draw_bandwidth(
    axes: Axes, line: Sequence[Bus], shift: float, dash: str, hover: dict[str, list[str]]
) -> End:
    """Draw the line of one contender with one number of ranks; return its end."""
    ordered = sorted(line, key=lambda pair: pair[0].message_bytes or 0.0)
    paint = rank_colour(ordered[0][0])
    xs = [(point.message_bytes or 1.0) * shift for point, _ in ordered]
    ys = [bus.value for _, bus in ordered]
    axes.plot(xs, ys, linestyle=dash, color=paint, linewidth=1.5)
    bars = [(x, bus) for x, (_, bus) in zip(xs, ordered, strict=True) if math.isfinite(bus.low)]
    axes.vlines(
        [x for x, _ in bars],
        [bus.low for _, bus in bars],
        [bus.high for _, bus in bars],
        color=paint,
        linewidth=1.0,
        alpha=0.7,
    )
    for vague, face in ((False, paint), (True, PAPER)):
        some = [n for n, (_, bus) in enumerate(ordered) if too_wide(bus) is vague]
        if some:
            at = [xs[n] for n in some], [ys[n] for n in some]
            (dots,) = axes.plot(*at, "o", color=paint, markersize=4.5, markerfacecolor=face)
            set_hover(dots, [_bus_text(*ordered[n]) for n in some], hover)
    return End(x=xs[-1], y=ys[-1], name=_bus_name(ordered[0][0]), paint=paint)


def _bus_text(point: Point, bus: Interval) -> str:
    """Return a point's hover text."""
    size = units.message_bytes(point.message_bytes or 0.0)
    text = f"{point.contender_name}, {point.parts}, {size}: {units.byte_rate(bus.value)}"
    if math.isfinite(bus.low):
        text += f" ({units.byte_rate(bus.low)} to {units.byte_rate(bus.high)})"
    return text


def _describe_bandwidths(known: Sequence[Bus], copy_bytes_s: float | None) -> str:
    """Return the alt text: every bandwidth with its interval."""
    texts = "; ".join(_bus_text(*pair) for pair in known)
    copy = f" A rank copies {units.byte_rate(copy_bytes_s)}." if copy_bytes_s else ""
    return f"Bus bandwidth of an all-reduce against its message, both logarithmic. {texts}.{copy}"


def rate_tick(value: float) -> str:
    """Return the tick label of a round bandwidth: `100 MB/s`."""
    scale, prefix = next((s for s in units.OFTEN if value >= s[0] * 0.999), units.OFTEN[-1])
    return f"{value / scale:.3g} {prefix}B/s"
