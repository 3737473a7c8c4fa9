"""Every block of a cell over time: what the clock saw, before any estimate."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, Plot, colour, label_lines, style, tell
from reports.charts.naming import short, slug
from reports.read.grouping import grouped
from reports.read.result import BlockRow, CellBlocks


class Visits:
    """Where blocks stand on an axis of visits: a unit each, in the order of their numbers."""

    def __init__(self, blocks: Sequence[BlockRow]) -> None:
        visits = dict(sorted(grouped(blocks, lambda block: block.visit).items()))
        starts_s = {visit: [block.start_s for block in part] for visit, part in visits.items()}
        self.first_s = {visit: min(each) for visit, each in starts_s.items()}
        self.length_s = {visit: max(each) - min(each) or 1.0 for visit, each in starts_s.items()}
        self.places = {visit: place for place, visit in enumerate(visits)}
        self.workers = {visit: part[0].worker for visit, part in visits.items()}

    def x(self, block: BlockRow) -> float:
        """Return where a block stands."""
        within = (block.start_s - self.first_s[block.visit]) / self.length_s[block.visit]
        return self.places[block.visit] + 0.1 + 0.8 * within

    @property
    def labels(self) -> list[str]:
        """What stands beneath each visit."""
        return [
            f"{first_s:.0f} s\nworker {self.workers[visit]}"
            for visit, first_s in self.first_s.items()
        ]


def blocks_over_time(cells: Sequence[CellBlocks], title: str, name: str = "blocks") -> Plot:
    """Draw every block of some cells of a case in the order they were taken, visit by visit.

    Within a visit the axis is time; between visits lie seconds to minutes, which are written
    beneath.
    """
    name = slug(name)
    hover: dict[str, list[str]] = {}
    blocks = list(chain.from_iterable(cell.blocks for cell in cells))
    visits = Visits(blocks)
    with style(name):
        figure = Figure(figsize=(max(7.0, 1.1 * len(visits.places) + 2), 4.0))
        axes = figure.subplots()
        figure.subplots_adjust(0.12, 0.2, 0.84, 0.86)
        axes.set_yscale("log")
        ends = []
        for cell in cells:
            _dots(axes, cell, visits, hover)
            median_s = float(np.median([block.time_s for block in cell.blocks]))
            axes.axhline(median_s, color=colour(cell.row), linewidth=1, alpha=0.6)
            ends.append((median_s, short(cell.row.contender), colour(cell.row)))
        _dress(axes, visits)
        label_lines(axes, float(len(visits.places)), ends)
        axes.set_title(f"{title}\ndots: blocks of iterations; crosses: disturbed; lines: medians")
    marked = sum(block.disturbed for block in blocks)
    description = (
        f"{title} {len(blocks)} blocks over {len(visits.places)} visits, {marked} disturbed."
    )
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _dots(axes: Axes, cell: CellBlocks, visits: Visits, hover: dict[str, list[str]]) -> None:
    for disturbed, mark, size in ((False, "o", 4), (True, "x", 6)):
        chosen = [block for block in cell.blocks if block.disturbed == disturbed]
        if chosen:
            xs, times_s = [visits.x(block) for block in chosen], [block.time_s for block in chosen]
            (dots,) = axes.plot(xs, times_s, mark, color=colour(cell.row), markersize=size)
            tell(dots, [_block_text(cell.row.contender, block) for block in chosen], hover)


def _block_text(contender: str, block: BlockRow) -> str:
    """Return what a block says on hover: how long, when, and whether anything disturbed it."""
    text = f"{contender}: {units.seconds(block.time_s)}"
    text += f", visit {block.visit}, worker {block.worker}"
    return text + (", disturbed" if block.disturbed else "")


def _dress(axes: Axes, visits: Visits) -> None:
    count = len(visits.places)
    for edge in range(1, count):
        axes.axvline(edge, color=INK, alpha=0.15, linewidth=0.6)
    axes.set_xticks([place + 0.5 for place in range(count)], visits.labels)
    axes.set_xlim(0, count)
    axes.set_xlabel("visit: when in the run, and by which generation of processes")
    axes.set_ylabel("time of one iteration")
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.yaxis.set_minor_locator(NullLocator())
