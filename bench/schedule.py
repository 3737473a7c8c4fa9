"""The schedule: which case a run visits next, and what that is expected to cost.

Every case is visited by two generations of fresh processes, the largest size of each curve first,
so that on any budget each workload has an answer at the size that headlines quote. A case is only
begun if there is time to visit it, and all that were begun before it, a second time. Contenders
that compile wait until the others are done. From then on time goes to the case that the fewest
seconds are expected to settle, and only its open contenders take part, beside NumPy.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, Contender
from bench.outcomes.outcomes import Outcomes
from bench.timing.peaks import Peaks, name_of

AGAIN = 0.75  # of a first visit's cost, which verifies and calibrates, is what a second costs
MOST_VISITS = 40
HOPELESS = 12  # further visits expected: such a cell comes after all others
MOST_SHARE = 1 / 12  # of the budget, for all visits of one case
GENERATION_S = 10.0  # at least, of visits by the same processes
UNKNOWN_S = 0.5  # a first visit, until some were seen

VISIT_S = 0.06  # of a contender: its process, verification, short blocks
DRAW_S, PLACE_S = 6e-9, 1.5e-9  # an element of the inputs
CALLS = 4.0  # that a visit takes at least, of a long iteration
EFFICIENCY = 0.4  # of the roof
COMPILE_S = 6.5  # for both visits: the second finds the first's code on disk
VISITS = 2


@dataclass(frozen=True, kw_only=True)
class Stay:
    """One visit to come: a case, and the contenders that take part."""

    case: Case
    contenders: tuple[Contender, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a case is.

    Attributes
    ----------
    visits : so far, of each contender that can still be visited.
    missing : visits expected to settle each of them, 0 where its verdict is known.
    cost_s : of the last visit; 0 before the first.
    spent_s : on all visits.

    """

    visits: Mapping[Contender, int]
    missing: Mapping[Contender, int]
    cost_s: float = 0.0
    spent_s: float = 0.0


