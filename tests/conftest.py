"""Makes result files small enough to check by hand, and runs the chapters once for all tests."""

import fcntl
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.results import ids
from bench.results.schema import SCHEMA, Identity
from reports.chapters.execution import ChapterRun
from reports.chapters.outputs import _store
from reports.chapters.reading import find

ROOT = Path(__file__).resolve().parents[1]
PLAIN = {  # for a pytest of its own: pytest-benchmark measures nothing where workers are several
    key: value for key, value in os.environ.items() if not key.startswith("PYTEST_XDIST")
}
if "PYTEST_XDIST_WORKER" in os.environ:  # several workers share the cores: one thread is quicker
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


WARNINGS = (  # of a user's run they are no errors
    "error",
    # what PyTorch itself still calls when inductor and functorch are first imported
    "ignore:`torch.jit.script:DeprecationWarning:torch.jit._script",
)


def entry(cell: str, time_s: float, speedup: tuple[float, float, float], **info: Any) -> dict:
    workload, size, dtype, threads, contender = cell.split("/")
    ratio, low, high = speedup
    medians = info.pop("by_medians", speedup)
    best_s, typical_s = time_s * 0.95, time_s * 1.1
    base = {
        "cell": cell,
        "workload": workload,
        "family": "matmul",
        "size": size,
        "axis": "n",
        "axis_value": info.pop("axis_value", None) or float(size.rpartition("=")[2]),
        "curve": "",
        "dtype": dtype,
        "contender": contender,
        "threads": int(threads.partition("=")[2]),
        "flops": 2e6,
        "bytes": 1e4,
        "rel_error": 1e-7,
        "tolerance": 1e-5,
        "first_call_s": 0.01,
        "blocks": 3,
        "disturbed_blocks": 0,
        "best_s": best_s,
        "time_s": time_s,
        "typical_s": typical_s,
        "speedup": {"ratio": ratio, "low": low, "high": high},
        "speedup_typical": dict(zip(("ratio", "low", "high"), medians, strict=True)),
        "bimodal": False,
        "peak_memory_bytes": 4096,
        "peak_device_memory_bytes": None,
        "visits": 3,
        "workers": 3,
        "iterations_per_block": 10,
        "samples": {
            "visits": [[1, 1, 1], [2, 2, 1], [3, 3, 1]],
            "starts_s": [1.0, 2.0, 3.0],
            "disturbed": [1],
        },
        "sources": ["bench/workloads/matmul.py"],
        "source_sha256": "0" * 64,
    }
    told = base | named(info.get("contender", contender)) | info
    case = f"{told['workload']}/{told['size']}/{told['dtype']}/threads={told['threads']}"
    told["cell"] = cell = f"{case}/{told['contender']}"
    stats = {"min": best_s, "median": typical_s, "data": [best_s, typical_s, time_s * 1.2]}
    return {
        "group": cell.rpartition("/")[0],
        "name": f"test_pair[{cell}]",
        "fullname": f"bench/test_pairs.py::test_pair[{cell}]",
        "extra_info": told,
        "stats": stats,
    }


def named(contender: str) -> dict:
    """The fields that a contender's name says; of a name that is none, those of NumPy."""
    try:
        of = ids.read_contender(contender)
    except ValueError:
        of = ids.ContenderId(library="numpy")
    return {"library": of.library, "device": of.device, "variant": of.variant}


def asked(cell: str, status: str = "ok", reason: str = "", **fields: Any) -> dict:
    """A cell of `cells`, by its id."""
    of = vars(ids.read_cell(cell))
    base = {"family": "matmul", "curve": "", "precision": of["dtype"]}
    state = {"id": cell, "status": status, "reason": reason}
    return of | named(of["contender"]) | base | state | fields


def listed(benchmark: dict) -> dict:
    """The cell of `cells` that a timed one is."""
    info = benchmark["extra_info"]
    fields = {key: info[key] for key in Identity.model_fields if key in info}
    return fields | {"id": info["cell"], "status": "ok", "reason": ""}


def content(benchmarks: list[dict], cells: list[dict] = (), label: str = "box") -> dict:
    return {
        "schema": SCHEMA,
        "datetime": "2026-01-02T03:04:05+00:00",
        "machine_info": {"label": label},
        "commit_info": {"id": "abc", "dirty": False},
        "cells": [*map(listed, benchmarks), *cells],
        "benchmarks": benchmarks,
    }


CASE = "matmul/n={}/float32/threads=1"
ONE = (1.0, 1.0, 1.0)


def small_file(label: str = "box") -> dict:
    """NumPy wins at 16, loses at 64; 256 is a tie; CUDA is absent."""
    speedups = {16: (0.5, 0.48, 0.52), 64: (3.0, 2.9, 3.1), 256: (1.01, 0.98, 1.04)}
    timed = []
    for n, speedup in speedups.items():
        case = CASE.format(n)
        timed.append(entry(f"{case}/numpy", n * 1e-6, ONE))
        timed.append(entry(f"{case}/torch-cpu", n * 1e-6 / speedup[0], speedup))
    absent = ("skipped", "no cuda device")
    cells = [asked(f"{CASE.format(n)}/torch-cuda", *absent) for n in speedups]
    return content(timed, cells, label)


LONGEST = (  # files first begun, so that none is left for one worker alone at the end
    "test_chapters.py",
    "test_command.py",
    "test_browser.py",
    "test_arena.py",
    "test_pages.py",
    "test_load.py",
    "test_outputs.py",
    "test_verify.py",
    "test_run.py",
    "test_workloads.py",
)


def pytest_configure(config):
    """Make warnings errors; let each of several workers have whole files, and so their fixtures."""
    for line in WARNINGS:
        config.addinivalue_line("filterwarnings", line)
    if getattr(config.option, "numprocesses", None) and config.option.dist == "load":
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


def pytest_collection_finish():
    """Skip what is imported in each collection of garbage, which takes 0.2 s for PyTorch alone."""
    gc.freeze()


@pytest.fixture
def write(tmp_path):
    def write_file(data: Any, name: str = "result.json") -> Path:
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return path

    return write_file


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """Return a way to have a folder filled once, by whichever of several workers asks first."""
    several = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    base = base.parent if several else base

    def filled(name, fill):
        done = base / name
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                fill(made := tmp_path_factory.mktemp(name))
                made.rename(done)
        return done

    return filled


@pytest.fixture(scope="session")
def ran_chapters(shared):
    """Return the folder of what came of every chapter; in `kept`, what each shows on its page."""
    return shared("chapters", run_chapters)


def run_chapters(folder):
    """Have all chapters run by `tests.tutorial.scripts`, as many at once as no other test needs."""
    at_once = (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    program = [sys.executable, "-W", "error", "-m", "tests.tutorial.scripts"]
    paths = [str(chapter.path) for chapter in find()]
    quiet = {"MPLBACKEND": "agg", "OMP_WAIT_POLICY": "passive"}  # threads that wait take no core
    subprocess.run(
        [*program, str(folder), str(max(1, at_once)), *paths],
        check=True,
        cwd=ROOT,
        env=PLAIN | quiet,
    )
    for chapter in find():
        told = json.loads((folder / f"{chapter.path.stem}.json").read_text())
        _store(chapter, ChapterRun.from_json(json.dumps(told["ran"])), folder / "kept")
