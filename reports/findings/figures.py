"""Formats a cell as a row of a page's table: the text and the sort key of each column."""

from collections.abc import Callable

from reports import units
from reports.findings.roofline import DevicePeaks, roof_share
from reports.read.row import Timed

HEADS = {
    "size": "size",
    "dtype": "dtype",
    "threads": "threads",
    "contender": "contender",
    "time": "time",
    "median": "median time",
    "speedup": "speedup",
    "interval": "interval",
    "by_medians": "by medians",
    "of_peak": "of the peak",
    "first_call": "first call",
    "lines": "lines",
    "blocks": "blocks",
    "visits": "visits",
    "memory": "peak memory",
    "error": "error / bound",
    "accuracy": "accuracy",
    "saved": "kept for backward",
    "status": "status",
}
DEVICE_HEADS = {
    "time": "queued calls",
    "device_time_s": "by the device’s clock",
    "latency_s": "one call",
    "cold_s": "cold cache",
    "host_to_device_s": "to the device",
    "launch_s": "launch",
    "kernel_s": "kernels",
    "device_to_host_s": "to the host",
    "wall_s": "whole call",
}
LEDGER = ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s", "wall_s")


def figures(row: Timed, peaks: DevicePeaks) -> dict[str, str]:
    """Return the text of a timed cell in every column of HEADS; "" if it has no value there."""
    share, unit = roof_share(row, peaks)
    speedup = None if row.is_numpy else row.speedup
    medians = None if speedup is None else row.by_medians
    return {
        "size": row.size,
        "dtype": row.dtype,
        "threads": str(row.threads),
        "contender": row.contender,
        "time": units.seconds(row.time_s),
        "median": units.seconds(row.typical_s),
        "speedup": units.ratio(*speedup) if speedup else "",
        "interval": units.interval(*speedup) if speedup else "",
        "by_medians": units.ratio(*medians) if medians else "",
        "of_peak": f"{units.share(share)} of {unit}" if unit else "",
        "first_call": _if(row.first_call_s, units.seconds),
        "lines": "" if row.code_lines is None else str(row.code_lines),
        "blocks": str(row.blocks),
        "visits": "" if row.visits is None else str(row.visits),
        "memory": _memory(row),
        "error": _error(row),
        "accuracy": "" if row.accuracy is None else f"{100 * row.accuracy:.1f} %",
        "saved": _if(row.saved_bytes, units.size_bytes),
        "status": row.status + (", at two speeds" if row.bimodal else ""),
    }


def _memory(row: Timed) -> str:
    host, device = row.peak_memory_bytes, row.peak_device_memory_bytes
    parts = [] if host is None else [units.size_bytes(host)]
    parts += [] if device is None else [f"device {units.size_bytes(device)}"]
    return ", ".join(parts)


def _error(row: Timed) -> str:
    if row.rel_error is None or row.tolerance is None:
        return ""
    if not row.rel_error and not row.tolerance:
        return "exact"
    return f"{row.rel_error:.1e} / {row.tolerance:.1e}"


def sort_keys(row: Timed) -> dict[str, float]:
    """Return the number that each column sorts by; columns that sort by their text are left out."""
    keys = {
        "size": row.axis_value,
        "threads": row.threads,
        "time": row.time_s,
        "median": row.typical_s,
        "speedup": row.speedup.value if row.speedup else None,
        "interval": row.speedup.low if row.speedup else None,
        "by_medians": row.by_medians.value if row.by_medians else None,
        "first_call": row.first_call_s,
        "lines": row.code_lines,
        "memory": row.peak_memory_bytes,
        "error": row.rel_error,
        "accuracy": row.accuracy,
        "saved": row.saved_bytes,
        "blocks": row.blocks,
        "visits": row.visits,
    }
    return {name: float(key) for name, key in keys.items() if key is not None}


def device_figures(row: Timed) -> dict[str, str]:
    """Return the cells of the columns in DEVICE_HEADS; empty without a device's own clock."""
    if row.latency_s is None:
        return {}
    figures_s = {
        "device_time_s": row.device_time_s,
        "latency_s": row.latency_s,
        "cold_s": row.cold_s,
        **dict.fromkeys(LEDGER),
    }
    if (ledger := row.ledger) is not None:
        figures_s |= {
            "host_to_device_s": ledger.host_to_device_s,
            "launch_s": ledger.launch_s,
            "kernel_s": ledger.kernel_s,
            "device_to_host_s": ledger.device_to_host_s,
            "wall_s": ledger.wall_s,
        }
    texts = {name: _if(value, units.seconds) for name, value in figures_s.items()}
    return {"time": units.seconds(row.time_s)} | texts


def _if(value: float | None, text: Callable[[float], str]) -> str:
    """Return the text of a value; "" if the value is None or 0."""
    return text(value) if value else ""
