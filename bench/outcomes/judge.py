"""The roofs of a run's devices, and the times that they show to be impossible.

A time is judged after every visit. One that rises above its roof is no verdict yet: the roof is
measured again first, since a busy moment may have lowered it. Curves are judged at the end of the
run, when all their sizes are known.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bench.cases.case import Case
from bench.cases.contenders import Contender
from bench.machine.datasheets import data_sheet as promise
from bench.outcomes.outcome import Outcome
from bench.outcomes.plausible import Roof, above_roof, out_of_time, outgrown, precision_of
from bench.timing.arena import Arena
from bench.timing.peaks import Peaks, name_of

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


class Judge:
    """What is known of the devices of a run, and what follows for its times.

    Attributes
    ----------
    peaks : by device, of the CPU by threads too.

    """

    def __init__(self, arena: Arena, probe_s: float, precisions: Collection[str]) -> None:
        """Take the arena whose workers measure peaks in some precisions, each for `probe_s`."""
        self.peaks: dict[str, Peaks] = {}
        self._arena = arena
        self._probe_s = probe_s
        self._precisions = precisions
        self._probes: dict[str, int] = {}

    def probe(self, only: str = "") -> None:
        """Measure the peaks of all devices, or one device's once more."""
        self.peaks = self._arena.peaks(self._probe_s, self._precisions, self.peaks, only)
        for name in self.peaks if not only else (only,):
            self._probes[name] = self._probes.get(name, 0) + 1

    def hear(self, case: Case, entries: Mapping[Contender, Outcome]) -> bool:
        """Mark the times of a case that cannot be true; tell whether there were any."""
        marked = False
        for who, outcome in entries.items():
            name = name_of(who, case.threads)
            while outcome.visits and outcome.open:
                roof = self._roof(case, who)
                above = above_roof(case, who, outcome.facts, roof)
                if above and self._probes.get(name, MOST_PROBES) < MOST_PROBES:
                    self.probe(name)
                elif reason := above or out_of_time(outcome.facts, roof, _both_clocks(outcome)):
                    outcome.doubt(reason)
                    marked = True
                else:
                    break
        return marked

    def hear_curves(self, cells: Iterable[tuple[Case, Contender, Outcome]]) -> list[Case]:
        """Mark times that grow faster than their cost along the sizes of a main body.

        Return the cases in which one was marked.
        """
        curves: dict[tuple[Any, ...], list[tuple[Case, Contender, Outcome]]] = {}
        for case, who, outcome in cells:
            if outcome.visits and outcome.open and not who.rung:
                key = (case.workload.name, case.curve, case.dtype, case.threads, who)
                curves.setdefault(key, []).append((case, who, outcome))
        marked = []
        for curve in curves.values():
            curve.sort(key=lambda entry: entry[0].axis_value)
            points = [(case, who, o.facts, self._roof(case, who)) for case, who, o in curve]
            for place, reason in outgrown(points):
                curve[place][2].doubt(reason)
                marked.append(curve[place][0])
        return marked

    def _roof(self, case: Case, who: Contender) -> Roof:
        peaks = self.peaks.get(name_of(who, case.threads), UNKNOWN)
        known = promise(peaks["model"] or "")
        return Roof.of(peaks, precision_of(case, who), known, recorded=who.runs.reuses)


def _both_clocks(outcome: Outcome) -> list[tuple[float, float]]:
    """Return, of each block that a device's clock timed too, what wall and device say."""
    return [(b.time_s, b.device_s) for b in outcome.blocks if b.device_s is not None]
