"""Rows made by hand, without a file."""

from typing import Any

from bench.results import ids
from reports.read.interval import Interval
from reports.read.row import Timed


def timed_row(cell: str = "matmul/n=16/float32/threads=1/torch-cpu", **changes: Any) -> Timed:
    """Return a timed cell by its id, with other figures than the usual ones."""
    known = vars(ids.read_cell(cell))
    contender = ids.read_contender(known["contender"])
    figures = {
        "case": cell.rpartition("/")[0],
        "status": "ok",
        "reason": "",
        "verdict": None,
        "family": "matmul",
        "curve": "",
        "library": contender.library,
        "device": contender.device,
        "variant": contender.variant,
        "precision": known["dtype"],
        "axis": "n",
        "axis_value": 16.0,
        "flops": 2e6,
        "bytes": 1e4,
        "time_s": 1.0,
        "typical_s": 1.0,
        "blocks": 3,
        "disturbed_blocks": 0,
        "visits": 3,
        "workers": 3,
        "bimodal": False,
        "losses": (),
        "sources": (),
        "source_sha256": "0" * 64,
    }
    absent = dict.fromkeys(set(Timed.__dataclass_fields__) - {*known, *figures, "cell", "speedup"})
    return Timed(**({"cell": cell} | absent | known | figures | changes))


def interval(value: float, low: float, high: float) -> Interval:
    """Return an interval."""
    return Interval(value=value, low=low, high=high)
