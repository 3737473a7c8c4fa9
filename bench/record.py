"""What the files keep of a cell: in pytest-benchmark's form, and back."""

from collections.abc import Mapping
from typing import Any

from pytest_benchmark.stats import Stats

from bench.cell import Cell
from bench.lines import code_lines
from bench.options import ROOT
from bench.outcome import Outcome, Visit
from bench.plausible import precision_of
from bench.worker import Block


def record(cell: Cell, outcome: Outcome, node: str, zero_s: float) -> dict[str, Any]:
    """Return all that is known of a cell; the run began at `zero_s`."""
    state = {"id": cell.id, "status": outcome.status, "reason": outcome.reason}
    return {
        "cell": state,
        "twin": cell.contender.twin,
        "benchmark": _entry(cell, outcome, node, zero_s) if outcome.visits else None,
    }


def _entry(cell: Cell, outcome: Outcome, node: str, zero_s: float) -> dict[str, Any]:
    """Return a cell as pytest-benchmark writes it in its JSON."""
    stats = Stats()
    for seconds in outcome.seconds:
        stats.update(seconds)
    return {
        "group": cell.case.id,
        "name": f"test_pair[{cell.test_id}]",
        "fullname": node,
        "params": cell.params,
        "param": cell.test_id,
        "extra_info": extra_info(cell, outcome, zero_s),
        "options": {},
        "stats": {**stats.as_dict(), "data": stats.data, "iterations": 1},
    }


def extra_info(cell: Cell, outcome: Outcome, zero_s: float) -> dict[str, Any]:
    """Return the figures of a cell beside its times; see the result file in the README."""
    return {**_identity(cell), **outcome.facts, "samples": _samples(outcome, zero_s)}


def _identity(cell: Cell) -> dict[str, Any]:
    case = cell.case
    return {
        "cell": cell.id,
        "workload": case.workload.name,
        "family": case.workload.family,
        "size": case.size.label,
        "axis": case.workload.axis,
        "axis_value": case.axis_value,
        "curve": case.curve,
        "dtype": case.dtype,
        "contender": cell.contender.name,
        "device": cell.contender.device,
        "threads": case.threads,
        "flops": case.cost.flops,
        "bytes": cell.contender.moved_bytes(case),
        "intensity_flop_per_byte": case.cost.flops / cell.contender.moved_bytes(case),
        "precision": precision_of(case, cell.contender),
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


def restored(cell: Cell, kept: Mapping[str, Any], zero_s: float) -> Outcome:
    """Return the outcome that a record was made of, in a run that goes on since `zero_s`."""
    outcome = Outcome(status=kept["cell"]["status"], reason=kept["cell"]["reason"])
    if kept["benchmark"] is None:
        return outcome
    info = dict(kept["benchmark"]["extra_info"])
    samples = info.pop("samples")
    disturbed = set(samples["disturbed"])
    pairs = zip(kept["benchmark"]["stats"]["data"], samples["starts_s"], strict=True)
    blocks = iter(
        Block(start_s=start_s + zero_s, time_s=time_s, disturbed=n in disturbed)
        for n, (time_s, start_s) in enumerate(pairs)
    )
    for number, worker, size in samples["visits"]:
        taken = tuple(next(blocks) for _ in range(size))
        outcome.visits.append(Visit(number=number, worker=worker, blocks=taken))
    outcome.facts = {key: info[key] for key in info if key not in _identity(cell)}
    outcome.block_s = info["typical_s"] * info["iterations_per_block"]
    return outcome
