"""A cell's outcome -> what the result file keeps of it, and back."""

from typing import Any

from pytest_benchmark.stats import Stats

from bench.cases.cell import Cell
from bench.options import ROOT
from bench.outcomes.lines import code_lines
from bench.outcomes.outcome import Outcome, Visit
from bench.outcomes.plausible import precision_of
from bench.results import schema as results
from bench.results.fields import fitting
from bench.results.journal import Record, dumped
from bench.timing.worker import Block


def identity(cell: Cell) -> dict[str, Any]:
    """Return the fields that say which cell it is."""
    case, contender = cell.case, cell.contender
    return {
        "workload": case.workload.name,
        "family": case.workload.family,
        "size": case.size.label,
        "curve": case.curve,
        "dtype": case.dtype,
        "threads": case.threads,
        "contender": contender.name,
        "library": contender.library,
        "device": contender.device,
        "variant": contender.variant,
        "precision": precision_of(case, contender),
    }


def state(cell: Cell, outcome: Outcome) -> results.ListedCell:
    """Return a cell as the result file lists it, without a verdict yet."""
    reason = fitting(outcome.reason)
    return results.ListedCell.model_validate(
        {**identity(cell), "id": cell.id, "status": outcome.status, "reason": reason}
    )


def record(cell: Cell, outcome: Outcome, node: str, zero_s: float) -> Record:
    """Return all that is known of a cell; the run began at `zero_s`."""
    entry = _entry(cell, outcome, node, zero_s) if outcome.visits else None
    return Record(
        cell=state(cell, outcome).judged(entry.extra_info if entry else None),
        twin=cell.contender.twin,
        benchmark=entry,
    )


def _entry(cell: Cell, outcome: Outcome, node: str, zero_s: float) -> results.Benchmark:
    """Return a cell as pytest-benchmark writes it in its JSON."""
    stats = Stats()
    for seconds in outcome.seconds:
        stats.update(seconds)
    return results.Benchmark.model_validate(
        {
            "group": cell.case.id,
            "name": f"test_pair[{cell.test_id}]",
            "fullname": node,
            "params": cell.params,
            "param": cell.test_id,
            "extra_info": _info(cell, outcome, zero_s),
            "options": {},
            "stats": {**stats.as_dict(), "data": stats.data, "iterations": 1},
        }
    )


def extra_info(cell: Cell, outcome: Outcome, zero_s: float) -> dict[str, Any]:
    """Return the figures of a cell beside its times; see the result file in the README.

    A cell without a time has not all that a timed one has.
    """
    if not outcome.visits:
        return _given(cell, outcome, zero_s)
    (info,) = dumped([_info(cell, outcome, zero_s)])
    return info


def _info(cell: Cell, outcome: Outcome, zero_s: float) -> results.Info:
    given = _given(cell, outcome, zero_s)
    unknown = given.keys() - results.Info.model_fields.keys()
    assert not unknown, f"bench/results/schema.py defines Info, which lacks {sorted(unknown)}"  # noqa: S101
    return results.Info.model_validate(given)


def _given(cell: Cell, outcome: Outcome, zero_s: float) -> dict[str, Any]:
    return {**_described(cell), **outcome.facts, "samples": _samples(outcome, zero_s)}


def _described(cell: Cell) -> dict[str, Any]:
    """Return what is known of a cell before it is measured."""
    case, moved_bytes = cell.case, cell.contender.moved_bytes(cell.case)
    return {
        "cell": cell.id,
        **identity(cell),
        "axis": case.workload.axis,
        "axis_value": case.axis_value,
        "flops": case.cost.flops,
        "bytes": moved_bytes,
        "intensity_flop_per_byte": case.cost.flops / moved_bytes,
        "sources": [path.relative_to(ROOT).as_posix() for path in case.workload.sources],
        "source_sha256": case.workload.source_sha256,
        "code_lines": code_lines(cell.contender.body(case)),
    }


def _samples(outcome: Outcome, zero_s: float) -> dict[str, Any]:
    """Return where each of `stats.data` comes from: visit, worker, start, disturbance."""
    return {
        "visits": [[visit.number, visit.worker, len(visit.blocks)] for visit in outcome.visits],
        "starts_s": [round(block.start_s - zero_s, 3) for block in outcome.blocks],
        "disturbed": [n for n, block in enumerate(outcome.blocks) if block.disturbed],
    }


def restored(cell: Cell, kept: Record, zero_s: float) -> Outcome:
    """Return the outcome that a record was made of, in a run that goes on since `zero_s`."""
    outcome = Outcome(status=kept.cell.status, reason=kept.cell.reason)
    if kept.benchmark is None:
        return outcome
    info = kept.benchmark.extra_info
    samples = info.samples
    disturbed = set(samples.disturbed)
    pairs = zip(kept.benchmark.stats.data, samples.starts_s, strict=True)
    blocks = iter(
        Block(start_s=start_s + zero_s, time_s=time_s, disturbed=n in disturbed)
        for n, (time_s, start_s) in enumerate(pairs)
    )
    for number, worker, size in samples.visits:
        taken = tuple(next(blocks) for _ in range(size))
        outcome.visits.append(Visit(number=number, worker=worker, blocks=taken))
    facts = info.model_dump(exclude={"samples"}, exclude_unset=True)
    outcome.facts = {key: facts[key] for key in facts if key not in _described(cell)}
    outcome.block_s = outcome.facts["typical_s"] * outcome.facts["iterations_per_block"]
    return outcome
