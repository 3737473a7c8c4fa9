"""What became of a cell: its status, why, its blocks, and the figures drawn from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender
from bench.outcomes.estimate import (
    UNKNOWN,
    Estimate,
    Pairs,
    Prior,
    Visited,
    best_ratio,
    best_time,
    estimated,
    fitted,
    is_bimodal,
    typical_ratio,
    typical_time,
)
from bench.results.schema import UNREACHED
from bench.results.verdicts import UNSETTLED, Verdict, verdict
from bench.timing.worker import Block

MIN_CALM = 2  # undisturbed pairs, for a visit to count as undisturbed; and such visits, for a cell


Quantity = Literal["time", "typical", "speedup", "speedup_typical"]
Group = tuple[int, str]  # threads and device: cells whose visits differ alike
Priors = Mapping[tuple[Quantity, Group], Prior]


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

    def fail(self, status: str, reason: str) -> None:
        """Mark the cell failed and drop its timings."""
        self.status, self.reason = status, reason
        self.visits = []
        self.facts = {
            key: value for key, value in self.facts.items() if key in ("rel_error", "tolerance")
        }

    def doubt(self, reason: str) -> None:
        """Mark the cell's times as impossible; they remain."""
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
        for visit in (calm if len(calm) >= MIN_CALM else whole)
    ]


@dataclass(frozen=True)
class Seen:
    """What the visits of a timed cell show, one value a visit and quantity."""

    group: Group
    quantities: Mapping[Quantity, Visited]

    @classmethod
    def of(cls, group: Group, outcome: Outcome, baseline: Outcome | None) -> "Seen":
        """Gather a cell's quantities; against a baseline whose times are impossible no speedup."""
        calm = [seconds for seconds, _ in pairs(outcome, outcome)]
        quantities: dict[Quantity, Visited] = {
            "time": best_time(calm),
            "typical": typical_time(calm),
        }
        believed = baseline is not None and baseline.status != "implausible"
        paired = pairs(baseline, outcome) if baseline is not None and believed else []
        if paired and baseline is not outcome:
            quantities |= {"speedup": best_ratio(paired), "speedup_typical": typical_ratio(paired)}
        return cls(group, quantities)

    def estimate(self, quantity: Quantity, priors: Priors, more: int = 0) -> Estimate | None:
        """Return the estimate of a quantity, as expected after `more` visits; None if unknown."""
        visited = self.quantities.get(quantity)
        if visited is None:
            return None
        prior = priors.get((quantity, self.group), UNKNOWN)
        return estimated(visited, prior, more)

    def verdict(self, priors: Priors, more: int = 0) -> Verdict | None:
        """Return who is faster, as far as is known now, or as expected after `more` visits."""
        ratio = self.estimate("speedup", priors, more)
        return None if ratio is None else verdict(ratio.low, ratio.high)

    def missing(self, priors: Priors, most: int) -> int:
        """Return how many further visits are expected to settle the verdict; `most` is the most."""
        steps = (n for n in range(most) if self.verdict(priors, n) != UNSETTLED)
        return next(steps, most)


def all_priors(cells: Iterable[Seen]) -> Priors:
    """Fit how visits differ, for each quantity and group of cells of a run."""
    groups: dict[tuple[Quantity, Group], list[Visited]] = {}
    for cell in cells:
        for quantity, visited in cell.quantities.items():
            groups.setdefault((quantity, cell.group), []).append(visited)
    return {key: fitted(several) for key, several in groups.items()}


def seen_in(case: Case, outcomes: Mapping[Contender, Outcome]) -> dict[Contender, Seen]:
    """Gather what the timed cells of one case show, by contender."""
    baseline = outcomes.get(NUMPY)
    timed = baseline if baseline is not None and baseline.visits else None
    return {
        contender: Seen.of((case.threads, contender.device), outcome, timed)
        for contender, outcome in outcomes.items()
        if outcome.visits
    }


def settle(case: Case, outcomes: Mapping[Contender, Outcome], priors: Priors) -> None:
    """Draw the figures of the timed cells of one case, given the priors of its run."""
    for contender, seen in seen_in(case, outcomes).items():
        _settle(seen, outcomes[contender], outcomes.get(NUMPY), priors)


def _settle(seen: Seen, outcome: Outcome, baseline: Outcome | None, priors: Priors) -> None:
    blocks = outcome.blocks
    calm = [seconds for seconds, _ in pairs(outcome, outcome)]
    outcome.facts |= {
        "blocks": len(blocks),
        "disturbed_blocks": sum(block.disturbed for block in blocks),
        "visits": len(outcome.visits),
        "workers": len({visit.worker for visit in outcome.visits}),
        "best_s": min(map(min, calm)),
        "bimodal": is_bimodal([s / median(seconds) for seconds in calm for s in seconds]),
    }
    quantity: Quantity
    for quantity in ("time", "typical"):
        estimate = seen.estimate(quantity, priors)
        assert estimate is not None, "a timed cell has times"  # noqa: S101 - a bug of ours alone
        outcome.facts |= {
            f"{quantity}_s": estimate.value,
            f"{quantity}_low_s": estimate.low,
            f"{quantity}_high_s": estimate.high,
        }
    for quantity in ("speedup", "speedup_typical"):
        estimate = seen.estimate(quantity, priors)
        one = {"ratio": 1.0, "low": 1.0, "high": 1.0} if outcome is baseline else None
        outcome.facts[quantity] = as_dict(estimate) if estimate else one
    device_s = [block.device_s for block in blocks if block.device_s is not None]
    if device_s:
        outcome.facts["device_time_s"] = median(device_s)
    if baseline is not None and outcome is not baseline and outcome.facts["speedup"]:
        ratios = [s / t for a, b in pairs(baseline, outcome) for s, t in zip(a, b, strict=True)]
        outcome.facts["bimodal"] = is_bimodal(ratios)
    outcome.block_s = outcome.facts["typical_s"] * outcome.facts["iterations_per_block"]
    if outcome.status != "implausible":
        outcome.status, outcome.reason = "ok", ""


def as_dict(estimate: Estimate) -> dict[str, float]:
    """Return a speedup as the result file holds it."""
    return {"ratio": estimate.value, "low": estimate.low, "high": estimate.high}
