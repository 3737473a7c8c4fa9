"""Three result files from one of fixed figures: its own, with a GPU that wins, with one that loses.

`measured.json` holds what was once measured, so that measuring anew changes no golden: `python -m
tests.tutorial.three` takes it from a committed machine, for chapters that ask for what it lacks.
The GPU's times are planted: they stand for no machine, and serve to read the prose they choose.
"""

import copy
import json
from pathlib import Path

from bench.results.reading import current
from tests.conftest import ONE, asked, content, entry

HERE = Path(__file__).resolve().parent
OWN = HERE / "measured.json"
COMMITTED = HERE.parents[1] / "reports" / "machines"
MACHINE = COMMITTED / "amd-epyc-2-cores.json"
FACTS = ("label", "cpu", "ram_bytes", "blas", "versions", "peaks")
FIELDS = (
    "family",
    "axis",
    "axis_value",
    "curve",
    "flops",
    "bytes",
    "intensity_flop_per_byte",
    "precision",
    "rel_error",
    "tolerance",
    "first_call_s",
    "time_s",
    "time_low_s",
    "time_high_s",
    "blocks",
    "disturbed_blocks",
    "bimodal",
    "code_lines",
    "quality",
    "speedup",
)
MEDIANS = {  # left out where they are the same
    "typical_s": "time_s",
    "typical_low_s": "time_low_s",
    "typical_high_s": "time_high_s",
    "speedup_typical": "speedup",
}
DIGITS = 4
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
WAYS = {  # planted beside those that the file asks for, by workload
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
    own = json.loads(OWN.read_text())
    return {
        "cpu only": file(own),
        "gpu wins": with_gpu(own, lambda _: WINS),
        "gpu loses at small sizes": with_gpu(own, lambda s: WINS if s > SMALL_S else LOSES),
    }


def file(own):
    """Return the result file of these facts, timed cells and cells that were only asked for."""
    timed = [timed_entry(cell, fields) for cell, fields in own["timed"].items()]
    absent = [asked(cell, "skipped", own["reason"], **told) for cell, told in own["absent"].items()]
    return content(timed, absent) | {"machine_info": own["machine_info"]}


def timed_entry(cell, fields):
    """Return the entry of a cell."""
    made = entry(cell, fields["time_s"], ONE, axis_value=fields["axis_value"])
    made["extra_info"] |= {median: fields[same] for median, same in MEDIANS.items()} | fields
    return made


def with_gpu(own, ratio_of):
    """Return a file in which each case that asks for CUDA has a time of it."""
    own = copy.deepcopy(own)
    own["machine_info"] |= {
        "label": "a planted GPU",
        "gpus": [{"name": "Planted GPU", "memory_bytes": 8 * 10**10}],
    }
    own["machine_info"]["peaks"]["cuda"] = PEAKS
    for name in list(own["absent"]):
        case, _, contender = name.rpartition("/")
        if not contender.startswith("torch-cuda") or f"{case}/numpy" not in own["timed"]:
            continue
        del own["absent"][name]
        ways = WAYS.get(case.partition("/")[0], ()) if contender == "torch-cuda" else ()
        for way in (contender.removeprefix("torch-cuda").strip("-"), *ways):
            made = f"{case}/torch-cuda{way and '-'}{way}"
            own["timed"][made] = planted(own["timed"][f"{case}/numpy"], way, ratio_of)
            if case.startswith("matmul/") and not way:
                own["timed"][made]["ledger"] = ledger(own["timed"][made]["time_s"])
    return file(own)


def planted(numpy, way, ratio_of):
    """Return the fields of a cell so many times as fast as NumPy's own of its case."""
    ratio = ratio_of(numpy["time_s"])
    times = {
        key: numpy[key] / ratio for key in numpy if key.endswith("_s") and key != "first_call_s"
    }
    interval = {"ratio": ratio, "low": ratio * 0.99, "high": ratio * 1.01}
    speedups = {key: interval for key in numpy if key.startswith("speedup")}
    return numpy | times | speedups | {"precision": PRECISIONS.get(way, numpy["precision"])}


def ledger(kernel_s):
    """Return the bill of a call whose copies and launch take half as long as its kernel."""
    parts = {"launch_s": 0.1, "kernel_s": 1.0, "host_to_device_s": 0.3, "device_to_host_s": 0.1}
    return {"wall_s": 1.5 * kernel_s} | {part: share * kernel_s for part, share in parts.items()}


def rounded(value):
    """Return a value of a file with few digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def taken_from(info):
    """Return what is kept of a timed cell."""
    medians = [median for median, same in MEDIANS.items() if info[median] != info[same]]
    return {key: info[key] for key in (*FIELDS, *medians) if info[key] not in (None, "", {})}


def main():
    """Take what `measured.json` holds from a committed machine."""
    data = current(json.loads(MACHINE.read_text()))
    infos = [benchmark["extra_info"] for benchmark in data["benchmarks"]]
    others = [cell for cell in data["cells"] if cell["status"] != "ok"]
    (reason,) = {cell["reason"] for cell in others}
    facts = {key: data["machine_info"][key] for key in FACTS}
    facts["self_test"] = data["machine_info"]["self_test"] | {"rows": []}
    taken = {
        "machine_info": facts,
        "reason": reason,
        "timed": {info["cell"]: taken_from(info) for info in infos},
        "absent": {
            cell["id"]: {key: cell[key] for key in ("family", "curve", "precision")}
            for cell in others
        },
    }
    text = json.dumps(rounded(taken), separators=(",", ":"))
    OWN.write_text(text.replace('},"', '},\n"') + "\n")  # in lines that can be compared


if __name__ == "__main__":
    main()
