"""Upgrades files of schema 1 to schema 2, on plain JSON values, before validation.

Schema 1 differs from schema 2 in these points:

- A cell had only its id, no fields. The field `curve` was called `variant`.
- The status `unstable` marked imprecise times. Now the interval of the speedup shows that.
- The medians were the main figures. Pages still quote the medians of such a file.
- A time was `implausible` if one reading of the device's clock beside the timed blocks was longer,
  or if a CUDA graph took less than one launch. Neither is evidence any more.
- The parts of a ledger came from other calls than its wall time. A ledger whose parts do not sum to
  its wall time is dropped.

Malformed values pass through unchanged: the models of schema 2 refuse them and name the field.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bench.results import ids
from bench.results.schema import SCHEMA as NEW
from bench.results.schema import UNREACHED

SCHEMA = "numpy-vs-pytorch/1"
OLD_REASON = re.compile(r"the device was busy for .* and not waited for")
OLD_REASON_OF_GRAPHS = re.compile(r".* is shorter than a launch, which takes ")
TOLERANCE = 0.05  # of the wall time: how much the sum of a ledger's parts may differ
PARTS = ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s")
PRECISIONS = {"tf32": "tf32", "bf16": "bfloat16", "amp": "bfloat16", "fp16": "float16"}

Json = dict[str, Any]


def header(line: Mapping[str, Any]) -> Json:
    """Return a journal's first line with cells in place of ids."""
    rest = {key: value for key, value in line.items() if key != "asked"}
    unreached = {"status": "skipped", "reason": UNREACHED}
    return rest | {"cells": [{"id": name, **unreached} for name in line.get("asked", ())]}


def upgraded(content: Mapping[str, Any]) -> Json:
    """Return the content of a result file in schema 2.

    Raises
    ------
    ValueError : an id cannot be parsed.

    """
    new = {**content, "schema": NEW}
    for key in ("benchmarks", "twins"):
        new[key] = _each(content.get(key, []), _benchmark)
    infos = [_info_of(entry) for entry in _objects(new["benchmarks"])]
    timed = {_key(info): info for info in infos}
    new["cells"] = _each(content.get("cells", []), lambda cell: _cell(cell, timed))
    return new


def _benchmark(entry: Json) -> Json:
    info = entry.get("extra_info")
    return entry | {"extra_info": _info(info)} if isinstance(info, dict) else entry


def _info(info: Json) -> Json:
    new = {key: value for key, value in info.items() if key not in ("variant", "speedup_best")}
    if "variant" in info:
        new["curve"] = info["variant"]
    for name in ("s", "low_s", "high_s"):
        if f"typical_{name}" in info:
            new[f"time_{name}"] = info[f"typical_{name}"]
    if "speedup" in info:
        new["speedup_typical"] = info["speedup"]
    if not _adds_up(info.get("ledger")):
        new["ledger"] = None
    return new | _contender(info, info.get("contender"))


def _cell(cell: Json, timed: Mapping[Any, Json]) -> Json:
    """Return a cell with fields; family and curve come from a timed cell of the same size."""
    if not isinstance(cell.get("id"), str):
        return cell
    parts: Json = vars(ids.read_cell(cell["id"]))
    same_size = timed.get(_key(parts), {})
    shared = {key: same_size[key] for key in ("family", "curve") if key in same_size}
    new = parts | _contender(parts, parts["contender"]) | shared | cell
    ok: Json = {"status": "ok", "reason": ""}
    return new | ok if cell.get("status") == "unstable" or _has_old_reason(new) else new


def _has_old_reason(cell: Json) -> bool:
    """Return whether a cell was implausible only by evidence that schema 2 does not use."""
    if cell.get("status") != "implausible" or not isinstance(cell.get("reason"), str):
        return False
    of_graph = cell.get("variant") == "graph" and OLD_REASON_OF_GRAPHS.match(cell["reason"])
    return bool(of_graph or OLD_REASON.match(cell["reason"]))


def _adds_up(ledger: Any) -> bool:
    """Return whether a ledger's parts sum to its wall time; true for no or a malformed ledger."""
    if not isinstance(ledger, dict):
        return True
    parts = [ledger.get(key) for key in (*PARTS, "wall_s")]
    values = [float(part) for part in parts if isinstance(part, int | float)]
    malformed = len(values) < len(parts)
    return malformed or abs(sum(values[:-1]) - values[-1]) <= TOLERANCE * values[-1]


def _contender(fields: Mapping[str, Any], name: Any) -> Json:
    """Return the fields in a contender's name; a device or precision in `fields` wins."""
    if not isinstance(name, str):
        return {}
    parts = ids.read_contender(name)
    precision = PRECISIONS.get(parts.variant, fields.get("dtype"))
    present = {key: fields[key] for key in ("device", "precision") if key in fields}
    parsed = {"library": parts.library, "device": parts.device, "variant": parts.variant}
    return parsed | {"precision": precision} | present


def _key(fields: Mapping[str, Any]) -> tuple[str, str]:
    return str(fields.get("workload")), str(fields.get("size"))


def _info_of(entry: Json) -> Json:
    info = entry.get("extra_info")
    return info if isinstance(info, dict) else {}


def _objects(values: Any) -> list[Json]:
    return [value for value in values if isinstance(value, dict)] if _is_list(values) else []


def _each(values: Any, change: Callable[[Json], Json]) -> Any:
    if not _is_list(values):
        return values
    return [change(value) if isinstance(value, dict) else value for value in values]


def _is_list(values: Any) -> bool:
    return isinstance(values, list)
