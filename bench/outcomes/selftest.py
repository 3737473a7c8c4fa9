"""The self-test: compares every contender with its twin, a second worker of the same code."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.cases.cell import Cell
from bench.outcomes.estimate import best_ratio
from bench.outcomes.outcome import Group, Outcome, pairs
from bench.results.pooling import Estimate, Visited, estimated, fitted
from bench.results.verdicts import FASTER, SLOWER, verdict

MIN_VISITS = 2  # as for any verdict of a run that came to its end


def self_test(cells: Sequence[Cell], outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return all A/A comparisons, how many intervals exclude 1, and the widest interval.

    Both workers run the same code, so an interval that excludes 1 is wrong. About one in twenty of
    95 % intervals is. They are computed like those of speedups, from variances pooled over all
    comparisons.
    """
    groups: dict[Group, dict[str, Visited]] = {}
    for cell in cells:
        other = outcomes.get(Cell(case=cell.case, contender=cell.contender.as_twin).id)
        if cell.contender.twin or other is None:
            continue
        paired = pairs(outcomes[cell.id], other)
        if len(paired) >= MIN_VISITS:
            group = (cell.case.threads, cell.contender.device)
            groups.setdefault(group, {})[cell.id] = best_ratio(paired)
    estimates: dict[str, Estimate] = {}
    for compared in groups.values():
        prior = fitted(compared.values())
        estimates |= {name: estimated(visited, prior) for name, visited in compared.items()}
    every = list(estimates.values())
    return {
        "comparisons": len(every),
        "excluding_1": sum(e.low > 1 or e.high < 1 for e in every),
        "winners": sum(verdict(e.low, e.high) in {FASTER, SLOWER} for e in every),
        "widest_half_width": max((e.half_width for e in every), default=None),
        "furthest": max((abs(math.log(e.value)) for e in every), default=None),
        "rows": [{"cell": cell, **estimate.as_ratio()} for cell, estimate in estimates.items()],
    }
