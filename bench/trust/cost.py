"""Measures what it costs to compare many machines, and to build the pages of one.

    python -m bench.trust.cost [--machines 10 100 1000] [--cells 300]

The script writes made-up result files into a temporary folder. A separate process then loads them,
compares them and computes all values of the comparison page. The memory in the table is the peak of
that process, plus the peak of its largest worker times the number of cores: an upper bound.
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.results import ids
from bench.results.schema import SCHEMA, Identity
from reports import units
from reports.compare.comparison import compare
from reports.compare.many import load_many
from reports.compare.page import page_values

FAMILIES = {
    "matmul": ("matmul", "matvec", "attention"),
    "reductions": ("sum", "softmax", "argmax"),
    "elementwise": ("elementwise_chain",),
    "training": ("train_mlp",),
}
SIZES = tuple(2**power for power in range(4, 20))
CONTENDERS = ("numpy", "torch-cpu", "torch-cpu-compile")
VISITS, BLOCKS = 6, 4  # visits of a cell, blocks of a visit
CORES = (1, 2, 8, 16, 64)
KIB = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss (getrusage(2))


def cells(count: int) -> list[dict[str, Any]]:
    """Return the definitions of `count` cells, the same ones for every machine."""
    pairs = [(family, name) for family, names in FAMILIES.items() for name in names]
    every = product(SIZES, ("float32", "float64"), ("one", "all"), pairs, CONTENDERS)
    return [
        {"size": size, "dtype": dtype, "cores": cores, "pair": pair, "contender": contender}
        for size, dtype, cores, pair, contender in islice(every, count)
    ]


def machine(number: int, count: int) -> dict[str, Any]:
    """Return the content of a made-up result file with `count` cells."""
    rng = np.random.default_rng(number)
    cores = int(rng.choice(CORES[1:]))
    speed = float(rng.lognormal(0, 0.3))
    benchmarks = [_benchmark(cell, cores, speed, rng) for cell in cells(count)]
    return {
        "schema": SCHEMA,
        "datetime": f"2026-01-02T03:{number // 60 % 60:02}:{number % 60:02}+00:00",
        "machine_info": {
            "label": f"machine {number}",
            "cpu": {"model": f"processor {number % 7}", "usable_cores": cores},
            "ram_bytes": cores * 2**31,
            "versions": {"python": "3.12.1", "numpy": "2.2.0", "torch": f"2.{number % 3 + 6}.0"},
        },
        "commit_info": {"id": "0" * 40, "dirty": False},
        "cells": [_cell(benchmark["extra_info"]) for benchmark in benchmarks],
        "benchmarks": benchmarks,
    }


def _cell(info: dict[str, Any]) -> dict[str, Any]:
    identity = {name: info[name] for name in Identity.model_fields}
    return {"id": info["cell"], **identity, "status": "ok", "reason": ""}


def _benchmark(
    cell: dict[str, Any], cores: int, speed: float, rng: np.random.Generator
) -> dict[str, Any]:
    family, workload = cell["pair"]
    threads = 1 if cell["cores"] == "one" else cores
    usual_s = cell["size"] * 1e-8 / speed / threads**0.5 * (2 if cell["dtype"] == "float64" else 1)
    data = usual_s * rng.lognormal(0, 0.05, VISITS * BLOCKS)
    time_s, half = float(data.min()), float(rng.uniform(1.005, 1.03))
    typical_s = float(np.median(data))
    case = ids.case(workload, f"n={cell['size']}", cell["dtype"], threads)
    contender = vars(ids.read_contender(cell["contender"]))
    identity = {
        "cell": ids.cell(case, cell["contender"]),
        "workload": workload,
        "family": family,
        "size": f"n={cell['size']}",
        "axis": "n",
        "axis_value": float(cell["size"]),
        "curve": "",
        "dtype": cell["dtype"],
        "contender": cell["contender"],
        "library": contender["library"],
        "device": "cpu",
        "variant": contender["variant"],
        "threads": threads,
        "precision": cell["dtype"],
    }
    figures = {
        "flops": 2.0 * cell["size"],
        "bytes": 8.0 * cell["size"],
        "rel_error": 1e-7,
        "tolerance": 1e-5,
        "first_call_s": 0.01,
        "blocks": len(data),
        "disturbed_blocks": 0,
        "visits": VISITS,
        "workers": VISITS,
        "best_s": time_s,
        "time_s": time_s,
        "time_low_s": time_s / half,
        "time_high_s": time_s * half,
        "typical_s": typical_s,
        "peak_memory_bytes": 2**27,
        "bimodal": False,
        "speedup": {"ratio": 1.0, "low": 1 / half, "high": half},
        "code_lines": 3,
        "sources": [f"bench/workloads/{workload}.py"],
        "source_sha256": "0" * 64,
        "samples": {
            "visits": [[visit, visit, BLOCKS] for visit in range(VISITS)],
            "starts_s": np.cumsum(rng.uniform(0.005, 0.02, len(data))).tolist(),
            "disturbed": [],
        },
    }
    info = identity | figures
    name = f"test_pair[{identity['cell']}]"
    return {
        "group": case,
        "name": name,
        "fullname": f"bench/test_pairs.py::{name}",
        "extra_info": info,
        "stats": {"min": time_s, "median": typical_s, "data": data.tolist()},
    }


def fill(folder: Path, machines: int, count: int) -> list[Path]:
    """Write result files of `machines` machines into a folder; return their paths."""
    paths = [folder / f"{number:05}.json" for number in range(machines)]
    for number, path in enumerate(paths):
        path.write_text(json.dumps(machine(number, count)), encoding="utf-8")
    return paths


def measure_comparison(folder: Path) -> dict[str, float]:
    """Compare a folder's files in this process; return the seconds of each step and the memory."""
    clock_s = [time.perf_counter()]
    results, complaints = load_many(sorted(folder.glob("*.json")))
    if complaints:
        raise RuntimeError(complaints[0])
    clock_s.append(time.perf_counter())
    comparison = compare(results)
    clock_s.append(time.perf_counter())
    page_values(comparison)
    clock_s.append(time.perf_counter())
    load_s, compare_s, page_s = np.diff(clock_s).tolist()
    own, workers = (
        resource.getrusage(processes).ru_maxrss * KIB
        for processes in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    peak = own + workers * (multiprocessing.cpu_count() if workers else 0)
    return {
        "cells": sum(len(result.table) for result in results),
        "load_s": load_s,
        "compare_s": compare_s,
        "page_s": page_s,
        "total_s": clock_s[-1] - clock_s[0],
        "peak_bytes": peak,
    }


def measure_build(file: Path, out: Path) -> tuple[float, int, str]:
    """Build the pages of a file in a process; return seconds, peak bytes and an error message."""
    command = [sys.executable, "-m", "reports", "build", str(file), "--out", str(out)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)  # noqa: S603 - our own
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
    error = (lines or ["no message"])[-1] if process.returncode else ""
    return seconds, used.ru_maxrss * KIB, error


HEADS = ("what", "cells", "on disk", "load", "compare", "page", "total", "a machine", "peak memory")


def rows(machines: Sequence[int], count: int) -> Iterator[tuple[str, ...]]:
    """Yield a row of the table for each number of machines, then a row for the pages of one."""
    for number in machines:
        with tempfile.TemporaryDirectory() as folder:
            paths = fill(Path(folder), number, count)
            size = sum(path.stat().st_size for path in paths)
            command = [sys.executable, "-m", "bench.trust.cost", "--measure", folder]
            costs = json.loads(subprocess.check_output(command))  # noqa: S603 - this script
            steps = (costs[name] for name in ("load_s", "compare_s", "page_s", "total_s"))
            times = (*steps, costs["total_s"] / number)
            yield (
                f"{number} machines",
                f"{costs['cells']}",
                units.size_bytes(size),
                *map(units.seconds, times),
                units.size_bytes(costs["peak_bytes"]),
            )
    with tempfile.TemporaryDirectory() as folder:
        (file,) = fill(Path(folder), 1, count)
        on_disk = units.size_bytes(file.stat().st_size)
        seconds, peak, error = measure_build(file, Path(folder) / "site")
        total = f"failed: {error}" if error else units.seconds(seconds)
        yield ("pages of one", str(count), on_disk, "", "", "", total, "", units.size_bytes(peak))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust.cost", description=__doc__)
    parser.add_argument("--machines", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--cells", type=int, default=300, help="cells of each machine (300)")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.measure:
        print(json.dumps(measure_comparison(chosen.measure)))
        return 0
    table = Table(*HEADS)
    for row in rows(chosen.machines, chosen.cells):
        table.add_row(*row)
    Console(width=160).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
