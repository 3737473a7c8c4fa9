"""Three result files from the committed one: its own, with a GPU that wins, with one that loses.

The GPU's times are planted: they stand for no machine, and serve to read the prose they choose.
"""

import copy
import json
import re
from pathlib import Path

from bench.results.reading import current
from bench.results.schema import Identity
from tests.conftest import named

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "reports" / "machines" / "amd-epyc-2-cores.json"
WINS = 20.0  # times as fast as NumPy
LOSES = 0.2  # likewise, at small sizes
SMALL_S = 1e-3  # of NumPy: below it a size is small
PEAKS = {  # above everything that is planted
    "model": None,
    "flop_s": {"float32": 1e15, "tf32": 1e15, "bfloat16": 1e15, "float16": 1e15},
    "copy_bytes_s": 1e13,
    "read_bytes_s": 1e13,
    "cache_bytes": 1,
    "launch_s": 1e-6,
}
PRECISIONS = {"tf32": "tf32", "bf16": "bfloat16", "fp16": "float16", "amp": "bfloat16"}
WAYS = {  # planted beside those that the committed file asks for, by workload
    "dispatch": ("graph",),
    "train_mlp": ("graph", "amp"),
    "device_to_host": ("pinned",),
    "matmul": ("tf32", "bf16", "fp16", "graph", "transfer"),
    "softmax": ("graph", "transfer"),
    "elementwise_chain": ("compile", "graph", "transfer"),
    "host_to_device": ("pinned",),
    "sum": ("transfer", "graph"),
}


def files():
    """Return the three by what they show."""
    own = current(json.loads(OWN.read_text()))
    return {
        "cpu only": own,
        "gpu wins": with_gpu(own, lambda _: WINS),
        "gpu loses at small sizes": with_gpu(own, lambda s: WINS if s > SMALL_S else LOSES),
    }


def with_gpu(own, ratio_of):
    """Return a file in which each case that asks for CUDA has a time of it."""
    data = copy.deepcopy(own)
    data["machine_info"]["label"] = "a planted GPU"
    data["machine_info"]["gpus"] = [{"name": "Planted GPU", "memory_bytes": 8 * 10**10}]
    data["machine_info"]["peaks"]["cuda"] = PEAKS
    timed = {entry["extra_info"]["cell"]: entry for entry in data["benchmarks"]}
    asked = {cell["id"]: cell for cell in data["cells"]}
    for name in list(asked):
        case, _, contender = name.rpartition("/")
        if not contender.startswith("torch-cuda") or f"{case}/numpy" not in timed:
            continue
        ways = WAYS.get(case.partition("/")[0], ()) if contender == "torch-cuda" else ()
        for made in (contender, *(f"torch-cuda-{way}" for way in ways)):
            entry = planted(timed[f"{case}/numpy"], f"{case}/{made}", ratio_of)
            data["benchmarks"].append(entry)
            info = entry["extra_info"]
            fields = {name: info[name] for name in Identity.model_fields}
            asked[info["cell"]] = fields | {"id": info["cell"], "status": "ok", "reason": ""}
    data["cells"] = list(asked.values())
    return data


def planted(numpy, cell, ratio_of):
    """Return an entry of a cell, so many times as fast as NumPy's own of its case."""
    entry = copy.deepcopy(numpy)
    info, contender = entry["extra_info"], cell.rpartition("/")[2]
    ratio = ratio_of(info["time_s"])
    info |= {"cell": cell, "contender": contender, **named(contender)}
    for key in info:
        if re.match(r"(best|time|typical)(_low|_high)?_s$", key) and info[key] is not None:
            info[key] /= ratio
    interval = {"ratio": ratio, "low": ratio * 0.99, "high": ratio * 1.01}
    info |= {"speedup": interval, "speedup_typical": interval}
    way = contender.removeprefix("torch-cuda").strip("-")
    info["precision"] = PRECISIONS.get(way, info["precision"])
    entry["params"]["contender"] = contender
    for key in ("name", "fullname", "param"):
        entry[key] = entry[key].replace("-numpy", f"-{contender}")
    entry["stats"]["data"] = [value / ratio for value in entry["stats"]["data"]]
    return entry
