"""The outcome of a cell: its status, its visits, and the figures computed from them.

`Outcome.add` applies the result of a visit. `settle` computes figures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender
from bench.outcomes.estimate import (
    Pairs,
    best_ratio,
    best_time,
    is_bimodal,
    typical_ratio,
    typical_time,
)
from bench.results.pooling import UNKNOWN, Estimate, Prior, Visited, estimated, fitted
from bench.results.schema import UNREACHED
from bench.results.verdicts import UNSETTLED, Verdict, verdict
from bench.timing.visits import Block, History, Observed, Visit, VisitResult

MIN_CALM = 2  # undisturbed pairs of a calm visit; and calm visits of a calm cell
IMPLAUSIBLE = "implausible"

Quantity = Literal["time", "typical", "speedup", "speedup_typical"]
Group = tuple[int, str]  # threads and device; the visits of such cells vary alike
Priors = Mapping[tuple[Quantity, Group], Prior]
ONE = Estimate(value=1.0, low=1.0, high=1.0)  # the speedup of the baseline


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of a timed cell; seconds are of one iteration.

    Attributes
    ----------
    workers : number of processes in which it was timed.
    best_s : of the fastest block.
    time, typical : estimated from the fastest and from the median block of each visit.
    speedup, speedup_typical : likewise; None if there is no baseline with plausible times.
    device_time_s : the median by an accelerator's own clock.

    """

    blocks: int
    disturbed_blocks: int
    visits: int
    workers: int
    best_s: float
    bimodal: bool
    time: Estimate
    typical: Estimate
    speedup: Estimate | None
    speedup_typical: Estimate | None
    device_time_s: float | None


@dataclass(kw_only=True)
class Outcome:
    """All that a run knows of a cell; `figures` is None until it is timed."""

    status: str = "skipped"
    reason: str = UNREACHED
    visits: list[Visit] = field(default_factory=list)
    observed: Observed = field(default_factory=Observed)
    figures: Figures | None = None

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
    def timed_s(self) -> float:
        """Seconds inside its blocks."""
        return sum(self.seconds) * (self.observed.iterations or 0)

    @property
    def history(self) -> History:
        """What its visits showed so far, for the next visit."""
        observed = self.observed
        if self.figures and observed.iterations:
            typical_s = self.figures.typical.value
            observed = observed.but(block_s=typical_s * observed.iterations)
        return History(visits=len(self.visits), observed=observed)

    def add(self, result: VisitResult) -> None:
        """Apply the result of a visit."""
        self.observed = result.observed
        if result.visit is not None:
            self.visits.append(result.visit)
        if result.failure is not None:
            self.fail(result.failure.status, result.failure.reason)

    def fail(self, status: str, reason: str) -> None:
        """Mark the cell failed and drop its timings. Implausible timings stay, to be shown."""
        self.status, self.reason = status, reason
        if status != IMPLAUSIBLE:
            self.visits, self.figures, self.observed = [], None, Observed()


def pairs(baseline: Outcome, other: Outcome) -> Pairs:
    """Return the seconds of paired blocks, visit by visit, without disturbed pairs.

    A visit with enough undisturbed pairs is calm. If too few visits are calm, the others are used
    too, with all their pairs.
    """
    of_other = {visit.number: visit.blocks for visit in other.visits}
    all_visits, calm = [], []
    for visit in baseline.visits:
        paired = list(zip(visit.blocks, of_other.get(visit.number, ()), strict=False))
        undisturbed = [(a, b) for a, b in paired if not (a.disturbed or b.disturbed)]
        if len(undisturbed) >= MIN_CALM:
            calm.append(undisturbed)
            all_visits.append(undisturbed)
        elif paired:
            all_visits.append(paired)
    return [
        ([a.time_s for a, _ in visit], [b.time_s for _, b in visit])
        for visit in (calm if len(calm) >= MIN_CALM else all_visits)
    ]


