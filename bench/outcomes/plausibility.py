"""Can a time be true? A time that no machine can reach is a fault of the measurement.

A time is compared with

- the roofs measured on this machine and, where the model is known, its maker's data sheet: it must
  not need more operations or bytes a second than there are;
- the device: it must not be shorter than an empty launch, or than the device itself was busy in
  most of the same blocks. A CUDA graph launches many kernels at once and is compared with the
  replay of an empty one;
- smaller sizes of its curve: a time that grows far faster than its cost means that the cost is
  counted wrong.

A roof is measured again before a result that rises above it is marked, since a busy moment may have
lowered it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.cases.case import Case
from bench.cases.contenders import Contender
from bench.machine.datasheets import DataSheet, data_sheet
from bench.outcomes.outcome import Figures, Outcome
from bench.timing.peaks import CACHES, Peaks, name_of

MARGIN = 1.05  # over a measured roof, of the typical time
BEST_MARGIN = 1.25  # of the best, which a clock that runs faster for a moment may help
LAUNCH_SHARE = 2.0  # nothing takes less than half of an empty launch
BUSY_MARGIN = 1.05  # by which the device's clock may run ahead of the host's in a block
REPEATED = 2  # blocks at least, in which it was busy for longer
GROWTH = 25.0  # clean curves lost up to 9 times their share of the roof when they left the caches
MOST_PROBES = 3  # of a device: before the first visit, and when a result rises above its roof
UNKNOWN: Peaks = {
    "model": None,
    "flop_s": {},
    "copy_bytes_s": 0.0,
    "read_bytes_s": 0.0,
    "cache_bytes": None,
    "launch_s": None,
    "replay_s": None,
}

Measure = Callable[[Mapping[str, Peaks], str], dict[str, Peaks]]
Points = Sequence[tuple[Case, Contender, Outcome]]


@dataclass(frozen=True, kw_only=True)
class Roof:
    """The limits of where a contender computes, in its precision.

    Attributes
    ----------
    flop_s, bytes_s : measured; 0 where that is not known.
    cache_bytes : data that is larger comes from memory; None where that is not known.
    launch_s : from one queued launch of next to nothing to the next, for a graph from one replay of
        an empty graph to the next; None for a CPU, or where that is not known.
    sheet : its maker's, if the model is known.

    """

    flop_s: float
    bytes_s: float
    cache_bytes: float | None
    launch_s: float | None
    sheet: DataSheet | None = None

    @classmethod
    def of(cls, peaks: Mapping[str, Any], case: Case, contender: Contender) -> "Roof":
        """Return the roof that the peaks of a contender's device put over it."""
        replayed = contender.variant.reuses
        return cls(
            flop_s=peaks["flop_s"].get(contender.precision(case), 0.0),
            bytes_s=max(peaks["copy_bytes_s"], peaks["read_bytes_s"]),
            cache_bytes=peaks["cache_bytes"] and CACHES * peaks["cache_bytes"],
            launch_s=peaks.get("replay_s") if replayed else peaks["launch_s"],
            sheet=data_sheet(peaks["model"] or ""),
        )


