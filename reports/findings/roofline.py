"""What a device can do at most, and which part of that a result gets.

The roofline (Williams, Waterman & Patterson, Roofline: an insightful visual performance model,
2009): of arithmetic or of memory, whichever takes longer at the measured peak, is what limits.
"""

from collections.abc import Iterator, Mapping

from bench.results import ids
from bench.results.machine import Peaks
from reports import units
from reports.findings.statement import Finding, about_cell
from reports.read.grouping import at_largest_size, grouped
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import Row, Timed

CACHES = 4  # data that is so many times larger than a cache comes from memory

Roofs = Mapping[str, Peaks] | None


def peak_of(row: Row, peaks: Roofs) -> Peaks | None:
    """Return the measured peak of the device and the threads that a cell ran with."""
    return (peaks or {}).get(ids.peak(row.device, row.threads))


def bandwidth(peak: Peaks) -> float:
    """Return the most bytes a second that a device was seen to move."""
    return max(peak.copy_bytes_s, peak.read_bytes_s)


def of_roof(row: Timed, peaks: Roofs) -> tuple[float, str]:
    """Return which part of its device's measured peak a result gets, and of what; 0, "" if unknown.

    Bytes count where they do not fit a cache.
    """
    peak = peak_of(row, peaks)
    if peak is None:
        return 0.0, ""
    flop_s = peak.flop_s.get(row.precision, 0.0)
    bytes_s = bandwidth(peak)
    beyond = peak.cache_bytes is not None and row.bytes > CACHES * peak.cache_bytes
    shares = {
        "FLOP/s": row.flops / flop_s / row.time_s if flop_s else 0.0,
        "bytes/s": row.bytes / bytes_s / row.time_s if bytes_s and beyond else 0.0,
    }
    unit = max(shares, key=shares.__getitem__)
    return (shares[unit], unit) if shares[unit] else (0.0, "")


def ridge(peak: Peaks, precision: str) -> float:
    """Return the FLOP per byte from which on arithmetic limits; 0 if unknown.

    Below it memory does (Williams et al., 2009, call it the ridge point).
    """
    flop_s, bytes_s = peak.flop_s.get(precision, 0.0), bandwidth(peak)
    return flop_s / bytes_s if flop_s and bytes_s else 0.0


def memory_bound(row: Timed, peaks: Roofs) -> bool | None:
    """Tell whether memory limits a case at best, rather than arithmetic; None if unknown."""
    peak = peak_of(row, peaks)
    edge = ridge(peak, row.precision) if peak else 0.0
    if not edge or not row.bytes or not row.flops:
        return None
    return row.intensity < edge


def roofs(result: Result) -> Iterator[Finding]:
    """State for the largest case of each workload what limits it, and how near each side comes."""
    groups = grouped(result.believed, lambda row: (row.workload, row.curve, row.dtype, row.threads))
    for (workload, curve, dtype, threads), rows in groups.items():
        for row in at_largest_size(rows):
            if row.is_numpy or row.plain:
                name = f"{workload}/{curve}/{dtype}/threads={threads}"
                yield from _roof(row, result.machine.peaks, name)


def _roof(row: Timed, peaks: Roofs, name: str) -> Iterator[Finding]:
    share, unit = of_roof(row, peaks)
    bound, peak = memory_bound(row, peaks), peak_of(row, peaks)
    if not unit or peak is None:
        return
    known = {True: "below", False: "above", None: ""}
    limits = {True: "memory limits it", False: "arithmetic limits it", None: ""}
    edge = ridge(peak, row.precision)
    numbers = {"share": units.share(share)}
    sentence = "{where}: {contender} gets {share} of the measured peak of {what}"
    if bound is not None:
        numbers |= {
            "intensity": units.intensity(row.intensity),
            "ridge": units.intensity(edge),
        }
        sentence += "; {intensity} operations a byte lie {side} the ridge of {ridge}: {limit}"
    yield Finding(
        id=f"roof/{name}/{row.contender}",
        state={True: "memory-bound", False: "compute-bound", None: "unknown"}[bound],
        sentence=sentence,
        words={
            "where": row.where,
            "contender": row.name,
            "what": {"FLOP/s": "arithmetic", "bytes/s": "memory"}[unit],
            "side": known[bound],
            "limit": limits[bound],
        },
        numbers=numbers,
        cells=(row.cell,),
        interval=Interval(value=share, low=share, high=share),
        about=about_cell(row),
    )
