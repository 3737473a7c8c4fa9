"""Do two runs agree? This suite against plain pytest-benchmark fixtures, alternated.

    python -m bench.repeatability [--runs 2] [--burner] [--keep DIR]
    python -m bench.repeatability --again DIR

Each round is a default run of this suite, then the same one-core pairs through `bench/plain.py` in
the same wall time. The table tells how far the speedups of each two rounds lie apart, and whether
their intervals allow for that. A burner is a process that keeps one core busy, on and off at random
for 0.2 to 3 s, all the while; then the rounds are also held against those without (`--against`).
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from bench import machine
from bench.options import ROOT

RIDGE = 10.0  # flops a byte: a core's arithmetic over its share of the memory's bandwidth
MARGIN = 1.05  # as the reports have it: a smaller difference makes no winner
PLAIN_SHARE = 1.4  # pytest-benchmark stops short of its max_time: 0.7 of it was seen here
WINS, LOSES, NEITHER = "wins", "loses", "neither"


@dataclass(frozen=True, kw_only=True)
class Speedup:
    """One speedup of one run; without an interval, `low` and `high` are the ratio."""

    ratio: float
    low: float
    high: float
    marked: bool = False

    @property
    def half_width(self) -> float:
        """Half the interval of the logarithm."""
        return math.log(self.high / self.low) / 2

    @property
    def winner(self) -> str:
        """Who is declared faster."""
        return WINS if self.low > MARGIN else LOSES if self.high < 1 / MARGIN else NEITHER


Run = Mapping[str, Speedup]  # by cell


def ours(path: Path, kind: str, threads: int = 1) -> Run:
    """Return the speedups in a result file of this suite; `kind` is speedup or speedup_best."""
    content = json.loads(path.read_text())
    status = {cell["id"]: cell["status"] for cell in content["cells"]}
    found = {}
    for entry in content["benchmarks"]:
        info = entry["extra_info"]
        told = info.get(kind) and status[info["cell"]] != "implausible"
        if info["threads"] == threads and info["contender"] != "numpy" and told:
            marked = status[info["cell"]] == "unstable" or info["bimodal"]
            found[info["cell"]] = Speedup(**info[kind], marked=marked)
    return found


def plain(path: Path, kind: str) -> Run:
    """Return the speedups in pytest-benchmark's own file: of medians, or of minima for the best."""
    statistic = "median" if kind == "speedup" else "min"
    entries = json.loads(path.read_text())["benchmarks"]
    times = {entry["extra_info"]["cell"]: entry["stats"][statistic] for entry in entries}
    found = {}
    for cell, time_s in times.items():
        case, _, contender = cell.rpartition("/")
        if contender != "numpy":
            ratio = times[f"{case}/numpy"] / time_s
            found[cell] = Speedup(ratio=ratio, low=ratio, high=ratio)
    return found


def intensities(path: Path) -> dict[str, float]:
    """Return flops a byte of every cell in a result file."""
    entries = [entry["extra_info"] for entry in json.loads(path.read_text())["benchmarks"]]
    return {info["cell"]: info["flops"] / info["bytes"] for info in entries}


def compared(first: Run, second: Run, cells: Sequence[str]) -> dict[str, float]:
    """Return how far apart two runs are over some cells, and how often their intervals agree."""
    both = [cell for cell in cells if cell in first and cell in second]
    apart = np.array([abs(math.log(first[c].ratio / second[c].ratio)) for c in both])
    allowed = np.array([math.hypot(first[c].half_width, second[c].half_width) for c in both])
    flips = sum({first[c].winner, second[c].winner} == {WINS, LOSES} for c in both)
    marked = [run[c].marked for run in (first, second) for c in both]
    return {
        "pairs": len(both),
        "median": float(np.median(apart)),
        "p95": float(np.quantile(apart, 0.95)),
        "largest": float(apart.max()),
        "agree": float(np.mean(apart <= allowed)),
        "flips": flips,
        "marked": float(np.mean(marked)),
    }


