"""Charts of the scaling model: all-reduce against bytes, and efficiency against ranks.

Dots are measured, a hollow one is unsettled; triangles are measured too, but were held out of the
fit. Dashed lines and bands are the model's.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator
from numpy.typing import NDArray

from bench.results.scaling import STRONG, WEAK, ScalingPoint
from bench.results.verdicts import UNSETTLED, verdict
from reports import units
from reports.charts.drawing import COLOURS, INK, PAPER, Plot, set_hover, style
from reports.charts.naming import short, slug
from reports.charts.tiles import FONT, End, label_lines, label_width, tiles
from reports.findings.alpha_beta import NORMAL, AllReduce, Fit, all_reduce_s, ratio_on
from reports.findings.forecasts import percent, share_text
from reports.findings.ratios import too_wide
from reports.findings.scaling_model import (
    LINKS,
    MEASURED,
    MODES,
    RANKS,
    Model,
    Step,
    efficiency,
    models,
)
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.result import FileHead

HEIGHT_IN, LEFT_IN = 2.0, 0.56
ON_CURVE = 41  # places along a line
BAND = 0.16  # its opacity
COLOUR_OF = {STRONG: "torch-cpu", WEAK: "fifth"}
BESIDE = {STRONG: 0.95, WEAK: 1.05}  # so that neither of two equal efficiencies hides the other
TOP = 1.06  # of the axis of efficiencies
LEAST_LABEL = 0.05  # a label any lower would lie below the axis
EVERY = (1, *RANKS)
Floats = NDArray[np.float64]


def model_plans(result: FileHead) -> dict[str, Callable[[], Plot | None]]:
    """Return a function that draws each chart of the models, by name."""
    planned: dict[str, Callable[[], Plot | None]] = {}
    for model in models(result):
        planned[all_reduce_name(model.contender)] = partial(all_reduce_chart, model)
        for link in LINKS:
            name = efficiency_name(model.contender, link)
            planned[name] = partial(efficiency_chart, model, link)
    return planned


def all_reduce_name(contender: str) -> str:
    """Return the name of the chart of all-reduces among the figures of a page."""
    return f"model/all-reduce/{contender}"


def efficiency_name(contender: str, link: str) -> str:
    """Return the name of the chart of efficiencies over a link."""
    return f"model/efficiency/{contender}/{link}"


def all_reduce_chart(model: Model) -> Plot | None:
    """Draw measured and modelled all-reduces, one panel for each number of ranks."""
    if model.fit is None:
        return None
    panels = dict(sorted(grouped(model.measured, lambda each: each.ranks).items()))
    name = slug("model-all-reduce", model.contender)
    hover: dict[str, list[str]] = {}
    titles = [_ranks_title(model.fit, ranks, points) for ranks, points in panels.items()]
    with style(name):
        figure, axes_of = tiles(
            titles, HEIGHT_IN, left=LEFT_IN, right=0.25, upward="time of an all-reduce"
        )
        _share_limits(axes_of, model)
        for axes, (ranks, points) in zip(axes_of, panels.items(), strict=True):
            _all_reduce_panel(axes, model, ranks, points, hover)
    texts = [
        f"{title}. {_described(model.fit, points)}"
        for title, points in zip(titles, panels.values(), strict=True)
    ]
    return Plot(
        name=name,
        figure=figure,
        description="Time of an all-reduce against bytes, both logarithmic. " + " ".join(texts),
        hover=hover,
        tiles=texts,
    )


def _ranks_title(fit: Fit, ranks: int, points: Sequence[AllReduce]) -> str:
    """Return a panel's title: how far the model is from its points, or from those held out."""
    out = {each.point.id for each in fit.held}
    held = [point for point in points if point.id in out]
    errors = [_error(fit, point) for point in held or points]
    typical = share_text(math.sqrt(sum(error * error for error in errors) / len(errors)))
    which = "outside its fit" if held else "of its fit"
    return (
        f"{ranks} ranks: the model misses {units.count(len(errors), 'point')} {which} by {typical}"
    )


def _error(fit: Fit, point: AllReduce) -> float:
    return ratio_on(fit.algorithm, fit.link, point) - 1


def _share_limits(panels: Sequence[Axes], model: Model) -> None:
    """Give all panels the same limits of bytes and of time."""
    sizes = [point.bytes for point in model.measured]
    ends_s = [time_s for point in model.measured for time_s in _ends_s(point)]
    for axes in panels:
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(min(sizes) / 2, max(sizes) * 2)
        axes.set_ylim(min(ends_s) / 2, max(ends_s) * 2)


