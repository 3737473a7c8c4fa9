"""Plausibility: marks times that this machine cannot reach, since they must be wrong.

Three checks find them:

- a result must not need more operations or bytes a second than the roofs measured on this machine
  or, for a known model, its data sheet. Before it is marked, the roof is measured again: a busy
  moment may have lowered it;
- on an accelerator a time must not be much shorter than an empty launch. For a CUDA graph that is
  the replay of an empty graph. Nor must the device have been busy for longer than the wall clock
  ran, in most blocks;
- along a curve, times must not grow much faster than the counted cost. If they do, the cost is
  wrong.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.cases.case import Case
from bench.cases.contenders import Contender
from bench.machine.datasheets import DataSheet, data_sheet
from bench.outcomes.outcome import Figures, Outcome
from bench.timing.peaks import CACHES, Peaks, name_of

MARGIN = 1.05  # a typical time may be this far above a measured roof
BEST_MARGIN = 1.25  # a best time may be further above, when the clock runs faster for a moment
LAUNCH_SHARE = 2.0  # no call takes less than half of an empty launch
BUSY_MARGIN = 1.05  # the device's clock may run ahead of the host's by 5 %
REPEATED = 2  # fewest blocks in which the device was busy for too long
GROWTH = 25.0  # right costs gave up to 9, where the data leaves the caches
MAX_PROBES = 3  # of a device's peaks: at the start, and when a result is above its roof
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
    """The limits of a contender's device, in the contender's precision.

    Attributes
    ----------
    flop_s, bytes_s : measured; 0 if unknown.
    cache_bytes : larger data comes from memory; None if unknown.
    launch_s : time between two queued empty launches; for a CUDA graph, between two replays of an
        empty graph. None on a CPU, or if unknown.
    sheet : the maker's data sheet, if the model is known.

    """

    flop_s: float
    bytes_s: float
    cache_bytes: float | None
    launch_s: float | None
    sheet: DataSheet | None = None

    @classmethod
    def of(cls, peaks: Mapping[str, Any], case: Case, contender: Contender) -> "Roof":
        """Return the roof of a contender, given the peaks of its device."""
        replayed = contender.variant.reuses
        return cls(
            flop_s=peaks["flop_s"].get(contender.precision(case), 0.0),
            bytes_s=max(peaks["copy_bytes_s"], peaks["read_bytes_s"]),
            cache_bytes=peaks["cache_bytes"] and CACHES * peaks["cache_bytes"],
            launch_s=peaks.get("replay_s") if replayed else peaks["launch_s"],
            sheet=data_sheet(peaks["model"] or ""),
        )


class Roofs:
    """The roofs of a run's devices; finds the times that are above them.

    Parameters
    ----------
    measure : `measure(known, only)` measures the peaks of all devices, or only of one.

    Attributes
    ----------
    peaks : by device, and for the CPU by threads too.

    """

    def __init__(self, measure: Measure) -> None:
        self.peaks: dict[str, Peaks] = {}
        self._measure = measure
        self._probes: dict[str, int] = {}

    def probe(self, only: str = "") -> None:
        """Measure the peaks of all devices, or those of one device again."""
        self.peaks = self._measure(self.peaks, only)
        for name in self.peaks if not only else (only,):
            self._probes[name] = self._probes.get(name, 0) + 1

    def roof(self, case: Case, contender: Contender) -> Roof:
        """Return the roof of a contender in a case."""
        return Roof.of(self.peaks.get(name_of(contender, case.threads), UNKNOWN), case, contender)

    def impossible(
        self, case: Case, outcomes: Mapping[Contender, Outcome]
    ) -> Iterator[tuple[Contender, str]]:
        """Yield the contenders of a case with implausible times, and why they are."""
        for contender, outcome in outcomes.items():
            if outcome.figures is not None and outcome.open:
                reason = self._reason(case, contender, outcome.figures, outcome)
                if reason:
                    yield contender, reason

    def _reason(self, case: Case, contender: Contender, figures: Figures, outcome: Outcome) -> str:
        name = name_of(contender, case.threads)
        typical_s, best_s = figures.typical.value, figures.best_s
        while above := above_roof(case, contender, typical_s, best_s, self.roof(case, contender)):
            if self._probes.get(name, MAX_PROBES) >= MAX_PROBES:
                return above
            self.probe(name)
        both_s = [(b.time_s, b.device_s) for b in outcome.blocks if b.device_s is not None]
        return out_of_time(typical_s, self.roof(case, contender), both_s)

    def steep(
        self, cells: Iterable[tuple[Case, Contender, Outcome]]
    ) -> Iterator[tuple[Case, Contender, str]]:
        """Yield the cells whose times grow much faster than their cost along a curve, and why.

        Rewritten variants are not checked, because the cost is that of the workload's own body.
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
    """Return which rate is above the measured peak or the data sheet, or ""."""
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
    """Return why a time is too short for a launch or for the device's own clock, or "".

    `both_s` has the seconds of each block by the wall clock and by the device's clock.
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
    """Yield the positions in a curve whose times grow faster than their cost, and why.

    `curve` has operations, bytes moved, seconds and the roof of each size, the smallest first. The
    share of the roof that a result reaches falls when the data leaves a cache. If it falls much
    further, the work grows faster than its counted cost.
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
