"""Who is to blame for the end of an attempt, from what its ranks report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.machine.processes import STOPPED

ENDED, LOST, TIMEOUT = "ended", "lost", "timeout"  # statuses of reports that blame may pass on
WAITING = ("torch/distributed", "torch/autograd", "torch/cuda", "multiprocessing", "threading")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a rank says when its attempt ends before it should.

    Attributes
    ----------
    status : of the point; "ended" if torchrun told the rank to end, "lost" if it only lost others.
    point : the id of the point that it was measuring.
    culprit : the rank at fault, if it is not this one; else -1.
    place : where its process was in its code, or that it was stopped; "" if nobody has hung.
    order : reports of an attempt in the order in which they came.

    """

    rank: int
    status: str
    reason: str = ""
    point: str = ""
    culprit: int = -1
    place: str = ""
    order: int = 0

    @property
    def waited(self) -> bool:
        """Whether its process waited for the others, or for a device."""
        return any(part in self.place for part in WAITING)

    @property
    def why(self) -> str:
        """The rank at fault, and the reason."""
        return f"rank {self.rank if self.culprit < 0 else self.culprit}: {self.reason}"


def blame(reports: Sequence[Report | None], gone: Sequence[int]) -> tuple[str, str, str] | None:
    """Return the point that a fault costs, the status and the reason; None if there was no fault.

    The rank to blame failed by itself, or hung while the others waited, or is among `gone`: ranks
    that ended without a report. Others only lost it.
    """
    there = sorted((r for r in reports if r is not None), key=lambda report: report.order)
    point = next((report.point for report in there if report.point), "")
    for report in there:
        if report.status not in (ENDED, LOST, TIMEOUT):
            return report.point or point, report.status, report.why
    for report in there:
        if report.status == TIMEOUT and report.culprit >= 0:
            return point, TIMEOUT, report.why
    late = [report for report in there if report.status == TIMEOUT]
    if late:
        placed = [report for report in there if report.place and not report.waited]
        hung = [r for r in placed if r.place == STOPPED] or placed or late
        reason = ", ".join(filter(None, (late[0].reason, hung[0].place)))
        return hung[0].point or point, TIMEOUT, f"rank {_names(r.rank for r in hung)}: {reason}"
    if gone and there:
        reason = "the process was killed, or its machine has gone"
        return point, "crashed", f"rank {_names(gone)}: {reason}"
    told_to_end = any(report.status == ENDED for report in there)  # others may have lost those
    for report in there:
        if report.status == LOST and not told_to_end:
            return point, "crashed", f"rank {report.rank} lost the others: {report.reason}"
    return None


def _names(ranks: Iterable[int]) -> str:
    return ", ".join(map(str, ranks))
