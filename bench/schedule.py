"""What a run measures next: time goes where a verdict is not known.

Every case is seen by two generations of fresh processes, the largest size of each curve first, so
that whatever the budget, each workload answers at the size that the headlines quote. A case is only
begun if there is time left to see it, and all that were begun before it, a second time. Contenders
whose first call is expensive wait until the others are done. From then on a second goes to the
case that is expected to be settled by the fewest of them, and only its open contenders take part.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender, slow_to_start

AGAIN = (
    0.75  # of the cost of a first visit, which verifies and calibrates, a second one is reckoned
)
MOST_VISITS = 40
HOPELESS = 12  # further visits expected: such a cell comes after all others
MOST_SHARE = 1 / 12  # of the budget, for all visits of one case


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
    visits : of each contender that can still be visited.
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

    Those that share their inputs stand together. Of the sizes that only an accelerator fills, the
    first of each curve comes after the largest of the others, whose times tell what it will cost,
    and the further ones come last.
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
    """Return what cases have in common that differ in size and threads alone."""
    return case.workload.name, case.curve, case.dtype


def first_stays(cases: Sequence[Case], standings: Mapping[str, Standing]) -> list[Stay]:
    """Return the first visits of all cases in order, then those of contenders slow to start."""
    quick, slow = [], []
    for case in cases:
        new = [who for who, visits in standings[case.id].visits.items() if not visits]
        waits = [who for who in new if slow_to_start(who)]
        rest = tuple(who for who in new if who not in waits)
        if rest:
            quick.append(Stay(case=case, contenders=rest))
        if waits:
            slow.append(Stay(case=case, contenders=(NUMPY, *waits)))
    return quick + slow


def second_stays(cases: Sequence[Case], standings: Mapping[str, Standing]) -> list[Stay]:
    """Return the second visits of all cases that were visited once, in the same order."""
    stays = []
    for case in cases:
        once = tuple(who for who, visits in standings[case.id].visits.items() if visits == 1)
        if once:
            stays.append(Stay(case=case, contenders=with_baseline(once)))
    return stays


def with_baseline(contenders: Sequence[Contender]) -> tuple[Contender, ...]:
    """Return contenders with NumPy among them, first."""
    return (NUMPY, *(who for who in contenders if who != NUMPY))


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
            who: missing
            for who, missing in standing.missing.items()
            if missing and standing.visits.get(who, MOST_VISITS) < MOST_VISITS
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
