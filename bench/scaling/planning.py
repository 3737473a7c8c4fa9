"""Plans the next visit of a run: which points, in which order, and for how long."""

from typing import Any

from bench.scaling.book import Book
from bench.scaling.point import Point

VISITS = (3, 5)  # fewest and most
FIRST = 0.5  # of the time, for the first visit: it also calibrates and profiles
FEWEST_LEFT = 0.15  # of the budget that must be left for a further visit


def planned(book: Book, budget_s: float, left_s: float) -> dict[str, Any]:
    """Return the plan of the next visit as JSON; nothing if the run is over.

    Cases that are behind, because the time of an earlier visit was spent or a rank failed in it, go
    first. A case that has had all its visits gets no more.
    """
    done = book.scaling["visits"]
    behind = [point for point in book.open_points() if _visits(book, point) < VISITS[1]]
    points = sorted(behind, key=lambda point: _visits(book, point))
    enough = left_s > (FEWEST_LEFT * budget_s if done else 0)
    if not points or not enough:
        return {}
    plans = {point.id: book.entries[point.id].plan for point in points}
    return {
        "number": done + 1,
        "points": [point.id for point in points],
        "profiled": [point.id for point in points if book.entries[point.id].share is None],
        "plans": {name: plan for name, plan in plans.items() if plan is not None},
        "seconds": left_s / max(1, VISITS[0] - done) if done else FIRST * left_s,
    }


def _visits(book: Book, point: Point) -> int:
    """Return how often a point's case was measured: the fewest visits of its open points."""
    of_case = (each for each in book.open_points() if each.case == point.case)
    return min(len(book.entries[each.id].visits) for each in of_case)