def in_order(cases: Iterable[Case]) -> list[Case]:
    """Return cases in the order of a first visit: the largest size of each curve, then the rest.

    Those that share their inputs stand together. Of the sizes for accelerators, the first of each
    curve comes after the largest of the others, whose times tell what it will cost; the rest come
    last.
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
        if case.size.large:
            return 1 if case.axis_value == first_large[key] else 3
        return 0 if case.axis_value == largest[key] else 2

    return sorted(cases, key=rank)


def curve_of(case: Case) -> tuple[str, str, str]:
    """Return the curve of a case: workload, its own curve, dtype; sizes and threads differ."""
    return case.workload.name, case.curve, case.dtype


def first_stays(cases: Sequence[Case], standings: Mapping[str, Standing]) -> list[Stay]:
    """Return the first visits of all cases in order, then those of contenders that compile."""
    quick, slow = [], []
    for case in cases:
        new = [contender for contender, visits in standings[case.id].visits.items() if not visits]
        waits = [contender for contender in new if contender.variant.compiles]
        rest = tuple(contender for contender in new if contender not in waits)
        if rest:
            quick.append(Stay(case=case, contenders=rest))
        if waits:
            slow.append(Stay(case=case, contenders=(NUMPY, *waits)))
    return quick + slow


def second_stays(cases: Sequence[Case], standings: Mapping[str, Standing]) -> list[Stay]:
    """Return the second visits of all cases that were visited once, in the same order."""
    stays = []
    for case in cases:
        once = tuple(
            contender for contender, visits in standings[case.id].visits.items() if visits == 1
        )
        if once:
            stays.append(Stay(case=case, contenders=with_baseline(once)))
    return stays


def with_baseline(contenders: Sequence[Contender]) -> tuple[Contender, ...]:
    """Return contenders with NumPy among them, first."""
    return (NUMPY, *(contender for contender in contenders if contender != NUMPY))


def fits(first_s: float, begun_s: float, left_s: float, renewal_s: float) -> bool:
    """Tell whether a case can be begun and still be seen twice, like all that were begun.

    `first_s` is what its first visit may cost, `begun_s` what those of the others did.
    """
    return first_s + renewal_s + AGAIN * (begun_s + first_s) <= left_s


def open_stays(
    cases: Sequence[Case], standings: Mapping[str, Standing], left_s: float, budget_s: float
) -> list[Stay]:
    """Return visits of open cells, those first that need the fewest seconds to be settled.

    As many as there is time for; no case gets more than its share of the budget.
    """
    asked = []
    for case in cases:
        standing = standings[case.id]
        still = {
            contender: missing
            for contender, missing in standing.missing.items()
            if missing and standing.visits.get(contender, MOST_VISITS) < MOST_VISITS
        }
        if still and standing.cost_s + standing.spent_s <= MOST_SHARE * budget_s:
            near = min(still.values())
            price = (near >= HOPELESS, near * standing.cost_s)
            asked.append((price, Stay(case=case, contenders=with_baseline(tuple(still)))))
    chosen, planned_s = [], 0.0
    for _, stay in sorted(asked, key=lambda pair: pair[0]):
        planned_s += standings[stay.case.id].cost_s
        if planned_s <= left_s:
            chosen.append(stay)
    return chosen


class Schedule:
    """Chooses the next visits of a run from what is known and from what visits cost.

    Attributes
    ----------
    cases : in the order of their first visits.
    cost_s : seconds of each visit, by case.

    """

    def __init__(self, outcomes: Outcomes, budget_s: float) -> None:
        self.cases = in_order(outcomes.cases)
        self.cost_s: dict[str, list[float]] = {case.id: [] for case in self.cases}
        self._outcomes = outcomes
        self._budget_s = budget_s

    def first(self) -> list[Stay]:
        """Return the first visits of all contenders that do not compile."""
        stays = first_stays(self.cases, self._standings())
        return [stay for stay in stays if not compiles(stay)]

    def compiled(self) -> list[Stay]:
        """Return the first visits of the contenders that compile."""
        return [stay for stay in first_stays(self.cases, self._standings()) if compiles(stay)]

    def second(self) -> list[Stay]:
        """Return the second visits of all that were visited once."""
        return second_stays(self.cases, self._standings())

    def open(self, left_s: float) -> list[Stay]:
        """Return visits of open cells, for about one generation of processes."""
        stays = open_stays(self.cases, self._standings(), left_s, self._budget_s)
        planned_s = 0.0
        for number, stay in enumerate(stays):
            planned_s += self.last_s(stay)
            if planned_s > GENERATION_S:
                return stays[: number + 1]
        return stays

    def last_s(self, stay: Stay) -> float:
        """Return what the last visit of a case cost; 0 before the first."""
        return next(reversed(self.cost_s[stay.case.id]), 0.0)

    def begun_s(self) -> float:
        """Return what the first visits of all cases cost that were visited once."""
        return sum(spent[0] for spent in self.cost_s.values() if len(spent) == 1)

    def _standings(self) -> dict[str, Standing]:
        return {case.id: self._standing(case) for case in self.cases}

    def _standing(self, case: Case) -> Standing:
        outcomes, costs = self._outcomes.of(case), self.cost_s[case.id]
        return Standing(
            visits={who: len(one.visits) for who, one in outcomes.items() if one.open},
            missing=self._outcomes.missing(case, MOST_VISITS),
            cost_s=costs[-1] if costs else 0.0,
            spent_s=sum(costs),
        )


def compiles(stay: Stay) -> bool:
    """Tell whether a contender of a visit compiles."""
    return any(contender.variant.compiles for contender in stay.contenders)


def times_the_work(case: Case, smaller: Case) -> float:
    """Return how many times the work of a smaller case another is."""
    if smaller.cost.flops:
        return case.cost.flops / smaller.cost.flops
    return case.cost.elements / smaller.cost.elements


def expected_s(cells: Iterable[Cell], peaks: Mapping[str, Peaks]) -> float:
    """Return the seconds that two visits of each of some cells are expected to take.

    A contender's visit costs a part that is the same for all, the placing of its inputs, and some
    iterations, whose time follows from the roofs of its device. Inputs are drawn once.
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
    """Return what an iteration takes by the roofs of its device, 0 where they are not known."""
    case, contender = cell.case, cell.contender
    roof = peaks.get(name_of(contender, case.threads))
    if roof is None:
        return 0.0
    flop_s = roof["flop_s"].get(contender.precision(case), 0.0)
    bytes_s = max(roof["copy_bytes_s"], roof["read_bytes_s"])
    computing_s = case.cost.flops / flop_s if flop_s else 0.0
    moving_s = contender.moved_bytes(case) / bytes_s if bytes_s else 0.0
    return max(computing_s, moving_s) / EFFICIENCY
