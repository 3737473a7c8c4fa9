"""Training: what each step of the ladder costs, and that all steps train the same network."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, PAPER, Plot, colour, style, tell
from reports.charts.naming import ratio_ticks, short, short_name, slug
from reports.read.row import Timed

ACROSS = 4  # panels
STEPS = {"": "nn and optim", "tensors": "tensors by hand", "autograd": "autograd"}
ALIKE = 1e-3  # of the loss: curves that differ by less lie on one another


def ladder_chart(steps_by_case: Mapping[str, Sequence[Timed]]) -> Plot | None:
    """Draw the time of an epoch at each step, a panel a case, with the lines that a step takes.

    `steps_by_case` are the steps of each case of one workload, in order, as `findings.training`
    returns them. None where no case has any.
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
            _steps(axes, case, hover)
        panels[0, 0].set_yticks(range(len(steps)), [step_text(row) for row in steps], fontsize=9.5)
        ticks = ratio_ticks(least / 1.3, most * 1.3)
        few = sorted({ticks[0], ticks[-1]}) if ticks else []
        panels[0, 0].xaxis.set_major_locator(FixedLocator(few))
        panels[0, 0].xaxis.set_minor_locator(NullLocator())
        panels[0, 0].xaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
        figure.text(0.01, 1 - 0.2 / height, steepest(cases), fontsize=9.5)
        figure.supxlabel("time of an epoch", x=0.63, fontsize=11, y=0.06 / height)
    return Plot(name=name, figure=figure, description=_describe_steps(cases), hover=hover)


def step_text(row: Timed) -> str:
    """Return what a step is called, with the lines of code that it takes."""
    return step_name(row) + ("" if row.code_lines is None else f", {row.code_lines} lines")


def step_name(row: Timed) -> str:
    """Return what a step is called."""
    return "NumPy by hand" if row.is_numpy else STEPS.get(row.variant, short(row.contender, 18))


def steepest(cases: Sequence[Sequence[Timed]]) -> str:
    """Return the title: which step is the fastest, at how many sizes, and which the shortest."""
    names = [step_name(min(case, key=lambda row: row.time_s)) for case in cases]
    most = max(dict.fromkeys(names), key=names.count)
    claim = f"{most} is fastest at {names.count(most)} of {units.count(len(names), 'size')}"
    counted = [(row.code_lines, row) for row in cases[0] if row.code_lines is not None]
    if counted:
        _, shortest = min(counted, key=lambda pair: pair[0])
        claim += f"; the fewest lines: {step_text(shortest)}"
    return claim


def _steps(axes: Axes, case: Sequence[Timed], hover: dict[str, list[str]]) -> None:
    for y, row in enumerate(case):
        paint = colour(row)
        face = PAPER if row.unsettled else paint
        if (ends_s := row.time_ends_s) is not None:
            axes.hlines(y, *ends_s, color=paint, linewidth=2)
        (dot,) = axes.plot(row.time_s, y, "o", color=paint, markersize=6, markerfacecolor=face)
        tell(dot, [_point_text(row)], hover)
        axes.annotate(
            units.seconds(row.time_s), (row.time_s, y), textcoords="offset points",
            xytext=(7, 0), va="center_baseline", fontsize=8.5,
        )  # fmt: skip
    axes.set_title(short(case[0].size, 40).replace(",", "\n"), fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=9)
    axes.grid(visible=True, axis="x", color=INK, alpha=0.12, linewidth=0.6)


def _point_text(row: Timed) -> str:
    """Return what a point says on hover."""
    text = f"{step_text(row)}, {row.size}: {units.seconds(row.time_s)}"
    if (ends_s := row.time_ends_s) is not None:
        text += f" ({units.seconds(ends_s[0])} to {units.seconds(ends_s[1])})"
    return text


def _describe_steps(cases: Sequence[Sequence[Timed]]) -> str:
    parts = [f"Time of an epoch of {cases[0][0].workload} by rung. {steepest(cases)}."]
    return " ".join([*parts, *(f"{_point_text(row)}." for case in cases for row in case)])