@dataclass(frozen=True)
class Evidence:
    """The values of a timed cell's visits: for each quantity, one value a visit."""

    group: Group
    quantities: Mapping[Quantity, Visited]

    @classmethod
    def of(cls, group: Group, outcome: Outcome, baseline: Outcome | None) -> "Evidence":
        """Gather a cell's quantities; no speedup over a baseline with implausible times."""
        calm = [seconds for seconds, _ in pairs(outcome, outcome)]
        quantities: dict[Quantity, Visited] = {
            "time": best_time(calm),
            "typical": typical_time(calm),
        }
        plausible = baseline is not None and baseline.status != IMPLAUSIBLE
        paired = pairs(baseline, outcome) if baseline is not None and plausible else []
        if paired and baseline is not outcome:
            quantities |= {"speedup": best_ratio(paired), "speedup_typical": typical_ratio(paired)}
        return cls(group, quantities)

    def estimate(self, quantity: Quantity, priors: Priors, more: int = 0) -> Estimate | None:
        """Return the estimate of a quantity, now or as expected after `more` visits; or None."""
        visited = self.quantities.get(quantity)
        if visited is None:
            return None
        prior = priors.get((quantity, self.group), UNKNOWN)
        return estimated(visited, prior, more)

    def verdict(self, priors: Priors, more: int = 0) -> Verdict | None:
        """Return which side is faster, now or as expected after `more` visits; or None."""
        ratio = self.estimate("speedup", priors, more)
        return None if ratio is None else verdict(ratio.low, ratio.high)

    def missing(self, priors: Priors, most: int) -> int:
        """Return how many further visits are expected to settle the verdict, at most `most`."""
        steps = (n for n in range(most) if self.verdict(priors, n) != UNSETTLED)
        return next(steps, most)


def fit_priors(cells: Iterable[Evidence]) -> Priors:
    """Fit the prior of each quantity in each group of cells of a run."""
    groups: dict[tuple[Quantity, Group], list[Visited]] = {}
    for cell in cells:
        for quantity, visited in cell.quantities.items():
            groups.setdefault((quantity, cell.group), []).append(visited)
    return {key: fitted(several) for key, several in groups.items()}


def gather(case: Case, outcomes: Mapping[Contender, Outcome]) -> dict[Contender, Evidence]:
    """Return the evidence of the timed cells of one case, by contender."""
    baseline = outcomes.get(NUMPY)
    timed = baseline if baseline is not None and baseline.visits else None
    return {
        contender: Evidence.of((case.threads, contender.device), outcome, timed)
        for contender, outcome in outcomes.items()
        if outcome.visits
    }


def settle(case: Case, outcomes: Mapping[Contender, Outcome], priors: Priors) -> None:
    """Compute the figures of the timed cells of one case, given the priors of its run."""
    baseline = outcomes.get(NUMPY)
    for contender, evidence in gather(case, outcomes).items():
        outcome = outcomes[contender]
        outcome.figures = _figures(evidence, outcome, baseline, priors)
        if outcome.status != IMPLAUSIBLE:
            outcome.status, outcome.reason = "ok", ""


def _figures(
    evidence: Evidence, outcome: Outcome, baseline: Outcome | None, priors: Priors
) -> Figures:
    blocks = outcome.blocks
    calm = [seconds for seconds, _ in pairs(outcome, outcome)]
    time, typical = (evidence.estimate(quantity, priors) for quantity in ("time", "typical"))
    assert time is not None, "a timed cell has times"  # noqa: S101 - a bug of ours alone
    assert typical is not None, "a timed cell has times"  # noqa: S101 - a bug of ours alone
    of_baseline = ONE if outcome is baseline else None
    speedup = evidence.estimate("speedup", priors) or of_baseline
    relative = [s / median(seconds) for seconds in calm for s in seconds]
    if baseline is not None and outcome is not baseline and speedup:
        relative = [s / t for a, b in pairs(baseline, outcome) for s, t in zip(a, b, strict=True)]
    device_s = [block.device_s for block in blocks if block.device_s is not None]
    former_s = outcome.figures.device_time_s if outcome.figures else None  # of a resumed run
    return Figures(
        blocks=len(blocks),
        disturbed_blocks=sum(block.disturbed for block in blocks),
        visits=len(outcome.visits),
        workers=len({visit.worker for visit in outcome.visits}),
        best_s=min(map(min, calm)),
        bimodal=is_bimodal(relative),
        time=time,
        typical=typical,
        speedup=speedup,
        speedup_typical=evidence.estimate("speedup_typical", priors) or of_baseline,
        device_time_s=median(device_s) if device_s else former_s,
    )