def table(folder: Path, against: Path | None = None) -> Iterator[str]:
    """Yield the lines of the table of all rounds in a folder, and of those in another."""
    runs = sorted(folder.glob("ours/*/*.json"))
    usual = sorted(folder.glob("plain/*.json"))
    others = sorted(against.glob("ours/*/*.json")) if against else []
    others_usual = sorted(against.glob("plain/*.json")) if against else []
    intensity = intensities(runs[0])
    classes = {
        "compute-bound": [cell for cell, value in intensity.items() if value >= RIDGE],
        "memory-bound": [cell for cell, value in intensity.items() if value < RIDGE],
        "all": list(intensity),
    }
    head = ("|ln(s1/s2)| of", "pairs", "median", "95th", "largest", "agree", "flips", "marked")
    yield f"{head[0]:<42}" + "".join(f"{word:>9}" for word in head[1:])
    for kind in ("speedup", "speedup_best"):
        sides = {
            "this suite": (
                [ours(path, kind) for path in runs],
                [ours(path, kind) for path in others],
            ),
            "plain fixtures": (
                [plain(path, kind) for path in usual],
                [plain(path, kind) for path in others_usual],
            ),
        }
        for name, cells in classes.items():
            for way, (here, there) in sides.items():
                figures = [compared(*pair, cells) for pair in combinations(here, 2)]
                title = f"{'typical' if kind == 'speedup' else 'best'}, {name}, {way}"
                yield _line(title, figures)
                if there:
                    crossed = [compared(a, b, cells) for a in here for b in there]
                    yield _line(f"{title}, vs calm", crossed)
    yield from _account(folder, runs)


def _line(title: str, figures: Sequence[Mapping[str, float]]) -> str:
    mean = {key: float(np.mean([row[key] for row in figures])) for key in figures[0]}
    shares = "".join(f"{mean[key]:>9.1%}" for key in ("median", "p95", "largest", "agree"))
    flips = sum(row["flips"] for row in figures)
    return f"{title:<42}{mean['pairs']:>9.0f}{shares}{flips:>9.0f}{mean['marked']:>9.1%}"


def _account(folder: Path, runs: Sequence[Path]) -> Iterator[str]:
    walls_s = json.loads((folder / "walls.json").read_text())
    for path, wall_s in zip(runs, walls_s, strict=True):
        content = json.loads(path.read_text())
        status = {cell["id"]: cell["status"] for cell in content["cells"]}
        infos = [(entry["extra_info"], entry["stats"]["data"]) for entry in content["benchmarks"]]
        timed_s = sum(sum(data) * info["iterations_per_block"] for info, data in infos)
        piled = [info for info, _ in infos if info["typical_s"] > 3 * info["best_s"]]
        quiet = sum(status[info["cell"]] != "unstable" for info in piled)
        yield (
            f"{path.name}: {timed_s / wall_s:.0%} of {wall_s:.0f} s inside timed blocks; "
            f"{len(piled)} of {len(infos)} cells with a median over 3 times their best, "
            f"{quiet} of them not marked"
        )


@contextmanager
def burning(core: int | None) -> Iterator[None]:
    """Keep a core busy meanwhile, on and off at random."""
    process = get_context("spawn").Process(target=_burn, args=(core,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _burn(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})
    rng = random.Random(0)  # noqa: S311 - no secret
    parent = parent_process()
    while parent is not None and parent.is_alive():
        until = time.perf_counter() + rng.uniform(0.2, 3)
        while time.perf_counter() < until:
            pass
        time.sleep(rng.uniform(0.2, 3))


def measure(folder: Path, rounds: int) -> None:
    """Run the suite and the plain fixtures in turn."""
    (folder / "plain").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "--benchmark-only", "-q"]
    walls_s = []
    for number in range(rounds):
        start = time.perf_counter()
        _run([*command, "bench/", "--results", str(folder / "ours"), "--machine", "box"])
        walls_s.append(time.perf_counter() - start)
        (folder / "walls.json").write_text(json.dumps(walls_s))
        listed = _run(
            [sys.executable, "-m", "pytest", "bench/plain.py", "--threads", "1", "--co", "-q"]
        )
        count = listed.count("test_plain[")
        each_s = PLAIN_SHARE * walls_s[-1] / count
        file = folder / "plain" / f"{number}.json"
        start = time.perf_counter()
        _run(
            [
                *(*command, "bench/plain.py", "--threads", "1", "--benchmark-json", str(file)),
                *("--benchmark-max-time", f"{each_s:.3f}"),
            ]
        )
        print(f"round {number}: {walls_s[-1]:.0f} s, plain {time.perf_counter() - start:.0f} s")


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.repeatability")
    parser.add_argument("--runs", type=int, default=2, help="rounds to compare (2)")
    parser.add_argument("--burner", action="store_true", help="with a core that is busy at times")
    parser.add_argument("--keep", type=Path, default=Path("repeatability"), help="folder for files")
    parser.add_argument("--against", type=Path, help="a folder of rounds to compare with, too")
    parser.add_argument("--again", type=Path, help="print the table of a folder, measure nothing")
    chosen = parser.parse_args(arguments)
    if not chosen.again:
        core: int | None = next(reversed(machine.cores()), None)
        if chosen.burner:
            with burning(core):
                measure(chosen.keep, chosen.runs)
        else:
            measure(chosen.keep, chosen.runs)
    print("\n".join(table(chosen.again or chosen.keep, chosen.against)))


if __name__ == "__main__":
    main()
