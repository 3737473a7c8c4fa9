"""A cell as a row of a table: the text of each of its figures by name, and how it sorts."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from reports import units
from reports.findings.names import NUMPY
from reports.findings.roofline import Roofs, of_roof

Row = Mapping[Any, Any]

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
    "time": "queued",
    "device_time_s": "by the device’s clock",
    "latency_s": "alone",
    "cold_s": "cold",
    "host_to_device_s": "to the device",
    "launch_s": "launch",
    "kernel_s": "kernels",
    "device_to_host_s": "to the host",
    "wall_s": "there and back",
}


def figures(row: Row, peaks: Roofs) -> dict[str, str]:
    """Return the text of every figure of a timed cell; "" for what it lacks."""
    share, unit = of_roof(row, peaks)
    ratio = bool(pd.notna(row["ratio"])) and row["contender"] != NUMPY
    leading = (row["ratio"], row["low"], row["high"])
    medians = (row["typical_ratio"], row["typical_low"], row["typical_high"])
    host, device = row["peak_memory_bytes"], row["peak_device_memory_bytes"]
    memory: list[str] = [units.size_bytes(host)] if pd.notna(host) else []
    memory += [f"device {units.size_bytes(device)}"] if pd.notna(device) else []
    checked = bool(pd.notna(row["rel_error"]) and pd.notna(row["tolerance"]))
    return {
        "size": str(row["size"]),
        "dtype": str(row["dtype"]),
        "threads": f"{row['threads']:.0f}",
        "contender": str(row["contender"]),
        "time": units.seconds(row["time_s"]),
        "median": units.seconds(row["typical_s"]),
        "speedup": units.ratio(*leading) if ratio else "",
        "interval": units.interval(*leading) if ratio else "",
        "by_medians": units.ratio(*medians) if ratio and pd.notna(row["typical_ratio"]) else "",
        "of_peak": f"{units.share(share)} of {unit}" if unit else "",
        "first_call": _if(row["first_call_s"], units.seconds),
        "lines": f"{row['code_lines']:.0f}" if pd.notna(row["code_lines"]) else "",
        "blocks": f"{row['blocks']:.0f}",
        "visits": f"{row['visits']:.0f}" if pd.notna(row["visits"]) else "",
        "memory": ", ".join(memory),
        "error": f"{row['rel_error']:.1e} / {row['tolerance']:.1e}" if checked else "",
        "accuracy": f"{100 * row['accuracy']:.1f} %" if pd.notna(row["accuracy"]) else "",
        "saved": _if(row["saved_bytes"], units.size_bytes),
        "status": str(row["status"]) + (", bimodal" if row["bimodal"] is True else ""),
    }


def keys(row: Row) -> dict[str, float | str]:
    """Return what each figure sorts by, where that is not its text."""
    return {
        "size": row["axis_value"],
        "threads": row["threads"],
        "time": row["time_s"],
        "median": row["typical_s"],
        "speedup": row["ratio"],
        "interval": row["low"],
        "by_medians": row["typical_ratio"],
        "first_call": row["first_call_s"],
        "lines": row["code_lines"],
        "memory": row["peak_memory_bytes"],
        "error": row["rel_error"],
        "accuracy": row["accuracy"],
        "saved": row["saved_bytes"],
        "blocks": row["blocks"],
        "visits": row["visits"],
    }


def device_figures(row: Row) -> dict[str, str]:
    """Return what an accelerator's clock says of a cell; empty where none was asked."""
    if pd.isna(row["latency_s"]):
        return {}
    return {"time": units.seconds(row["time_s"])} | {
        name: _if(row[name], units.seconds) for name in DEVICE_HEADS if name != "time"
    }


def _if(value: float, text: Callable[[float], str]) -> str:
    return text(value) if pd.notna(value) and value > 0 else ""
