"""Puts the contenders of a case against each other and says what became of each.

This arena holds all contenders in one process. On one thread their blocks alternate, forth and back
(A B B A), so that a slow drift of the machine meets all alike. On several threads a library's idle
threads spin for a while and would steal the other's cores, so each contender rests, then runs a
longer turn of blocks by itself.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from bench.case import Case
from bench.contenders import NUMPY, TORCH_CPU, Contender
from bench.estimate import (
    BEST_QUANTILE,
    MIN_BLOCKS,
    best_speedup,
    is_bimodal,
    quantile,
    typical_speedup,
)
from bench.machine import limited_threads
from bench.worker import Block, Worker

TARGET_HALF_WIDTH = 0.02
EARLY_BLOCKS, MAX_BLOCKS = 60, 600  # between the two, a narrow interval ends a case
CHECK_BLOCKS = 30  # between looks at the interval
SPREAD = 3.0  # a typical time over so many times the best is no stable time
REST_S, TURN_BLOCKS = 0.05, 8  # on several threads


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


def measure(case: Case, contenders: Sequence[Contender], budget_s: float) -> Mapping[str, Outcome]:
    """Verify and time contenders in one case; return the outcome of each by its name.

    Whatever goes wrong with one contender costs its own outcome alone.
    """
    deadline = time.perf_counter() + budget_s
    outcomes: dict[str, Outcome] = {}
    with limited_threads(case.threads) as seen:
        if wrong := {pool: n for pool, n in seen.items() if n != case.threads}:
            reason = f"asked for {case.threads} threads, observed {wrong}"
            return {c.name: Outcome(status="skipped", reason=reason) for c in contenders}
        workers = _prepare(case, contenders, outcomes)
        _sample(case, workers, outcomes, deadline)
    _estimate(outcomes)
    return outcomes


def _prepare(
    case: Case, contenders: Sequence[Contender], outcomes: dict[str, Outcome]
) -> dict[str, Worker]:
    """Verify each contender; return a worker for each that is right."""
    inputs = case.inputs()
    references: dict[str, tuple[Any, ...]] = {}
    workers = {}
    for contender in contenders:
        if reason := contender.unavailable(case):
            outcomes[contender.name] = Outcome(status="skipped", reason=reason)
            continue
        other = TORCH_CPU if contender.library == "numpy" else NUMPY
        try:
            if other.name not in references:
                references[other.name] = Worker(case, other, inputs).reference()
            worker = Worker(case, contender, inputs)
            outcome = _verified(worker, references[other.name])
        except Exception as error:  # noqa: BLE001 - a body may raise anything; its cell says what
            outcome = failure(error)
        outcomes[contender.name] = outcome
        if outcome.status == "ok":
            workers[contender.name] = worker
    return workers


def _verified(worker: Worker, expected: tuple[Any, ...]) -> Outcome:
    verdict = worker.check(expected)
    facts: dict[str, Any] = {
        "rel_error": verdict.rel_error,
        "tolerance": verdict.tolerance,
        "first_call_s": worker.first_call_s,
    }
    if verdict.reason:
        return Outcome(status="mismatch", reason=verdict.reason, facts=facts)
    if not worker.contender.rung:  # the rungs are proven to compute the same
        facts["quality"] = worker.quality()
    worker.calibrate()
    facts["iterations_per_block"] = worker.iterations
    return Outcome(status="ok", facts=facts)


def failure(error: Exception) -> Outcome:
    """Return the outcome of a contender that raised."""
    out_of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return Outcome(status="oom" if out_of_memory else "crashed", reason=reason)


def _sample(
    case: Case, workers: dict[str, Worker], outcomes: dict[str, Outcome], deadline: float
) -> None:
    """Time blocks in turn until every speedup is known well enough or the time is spent."""
    turn, rest_s = (1, 0.0) if case.threads == 1 else (TURN_BLOCKS, REST_S)
    order = list(workers)
    while order and not _enough([outcomes[name] for name in workers if name in order], deadline):
        for name in tuple(order):
            time.sleep(rest_s)
            try:
                outcomes[name].blocks += [workers[name].block() for _ in range(turn)]
            except Exception as error:  # noqa: BLE001 - as above
                outcomes[name] = failure(error)
                order.remove(name)
        order.reverse()


def _enough(outcomes: Sequence[Outcome], deadline: float) -> bool:
    count = min(len(outcome.blocks) for outcome in outcomes)
    if time.perf_counter() >= deadline or count >= MAX_BLOCKS:
        return count >= MIN_BLOCKS
    if count < EARLY_BLOCKS or count % CHECK_BLOCKS:
        return False
    baseline, *others = outcomes
    widths = (typical_speedup(*calm(baseline, other)).half_width for other in others)
    return bool(others) and max(widths) < TARGET_HALF_WIDTH


def calm(baseline: Outcome, other: Outcome) -> tuple[list[float], list[float]]:
    """Return the seconds of blocks in pairs, those disturbed left out unless most are."""
    pairs = list(zip(baseline.blocks, other.blocks, strict=True))
    still = [(a, b) for a, b in pairs if not (a.disturbed or b.disturbed)]
    kept = still if len(still) >= max(MIN_BLOCKS, len(pairs) / 2) else pairs
    return [a.time_s for a, _ in kept], [b.time_s for _, b in kept]


def _estimate(outcomes: dict[str, Outcome]) -> None:
    """Draw times, speedups and the final status from the blocks of each outcome."""
    baseline = outcomes.get(NUMPY.name)
    for outcome in outcomes.values():
        if outcome.status != "ok":
            continue
        outcome.facts |= _times(outcome)
        if baseline is not None and baseline.blocks:
            outcome.facts |= _speedups(baseline, outcome)
        if reason := _unsettled(outcome):
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


def _unsettled(outcome: Outcome) -> str:
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
