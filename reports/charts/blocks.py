"""Chart of every block of a cell over time: the raw measurements, before any estimate."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from reports import units
from reports.charts.drawing import INK, Plot, colour, set_hover, style
from reports.charts.naming import short, slug
from reports.charts.tiles import FONT, End, axes_inches, label_lines, label_width, tiles
from reports.read.grouping import grouped
from reports.read.result import BlockRow, CellBlocks

HEIGHT_IN, LEFT_IN = 2.2, 0.56  # of the axes, and the space for their tick labels
LONGEST = 23  # characters of a contender's name
WIDE = 30  # ratio of the ends of an axis; a wider one has only powers of ten as ticks
LABEL_IN = 0.4  # the width of a visit's tick label
KEY = "dots: blocks of iterations; crosses: disturbed; lines: medians"


class Visits:
    """The x axis of visits: each visit is one unit wide, in the order of visit numbers."""

    def __init__(self, blocks: Sequence[BlockRow]) -> None:
        visits = dict(sorted(grouped(blocks, lambda block: block.visit).items()))
        starts_s = {visit: [block.start_s for block in part] for visit, part in visits.items()}
        self.first_s = {visit: min(each) for visit, each in starts_s.items()}
        self.length_s = {visit: max(each) - min(each) or 1.0 for visit, each in starts_s.items()}
        self.index = {visit: index for index, visit in enumerate(visits)}

    def x(self, block: BlockRow) -> float:
        """Return the x coordinate of a block."""
        fraction = (block.start_s - self.first_s[block.visit]) / self.length_s[block.visit]
        return self.index[block.visit] + 0.1 + 0.8 * fraction

    @property
    def labels(self) -> list[str]:
        """The tick labels: when each visit started."""
        return [f"{first_s:.0f} s" for first_s in self.first_s.values()]


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
        names = [short(cell.row.contender, LONGEST) for cell in cells]
        figure, (axes,) = tiles(
            [f"{title}\n{KEY}"],
            HEIGHT_IN,
            upward="time of one iteration",
            left=LEFT_IN,
            right=label_width(names),
        )
        axes.set_yscale("log")
        ends = []
        for cell in cells:
            _draw_blocks(axes, cell, visits, hover)
            median_s = float(np.median([block.time_s for block in cell.blocks]))
            axes.axhline(median_s, color=colour(cell.row), linewidth=1, alpha=0.6)
            name_of_line = short(cell.row.contender, LONGEST)
            right = float(len(visits.index))
            ends.append(End(x=right, y=median_s, name=name_of_line, paint=colour(cell.row)))
        _set_axes(axes, visits)
        label_lines(axes, ends)
    disturbed = sum(block.disturbed for block in blocks)
    description = (
        f"{title} {len(blocks)} blocks over {len(visits.index)} visits, {disturbed} disturbed."
    )
    return Plot(name=name, figure=figure, description=description, hover=hover)


def _draw_blocks(axes: Axes, cell: CellBlocks, visits: Visits, hover: dict[str, list[str]]) -> None:
    for disturbed, marker, size in ((False, "o", 3), (True, "x", 5)):
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
    step = -(-count * LABEL_IN // axes_inches(axes)[0])  # labels of all visits might touch
    shown = range(0, count, int(step))
    axes.set_xticks([index + 0.5 for index in shown], [visits.labels[index] for index in shown])
    axes.set_xlim(0, count)
    axes.set_xlabel("visit: when in the run", fontsize=FONT, labelpad=2)
    axes.yaxis.set_major_formatter(lambda value, _: units.tick_seconds(value))
    low_s, high_s = axes.get_ylim()
    wide = high_s > WIDE * low_s
    axes.yaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 1.5, 2, 3, 5, 7)))
    axes.yaxis.set_minor_locator(NullLocator())
