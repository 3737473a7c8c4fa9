"""What became of a cell: its status, why, its blocks, and the figures drawn from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.contenders import NUMPY
from bench.estimate import (
    MIN_VISITS,
    Estimate,
    Pairs,
    best,
    best_speedup,
    is_bimodal,
    typical_speedup,
    typical_time,
)
from bench.results.schema import UNREACHED
from bench.worker import Block

TARGET_HALF_WIDTH = 0.02
MIN_CALM = 2  # undisturbed pairs, for a visit to count as undisturbed


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The blocks of a contender from one visit of its case.

    Attributes
    ----------
    number : counts the case's visits, so that blocks of two contenders are paired by visit.
    worker : counts the processes that the contender has lived in.

    """

    number: int
    worker: int
    blocks: tuple[Block, ...]


@dataclass(kw_only=True)
class Outcome:
    """What became of one cell: a status, why, its visits, and figures for the result file."""

    status: str = "skipped"
    reason: str = UNREACHED
    visits: list[Visit] = field(default_factory=list)
    block_s: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether the cell can be visited, for the first time or once more."""
        return self.status == "ok" or self.reason == UNREACHED

    @property
    def blocks(self) -> list[Block]:
        """The blocks of all visits, in the order they were taken."""
        return [block for visit in self.visits for block in visit.blocks]

    @property
    def seconds(self) -> list[float]:
        """Seconds per iteration, one value a block."""
        return [block.time_s for block in self.blocks]

    @property
    def half_width(self) -> float:
        """Half the interval of the speedup relative to it; 0 where there is none."""
        ratio = self.facts.get("speedup")
        return (ratio["high"] - ratio["low"]) / (2 * ratio["ratio"]) if ratio else 0.0

    def fail(self, status: str, reason: str) -> None:
        """Take the cell for lost; nothing that was timed remains."""
        self.status, self.reason = status, reason
        self.visits = []
        self.facts = {
            key: value for key, value in self.facts.items() if key in ("rel_error", "tolerance")
        }

    def doubt(self, reason: str) -> None:
        """Take the cell's times for impossible; they remain, marked."""
        self.status, self.reason = "implausible", reason


def pairs(baseline: Outcome, other: Outcome) -> Pairs:
    """Return the seconds of blocks paired in time, visit by visit, without those disturbed.

    Where too few visits were calm enough for that, the others count as they are.
    """
    of_other = {visit.number: visit.blocks for visit in other.visits}
    whole, calm = [], []
    for visit in baseline.visits:
        both = list(zip(visit.blocks, of_other.get(visit.number, ()), strict=False))
        still = [(a, b) for a, b in both if not (a.disturbed or b.disturbed)]
        calm += [still] if len(still) >= MIN_CALM else []
        whole += [still if len(still) >= MIN_CALM else both] if both else []
    return [
        ([a.time_s for a, _ in visit], [b.time_s for _, b in visit])
        for visit in (calm if len(calm) >= MIN_VISITS else whole)
    ]


def settle(outcomes: Mapping[str, Outcome]) -> None:
    """Draw times, speedups and the status from the visits of each outcome.

    Against a baseline whose times are impossible there is no speedup.
    """
    baseline = outcomes.get(NUMPY.name)
    for outcome in outcomes.values():
        if not outcome.visits:
            continue
        outcome.facts |= _times(outcome)
        outcome.block_s = outcome.facts["typical_s"] * outcome.facts["iterations_per_block"]
        if baseline is not None and baseline.visits:
            outcome.facts |= _speedups(baseline, outcome)
        if outcome.status != "implausible":
            outcome.status, outcome.reason = "ok", ""


def _times(outcome: Outcome) -> dict[str, Any]:
    calm = [seconds for seconds, _ in pairs(outcome, outcome)]
    blocks = outcome.blocks
    typical = typical_time(calm)
    return {
        "blocks": len(blocks),
        "disturbed_blocks": sum(block.disturbed for block in blocks),
        "visits": len(outcome.visits),
        "workers": len({visit.worker for visit in outcome.visits}),
        "best_s": best(calm),
        "typical_s": typical.value,
        "typical_low_s": typical.low,
        "typical_high_s": typical.high,
        "bimodal": is_bimodal([s / median(seconds) for seconds in calm for s in seconds]),
    }


def _speedups(baseline: Outcome, outcome: Outcome) -> dict[str, Any]:
    """Return both speedups, and whether they are two: a machine that slows both sides has one."""
    if outcome is baseline:
        one = {"ratio": 1.0, "low": 1.0, "high": 1.0}
        return {"speedup": one, "speedup_best": one}
    paired = [] if baseline.status == "implausible" else pairs(baseline, outcome)
    if not paired:
        return {"speedup": None, "speedup_best": None}
    return {
        "speedup": as_dict(typical_speedup(paired)),
        "speedup_best": as_dict(best_speedup(paired)),
        "bimodal": is_bimodal([s / t for a, b in paired for s, t in zip(a, b, strict=True)]),
    }


def as_dict(estimate: Estimate) -> dict[str, float]:
    """Return a speedup as the result file holds it."""
    return {"ratio": estimate.value, "low": estimate.low, "high": estimate.high}
