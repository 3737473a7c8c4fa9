"""Findings on the group of ranks: what was measured, verified, skipped, and what went wrong."""

from collections.abc import Iterator, Sequence

from bench.results.scaling import Scaling
from reports import units
from reports.findings.second_rank import about_point
from reports.findings.statement import QUOTED, Finding
from reports.read.grouping import grouped
from reports.read.point import Point

FAULTS = {
    "mismatch": "its result is wrong",
    "oom": "memory ran out",
    "crashed": "it crashed",
    "timeout": "it hung",
    "straggler": "one rank was slow, so its time says nothing of the others",
    "implausible": "its time cannot be true",
}
OVERSUBSCRIBED = (
    "More ranks than cores or devices: the times show how ranks wait for each other’s turn, so no"
    " speedup is given; what was verified holds"
)


def measured(scaling: Scaling, points: Sequence[Point]) -> Iterator[Finding]:
    """State how many points have times, and whether the times can show a speedup."""
    timed = [point for point in points if point.time is not None and point.status == "ok"]
    numbers = {"timed": str(len(timed)), "count": str(len(points)), "visits": str(scaling.visits)}
    sentence = "{timed} of {count} points with up to {ranks} have a time, from {visits} visits"
    if failed := sum(point.failed for point in points):
        numbers["failed"] = str(failed)
        sentence += "; {failed} failed"
    if scaling.restarts:
        numbers["restarts"] = str(scaling.restarts)
        sentence += "; torchrun started the group anew {restarts} times"
    if not scaling.complete:
        sentence += "; the measurement was interrupted"
    yield Finding(
        id="points",
        state="measured" if scaling.complete else "interrupted",
        sentence=sentence,
        words={"ranks": units.count(max(1, scaling.world), "rank")},
        numbers=numbers,
        cells=tuple(point.id for point in points),
    )
    if scaling.oversubscribed:
        yield Finding(id="oversubscribed", state="oversubscribed", sentence=OVERSUBSCRIBED)


def verified(points: Sequence[Point]) -> Iterator[Finding]:
    """State how many points agree with the float64 result of one process."""
    checked = [point for point in points if point.rel_error is not None and point.tolerance]
    wrong = [point for point in points if point.status == "mismatch"]
    if not checked:
        return
    nearest = max(checked, key=_error_share)
    numbers = {
        "checked": str(len(checked)),
        "share": units.share(_error_share(nearest)),
    }
    sentence = (
        "{checked} points were compared with the float64 result of one process; the largest error"
        " is {share} of its bound, that of {nearest}"
    )
    if wrong:
        numbers["wrong"] = str(len(wrong))
    sentence += "; {wrong} do not agree and have no times" if wrong else "; all agree"
    yield Finding(
        id="points-verified",
        state="mismatch" if wrong else "ok",
        sentence=sentence,
        words={"nearest": nearest.id},
        numbers=numbers,
        cells=(nearest.id,),
    )


def _error_share(point: Point) -> float:
    return (point.rel_error or 0.0) / (point.tolerance or 1.0)


def faults(points: Sequence[Point]) -> Iterator[Finding]:
    """State for each point that failed how, and which rank was to blame."""
    for point in points:
        if point.failed:
            yield Finding(
                id=f"rank-fault/{point.id}",
                state=point.status,
                sentence="{where}, {parts}: {what}" + (" ({reason})" if point.reason else ""),
                words={
                    "where": ", ".join(filter(None, (point.where, point.mode))),
                    "parts": point.parts,
                    "what": FAULTS.get(point.status, point.status),
                }
                | ({QUOTED: point.reason} if point.reason else {}),
                cells=(point.id,),
                about=about_point(point),
            )


def skipped(points: Sequence[Point]) -> Iterator[Finding]:
    """State how many points were skipped, for each reason."""
    without = [point for point in points if point.status == "skipped"]
    groups = grouped(without, lambda point: point.reason or "no reason is known")
    for number, (reason, group) in enumerate(groups.items()):
        yield Finding(
            id=f"skipped-points/{number}",
            state="skipped",
            sentence="{count} of {all} points were skipped: {reason}",
            words={QUOTED: reason},
            numbers={"count": str(len(group)), "all": str(len(points))},
            cells=tuple(point.id for point in group),
        )