class Ceilings:
    """The peaks of a run's devices, and which times they show to be impossible.

    Attributes
    ----------
    peaks : by device; those of the CPU by its threads too.

    """

    def __init__(self, measure: Measure) -> None:
        """Take `measure(known, only)`, which measures the peaks of all devices, or of one."""
        self.peaks: dict[str, Peaks] = {}
        self._measure = measure
        self._probes: dict[str, int] = {}

    def probe(self, only: str = "") -> None:
        """Measure the peaks of all devices, or those of one device once more."""
        self.peaks = self._measure(self.peaks, only)
        for name in self.peaks if not only else (only,):
            self._probes[name] = self._probes.get(name, 0) + 1

    def roof(self, case: Case, contender: Contender) -> Roof:
        """Return the roof over a contender in a case."""
        return Roof.of(self.peaks.get(name_of(contender, case.threads), UNKNOWN), case, contender)

    def impossible(
        self, case: Case, outcomes: Mapping[Contender, Outcome]
    ) -> Iterator[tuple[Contender, str]]:
        """Yield the contenders of a case whose times cannot be true, and why."""
        for contender, outcome in outcomes.items():
            if outcome.figures is not None and outcome.open:
                reason = self._reason(case, contender, outcome.figures, outcome)
                if reason:
                    yield contender, reason

    def _reason(self, case: Case, contender: Contender, figures: Figures, outcome: Outcome) -> str:
        name = name_of(contender, case.threads)
        typical_s, best_s = figures.typical.value, figures.best_s
        while above := above_roof(case, contender, typical_s, best_s, self.roof(case, contender)):
            if self._probes.get(name, MOST_PROBES) >= MOST_PROBES:
                return above
            self.probe(name)
        both_s = [(b.time_s, b.device_s) for b in outcome.blocks if b.device_s is not None]
        return out_of_time(typical_s, self.roof(case, contender), both_s)

    def steep(
        self, cells: Iterable[tuple[Case, Contender, Outcome]]
    ) -> Iterator[tuple[Case, Contender, str]]:
        """Yield the cells whose times grow faster than their cost along a curve, and why.

        Rewritten variants are left out: the cost is that of the workload's own body.
        """
        curves: dict[tuple[Any, ...], list[tuple[Case, Contender, Outcome]]] = {}
        for case, contender, outcome in cells:
            if outcome.figures and outcome.open and not contender.variant.rewritten:
                key = (case.workload.name, case.curve, case.dtype, case.threads, contender)
                curves.setdefault(key, []).append((case, contender, outcome))
        for curve in curves.values():
            curve.sort(key=lambda point: point[0].axis_value)
            points = [
                (
                    case.cost.flops,
                    contender.moved_bytes(case),
                    outcome.figures.typical.value if outcome.figures else 0.0,
                    self.roof(case, contender),
                )
                for case, contender, outcome in curve
            ]
            for place, reason in outgrown(points):
                case, contender, _ = curve[place]
                yield case, contender, reason


def above_roof(
    case: Case, contender: Contender, typical_s: float, best_s: float, roof: Roof
) -> str:
    """Return by how much a result rises above what was measured or promised, or ""."""
    flops = case.cost.flops / case.cost.shortcut
    moved = contender.moved_bytes(case)
    beyond_cache = roof.cache_bytes is not None and moved > roof.cache_bytes
    precision = contender.precision(case)
    promised = roof.sheet.flop_s.get(precision, 0.0) if roof.sheet else 0.0
    promised_bytes_s = roof.sheet.bytes_s if roof.sheet else 0.0
    limits = [(flops, roof.flop_s, promised, "FLOP/s")]
    if beyond_cache:
        limits.append((moved, roof.bytes_s, promised_bytes_s, "bytes/s"))
    times_s = {"typical": (typical_s, MARGIN), "best": (best_s, BEST_MARGIN)}
    for amount, measured, most, unit in limits:
        for name, (time_s, margin) in times_s.items():
            rate = amount / time_s
            if measured and rate > measured * margin:
                return f"{rate:.3g} {unit} at its {name} is above the {measured:.3g} measured here"
            if most and rate > most:
                return f"{rate:.3g} {unit} at its {name} is above the {most:.3g} its maker promises"
    return ""


def out_of_time(typical_s: float, roof: Roof, both_s: Collection[tuple[float, float]] = ()) -> str:
    """Return why a launch, or the device's own clock, rules a time out, or "".

    `both_s` holds, for each block, the times by the wall clock and by the device's own clock.
    """
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


def outgrown(curve: Sequence[tuple[float, float, float, Roof]]) -> Iterator[tuple[int, str]]:
    """Yield which times of a curve grow faster than their cost, by place; and why.

    `curve` holds operations, bytes moved, seconds and the roof of each size, the smallest first.
    A result's share of its roof falls when its data leaves a cache. Where it falls much more, the
    work grows faster than was counted.
    """
    best = 0.0
    for place, (flops, moved, time_s, roof) in enumerate(curve):
        if not (roof.flop_s and roof.bytes_s):
            return
        least_s = max(flops / roof.flop_s, moved / roof.bytes_s)
        share = min(1.0, least_s / time_s)
        if share * GROWTH < best:
            reason = f"its time grows faster than its cost: {share:.2g} of the roof"
            yield place, f"{reason}, where a smaller size gets {best:.2g}"
        best = max(best, share)
