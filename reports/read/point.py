"""One point of a result file as a typed row: a contender with a number of ranks on one size.

A missing number is None, as in `reports.read.row`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import ids
from bench.results.ratio import Ratio
from bench.results.scaling import STRONG, WEAK, Scaling, ScalingPoint, Status
from bench.results.verdicts import verdict
from reports.read.interval import Interval
from reports.read.row import ABSENT, IMPLAUSIBLE, display_name

OK = "ok"
THREADS = "torch-threads"  # one process with as many threads as another point has ranks


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A point that the run was asked to measure, whether it was measured or not.

    Attributes
    ----------
    mode : "strong", "weak", or "" where the ranks only communicate.
    time : the seconds of one iteration; the ends are NaN if its interval is unknown.
    oversubscribed : there were more ranks than cores or devices, so its times show nothing.
    speedup : the work done a second, relative to one rank; None without a usable time.
    efficiency : the speedup divided by the ranks.
    against_numpy : NumPy's time with as many ranks, divided by this time.
    communication_share : of an iteration, in which the profiler saw a collective.
    visits : of the point, each by processes of its own.

    The other fields are those of `bench.results.scaling.ScalingPoint`.

    """

    id: str
    workload: str
    size: str
    mode: str
    dtype: str
    ranks: int
    nodes: int
    contender: str
    backend: str
    device: str
    baseline: str
    status: Status
    reason: str
    oversubscribed: bool
    message_bytes: float | None
    flops: float | None
    examples: int | None
    time: Interval | None
    typical_s: float | None
    bus_bytes_s: float | None
    speedup: Interval | None
    efficiency: Interval | None
    against_numpy: Interval | None
    compute_s: float | None
    communication_share: float | None
    rel_error: float | None
    tolerance: float | None
    visits: int

    @property
    def is_numpy(self) -> bool:
        """Whether its ranks are NumPy's processes."""
        return self.contender == ids.NUMPY

    @property
    def on_cpu(self) -> bool:
        """Whether its ranks compute on the CPU."""
        return self.device == ids.CPU

    @property
    def is_threads(self) -> bool:
        """Whether it is one process with several threads."""
        return self.contender == THREADS

    @property
    def communicates(self) -> bool:
        """Whether several ranks exchange messages."""
        return bool(self.backend) and self.ranks > 1

    @property
    def strong(self) -> bool:
        """Whether its ranks share the work of one."""
        return self.mode == STRONG

    @property
    def weak(self) -> bool:
        """Whether each of its ranks has as much work as one."""
        return self.mode == WEAK

    @property
    def usable(self) -> bool:
        """Whether its time can be used for statements."""
        return self.status == OK and self.time is not None and not self.oversubscribed

    @property
    def failed(self) -> bool:
        """Whether it was tried, and cost its figures."""
        return self.status not in {OK, "skipped"}

    @property
    def state(self) -> str:
        """The verdict on the speedup, or `absent`, or `implausible`."""
        if self.status == IMPLAUSIBLE:
            return IMPLAUSIBLE
        if self.speedup is None:
            return ABSENT
        return verdict(self.speedup.low, self.speedup.high)

    @property
    def contender_name(self) -> str:
        """The contender's name in a sentence: `NumPy`, or `torch-gloo`."""
        return display_name(self.contender)

    @property
    def spaced_size(self) -> str:
        """The size with a space after each comma."""
        return self.size.replace(",", ", ")

    @property
    def where(self) -> str:
        """The computation and who did it: `matmul_sharded at n=960, torch-gloo`."""
        return f"{self.workload} at {self.spaced_size}, {self.contender_name}"

    @property
    def parts(self) -> str:
        """What it has several of, in words: `2 ranks`, `one thread`."""
        noun = "thread" if self.is_threads else "process" if self.is_numpy else "rank"
        plural = f"{noun}es" if noun == "process" else f"{noun}s"
        return f"one {noun}" if self.ranks == 1 else f"{self.ranks} {plural}"

    @property
    def work(self) -> float:
        """The operations of all ranks in one iteration, by which sizes are ordered."""
        return self.flops or self.message_bytes or 0.0


def points_of(scaling: Scaling | None) -> Iterator[Point]:
    """Yield a row for each point of a file, in the file's order."""
    for point in scaling.points if scaling else ():
        yield _row(point, oversubscribed=bool(scaling and scaling.oversubscribed))


def _row(point: ScalingPoint, *, oversubscribed: bool) -> Point:
    known = point.status == OK and not oversubscribed
    return Point(
        id=point.id,
        workload=point.workload,
        size=point.size,
        mode=point.mode,
        dtype=point.dtype,
        ranks=point.ranks,
        nodes=point.nodes,
        contender=point.contender,
        backend=point.backend,
        device=point.device,
        baseline=point.baseline,
        status=point.status,
        reason=point.reason,
        oversubscribed=oversubscribed,
        message_bytes=point.message_bytes,
        flops=point.flops,
        examples=point.examples,
        time=_time(point),
        typical_s=point.typical_s,
        bus_bytes_s=point.bus_bytes_s,
        speedup=_interval(point.speedup) if known else None,
        efficiency=_interval(point.efficiency) if known else None,
        against_numpy=_interval(point.against_numpy) if known else None,
        compute_s=point.compute_s,
        communication_share=point.communication_share,
        rel_error=point.rel_error,
        tolerance=point.tolerance,
        visits=len(point.samples.visits),
    )


def _time(point: ScalingPoint) -> Interval | None:
    if point.time_s is None:
        return None
    low, high = point.time_low_s, point.time_high_s
    if low is None or high is None:
        low = high = math.nan
    return Interval(value=point.time_s, low=low, high=high)


def _interval(ratio: Ratio | None) -> Interval | None:
    return None if ratio is None else Interval(value=ratio.ratio, low=ratio.low, high=ratio.high)