def losses(rows: Sequence[Timed]) -> Plot | None:
    """Draw the loss of each step, epoch by epoch, one over another.

    `rows` are the timed cells of one training case or of its thread settings. None where none
    kept its losses.
    """
    curves = [(row, kept) for row in rows if len(kept := _kept(row.losses))]
    if not curves:
        return None
    first = curves[0][0]
    name = slug("losses", first.workload, first.size, first.threads)
    hover: dict[str, list[str]] = {}
    with style(name):
        figure = Figure(figsize=(7.0, 3.3))
        axes = figure.subplots()
        figure.subplots_adjust(0.11, 0.165, 0.74, 0.9)
        for n, (row, kept) in enumerate(curves):
            _curve(axes, row, kept, len(curves) - n, hover)
        axes.margins(x=0.04, y=0.1)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
        axes.set_xlabel("epoch")
        axes.set_ylabel("mean loss of the epoch")
        title = coincidence([kept for _, kept in curves], short_name(first.contender))
        axes.set_title(title)
        _widths(axes, [row for row, _ in curves])
    parts = [f"Loss of {first.workload} at {first.size} by epoch. {title}."]
    parts += [f"{row.contender}: {k[0]:.6g} at first, {k[-1]:.6g} at last." for row, k in curves]
    return Plot(name=name, figure=figure, description=" ".join(parts), hover=hover)


def _kept(losses: Sequence[float]) -> np.ndarray:
    """Return the losses that a cell kept, none where any is not finite."""
    kept = np.array(losses, dtype=float)
    return kept if np.isfinite(kept).all() else np.empty(0)


def coincidence(curves: Sequence[np.ndarray], name: str) -> str:
    """Return the title: by how much the curves differ at most, over the epochs that all have."""
    if len(curves) == 1:
        return f"The loss of {name} goes from {curves[0][0]:.3g} to {curves[0][-1]:.3g}"
    common = np.array([curve[: min(map(len, curves))] for curve in curves])
    apart = np.ptp(common, axis=0)
    epoch = int(apart.argmax())
    largest = float(apart[epoch])
    difference = f"{largest:.1g}" if largest > 0 else "none"
    if largest <= ALIKE * float(np.abs(common[:, epoch]).max()):
        everyone = {2: "Both"}.get(len(curves), f"All {len(curves)}") + " rungs"
        return f"{everyone} follow one curve: largest difference {difference}"
    return f"The {len(curves)} rungs part: largest difference {difference}, in epoch {epoch + 1}"


def _curve(
    axes: Axes, row: Timed, kept: np.ndarray, depth: int, hover: dict[str, list[str]]
) -> None:
    """Draw a curve so wide that those above it leave its edges to be seen."""
    paint = colour(row)
    x = np.arange(1, len(kept) + 1)
    axes.plot(x, kept, color=paint, linewidth=3.5 * depth - 2, solid_capstyle="round")
    (dots,) = axes.plot(x, kept, "o", color=paint, markersize=max(4, 3.5 * depth - 2))
    texts = [f"{row.contender}, epoch {n}: {loss:.6g}" for n, loss in zip(x, kept, strict=True)]
    tell(dots, texts, hover)


def _widths(axes: Axes, rows: Sequence[Timed]) -> None:
    """Name the curves from the widest, which lies lowest, to the narrowest on top."""
    for n, row in enumerate(rows):
        y = 0.97 - 0.13 * n
        paint = colour(row)
        axes.plot(
            [1.03, 1.08], [y, y], transform=axes.transAxes, color=paint, clip_on=False,
            linewidth=3.5 * (len(rows) - n) - 2, scalex=False, scaley=False,
        )  # fmt: skip
        axes.text(1.11, y, step_name(row), transform=axes.transAxes, va="center",
                  fontsize=9.5)  # fmt: skip
