"""Findings on the roofline: what limits a case, and the share of the measured peak that it gets.

In the roofline model (Williams, Waterman & Patterson, Roofline: an insightful visual performance
model, 2009), arithmetic or memory limits a case: whichever takes longer at its measured peak.
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

NEAR_ROOF = 0.5  # share of a measured peak, above which the peak limits, below which it does not
FAR = 0.01  # share of both measured peaks, below which neither limits, whatever the cache holds
CACHES = 4  # data more than this many times larger than the cache is read from memory

DevicePeaks = Mapping[str, Peaks] | None


def peak_of(row: Row, peaks: DevicePeaks) -> Peaks | None:
    """Return the measured peak of the device and the threads that a cell ran with."""
    return (peaks or {}).get(ids.peak(row.device, row.threads))


def bandwidth(peak: Peaks) -> float:
    """Return a device's measured peak of memory, in bytes per second, by copying or reading."""
    return max(peak.copy_bytes_s, peak.read_bytes_s)


def roof_share(row: Timed, peaks: DevicePeaks) -> tuple[float, str]:
    """Return a cell's share of its device's measured peak, and the unit of that peak.

    The peak is that of arithmetic or of memory, whichever share is larger. Memory counts only if
    the data does not fit the cache. Returns 0 and "" if the share is unknown.
    """
    peak = peak_of(row, peaks)
    if peak is None:
        return 0.0, ""
    flop_s = peak.flop_s.get(row.precision, 0.0)
    bytes_s = bandwidth(peak)
    from_memory = peak.cache_bytes is not None and row.bytes > CACHES * peak.cache_bytes
    shares = {
        "FLOP/s": row.flops / flop_s / row.time_s if flop_s else 0.0,
        "bytes/s": row.bytes / bytes_s / row.time_s if bytes_s and from_memory else 0.0,
    }
    unit = max(shares, key=shares.__getitem__)
    return (shares[unit], unit) if shares[unit] else (0.0, "")


def ridge(peak: Peaks, precision: str) -> float:
    """Return the ridge point (Williams et al., 2009), in FLOP per byte; 0 if unknown.

    Below this arithmetic intensity memory limits a case, above it arithmetic does.
    """
    flop_s, bytes_s = peak.flop_s.get(precision, 0.0), bandwidth(peak)
    return flop_s / bytes_s if flop_s and bytes_s else 0.0


def memory_bound(row: Timed, peaks: DevicePeaks) -> bool | None:
    """Return whether memory, rather than arithmetic, limits a case; None if unknown."""
    peak = peak_of(row, peaks)
    ridge_point = ridge(peak, row.precision) if peak else 0.0
    if not ridge_point or not row.bytes or not row.flops:
        return None
    return row.intensity < ridge_point


def _far(row: Timed, peak: Peaks) -> bool:
    """Return whether a cell gets next to nothing of the peaks of both arithmetic and memory.

    A cache moves data faster than memory, so this holds for data in a cache as well.
    """
    flop_s, bytes_s = peak.flop_s.get(row.precision, 0.0), bandwidth(peak)
    return row.flops < FAR * flop_s * row.time_s and row.bytes < FAR * bytes_s * row.time_s


def roofs(result: Result) -> Iterator[Finding]:
    """State what may limit each workload's largest case, and each contender's share of a peak."""
    groups = grouped(
        result.plausible, lambda row: (row.workload, row.curve, row.dtype, row.threads)
    )
    for (workload, curve, dtype, threads), rows in groups.items():
        for row in at_largest_size(rows):
            if row.is_numpy or row.plain:
                name = f"{workload}/{curve}/{dtype}/threads={threads}"
                yield from _roof(row, result.machine.peaks, name)


def _roof(row: Timed, peaks: DevicePeaks, name: str) -> Iterator[Finding]:
    share, unit = roof_share(row, peaks)
    bound, peak = memory_bound(row, peaks), peak_of(row, peaks)
    if not unit or peak is None:
        return
    sides = {True: "below", False: "above", None: ""}
    limit = {True: "memory", False: "arithmetic", None: ""}[bound]
    if _far(row, peak):
        limit = "it gets under a hundredth of either peak, so something else limits it"
    elif bound and unit == "FLOP/s":
        limit += " would be the limit, unless the data lies in the cache"
    elif share < NEAR_ROOF:
        limit += " would be the limit, but something else is"
    else:
        limit += " limits it"
    numbers = {"share": units.share(share)}
    sentence = "{where}: {contender} gets {share} of the measured peak of {what}"
    if bound is not None:
        numbers |= {
            "intensity": units.intensity(row.intensity),
            "ridge": units.intensity(ridge(peak, row.precision)),
        }
        sentence += "; {intensity} operations a byte lie {side} the ridge of {ridge}: {limit}"
    yield Finding(
        id=f"roof/{name}/{row.contender}",
        state={True: "memory-bound", False: "compute-bound", None: "unknown"}[bound],
        sentence=sentence,
        words={
            "where": row.case_text,
            "contender": row.contender_name,
            "what": {"FLOP/s": "arithmetic", "bytes/s": "memory"}[unit],
            "side": sides[bound],
            "limit": limit,
        },
        numbers=numbers,
        cells=(row.cell,),
        interval=Interval(value=share, low=share, high=share),
        about=about_cell(row),
    )
