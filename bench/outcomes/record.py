"""Converts a cell's outcome to a record of the result file, and back."""

from dataclasses import asdict
from typing import Any

from pytest_benchmark.stats import Stats

from bench.cases.cell import Cell
from bench.options import ROOT
from bench.outcomes.lines import code_lines
from bench.outcomes.outcome import Figures, Outcome
from bench.results import schema as results
from bench.results.fields import fitting
from bench.results.journal import Record, dumped
from bench.results.pooling import Estimate
from bench.results.ratio import Ratio
from bench.timing.device import Ledger
from bench.timing.visits import Block, DeviceTimes, Observed, Visit


def identity(cell: Cell) -> dict[str, Any]:
    """Return the fields that identify a cell."""
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
        "variant": contender.variant.name,
        "precision": contender.precision(case),
    }


def state(cell: Cell, outcome: Outcome) -> results.ListedCell:
    """Return a cell as the result file lists it, without a verdict yet."""
    reason = fitting(outcome.reason)
    return results.ListedCell.model_validate(
        {**identity(cell), "id": cell.id, "status": outcome.status, "reason": reason}
    )


def record(cell: Cell, outcome: Outcome, node: str, started_s: float) -> Record:
    """Return the record of a cell; the run began at `started_s`."""
    entry = _entry(cell, outcome, node, started_s) if outcome.figures else None
    return Record(
        cell=state(cell, outcome).judged(entry.extra_info if entry else None),
        twin=cell.contender.twin,
        benchmark=entry,
    )


def _entry(cell: Cell, outcome: Outcome, node: str, started_s: float) -> results.Benchmark:
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
            "extra_info": _info(cell, outcome, started_s),
            "options": {},
            "stats": {**stats.as_dict(), "data": stats.data, "iterations": 1},
        }
    )


def extra_info(cell: Cell, outcome: Outcome, started_s: float) -> dict[str, Any]:
    """Return the figures of a cell beside its times; without times, what is known before them."""
    if outcome.figures is None:
        return _described(cell)
    (info,) = dumped([_info(cell, outcome, started_s)])
    return info


def _info(cell: Cell, outcome: Outcome, started_s: float) -> results.Info:
    figures, observed, device = outcome.figures, outcome.observed, outcome.observed.device
    assert figures is not None, "a timed cell is settled"  # noqa: S101 - a bug of ours alone
    quality = {} if observed.quality is None else {"quality": observed.quality}
    return results.Info.model_validate(
        {
            **_described(cell),
            "reference": observed.reference,
            "rel_error": observed.rel_error,
            "tolerance": observed.tolerance,
            "first_call_s": observed.first_call_s,
            "iterations_per_block": observed.iterations,
            "peak_memory_bytes": observed.peak_memory_bytes,
            "peak_device_memory_bytes": observed.peak_device_memory_bytes,
            "device_time_s": figures.device_time_s,
            "latency_s": device and device.latency_s,
            "cold_s": device and device.cold_s,
            "ledger": device and device.ledger and asdict(device.ledger),
            "blocks": figures.blocks,
            "disturbed_blocks": figures.disturbed_blocks,
            "visits": figures.visits,
            "workers": figures.workers,
            "best_s": figures.best_s,
            "bimodal": figures.bimodal,
            **_interval("time", figures.time),
            **_interval("typical", figures.typical),
            "speedup": figures.speedup and figures.speedup.as_ratio(),
            "speedup_typical": figures.speedup_typical and figures.speedup_typical.as_ratio(),
            **quality,
            "samples": _samples(outcome, started_s),
        }
    )


def _interval(name: str, time: Estimate) -> dict[str, float]:
    return {f"{name}_s": time.value, f"{name}_low_s": time.low, f"{name}_high_s": time.high}


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


def _samples(outcome: Outcome, started_s: float) -> dict[str, Any]:
    """Return the visit, worker, start and disturbance of each value in `stats.data`."""
    return {
        "visits": [[visit.number, visit.worker, len(visit.blocks)] for visit in outcome.visits],
        "starts_s": [round(block.start_s - started_s, 3) for block in outcome.blocks],
        "disturbed": [n for n, block in enumerate(outcome.blocks) if block.disturbed],
    }


def restored(saved: Record, started_s: float) -> Outcome:
    """Return the outcome of a record; the resumed run began at `started_s`."""
    outcome = Outcome(status=saved.cell.status, reason=saved.cell.reason)
    if saved.benchmark is None:
        return outcome
    info = saved.benchmark.extra_info
    samples = info.samples
    disturbed = set(samples.disturbed)
    pairs = zip(saved.benchmark.stats.data, samples.starts_s, strict=True)
    blocks = iter(
        Block(start_s=start_s + started_s, time_s=time_s, disturbed=n in disturbed)
        for n, (time_s, start_s) in enumerate(pairs)
    )
    for number, worker, size in samples.visits:
        taken = tuple(next(blocks) for _ in range(size))
        outcome.visits.append(Visit(number=number, worker=worker, blocks=taken))
    outcome.observed = _observed(info)
    outcome.figures = _figures(info)
    return outcome


def _observed(info: results.Info) -> Observed:
    quality_measured = "quality" in info.model_fields_set
    device = None
    if info.latency_s is not None and info.cold_s is not None:
        ledger = Ledger(**info.ledger.model_dump()) if info.ledger else None
        device = DeviceTimes(latency_s=info.latency_s, cold_s=info.cold_s, ledger=ledger)
    return Observed(
        reference=info.reference,
        rel_error=info.rel_error,
        tolerance=info.tolerance,
        first_call_s=info.first_call_s,
        iterations=info.iterations_per_block,
        block_s=info.typical_s * (info.iterations_per_block or 1),
        device=device,
        peak_memory_bytes=info.peak_memory_bytes,
        peak_device_memory_bytes=info.peak_device_memory_bytes,
        quality=info.quality.model_dump(exclude_unset=True) if quality_measured else None,
    )


def _figures(info: results.Info) -> Figures:
    return Figures(
        blocks=info.blocks,
        disturbed_blocks=info.disturbed_blocks,
        visits=info.visits or 0,
        workers=info.workers,
        best_s=info.best_s,
        bimodal=info.bimodal,
        time=_estimate(info.time_s, info.time_low_s, info.time_high_s),
        typical=_estimate(info.typical_s, info.typical_low_s, info.typical_high_s),
        speedup=_of_ratio(info.speedup),
        speedup_typical=_of_ratio(info.speedup_typical),
        device_time_s=info.device_time_s,
    )


def _estimate(value: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(value=value, low=low or value, high=high or value)


def _of_ratio(ratio: Ratio | None) -> Estimate | None:
    if ratio is None:
        return None
    return Estimate(value=ratio.ratio, low=ratio.low, high=ratio.high)
