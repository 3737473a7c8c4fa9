"""What a run is expected to cost, before it is begun.

A contender's visit costs a part that is the same for all, the placing of its inputs, and some
iterations, whose time follows from the roofs of its device: the longer of computing and of moving
the data, at a share of what the device can do. Inputs are drawn once.
"""

from collections.abc import Iterable, Mapping

from bench.cases.cell import Cell
from bench.cases.contenders import slow_to_start
from bench.outcomes.plausible import precision_of
from bench.timing.peaks import Peaks, name_of

VISIT_S = 0.06  # of a contender: its process, verification, short blocks
DRAW_S, PLACE_S = 6e-9, 1.5e-9  # an element of the inputs
CALLS = 4.0  # that a visit takes at least, of a long iteration
EFFICIENCY = 0.4
COMPILE_S = 6.5  # for both visits: the second finds the first's code on disk
VISITS = 2


def expected_s(cells: Iterable[Cell], peaks: Mapping[str, Peaks]) -> float:
    """Return the seconds that two visits of each of some cells are expected to take."""
    cells = list(cells)
    drawn = {
        (c.case.workload.name, c.case.size.label, c.case.dtype): c.case.cost.elements for c in cells
    }
    placed = sum(cell.case.cost.elements for cell in cells)
    visit_s = PLACE_S * placed + VISIT_S * len(cells)
    visit_s += CALLS * sum(_iteration_s(cell, peaks) for cell in cells)
    compiled_s = COMPILE_S * sum(slow_to_start(cell.contender) for cell in cells)
    return DRAW_S * sum(drawn.values()) + VISITS * visit_s + compiled_s


def _iteration_s(cell: Cell, peaks: Mapping[str, Peaks]) -> float:
    """Return what an iteration takes by the roofs of its device, 0 where they are not known."""
    case, who = cell.case, cell.contender
    roof = peaks.get(name_of(who, case.threads))
    if roof is None:
        return 0.0
    flop_s = roof["flop_s"].get(precision_of(case, who), 0.0)
    bytes_s = max(roof["copy_bytes_s"], roof["read_bytes_s"])
    computing_s = case.cost.flops / flop_s if flop_s else 0.0
    moving_s = who.moved_bytes(case) / bytes_s if bytes_s else 0.0
    return max(computing_s, moving_s) / EFFICIENCY
