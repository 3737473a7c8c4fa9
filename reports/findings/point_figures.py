"""Formats a point as a row of the scaling page's table: the text and sort key of each column."""

import math

from reports import units
from reports.findings.ratios import ratio_texts
from reports.read.interval import Interval
from reports.read.point import Point

POINT_HEADS = {
    "computation": "computation",  # and below it the size and the mode
    "contender": "contender",
    "ranks": "ranks",
    "time": "time",
    "time_interval": "interval",
    "speedup": "speedup",
    "interval": "interval",
    "efficiency": "efficiency",
    "numpy": "over NumPy’s",
    "share": "in collectives",
    "bus": "bus bandwidth",
    "error": "error / bound",
    "visits": "visits",
    "status": "status",
}


def point_figures(point: Point) -> dict[str, str]:
    """Return the text of a point in every column, and its reason; "" if it has no value there."""
    time, share = point.time, point.communication_share
    checked = point.rel_error is not None and point.tolerance is not None
    return {
        "computation": point.workload,
        "size": point.spaced_size,
        "mode": point.mode,
        "ranks": str(point.ranks),
        "contender": point.contender,
        "time": units.seconds(time.value) if time else "",
        "time_interval": _ends_s(time),
        "speedup": units.ratio(*point.speedup) if point.speedup else "",
        "interval": ratio_texts(point.speedup)["interval"] if point.speedup else "",
        "efficiency": units.share(point.efficiency.value) if point.efficiency else "",
        "numpy": units.ratio(*point.against_numpy) if point.against_numpy else "",
        "share": units.share(share) if share is not None else "",
        "bus": units.byte_rate(point.bus_bytes_s) if point.bus_bytes_s else "",
        "error": f"{point.rel_error:.1e} / {point.tolerance:.1e}" if checked else "",
        "visits": str(point.visits or ""),
        "status": point.status + (", oversubscribed" if point.oversubscribed else ""),
        "reason": point.reason,
    }


def _ends_s(time: Interval | None) -> str:
    if time is None or math.isnan(time.low):
        return ""
    return f"{units.seconds(time.low)} to {units.seconds(time.high)}"


def point_sort_keys(point: Point) -> dict[str, float]:
    """Return the number that each column sorts by; columns that sort by their text are left out."""
    keys = {
        "ranks": point.ranks,
        "time": point.time.value if point.time else None,
        "time_interval": point.time.low if point.time else None,
        "speedup": point.speedup.value if point.speedup else None,
        "interval": point.speedup.low if point.speedup else None,
        "efficiency": point.efficiency.value if point.efficiency else None,
        "numpy": point.against_numpy.value if point.against_numpy else None,
        "share": point.communication_share,
        "bus": point.bus_bytes_s,
        "error": point.rel_error,
        "visits": point.visits,
    }
    return {name: float(key) for name, key in keys.items() if key is not None}
