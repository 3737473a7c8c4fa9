"""The schedule: which case a run visits next, and how long that is expected to take.

Every case is visited twice, each time by another generation of processes. The largest size of each
curve comes first, so that on any budget each workload has a result at the size that headlines
quote. A case is begun only if time is left for a second visit of it and of all cases begun before.

Then the run visits the cases that the fewest seconds are expected to settle. Only their unsettled
contenders take part, and NumPy. Contenders that compile come after that.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, Contender
from bench.outcomes.outcomes import Outcomes
from bench.timing.peaks import Peaks, name_of

SECOND_SHARE = 0.6  # cost of a second visit, relative to a first, which also calibrates
MAX_VISITS = 40
HOPELESS = 12  # a cell expected to need more visits than this comes after all others
MAX_CASE_SHARE = 1 / 12  # of the budget: all visits of one case
GENERATION_S = 10.0  # a generation of processes makes visits for about this long
FIRST_VISIT_S = 0.5  # expected, until the run has made some

# for the estimate of the whole run
VISIT_S = 0.06  # of one contender: its process, verification, short blocks
DRAW_S, PLACE_S = 6e-9, 1.5e-9  # to draw and to place one element of the inputs
CALLS = 4.0  # calls in a visit if an iteration is long
EFFICIENCY = 0.4  # typical share of the roof that an iteration reaches
COMPILE_S = 6.5  # in both visits together; the second finds the compiled code on disk
VISITS = 2


@dataclass(frozen=True, kw_only=True)
class PlannedVisit:
    """A visit that is still to be made: a case, and the contenders that take part."""

    case: Case
    contenders: tuple[Contender, ...]


@dataclass(frozen=True, kw_only=True)
class CaseState:
    """What a run knows of a case when it plans the next visits.

    Attributes
    ----------
    visits : number of visits so far, for each contender that can still be visited.
    missing : number of further visits expected to settle each; 0 if its verdict is known.
    cost_s : seconds of the last visit; 0 before the first.
    spent_s : seconds of all visits.

    """

    visits: Mapping[Contender, int]
    missing: Mapping[Contender, int]
    cost_s: float = 0.0
    spent_s: float = 0.0


def in_order(cases: Iterable[Case]) -> list[Case]:
    """Return cases in the order of a first visit: the largest size of each curve, then the rest.

    Cases with the same inputs are neighbours. The first large size of each curve follows the
    largest of the other sizes, because their times show how long it will take. Further large sizes
    come last, and so do questions, so that they take no time from the curves on a machine whose
    accelerator has much to do.
    """
    cases = list(cases)
    largest: dict[tuple[str, str, str], float] = {}
    first_large: dict[tuple[str, str, str], float] = {}
    for case in cases:
        key = curve_of(case)
        if case.size.large:
            first_large[key] = min(case.axis_value, first_large.get(key, math.inf))
        else:
            largest[key] = max(case.axis_value, largest.get(key, 0.0))

    def rank(case: Case) -> int:
        key = curve_of(case)
        if case.workload.is_question:
            return 3
        if case.size.large:
            return 1 if case.axis_value == first_large[key] else 3
        return 0 if case.axis_value == largest[key] else 2

    return sorted(cases, key=rank)


def curve_of(case: Case) -> tuple[str, str, str]:
    """Return the key of a case's curve. Cases on one curve differ in size and threads."""
    return case.workload.name, case.curve, case.dtype


def first_visits(cases: Sequence[Case], states: Mapping[str, CaseState]) -> list[PlannedVisit]:
    """Return the first visits of all cases in order, then those of contenders that compile."""
    eager, compiled = [], []
    for case in cases:
        new = [contender for contender, visits in states[case.id].visits.items() if not visits]
        compiling = [contender for contender in new if contender.variant.compiles]
        others = tuple(contender for contender in new if not contender.variant.compiles)
        if others:
            eager.append(PlannedVisit(case=case, contenders=others))
        if compiling:
            compiled.append(PlannedVisit(case=case, contenders=(NUMPY, *compiling)))
    return eager + compiled


def second_visits(cases: Sequence[Case], states: Mapping[str, CaseState]) -> list[PlannedVisit]:
    """Return the second visits of the contenders that were visited once, in the same order."""
    planned = []
    for case in cases:
        once = tuple(
            contender for contender, visits in states[case.id].visits.items() if visits == 1
        )
        if once:
            planned.append(PlannedVisit(case=case, contenders=with_baseline(once)))
    return planned


def with_baseline(contenders: Sequence[Contender]) -> tuple[Contender, ...]:
    """Return contenders with NumPy among them, first."""
    return (NUMPY, *(contender for contender in contenders if contender != NUMPY))


def fits(first_s: float, begun_s: float, left_s: float, renewal_s: float) -> bool:
    """Return whether time is left to visit a new case, and then all begun cases a second time.

    Parameters
    ----------
    first_s : expected seconds of the first visit of the new case.
    begun_s : seconds of the first visits of the cases begun before.
    renewal_s : seconds to start the second generation of processes.

    """
    return first_s + renewal_s + SECOND_SHARE * (begun_s + first_s) <= left_s


