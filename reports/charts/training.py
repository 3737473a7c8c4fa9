"""Charts of training: the time of each step of the ladder, and the loss of each step by epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, set_hover, style
from reports.charts.naming import ratio_ticks, short, short_name, slug
from reports.charts.sizes import by_device
from reports.charts.tiles import FONT, LABEL_CHAR_IN, axes_inches, tiles
from reports.read.row import Timed

ROW_IN = 0.27  # of a step
TIME_IN = 0.62  # the width of a time beside its dot
WIDEST_PT = 14.0  # of a curve of losses
LOSS_IN, LOSS_LEFT_IN = 2.1, 0.45  # the height of the losses' axes, and the space on their left
STEPS = {"": "nn and optim", "tensors": "tensors by hand", "autograd": "autograd"}
ALIKE = 1e-3  # share of the loss; curves that differ by less are called one curve


def ladder_chart(steps_by_case: Mapping[str, Sequence[Timed]]) -> Plot | None:
    """Draw the time of an epoch at each step, with its lines of code, one panel for each case.

    `steps_by_case` are the steps of each case of one workload, in the order that
    `findings.training.ladder` returns. None if no case has steps.
    """
    cases = [list(steps) for steps in steps_by_case.values() if steps]
    if not cases:
        return None
    name = slug("ladder", cases[0][0].workload, cases[0][0].threads)
    hover: dict[str, list[str]] = {}
    with style(name):
        steps = max(cases, key=len)
        names = [step_text(row) for row in steps]
        sizes = [short(case[0].size, 46) for case in cases]
        title = ladder_title(cases)
        figure, panels = tiles(
            [f"{title}\n{sizes[0]}", *sizes[1:]],
            ROW_IN * len(steps),
            left=0.15 + LABEL_CHAR_IN * max(map(len, names)),
        )
        least = min(min([row.time_s, *(row.time_ends_s or ())]) for case in cases for row in case)
        most = max(max([row.time_s, *(row.time_ends_s or ())]) for case in cases for row in case)
        for axes, case in zip(panels, cases, strict=True):
            axes.set_xscale("log")
            space = TIME_IN / axes_inches(axes)[0]
            span = (most / least) ** (1 / (1 - 1.3 * space)) * 1.05
            axes.set_xlim(most * span**space / span, most * span**space)
            axes.set_ylim(len(steps) - 0.5, -0.5)
            axes.set_yticks(range(len(steps)), names, fontsize=FONT)
            _draw_steps(axes, case, hover)
            ticks = ratio_ticks(least / 1.3, most * 1.3)
            few = sorted({ticks[0], ticks[-1]}) if ticks else []
            axes.xaxis.set_major_locator(FixedLocator(few))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
            axes.set_xlabel("time of an epoch", fontsize=FONT, labelpad=2)
    texts = [_describe_steps([case]) for case in cases]
    return Plot(
        name=name,
        figure=figure,
        description=_describe_steps(cases),
        hover=hover,
        tiles=texts,
    )


def step_text(row: Timed) -> str:
    """Return a step's name with its lines of code."""
    return step_name(row) + ("" if row.code_lines is None else f", {row.code_lines} lines")


def step_name(row: Timed) -> str:
    """Return a step's name."""
    return "NumPy by hand" if row.is_numpy else STEPS.get(row.variant, short(row.contender, 18))


def ladder_title(cases: Sequence[Sequence[Timed]]) -> str:
    """Return the title: the step that is fastest at most sizes, and the one with fewest lines."""
    fastest = [step_name(min(case, key=lambda row: row.time_s)) for case in cases]
    most = max(dict.fromkeys(fastest), key=fastest.count)
    claim = f"{most} is fastest"
    if len(fastest) > 1:
        claim += f" at {fastest.count(most)} of {len(fastest)} sizes"
    with_lines = [(row.code_lines, row) for row in cases[0] if row.code_lines is not None]
    if with_lines:
        _, shortest = min(with_lines, key=lambda pair: pair[0])
        claim += f"; the fewest lines: {step_text(shortest)}"
    return claim


def _draw_steps(axes: Axes, case: Sequence[Timed], hover: dict[str, list[str]]) -> None:
    """Draw the times of one case's steps, one above the other, with their intervals."""
    for y, row in enumerate(case):
        paint = colour(row)
        face = PAPER if row.unsettled else paint
        if (ends_s := row.time_ends_s) is not None:
            axes.hlines(y, *ends_s, color=paint, linewidth=2)
        (dot,) = axes.plot(row.time_s, y, "o", color=paint, markersize=6, markerfacecolor=face)
        set_hover(dot, [_point_text(row)], hover)
        axes.annotate(
            units.seconds(row.time_s),
            (max([row.time_s, *(ends_s or ())]), y),
            textcoords="offset points",
            xytext=(6, 0),
            va="center_baseline",
            fontsize=FONT,
        )
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)


def _point_text(row: Timed) -> str:
    """Return a point's hover text."""
    text = f"{step_text(row)}, {row.size}: {units.seconds(row.time_s)}"
    if (ends_s := row.time_ends_s) is not None:
        text += f" ({units.seconds(ends_s[0])} to {units.seconds(ends_s[1])})"
    return text


