"""Can a time be true? What no machine can do is a fault of the measurement, and is said to be one.

Held against the roofs measured on this very machine and, where the model is known, against its
maker's promise: a time that would take more operations or bytes a second than there are. Held
against the device: a time shorter than it takes to launch nothing, or than the device itself was
busy in most of the same blocks. A recording of many kernels is launched as one; it is held against
the launch of an empty one. Held
against smaller sizes of the same curve: a time that grows far faster than what is computed, which
means that the cost is counted wrong. A roof that something rises above is measured again first.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.cases.case import Case
from bench.cases.contenders import Contender
from bench.machine.datasheets import DataSheet as Promise
from bench.timing.peaks import CACHES

Facts = Mapping[str, Any]
MARGIN = 1.05  # over a measured roof, of the typical time
BEST_MARGIN = 1.25  # of the best, which a clock that runs faster for a moment may help
LAUNCH_SHARE = 2.0  # nothing takes less than half of what launching nothing takes
BUSY_MARGIN = 1.05  # by which the device's clock may run ahead of the host's in a block
REPEATED = 2  # blocks at least, in which it was busy for longer
GROWTH = 25.0  # clean curves lost up to 9 times their share of the roof when they left the caches


@dataclass(frozen=True, kw_only=True)
class Roof:
    """The limits of where a contender computes, in its precision.

    Attributes
    ----------
    flop_s, bytes_s : measured; 0 where that is not known.
    cache_bytes : data that is larger comes from memory; None where that is not known.
    launch_s : from one queued launch of next to nothing to the next, in the way that is judged;
        None for a CPU, or where that is not known.
    promise : its maker's, if the model is known.

    """

    flop_s: float
    bytes_s: float
    cache_bytes: float | None
    launch_s: float | None
    promise: Promise | None = None

    @classmethod
    def of(
        cls, peaks: Facts, precision: str, promise: Promise | None, *, recorded: bool = False
    ) -> "Roof":
        """Return the roof that a device's peaks put over a precision; `recorded` as a graph."""
        return cls(
            flop_s=peaks["flop_s"].get(precision, 0.0),
            bytes_s=max(peaks["copy_bytes_s"], peaks["read_bytes_s"]),
            cache_bytes=peaks["cache_bytes"] and CACHES * peaks["cache_bytes"],
            launch_s=peaks.get("replay_s") if recorded else peaks["launch_s"],
            promise=promise,
        )


def precision_of(case: Case, who: Contender) -> str:
    """Return the precision whose peak a contender can reach."""
    return who.runs.precision or case.dtype


def above_roof(case: Case, who: Contender, facts: Facts, roof: Roof) -> str:
    """Return by how much a result rises above what was measured or promised, or ""."""
    flops = case.cost.flops / case.cost.shortcut
    moved = who.moved_bytes(case)
    beyond_cache = roof.cache_bytes is not None and moved > roof.cache_bytes
    promised = roof.promise.flop_s.get(precision_of(case, who), 0.0) if roof.promise else 0.0
    promised_bytes_s = roof.promise.bytes_s if roof.promise else 0.0
    limits = [(flops, roof.flop_s, promised, "FLOP/s")]
    if beyond_cache:
        limits.append((moved, roof.bytes_s, promised_bytes_s, "bytes/s"))
    for amount, measured, most, unit in limits:
        for name, margin in (("typical", MARGIN), ("best", BEST_MARGIN)):
            rate = amount / facts[f"{name}_s"]
            if measured and rate > measured * margin:
                return f"{rate:.3g} {unit} at its {name} is above the {measured:.3g} measured here"
            if most and rate > most:
                return f"{rate:.3g} {unit} at its {name} is above the {most:.3g} its maker promises"
    return ""


def out_of_time(facts: Facts, roof: Roof, both_s: Collection[tuple[float, float]] = ()) -> str:
    """Return why the device's own clock or launch time rules a time out, or "".

    `both_s` is, of each block, what the wall clock and the device's own clock say of it.
    """
    typical_s = facts["typical_s"]
    if roof.launch_s and typical_s * LAUNCH_SHARE < roof.launch_s:
        return f"{typical_s:.3g} s is shorter than a launch, which takes {roof.launch_s:.3g} s"
    late = [(wall_s, busy_s) for wall_s, busy_s in both_s if busy_s > BUSY_MARGIN * wall_s]
    if len(late) >= REPEATED and 2 * len(late) > len(both_s):
        wall_s, busy_s = late[0]
        return (
            f"in {len(late)} of {len(both_s)} blocks the device was busy for longer than the clock "
            f"ran, which did not wait for it: {busy_s:.3g} s and {wall_s:.3g} s in one"
        )
    return ""


def outgrown(curve: Sequence[tuple[Case, Contender, Facts, Roof]]) -> Iterator[tuple[int, str]]:
    """Yield which times of a curve, in the order of its sizes, grow faster than the cost; and why.

    What a result gets of its roof falls when its data leaves a cache. When it falls much more, the
    work grows faster than was counted.
    """
    best = 0.0
    for place, (case, who, facts, roof) in enumerate(curve):
        if not (roof.flop_s and roof.bytes_s):
            return
        least_s = max(case.cost.flops / roof.flop_s, who.moved_bytes(case) / roof.bytes_s)
        share = min(1.0, least_s / facts["typical_s"])
        if share * GROWTH < best:
            reason = f"its time grows faster than its cost: {share:.2g} of the roof"
            yield place, f"{reason}, where a smaller size gets {best:.2g}"
        best = max(best, share)