def open_visits(
    cases: Sequence[Case], states: Mapping[str, CaseState], left_s: float, budget_s: float
) -> list[PlannedVisit]:
    """Return visits of unsettled contenders; first the cases that the fewest seconds may settle.

    The visits fit into `left_s`. No case gets more than its share of the budget.
    """
    candidates = []
    for case in cases:
        state = states[case.id]
        unsettled = {
            contender: missing
            for contender, missing in state.missing.items()
            if missing and state.visits.get(contender, MAX_VISITS) < MAX_VISITS
        }
        if unsettled and state.cost_s + state.spent_s <= MAX_CASE_SHARE * budget_s:
            fewest = min(unsettled.values())
            rank = (fewest >= HOPELESS, fewest * state.cost_s)
            contenders = with_baseline(tuple(unsettled))
            candidates.append((rank, PlannedVisit(case=case, contenders=contenders)))
    chosen, planned_s = [], 0.0
    for _, visit in sorted(candidates, key=lambda pair: pair[0]):
        planned_s += states[visit.case.id].cost_s
        if planned_s <= left_s:
            chosen.append(visit)
    return chosen


class Schedule:
    """Plans the visits of a run, from the outcomes so far and the seconds that visits took.

    Attributes
    ----------
    cases : in the order of their first visits.
    cost_s : seconds of each visit so far, by case.

    """

    def __init__(self, outcomes: Outcomes, budget_s: float) -> None:
        self.cases = in_order(outcomes.cases)
        self.cost_s: dict[str, list[float]] = {case.id: [] for case in self.cases}
        self._outcomes = outcomes
        self._budget_s = budget_s

    def first(self) -> list[PlannedVisit]:
        """Return the first visits of all contenders that do not compile."""
        planned = first_visits(self.cases, self._states())
        return [visit for visit in planned if not compiles(visit)]

    def compiled(self) -> list[PlannedVisit]:
        """Return the first visits of the contenders that compile."""
        return [visit for visit in first_visits(self.cases, self._states()) if compiles(visit)]

    def second(self) -> list[PlannedVisit]:
        """Return the second visits of the contenders that were visited once."""
        return second_visits(self.cases, self._states())

    def open(self, left_s: float) -> list[PlannedVisit]:
        """Return visits of unsettled contenders, as many as one generation of processes makes."""
        planned = open_visits(self.cases, self._states(), left_s, self._budget_s)
        planned_s = 0.0
        for number, visit in enumerate(planned):
            planned_s += self.last_s(visit)
            if planned_s > GENERATION_S:
                return planned[: number + 1]
        return planned

    def last_s(self, visit: PlannedVisit) -> float:
        """Return the seconds of the last visit of the same case; 0 before the first."""
        return next(reversed(self.cost_s[visit.case.id]), 0.0)

    def begun_s(self) -> float:
        """Return the seconds of the first visits of all cases that were visited once."""
        return sum(spent[0] for spent in self.cost_s.values() if len(spent) == 1)

    def _states(self) -> dict[str, CaseState]:
        return {case.id: self._state(case) for case in self.cases}

    def _state(self, case: Case) -> CaseState:
        outcomes, costs = self._outcomes.of(case), self.cost_s[case.id]
        return CaseState(
            visits={
                contender: len(outcome.visits)
                for contender, outcome in outcomes.items()
                if outcome.open
            },
            missing=self._outcomes.missing(case, MAX_VISITS),
            cost_s=costs[-1] if costs else 0.0,
            spent_s=sum(costs),
        )


def compiles(visit: PlannedVisit) -> bool:
    """Return whether a contender of a visit compiles."""
    return any(contender.variant.compiles for contender in visit.contenders)


def times_the_work(case: Case, smaller: Case) -> float:
    """Return the work of a case divided by that of a smaller one."""
    if smaller.cost.flops:
        return case.cost.flops / smaller.cost.flops
    return case.cost.elements / smaller.cost.elements


def expected_s(cells: Iterable[Cell], peaks: Mapping[str, Peaks]) -> float:
    """Return the seconds that two visits of each of some cells are expected to take.

    A visit takes a fixed time for each contender, the time to place its inputs, and the time of
    some iterations, which is estimated from the roofs of its device. Inputs are drawn once.
    """
    cells = list(cells)
    drawn = {
        (c.case.workload.name, c.case.size.label, c.case.dtype): c.case.cost.elements for c in cells
    }
    placed = sum(cell.case.cost.elements for cell in cells)
    visit_s = PLACE_S * placed + VISIT_S * len(cells)
    visit_s += CALLS * sum(_iteration_s(cell, peaks) for cell in cells)
    compiled_s = COMPILE_S * sum(cell.contender.variant.compiles for cell in cells)
    return DRAW_S * sum(drawn.values()) + VISITS * visit_s + compiled_s


def _iteration_s(cell: Cell, peaks: Mapping[str, Peaks]) -> float:
    """Return the seconds of an iteration by the roofs of its device; 0 if they are unknown."""
    case, contender = cell.case, cell.contender
    roof = peaks.get(name_of(contender, case.threads))
    if roof is None:
        return 0.0
    flop_s = roof["flop_s"].get(contender.precision(case), 0.0)
    bytes_s = max(roof["copy_bytes_s"], roof["read_bytes_s"])
    computing_s = case.cost.flops / flop_s if flop_s else 0.0
    moving_s = contender.moved_bytes(case) / bytes_s if bytes_s else 0.0
    return max(computing_s, moving_s) / EFFICIENCY
