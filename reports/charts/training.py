"""Charts of training: the time of each step of the ladder, and the loss of each step by epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, set_hover, style
from reports.charts.naming import ratio_ticks, short, short_name, slug
from reports.read.row import Timed

ACROSS = 4  # panels in a row
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
        across, down = min(ACROSS, len(cases)), -(-len(cases) // ACROSS)
        steps = max(cases, key=len)
        height = (0.3 * len(steps) + 1.05) * down + 0.25
        figure = Figure(figsize=(7.0, height))
        panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
        figure.subplots_adjust(0.27, 0.55 / height, 0.985, 1 - 0.72 / height, 0.08, 0.6)
        for axes in panels.flat[len(cases) :]:
            axes.set_axis_off()
        least = min(row.time_s for case in cases for row in case)
        most = max(row.time_s for case in cases for row in case)
        panels[0, 0].set_xscale("log")
        panels[0, 0].set_xlim(least / 1.8, most * 1.8 * (most / least) ** 0.9)
        panels[0, 0].set_ylim(len(steps) - 0.5, -0.5)
        for axes, case in zip(panels.flat, cases, strict=False):
            _draw_steps(axes, case, hover)
        panels[0, 0].set_yticks(range(len(steps)), [step_text(row) for row in steps], fontsize=9.5)
        ticks = ratio_ticks(least / 1.3, most * 1.3)
        few = sorted({ticks[0], ticks[-1]}) if ticks else []
        panels[0, 0].xaxis.set_major_locator(FixedLocator(few))
        panels[0, 0].xaxis.set_minor_locator(NullLocator())
        panels[0, 0].xaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
        figure.text(0.01, 1 - 0.2 / height, ladder_title(cases), fontsize=9.5)
        figure.supxlabel("time of an epoch", x=0.63, fontsize=11, y=0.06 / height)
    return Plot(name=name, figure=figure, description=_describe_steps(cases), hover=hover)


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
    claim = f"{most} is fastest at {fastest.count(most)} of {units.count(len(fastest), 'size')}"
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
            (row.time_s, y),
            textcoords="offset points",
            xytext=(7, 0),
            va="center_baseline",
            fontsize=8.5,
        )
    axes.set_title(short(case[0].size, 40).replace(",", "\n"), fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=9)
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
    """Draw the loss of each step by epoch, all in one panel.

    `rows` are the timed cells of one training case, with any thread counts. None if no cell has
    losses.
    """
    curves = [(row, loss) for row in rows if len(loss := _finite(row.losses))]
    if not curves:
        return None
    first = curves[0][0]
    name = slug("losses", first.workload, first.size, first.threads)
    hover: dict[str, list[str]] = {}
    with style(name):
        figure = Figure(figsize=(7.0, 3.3))
        axes = figure.subplots()
        figure.subplots_adjust(0.11, 0.165, 0.74, 0.9)
        for n, (row, loss) in enumerate(curves):
            _draw_curve(axes, row, loss, len(curves) - n, hover)
        axes.margins(x=0.04, y=0.1)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
        axes.set_xlabel("epoch")
        axes.set_ylabel("mean loss of the epoch")
        title = losses_title([loss for _, loss in curves], short_name(first.contender))
        axes.set_title(title)
        _label_curves(axes, [row for row, _ in curves])
    parts = [f"Loss of {first.workload} at {first.size} by epoch. {title}."]
    parts += [f"{row.contender}: {k[0]:.6g} at first, {k[-1]:.6g} at last." for row, k in curves]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


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
    axes: Axes, row: Timed, loss: np.ndarray, depth: int, hover: dict[str, list[str]]
) -> None:
    """Draw a curve; lower curves are wider, so that they stay visible under those on top.

    `depth` is 1 for the topmost curve.
    """
    paint = colour(row)
    x = np.arange(1, len(loss) + 1)
    axes.plot(x, loss, color=paint, linewidth=3.5 * depth - 2, solid_capstyle="round")
    (dots,) = axes.plot(x, loss, "o", color=paint, markersize=max(4, 3.5 * depth - 2))
    texts = [f"{row.contender}, epoch {n}: {value:.6g}" for n, value in zip(x, loss, strict=True)]
    set_hover(dots, texts, hover)


def _label_curves(axes: Axes, rows: Sequence[Timed]) -> None:
    """Write a key of the curves beside the panel, the widest first: it lies under the others."""
    for n, row in enumerate(rows):
        y = 0.97 - 0.13 * n
        paint = colour(row)
        axes.plot(
            [1.03, 1.08],
            [y, y],
            transform=axes.transAxes,
            color=paint,
            clip_on=False,
            linewidth=3.5 * (len(rows) - n) - 2,
            scalex=False,
            scaley=False,
        )
        axes.text(1.11, y, step_name(row), transform=axes.transAxes, va="center", fontsize=9.5)