def _ends_s(point: AllReduce) -> tuple[float, float]:
    factor = math.exp(NORMAL * point.spread)
    return point.time_s / factor, point.time_s * factor


def _all_reduce_panel(
    axes: Axes, model: Model, ranks: int, points: Sequence[AllReduce], hover: dict[str, list[str]]
) -> None:
    paint, fit = _paint(model), model.fit
    if fit is None:
        return
    sizes = np.geomspace(*axes.get_xlim(), ON_CURVE)
    times_s = np.array([all_reduce_s(fit.algorithm, fit.link, ranks, size) for size in sizes])
    factors = np.exp([fit.quantile * fit.deviation(ranks, size) for size in sizes])
    axes.fill_between(
        sizes, times_s / factors, times_s * factors, color=paint, alpha=BAND, linewidth=0
    )
    axes.plot(sizes, times_s, "--", color=paint, linewidth=1.4)
    held = {each.point.id for each in fit.held}
    ends_s = [_ends_s(point) for point in points]
    axes.vlines([point.bytes for point in points], *zip(*ends_s, strict=True), color=paint)
    for out, marker in ((False, "o"), (True, "^")):
        own = [point for point in points if (point.id in held) == out]
        if own:
            places = [point.bytes for point in own], [point.time_s for point in own]
            (dots,) = axes.plot(*places, marker, color=paint, markersize=6 if out else 5)
            set_hover(dots, [_hover(fit, point, out=out) for point in own], hover)
    _set_axes(axes)
    axes.set_xlabel("bytes of the message", fontsize=FONT, labelpad=2)
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    axes.yaxis.set_major_locator(LogLocator(subs=(1,)))
    axes.yaxis.set_minor_locator(NullLocator())
    low, high = axes.get_xlim()
    steps = range(int(math.log2(low)), int(math.log2(high)) + 1)
    axes.xaxis.set_major_locator(FixedLocator([2.0**k for k in steps if k % 4 == 0]))
    axes.xaxis.set_major_formatter(lambda value, _: _size(value))


def _size(value: float) -> str:
    """Return a power of two of bytes for an axis: `64 KiB`."""
    for scale, unit in ((2**20, "MiB"), (2**10, "KiB")):
        if value >= scale:
            return f"{value / scale:g} {unit}"
    return f"{value:g} B"


def _set_axes(axes: Axes) -> None:
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.xaxis.set_minor_locator(NullLocator())


def _paint(model: Model) -> str:
    return COLOURS["accelerator" if "nccl" in model.contender else "torch-cpu"]


def _hover(fit: Fit, point: AllReduce, *, out: bool) -> str:
    kind = "held out" if out else "fitted"
    return (
        f"measured, {kind}: {units.size_bytes(point.bytes)} on {point.ranks} ranks take"
        f" {units.seconds(point.time_s)}; the model is {_off(_error(fit, point))}"
    )


def _off(error: float) -> str:
    return f"{share_text(abs(error))} {'longer' if error > 0 else 'shorter'}"


def _described(fit: Fit, points: Sequence[AllReduce]) -> str:
    held = {each.point.id for each in fit.held}
    return " ".join(_hover(fit, point, out=point.id in held) + "." for point in points)


def efficiency_chart(model: Model, link: str) -> Plot | None:
    """Draw the efficiency against ranks over one link, one panel for each size.

    Measured points are drawn over the link that was measured alone.
    """
    if not model.steps:
        return None
    name = slug("model-efficiency", model.contender, link)
    hover: dict[str, list[str]] = {}
    titles = [_size_title(model, step, link) for step in model.steps]
    with style(name):
        figure, panels = tiles(
            titles, HEIGHT_IN, left=0.5, right=label_width(MODES), upward="efficiency"
        )
        for axes, step in zip(panels, model.steps, strict=True):
            _efficiency_panel(axes, model, step, link, hover)
    texts = [
        f"{title}. {_told(model, step, link)}"
        for title, step in zip(titles, model.steps, strict=True)
    ]
    return Plot(
        name=name,
        figure=figure,
        description="Modelled efficiency against ranks, logarithmic. " + " ".join(texts),
        hover=hover,
        tiles=texts,
    )


def _size_title(model: Model, step: Step, link: str) -> str:
    """Return a panel's title: what weak scaling keeps on many ranks, if the band tells."""
    kept = efficiency(model, step, WEAK, link, RANKS[1])
    over = "link measured here" if link == MEASURED else LINKS[link]
    claim = "no efficiency"
    if kept is not None:
        where = f"on {RANKS[1]} ranks"
        vague = too_wide(kept)
        claim = f"weak {where} is not known" if vague else f"weak {percent(kept)[0]} {where}"
    return f"Model, {over}: {claim}\n{short(step.size, 44)}"


