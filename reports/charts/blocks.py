"""Chart of every block of a cell over time: the raw measurements, before any estimate."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, Plot, colour, label_lines, set_hover, style
from reports.charts.naming import short, slug
from reports.read.grouping import grouped
from reports.read.result import BlockRow, CellBlocks


class Visits:
    """The x axis of visits: each visit is one unit wide, in the order of visit numbers."""

    def __init__(self, blocks: Sequence[BlockRow]) -> None:
        visits = dict(sorted(grouped(blocks, lambda block: block.visit).items()))
        starts_s = {visit: [block.start_s for block in part] for visit, part in visits.items()}
        self.first_s = {visit: min(each) for visit, each in starts_s.items()}
        self.length_s = {visit: max(each) - min(each) or 1.0 for visit, each in starts_s.items()}
        self.index = {visit: index for index, visit in enumerate(visits)}
        self.workers = {visit: part[0].worker for visit, part in visits.items()}

    def x(self, block: BlockRow) -> float:
        """Return the x coordinate of a block."""
        fraction = (block.start_s - self.first_s[block.visit]) / self.length_s[block.visit]
        return self.index[block.visit] + 0.1 + 0.8 * fraction

    @property
    def labels(self) -> list[str]:
        """The tick label of each visit: when it started, and the number of its worker."""
        return [
            f"{first_s:.0f} s\nworker {self.workers[visit]}"
            for visit, first_s in self.first_s.items()
        ]


def blocks_over_time(cells: Sequence[CellBlocks], title: str, name: str = "blocks") -> Plot:
    """Draw every block of some cells of a case in the order of measurement, visit by visit.

    Within a visit the x axis is time. The seconds or minutes between visits are not drawn; the
    tick labels give the start of each visit.
    """
    name = slug(name)
    hover: dict[str, list[str]] = {}
    blocks = list(chain.from_iterable(cell.blocks for cell in cells))
    visits = Visits(blocks)
    with style(name):
        figure = Figure(figsize=(max(7.0, 1.1 * len(visits.index) + 2), 4.0))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.2, 0.84, 0.86)
        axes.set_yscale("log")
        ends = []
        for cell in cells:
            _draw_blocks(axes, cell, visits, hover)
            median_s = float(np.median([block.time_s for block in cell.blocks]))
            axes.axhline(median_s, color=colour(cell.row), linewidth=1, alpha=0.6)
            ends.append((median_s, short(cell.row.contender), colour(cell.row)))
        _set_axes(axes, visits)
        label_lines(axes, float(len(visits.index)), ends)
        axes.set_title(f"{title}\ndots: blocks of iterations; crosses: disturbed; lines: medians")
    disturbed = sum(block.disturbed for block in blocks)
    description = (
        f"{title} {len(blocks)} blocks over {len(visits.index)} visits, {disturbed} disturbed."
    )
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _draw_blocks(axes: Axes, cell: CellBlocks, visits: Visits, hover: dict[str, list[str]]) -> None:
    for disturbed, marker, size in ((False, "o", 4), (True, "x", 6)):
        blocks = [block for block in cell.blocks if block.disturbed == disturbed]
        if blocks:
            xs, times_s = [visits.x(block) for block in blocks], [block.time_s for block in blocks]
            (dots,) = axes.plot(xs, times_s, marker, color=colour(cell.row), markersize=size)
            set_hover(dots, [_block_text(cell.row.contender, block) for block in blocks], hover)


def _block_text(contender: str, block: BlockRow) -> str:
    """Return a block's hover text: its time, visit and worker, and whether it was disturbed."""
    text = f"{contender}: {units.seconds(block.time_s)}"
    text += f", visit {block.visit}, worker {block.worker}"
    return text + (", disturbed" if block.disturbed else "")


def _set_axes(axes: Axes, visits: Visits) -> None:
    """Set the ticks, labels and grid of both axes."""
    count = len(visits.index)
    for edge in range(1, count):
        axes.axvline(edge, color=INK, alpha=0.15, linewidth=0.6)
    axes.set_xticks([index + 0.5 for index in range(count)], visits.labels)
    axes.set_xlim(0, count)
    axes.set_xlabel("visit: when in the run, and by which generation of processes")
    axes.set_ylabel("time of one iteration")
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.yaxis.set_minor_locator(NullLocator())
