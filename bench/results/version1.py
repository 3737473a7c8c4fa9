"""Schema 1 -> schema 2, on plain JSON values, before anything is validated.

Version 1 named a cell by its id alone and called a curve `variant`. It had a status `unstable` for
times that were not known well; the interval of the speedup says that now. Its medians led, so they
are what pages quote of such a file.

It called a time impossible when one reading of an accelerator's clock, taken beside the timed
blocks, was longer, or when a recorded graph took less than an eager launch; such evidence counts no
more. The parts of its ledgers were of other calls than the wall time; a ledger that does not add up
is left out.

What is malformed is passed on as it is: the models of version 2 will refuse it and name the field.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bench.results import ids
from bench.results.schema import SCHEMA as NEW
from bench.results.schema import UNREACHED

SCHEMA = "numpy-vs-pytorch/1"
UNPROVEN = re.compile(r"the device was busy for .* and not waited for")
UNPROVEN_OF_GRAPHS = re.compile(r".* is shorter than a launch, which takes ")
ADDS_UP = 0.05  # of the wall time, the parts of a ledger may differ from it
PARTS = ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s")
PRECISIONS = {"tf32": "tf32", "bf16": "bfloat16", "amp": "bfloat16", "fp16": "float16"}

Json = dict[str, Any]


def header(line: Mapping[str, Any]) -> Json:
    """Return a journal's first line with a cell in place of each id that was asked for."""
    rest = {key: value for key, value in line.items() if key != "asked"}
    unreached = {"status": "skipped", "reason": UNREACHED}
    return rest | {"cells": [{"id": name, **unreached} for name in line.get("asked", ())]}


def upgraded(content: Mapping[str, Any]) -> Json:
    """Return the content of a result file as version 2 writes it.

    Raises
    ------
    ValueError : an id is not of the grammar.

    """
    new = {**content, "schema": NEW}
    for key in ("benchmarks", "twins"):
        new[key] = _each(content.get(key, []), _benchmark)
    infos = [_info_of(entry) for entry in _objects(new["benchmarks"])]
    curves = {_place(info): info for info in infos}
    new["cells"] = _each(content.get("cells", []), lambda cell: _cell(cell, curves))
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


def _cell(cell: Json, curves: Mapping[Any, Json]) -> Json:
    """Return a cell with fields of its own; family and curve are those of a timed one beside it."""
    if not isinstance(cell.get("id"), str):
        return cell
    parts: Json = vars(ids.read_cell(cell["id"]))
    beside = curves.get(_place(parts), {})
    shared = {key: beside[key] for key in ("family", "curve") if key in beside}
    new = parts | _contender(parts, parts["contender"]) | shared | cell
    settled: Json = {"status": "ok", "reason": ""}
    return new | settled if cell.get("status") == "unstable" or _doubted_in_vain(new) else new


def _doubted_in_vain(cell: Json) -> bool:
    """Tell whether a time was called impossible on evidence that counts no more."""
    if cell.get("status") != "implausible" or not isinstance(cell.get("reason"), str):
        return False
    recorded = cell.get("variant") == "graph" and UNPROVEN_OF_GRAPHS.match(cell["reason"])
    return bool(recorded or UNPROVEN.match(cell["reason"]))


def _adds_up(ledger: Any) -> bool:
    """Tell whether a ledger is none, is malformed, or has parts that sum to its wall time."""
    if not isinstance(ledger, dict):
        return True
    parts = [ledger.get(key) for key in (*PARTS, "wall_s")]
    values = [float(part) for part in parts if isinstance(part, int | float)]
    malformed = len(values) < len(parts)
    return malformed or abs(sum(values[:-1]) - values[-1]) <= ADDS_UP * values[-1]


def _contender(fields: Mapping[str, Any], name: Any) -> Json:
    """Return the fields a contender's name says; one with a precision or device keeps it."""
    if not isinstance(name, str):
        return {}
    parts = ids.read_contender(name)
    precision = PRECISIONS.get(parts.variant, fields.get("dtype"))
    said = {key: fields[key] for key in ("device", "precision") if key in fields}
    drawn = {"library": parts.library, "device": parts.device, "variant": parts.variant}
    return drawn | {"precision": precision} | said


def _place(fields: Mapping[str, Any]) -> tuple[str, str]:
    return str(fields.get("workload")), str(fields.get("size"))


def _info_of(entry: Json) -> Json:
    info = entry.get("extra_info")
    return info if isinstance(info, dict) else {}


def _objects(values: Any) -> list[Json]:
    return [value for value in values if isinstance(value, dict)] if _listed(values) else []


def _each(values: Any, change: Callable[[Json], Json]) -> Any:
    if not _listed(values):
        return values
    return [change(value) if isinstance(value, dict) else value for value in values]


def _listed(values: Any) -> bool:
    return isinstance(values, list)