def _describe_steps(cases: Sequence[Sequence[Timed]]) -> str:
    parts = [f"Time of an epoch of {cases[0][0].workload} by rung. {ladder_title(cases)}."]
    return " ".join([*parts, *(f"{_point_text(row)}." for case in cases for row in case)])


def losses(rows: Sequence[Timed]) -> Plot | None:
    """Draw the loss of each step by epoch; accelerators have a panel of their own.

    `rows` are the timed cells of one training case, with any thread counts. None if no cell has
    losses.
    """
    curves = [(row, loss) for row in rows if len(loss := _finite(row.losses))]
    if not curves:
        return None
    first = curves[0][0]
    name = slug("losses", first.workload, first.size, first.threads)
    hover: dict[str, list[str]] = {}
    title = losses_title([loss for _, loss in curves], short_name(first.contender))
    loss_of = dict(curves)
    parts = by_device(list(loss_of))
    with style(name):
        titles = [title, *("The same on the accelerator" for _ in parts[1:])]
        figure, panels = tiles(titles, LOSS_IN, upward="mean loss of the epoch", left=LOSS_LEFT_IN)
        for axes, part in zip(panels, parts, strict=True):
            _draw_curves(axes, part, loss_of, hover)
    texts = [_describe_losses(part, loss_of, title) for part in (list(loss_of), *parts)]
    return Plot(
        name=name,
        figure=figure,
        description=texts[0],
        hover=hover,
        tiles=texts[1:] if len(parts) > 1 else (),
    )


def _describe_losses(rows: Sequence[Timed], loss_of: Mapping[Timed, np.ndarray], title: str) -> str:
    parts = [f"Loss of {rows[0].workload} at {rows[0].size} by epoch. {title}."]
    parts += [
        f"{row.contender}: {loss_of[row][0]:.6g} at first, {loss_of[row][-1]:.6g} at last."
        for row in rows
    ]
    return " ".join(parts)


def _draw_curves(
    axes: Axes,
    rows: Sequence[Timed],
    loss_of: Mapping[Timed, np.ndarray],
    hover: dict[str, list[str]],
) -> None:
    for n, row in enumerate(rows):
        _draw_curve(axes, row, loss_of[row], _width(n, len(rows)), hover)
    axes.margins(x=0.04, y=0.1)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.set_xlabel("epoch", fontsize=FONT, labelpad=2)
    _label_curves(axes, rows)


def _width(n: int, count: int) -> float:
    """Return the line width of the n-th curve, in points; later curves are narrower."""
    step = min(3.5, (WIDEST_PT - 1.5) / max(1, count - 1))
    return 1.5 + step * (count - 1 - n)


def _finite(losses: Sequence[float]) -> np.ndarray:
    """Return the losses as an array, empty if any of them is not finite."""
    loss = np.array(losses, dtype=float)
    return loss if np.isfinite(loss).all() else np.empty(0)


def losses_title(curves: Sequence[np.ndarray], name: str) -> str:
    """Return the title: the largest difference between curves, over the epochs that all have."""
    if len(curves) == 1:
        return f"The loss of {name} goes from {curves[0][0]:.3g} to {curves[0][-1]:.3g}"
    common = np.array([curve[: min(map(len, curves))] for curve in curves])
    differences = np.ptp(common, axis=0)
    epoch = int(differences.argmax())
    largest = float(differences[epoch])
    difference = f"{largest:.1g}" if largest > 0 else "none"
    if largest <= ALIKE * float(np.abs(common[:, epoch]).max()):
        all_steps = {2: "Both"}.get(len(curves), f"All {len(curves)}") + " rungs"
        return f"{all_steps} follow one curve: largest difference {difference}"
    return f"The {len(curves)} rungs part: largest difference {difference}, in epoch {epoch + 1}"


def _draw_curve(
    axes: Axes, row: Timed, loss: np.ndarray, width: float, hover: dict[str, list[str]]
) -> None:
    """Draw a curve; lower curves are wider, so that they stay visible under those on top."""
    paint = colour(row)
    x = np.arange(1, len(loss) + 1)
    axes.plot(x, loss, color=paint, linewidth=width, solid_capstyle="round")
    (dots,) = axes.plot(x, loss, "o", color=paint, markersize=max(4, width))
    texts = [f"{row.contender}, epoch {n}: {value:.6g}" for n, value in zip(x, loss, strict=True)]
    set_hover(dots, texts, hover)


def _label_curves(axes: Axes, rows: Sequence[Timed]) -> None:
    """Write a key of the curves in the upper right, the widest first: it lies under the others."""
    for n, row in enumerate(rows):
        y = 0.95 - 0.1 * n
        axes.plot(
            [0.56, 0.62],
            [y, y],
            transform=axes.transAxes,
            color=colour(row),
            linewidth=_width(n, len(rows)),
            scalex=False,
            scaley=False,
        )
        axes.text(
            0.66, y, step_name(row), transform=axes.transAxes, va="center_baseline", fontsize=FONT
        )
