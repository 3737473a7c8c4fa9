"""Does the suite add time to what it measures? Compares it with a bare loop, on one core.

    python -m bench.trust.overhead [-k WORKLOAD] [--rounds 40]

It measures every PyTorch contender of the CPU at the first and the third size of each workload.
Each cell runs in a fresh process, with garbage collection off. There, blocks of three kinds
alternate: a bare loop around the contender's call, a block of this suite, and a Timer of
torch.utils.benchmark. Plain pytest-benchmark fixtures run the same cells in another process.

In the table, suite, Timer and plain are the time of a call divided by its time in the bare loop.
The first two are medians over rounds of the ratio within a round.
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
from bench.timing.fork_server import environment, inherited
from bench.timing.worker import Worker, unwrapped
from bench.workload import discover

TOLERATED = 0.03
SIZES = (0, 2)  # indices into the sizes of a default run


@dataclass(frozen=True, kw_only=True)
class OverheadFigures:
    """One cell: seconds of a call in the bare loop, and two measured times relative to it."""

    cell: str
    bare_s: float
    suite: float
    timer: float


def chosen_cells(text: str) -> Iterator[tuple[Case, Contender]]:
    """Yield PyTorch's cells on one core, of the workloads whose name contains a text."""
    for workload in discover().values():
        sizes = workload.core_sizes
        for size in (sizes[index] for index in SIZES if index < len(sizes)):
            case = Case(workload=workload, size=size, dtype=workload.dtypes[0], threads=1)
            for contender in contenders(workload, ("cpu",)):
                matches = contender.library == "torch" and text in workload.name
                if matches and not contender.unavailable(case):
                    yield case, contender


def compare(case: Case, contender: Contender, rounds: int) -> OverheadFigures:
    """Time a cell in this process, with the three kinds of blocks in turn."""
    worker = Worker(contender, 1)
    worker.observed()
    if core := affinity.cores()[-1:]:
        affinity.move_to(*core)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inputs"
        worker.make(case, file)
        worker.begin(case, file, worker.reference(case, file, None), None)
        worker.confirm()  # as in a run: the first call is not timed
        worker.calibrate()
        gc.disable()  # as the suite and the Timer do
        body, more, inputs = unwrapped(worker.iterate)
        timer = Timer("f(*more, **inputs)", globals={"f": body, "more": more, "inputs": inputs})
        suite, timers, bare = [], [], []
        for _ in range(rounds):
            first_s = _bare_s(worker)
            suite.append(worker.block().time_s)
            timers.append(timer.timeit(worker.iterations).mean)
            bare.append((first_s + _bare_s(worker)) / 2)
    return OverheadFigures(
        cell=f"{case.id}/{contender.name}",
        bare_s=median(bare),
        suite=median(a / b for a, b in zip(suite, bare, strict=True)),
        timer=median(a / b for a, b in zip(timers, bare, strict=True)),
    )


def _bare_s(worker: Worker) -> float:
    body, more, inputs = unwrapped(worker.iterate)
    start = time.perf_counter()
    for _ in range(worker.iterations):
        body(*more, **inputs)
    return (time.perf_counter() - start) / worker.iterations


def plain(text: str) -> Mapping[str, float]:
    """Return pytest-benchmark's medians by cell, of workloads whose name contains a text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plain.json"
        command = [sys.executable, "-m", "pytest", "bench/trust/plain.py", "--benchmark-only", "-q"]
        command += ["--threads", "1", "--benchmark-max-time", "0.3", "--benchmark-json", str(file)]
        command += ["-k", text] if text else []
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own
        entries = json.loads(file.read_text())["benchmarks"]
    return {entry["extra_info"]["cell"]: entry["stats"]["median"] for entry in entries}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust.overhead")
    parser.add_argument("-k", default="", metavar="WORKLOAD", help="only names that contain this")
    parser.add_argument("--rounds", type=int, default=40, help="blocks of each kind (40)")
    chosen = parser.parse_args(arguments)
    if not any(chosen_cells(chosen.k)):
        parser.error(f"-k must be part of a workload's name, like softmax; got {chosen.k!r}")
    plain_s = plain(chosen.k)
    print(f"{'cell':<68}{'bare loop':>12}{'suite':>8}{'Timer':>8}{'plain':>8}")
    rows = []
    with (
        inherited(environment(1, affinity.cores()[:1])),
        ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        for case, contender in chosen_cells(chosen.k):
            row = pool.submit(compare, case, contender, chosen.rounds).result()
            rows.append(row)
            ratio = plain_s[row.cell] / row.bare_s if row.cell in plain_s else float("nan")
            print(
                f"{row.cell:<68}{row.bare_s * 1e6:>9.2f} us{row.suite:>8.3f}{row.timer:>8.3f}"
                f"{ratio:>8.3f}",
                flush=True,
            )
    off = [abs(row.suite - 1) for row in rows]
    print(
        f"{sum(x <= TOLERATED for x in off)} of {len(off)} cells within {TOLERATED:.0%} of the "
        f"bare loop; median {median(off):.2%}, largest {max(off):.2%} off"
    )


if __name__ == "__main__":
    main()
