"""What became of a cell: its status, why, its blocks, and the figures drawn from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from bench.contenders import NUMPY
from bench.estimate import (
    BEST_QUANTILE,
    MIN_BLOCKS,
    best_speedup,
    is_bimodal,
    quantile,
    typical_speedup,
)
from bench.worker import Block

TARGET_HALF_WIDTH = 0.02
SPREAD = 3.0  # a typical time over so many times the best is no stable time


@dataclass(kw_only=True)
class Outcome:
    """What became of one cell: a status, why, the blocks, and figures for the result file."""

    status: str
    reason: str = ""
    blocks: list[Block] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> list[float]:
        """Seconds per iteration, one value a block."""
        return [block.time_s for block in self.blocks]


def failure(error: Exception) -> Outcome:
    """Return the outcome of a contender that raised."""
    out_of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return Outcome(status="oom" if out_of_memory else "crashed", reason=reason)


def calm(baseline: Outcome, other: Outcome) -> tuple[list[float], list[float]]:
    """Return the seconds of blocks in pairs, those disturbed left out unless most are."""
    pairs = list(zip(baseline.blocks, other.blocks, strict=True))
    still = [(a, b) for a, b in pairs if not (a.disturbed or b.disturbed)]
    kept = still if len(still) >= max(MIN_BLOCKS, len(pairs) / 2) else pairs
    return [a.time_s for a, _ in kept], [b.time_s for _, b in kept]


def settle(outcomes: Mapping[str, Outcome]) -> None:
    """Draw times, speedups and the final status from the blocks of each outcome."""
    baseline = outcomes.get(NUMPY.name)
    for outcome in outcomes.values():
        if outcome.status != "ok":
            continue
        outcome.facts |= _times(outcome)
        if baseline is not None and baseline.blocks:
            outcome.facts |= _speedups(baseline, outcome)
        if reason := unsettled(outcome):
            outcome.status, outcome.reason = "unstable", reason


def _times(outcome: Outcome) -> dict[str, Any]:
    seconds, _ = calm(outcome, outcome)
    return {
        "blocks": len(outcome.blocks),
        "disturbed_blocks": sum(block.disturbed for block in outcome.blocks),
        "best_s": quantile(seconds, BEST_QUANTILE).value,
        "typical_s": quantile(seconds, 0.5).value,
        "bimodal": is_bimodal(seconds),
    }


def _speedups(baseline: Outcome, outcome: Outcome) -> dict[str, Any]:
    if outcome is baseline:
        one = {"ratio": 1.0, "low": 1.0, "high": 1.0}
        return {"speedup": one, "speedup_best": one}
    pairs = calm(baseline, outcome)
    estimates = {"speedup": typical_speedup(*pairs), "speedup_best": best_speedup(*pairs)}
    return {
        name: {"ratio": estimate.value, "low": estimate.low, "high": estimate.high}
        for name, estimate in estimates.items()
    }


def unsettled(outcome: Outcome) -> str:
    """Return why no single number describes the cell well enough, or ""."""
    facts = outcome.facts
    if facts["typical_s"] > SPREAD * facts["best_s"]:
        return f"its typical time is {facts['typical_s'] / facts['best_s']:.1f} times its best"
    speedup = facts.get("speedup")
    if speedup and (width := (speedup["high"] - speedup["low"]) / (2 * speedup["ratio"])) > (
        TARGET_HALF_WIDTH
    ):
        return f"the speedup is known to {width:.1%} only, not {TARGET_HALF_WIDTH:.0%}"
    return ""
