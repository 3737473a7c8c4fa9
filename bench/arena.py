"""Puts the contenders of a case against each other and says what became of each.

This arena holds all contenders in one process. On one thread their blocks alternate, forth and back
(A B B A), so that a slow drift of the machine meets all alike. On several threads a library's idle
threads spin for a while and would steal the other's cores, so each contender rests, then runs a
longer turn of blocks by itself.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bench.case import Case
from bench.contenders import NUMPY, TORCH_CPU, Contender
from bench.estimate import MIN_BLOCKS, typical_speedup
from bench.machine import limited_threads
from bench.outcome import TARGET_HALF_WIDTH, Outcome, calm, failure, settle
from bench.worker import Worker

EARLY_BLOCKS, MAX_BLOCKS = 64, 640  # between the two, a narrow interval ends a case
CHECK_BLOCKS = 32  # between looks at the interval; whole turns
REST_S, TURN_BLOCKS = 0.05, 8  # on several threads


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
    settle(outcomes)
    return outcomes


def _prepare(
    case: Case, contenders: Sequence[Contender], outcomes: dict[str, Outcome]
) -> dict[str, Worker]:
    """Verify each contender; return a worker for each that is right."""
    for contender in contenders:
        if reason := contender.unavailable(case):
            outcomes[contender.name] = Outcome(status="skipped", reason=reason)
    here = [contender for contender in contenders if contender.name not in outcomes]
    workers: dict[str, Worker] = {}
    try:
        inputs = case.inputs()
    except Exception as error:  # noqa: BLE001 - too large for the memory, say: its cells say so
        outcomes |= {contender.name: failure(error) for contender in here}
        return workers
    references: dict[str, tuple[Any, ...]] = {}
    for contender in here:
        try:
            worker = Worker(case, contender, inputs)
            outcome = _verified(worker, *_reference(worker, references))
        except Exception as error:  # noqa: BLE001 - a body may raise anything; its cell says what
            outcome = failure(error)
        outcomes[contender.name] = outcome
        if outcome.status == "ok":
            workers[contender.name] = worker
    return workers


def _reference(worker: Worker, known: dict[str, tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
    """Return who computed the float64 reference, and the reference.

    It is the other library; where that fails, which must not cost this contender its cell, it is
    this contender's own, which tells rounding errors at least.
    """
    other = TORCH_CPU if worker.contender.library == "numpy" else NUMPY
    try:
        if other.name not in known:
            known[other.name] = Worker(worker.case, other, worker.inputs).reference()
        return other.name, known[other.name]
    except Exception:  # noqa: BLE001 - the other's own cell says what it raised
        return worker.contender.name, worker.reference()


def _verified(worker: Worker, source: str, expected: tuple[Any, ...]) -> Outcome:
    verdict = worker.check(expected)
    facts: dict[str, Any] = {
        "reference": source,
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
