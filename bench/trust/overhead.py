"""Does the suite add anything to what it measures? Each contender beside a bare loop, on one core.

    python -m bench.trust.overhead [-k WORKLOAD] [--rounds 40]

In one fresh process a cell, blocks of three kinds alternate, garbage collection off: a bare loop
around the contender's call, this suite's own block, and torch.utils.benchmark's Timer. The first
and third size of each workload are asked. Plain pytest-benchmark fixtures run the same cells in a
process of their own.
Figures are medians over rounds of the time of a call over the bare loop's in the same round.
"""

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from torch.utils.benchmark import Timer

from bench.cases.case import Case
from bench.cases.contenders import Contender, contenders
from bench.machine import affinity
from bench.options import ROOT
from bench.timing.fork_server import environment, surroundings
from bench.timing.worker import Worker, unwrapped
from bench.workload import discover

TOLERATED = 0.03
PLACES = (0, 2)  # among a workload's sizes


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One cell: seconds of a bare call, and what two ways of timing make of it, over that."""

    cell: str
    bare_s: float
    suite: float
    timer: float


def asked(text: str) -> Iterator[tuple[Case, Contender]]:
    """Yield the cells of workloads whose name holds a text, PyTorch on one core of the CPU."""
    for workload in discover().values():
        for place in PLACES:
            size = workload.sizes[place]
            case = Case(workload=workload, size=size, dtype="float32", threads=1)
            for who in contenders(workload, ("cpu",)):
                named = who.library == "torch" and text in workload.name
                if named and not who.unavailable(case):
                    yield case, who


def compare(case: Case, who: Contender, rounds: int) -> Figures:
    """Time a cell in this process, all ways in turn."""
    worker = Worker(who, 1)
    worker.observed()
    if core := affinity.cores()[-1:]:
        affinity.move_to(*core)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inputs"
        worker.make(case, file)
        worker.begin(case, file, worker.reference(case, file, None), None)
        worker.confirm()  # as in a run, so that the first call does not count
        worker.calibrate()
        gc.disable()  # as in the suite's blocks and the Timer's
        body, more, inputs = unwrapped(worker.iterate)
        timer = Timer("f(*more, **inputs)", globals={"f": body, "more": more, "inputs": inputs})
        suite, theirs, bare = [], [], []
        for _ in range(rounds):
            first_s = _bare_s(worker)
            suite.append(worker.block().time_s)
            theirs.append(timer.timeit(worker.iterations).mean)
            bare.append((first_s + _bare_s(worker)) / 2)
    return Figures(
        cell=f"{case.id}/{who.name}",
        bare_s=median(bare),
        suite=median(a / b for a, b in zip(suite, bare, strict=True)),
        timer=median(a / b for a, b in zip(theirs, bare, strict=True)),
    )


def _bare_s(worker: Worker) -> float:
    body, more, inputs = unwrapped(worker.iterate)
    start = time.perf_counter()
    for _ in range(worker.iterations):
        body(*more, **inputs)
    return (time.perf_counter() - start) / worker.iterations


def plain(text: str) -> Mapping[str, float]:
    """Return pytest-benchmark's own medians of the cells of workloads whose name holds a text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plain.json"
        command = [sys.executable, "-m", "pytest", "bench/trust/plain.py", "--benchmark-only", "-q"]
        more = ["--threads", "1", "--benchmark-max-time", "0.3", "--benchmark-json", str(file)]
        subprocess.run(  # noqa: S603 - our own command
            [*command, *more, *(["-k", text] if text else [])],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        entries = json.loads(file.read_text())["benchmarks"]
    return {entry["extra_info"]["cell"]: entry["stats"]["median"] for entry in entries}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust.overhead")
    parser.add_argument("-k", default="", metavar="WORKLOAD", help="only those named like this")
    parser.add_argument("--rounds", type=int, default=40, help="blocks of each kind (40)")
    chosen = parser.parse_args(arguments)
    if not any(asked(chosen.k)):
        parser.error(f"-k must be part of a workload's name, like softmax; got {chosen.k!r}")
    usual = plain(chosen.k)
    print(f"{'cell':<68}{'bare loop':>12}{'suite':>8}{'Timer':>8}{'plain':>8}")
    found = []
    with (
        surroundings(environment(1, affinity.cores()[:1])),
        ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        for case, who in asked(chosen.k):
            row = pool.submit(compare, case, who, chosen.rounds).result()
            found.append(row)
            beside = usual[row.cell] / row.bare_s if row.cell in usual else float("nan")
            print(
                f"{row.cell:<68}{row.bare_s * 1e6:>9.2f} us{row.suite:>8.3f}{row.timer:>8.3f}"
                f"{beside:>8.3f}",
                flush=True,
            )
    off = [abs(row.suite - 1) for row in found]
    print(
        f"{sum(x <= TOLERATED for x in off)} of {len(off)} cells within {TOLERATED:.0%} of the "
        f"bare loop; median {median(off):.2%}, largest {max(off):.2%} off"
    )


if __name__ == "__main__":
    main()
