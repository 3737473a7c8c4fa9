"""The findings on the points of a result: what several ranks gain, cost, and what went wrong."""

from collections.abc import Iterator

from reports.findings.communication import bandwidths, shares
from reports.findings.group import faults, measured, skipped, verified
from reports.findings.second_rank import against_numpy, against_threads, gains, second_ranks
from reports.findings.statement import Finding
from reports.read.result import Result


def about_points(result: Result) -> Iterator[Finding]:
    """Yield every finding on points; without points, only that there is no answer."""
    points = result.points
    yield from second_ranks(points)
    if result.scaling is None or not points:
        return
    yield from measured(result.scaling, points)
    yield from verified(points)
    yield from gains(points)
    yield from against_threads(points)
    yield from against_numpy(points)
    yield from shares(points)
    yield from bandwidths(points, result.scaling.copy_bytes_s)
    yield from faults(points)
    yield from skipped(points)