def _efficiency_panel(
    axes: Axes, model: Model, step: Step, link: str, hover: dict[str, list[str]]
) -> None:
    axes.set_xscale("log")
    axes.set_xlim(0.8, RANKS[-1] * 1.3)
    axes.set_ylim(0, TOP)
    ends = []
    for mode in MODES:
        paint = COLOURS[COLOUR_OF[mode]]
        ranks, kept = _curve(model, step, mode, link)
        values = [each.value for each in kept]
        lows, highs = [each.low for each in kept], [each.high for each in kept]
        axes.fill_between(ranks, lows, highs, color=paint, alpha=BAND, linewidth=0)
        axes.plot(ranks, values, "--", color=paint, linewidth=1.6)
        low = values[-1] < LEAST_LABEL
        place = (RANKS[-1], LEAST_LABEL) if low else (float(ranks[-1]), values[-1])
        ends.append(End(x=place[0], y=place[1], name=mode, paint=paint))
        _predicted(axes, model, step, mode, link, hover)
        if link == MEASURED:
            _measured(axes, step, mode, hover)
    _set_axes(axes)
    axes.set_xlabel("ranks", fontsize=FONT, labelpad=2)
    axes.xaxis.set_major_locator(FixedLocator(EVERY))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    label_lines(axes, ends)


def _curve(model: Model, step: Step, mode: str, link: str) -> tuple[Floats, list[Interval]]:
    """Return the places of a line and its efficiencies; strong scaling ends at the batch."""
    most = min(RANKS[-1], step.batch) if mode == STRONG else RANKS[-1]
    ranks = np.geomspace(1, most, ON_CURVE)
    ranks[-1] = most  # rounding would take it beyond the batch
    kept = [efficiency(model, step, mode, link, float(each)) for each in ranks]
    return ranks, [each for each in kept if each is not None]


def _predicted(
    axes: Axes, model: Model, step: Step, mode: str, link: str, hover: dict[str, list[str]]
) -> None:
    """Mark the predictions that are also in the table."""
    known = [(ranks, efficiency(model, step, mode, link, ranks)) for ranks in RANKS]
    shown = [(ranks, kept) for ranks, kept in known if kept is not None]
    if shown:
        places = [ranks for ranks, _ in shown], [kept.value for _, kept in shown]
        (dots,) = axes.plot(*places, "_", color=COLOURS[COLOUR_OF[mode]], markersize=7)
        texts = [f"model, {mode}: {_percent(kept)} on {ranks:,} ranks" for ranks, kept in shown]
        set_hover(dots, texts, hover)


def _measured(axes: Axes, step: Step, mode: str, hover: dict[str, list[str]]) -> None:
    paint = COLOURS[COLOUR_OF[mode]]
    for point in _of_mode(step, mode):
        own, speedup = point.efficiency, point.speedup
        if own is None or speedup is None:
            continue
        face = PAPER if verdict(speedup.low, speedup.high) == UNSETTLED else paint
        x = point.ranks * BESIDE[mode]
        axes.vlines(x, own.low, min(own.high, TOP), color=paint, linewidth=1.2)
        (dot,) = axes.plot(
            x,
            own.ratio,
            "o",
            color=paint,
            markersize=5,
            markerfacecolor=face,
            clip_on=False,
        )
        text = f"measured, {mode}: {units.share(own.ratio)} on {point.ranks} ranks"
        set_hover(dot, [f"{text} ({units.share(own.low)} to {units.share(own.high)})"], hover)


def _of_mode(step: Step, mode: str) -> list[ScalingPoint]:
    return [point for point in step.points if point.mode == mode and point.ranks > 1]


def _percent(kept: Interval) -> str:
    """Return an efficiency with its band, as the table prints both."""
    return "{} ({})".format(*percent(kept))


def _told(model: Model, step: Step, link: str) -> str:
    parts = []
    for mode in MODES:
        known = [(ranks, efficiency(model, step, mode, link, ranks)) for ranks in RANKS]
        texts = [f"{_percent(kept)} on {ranks:,} ranks" for ranks, kept in known if kept]
        parts.append(f"{mode} scaling: {', '.join(texts) or 'not possible'}.")
    if link == MEASURED:
        measured = [point for mode in MODES for point in _of_mode(step, mode)]
        parts += [
            f"Measured, {point.mode}: {units.share(point.efficiency.ratio)} on {point.ranks} ranks."
            for point in measured
            if point.efficiency is not None
        ]
    return " ".join(parts)
