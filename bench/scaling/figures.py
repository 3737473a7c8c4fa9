"""Figures of points: times, speedups and efficiencies with their 95 % intervals.

Each visit counts as one value, and variances are pooled over all points, as for cells
(`bench.results.pooling`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.outcomes.estimate import best_ratio, best_time
from bench.results.pooling import Estimate, Prior, Visited, estimated, fitted
from bench.results.ratio import Ratio
from bench.results.scaling import WEAK, Samples, ScalingPoint
from bench.scaling.point import BACKENDS, DTYPE, Point

BLOCK_S = 0.01  # of one measurement
SLOW = 2.0  # a rank whose work takes this many times that of the others slows all down
OK, STRAGGLER = "ok", "straggler"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one visit showed of a point.

    Attributes
    ----------
    seconds : of one iteration of the slowest rank, by block.
    compute_s : of each rank's work without communication.
    share : of an iteration in which the profiler saw a collective; None if it was not asked.

    """

    id: str
    visit: int
    seconds: list[float]
    compute_s: list[float]
    share: float | None
    rel_error: float | None
    tolerance: float | None
    iterations: int


@dataclass
class Entry:
    """All that is known of one point."""

    point: Point
    status: str = "skipped"
    reason: str = ""
    visits: dict[int, list[float]] = field(default_factory=dict)
    last: Observation | None = None
    compute_s: list[float] = field(default_factory=list)
    share: float | None = None

    @property
    def open(self) -> bool:
        """Whether it can be measured further."""
        return self.status == OK or not self.reason

    @property
    def plan(self) -> tuple[int, float] | None:
        """How many iterations a further block should have, and its seconds; None before a visit."""
        seconds = [each for visit in self.visits.values() for each in visit]
        return block_of(float(np.median(seconds))) if seconds else None

    def add(self, seen: Observation, *, judge: bool = True) -> None:
        """Add a visit; `judge` looks for a straggler, where each rank has a core."""
        self.status, self.reason = OK, ""
        self.visits[seen.visit] = seen.seconds
        self.last = seen
        before = self.compute_s or seen.compute_s
        self.compute_s = [min(pair) for pair in zip(before, seen.compute_s, strict=True)]
        self.share = self.share if seen.share is None else seen.share
        slow_in_every_visit = slow(self.compute_s) if judge and len(self.visits) > 1 else ""
        if slow_in_every_visit:
            self.fail(STRAGGLER, slow_in_every_visit)

    def fail(self, status: str, reason: str) -> None:
        """Take no further visits, and no figures."""
        self.status, self.reason = status, reason


def block_of(iteration_s: float) -> tuple[int, float]:
    """Return how many iterations make a block, and how many seconds they take."""
    iterations = max(1, round(BLOCK_S / iteration_s))
    return iterations, iterations * iteration_s


def slow(compute_s: list[float]) -> str:
    """Return which rank's own work takes far longer than that of the others, or ""."""
    for rank, seconds in enumerate(compute_s):
        others = [s for other, s in enumerate(compute_s) if other != rank]
        if others and seconds > SLOW * float(np.median(others)):
            times = seconds / float(np.median(others))
            return f"rank {rank}: its own work took {times:.1f} times as long as the others'"
    return ""


def finished(entries: Mapping[str, Entry], facts: Callable[[Point], dict[str, Any]]) -> list[Any]:
    """Return the points of a result file, with their figures; `facts` adds nodes and device."""
    timed = [entry for entry in entries.values() if entry.visits and entry.status == OK]
    ratios = {entry.point.id: _against(entry, entries, entry.point.baseline) for entry in timed}
    rivals = {entry.point.id: _against(entry, entries, entry.point.rival) for entry in timed}
    times = {entry.point.id: best_time(list(entry.visits.values())) for entry in timed}
    known = filter(None, [*ratios.values(), *rivals.values()])
    of_ratios, of_times = fitted(known), fitted(times.values())
    return [
        _point(
            entry,
            facts(entry.point),
            _estimate(times.get(entry.point.id), of_times),
            _estimate(ratios.get(entry.point.id), of_ratios),
            _estimate(rivals.get(entry.point.id), of_ratios),
        )
        for entry in entries.values()
    ]


def _against(entry: Entry, entries: Mapping[str, Entry], other: str) -> Visited | None:
    """Return the ratio of another point's time to this one's, by visit; None without both."""
    base = entries.get(other)
    if base is None or base.status != OK or entry.status != OK:
        return None
    both = [number for number in entry.visits if number in base.visits]
    return best_ratio([(base.visits[n], entry.visits[n]) for n in both]) if both else None


def _estimate(visited: Visited | None, prior: Prior) -> Estimate | None:
    return None if visited is None else estimated(visited, prior)


def _point(
    entry: Entry,
    facts: Mapping[str, Any],
    time: Estimate | None,
    ratio: Estimate | None,
    rival: Estimate | None,
) -> ScalingPoint:
    point, amount, last = entry.point, entry.point.amount, entry.last
    known: dict[str, Any] = {}
    if time is not None:
        rate = amount.message_bytes / time.value
        medians = [float(np.median(seconds)) for seconds in entry.visits.values()]
        known |= {
            "time_s": time.value,
            "time_low_s": time.low,
            "time_high_s": time.high,
            "typical_s": float(np.exp(np.mean(np.log(medians)))),
            "communication_share": entry.share,
        }
        if point.processes > 1:
            known["algorithm_bytes_s"] = rate
            if not point.mode:
                known["bus_bytes_s"] = rate * 2 * (point.ranks - 1) / point.ranks
    if ratio is not None:
        times = point.ranks if point.mode == WEAK else 1
        known["speedup"] = _scaled(ratio, times)
        known["efficiency"] = _scaled(ratio, times / point.ranks)
    if rival is not None:
        known["against_numpy"] = _scaled(rival, 1)
    if last is not None:
        known |= {
            "rel_error": last.rel_error,
            "tolerance": last.tolerance,
            "iterations_per_block": last.iterations,
        }
    samples = Samples(numbers=list(entry.visits), visits=list(entry.visits.values()))
    return ScalingPoint(
        id=point.id,
        workload=point.workload,
        size=point.size.label,
        mode=point.mode,
        dtype=DTYPE,
        ranks=point.ranks,
        contender=point.contender,
        backend=BACKENDS.get(point.contender, "") if point.processes > 1 else "",
        baseline=point.baseline,
        status=entry.status,
        reason=entry.reason,
        message_bytes=amount.message_bytes,
        flops=amount.flops,
        examples=amount.examples,
        compute_s=max(entry.compute_s, default=None),
        rank_compute_s=entry.compute_s,
        samples=samples,
        **facts,
        **known,
    )


def _scaled(estimate: Estimate, by: float) -> Ratio:
    return Ratio(ratio=estimate.value * by, low=estimate.low * by, high=estimate.high * by)


def restored(entries: Mapping[str, Entry], points: Iterable[ScalingPoint]) -> None:
    """Put the visits of an earlier file back into entries."""
    for point in points:
        entry = entries.get(point.id)
        if entry is None:
            continue
        entry.status, entry.reason = point.status, point.reason
        entry.visits = dict(zip(point.samples.numbers, point.samples.visits, strict=True))
        entry.compute_s, entry.share = list(point.rank_compute_s), point.communication_share
        if point.iterations_per_block is not None:
            entry.last = Observation(
                id=point.id,
                visit=max(entry.visits, default=0),
                seconds=[],
                compute_s=entry.compute_s,
                share=entry.share,
                rel_error=point.rel_error,
                tolerance=point.tolerance,
                iterations=point.iterations_per_block,
            )
