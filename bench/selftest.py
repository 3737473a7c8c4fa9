"""What came of comparing every contender with a second worker of itself."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.arena import twin
from bench.cell import Cell
from bench.estimate import MIN_VISITS, typical_speedup
from bench.outcome import Outcome, as_dict, pairs


def self_test(cells: Sequence[Cell], outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return every A/A comparison, how many of their intervals exclude 1, and the widest.

    The same code in two workers is equally fast, so an interval that excludes 1 is wrong; of 95 %
    intervals about one in twenty is.
    """
    found = []
    for cell in cells:
        other = outcomes.get(Cell(case=cell.case, contender=twin(cell.contender)).id)
        if cell.contender.twin or other is None:
            continue
        paired = pairs(outcomes[cell.id], other)
        if len(paired) >= MIN_VISITS:  # fewer are published as unstable, never as a difference
            found.append((cell.id, typical_speedup(paired)))
    estimates = [estimate for _, estimate in found]
    return {
        "comparisons": len(found),
        "excluding_1": sum(e.low > 1 or e.high < 1 for e in estimates),
        "widest_half_width": max((e.half_width for e in estimates), default=None),
        "furthest": max((abs(math.log(e.value)) for e in estimates), default=None),
        "rows": [{"cell": cell, **as_dict(estimate)} for cell, estimate in found],
    }
