"""Do repeated runs agree? Compares default runs of this suite, and of another checkout.

    python -m bench.trust.repeatability [--runs 3] [--other CHECKOUT] [--burner] [--keep DIR]
    python -m bench.trust.repeatability --again DIR [--against DIR]

Each round is a default run of this suite, then one of the other checkout in that checkout's
`.venv`. So both suites meet the same hour of the machine. The table has a column for each suite.
Its figures come from the result files.

`--burner` starts a process that keeps one core busy, on and off at random for 0.2 to 3 s.
`--against` compares the runs in one folder with the runs in another, for example those with a
burner with those without.
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
from itertools import combinations, product
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from bench.machine import affinity
from bench.options import ROOT
from bench.results.reading import validated
from bench.results.schema import Info, ResultFile
from bench.results.verdicts import FASTER, SLOWER, UNSETTLED, verdict

HERE, OTHER = "this suite", "other"
MIN_VISITS = 3  # schema 1 published a winner only from this many visits


@dataclass(frozen=True, kw_only=True)
class Speedup:
    """One speedup of one run.

    Attributes
    ----------
    published : the suite that measured it published a verdict other than unsettled.
    largest : it is PyTorch on the CPU in the usual way, at the largest size of a curve.

    """

    ratio: float
    low: float
    high: float
    threads: int = 1
    published: bool = True
    largest: bool = False

    @property
    def half_width(self) -> float:
        """Half the width of the interval of the logarithm."""
        return math.log(self.high / self.low) / 2

    @property
    def verdict(self) -> str:
        """The verdict by the present rule."""
        return verdict(self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One result file: its speedups by cell, and how it spent its time."""

    speedups: Mapping[str, Speedup]
    timed_share: float
    wall_s: float
    self_test: str = ""


def read(path: Path, wall_s: float = math.nan) -> RunSummary:
    """Return the run in a result file of any schema; `wall_s` is the time of the whole command.

    Raises
    ------
    ValueError : the file is not from this suite.

    """
    raw = json.loads(path.read_text(encoding="utf-8"))
    content = validated(raw)
    if not isinstance(content, ResultFile):
        raise ValueError(f"{path}: a result file of this suite expected")  # noqa: TRY004 - a value
    status = {cell["id"]: cell["status"] for cell in raw["cells"]}  # as schema 1 wrote it
    infos = [entry.extra_info for entry in content.benchmarks]
    most: dict[tuple[str, str], float] = {}
    for info in infos:
        most[_curve(info)] = max(info.axis_value, most.get(_curve(info), 0.0))
    speedups = {
        info.cell: Speedup(
            ratio=info.speedup.ratio,
            low=info.speedup.low,
            high=info.speedup.high,
            threads=info.threads,
            published=_published(info, status[info.cell]),
            largest=not info.variant
            and info.device == "cpu"
            and info.axis_value == most[_curve(info)],
        )
        for info in infos
        if info.library == "torch" and info.speedup and status[info.cell] in {"ok", "unstable"}
    }
    timed_s = sum(
        sum(entry.stats.data) * (entry.extra_info.iterations_per_block or 1)
        for entry in (*content.benchmarks, *content.twins)
    )
    test = content.machine_info.self_test
    return RunSummary(
        speedups=speedups,
        timed_share=timed_s / (content.run.spent_s or math.nan),
        wall_s=wall_s,
        self_test=f"{test.excluding_1} of {test.comparisons}" if test else "",
    )


def _curve(info: Info) -> tuple[str, str]:
    return info.workload, info.curve


def _published(info: Info, status: str) -> bool:
    """Return whether the suite that wrote the file published a verdict, by the rule it had."""
    if info.speedup is None:
        return False
    present = verdict(info.speedup.low, info.speedup.high)
    if status != "unstable":
        return present != UNSETTLED
    enough = (info.visits or 0) >= MIN_VISITS and info.time_s <= 3 * info.best_s
    return enough and present in {FASTER, SLOWER}


def unsettled(run: RunSummary, cells: Sequence[str], *, published: bool) -> str:
    """Return how many of these cells are unsettled: as published, or by the present rule."""
    chosen = [run.speedups[cell] for cell in cells]
    count = sum(
        not speedup.published if published else speedup.verdict == UNSETTLED for speedup in chosen
    )
    return f"{count}/{len(chosen)}"


def compare(first: RunSummary, second: RunSummary, threads: Sequence[int]) -> dict[str, float]:
    """Return how far the speedups of two runs differ, in the cells with these thread counts."""
    pairs = [
        (one, second.speedups[cell])
        for cell, one in first.speedups.items()
        if cell in second.speedups and one.threads in threads
    ]
    apart = np.array([abs(math.log(a.ratio / b.ratio)) for a, b in pairs])
    allowed = np.array([math.hypot(a.half_width, b.half_width) for a, b in pairs])
    return {
        "pairs": len(pairs),
        "median": float(np.median(apart)),
        "p95": float(np.quantile(apart, 0.95)),
        "agree": float(np.mean(apart <= allowed)),
        "flips": sum({a.verdict, b.verdict} == {FASTER, SLOWER} for a, b in pairs),
    }


def column(runs: Sequence[RunSummary], against: Sequence[RunSummary] = ()) -> dict[str, str]:
    """Return a suite's column of the table: figures by the name of their row."""
    every = sorted({s.threads for run in runs for s in run.speedups.values()})
    ones, all_cores = every[:1], every[1:] or every
    cells = [list(run.speedups) for run in runs]
    top = [[cell for cell in run.speedups if run.speedups[cell].largest] for run in runs]
    pairs = list(product(runs, against) if against else combinations(runs, 2))
    figures = {
        "unsettled at the largest sizes, as published": ", ".join(
            unsettled(run, names, published=True) for run, names in zip(runs, top, strict=True)
        ),
        "  by their intervals alone": ", ".join(
            unsettled(run, names, published=False) for run, names in zip(runs, top, strict=True)
        ),
        "unsettled of all speedups, as published": ", ".join(
            unsettled(run, names, published=True) for run, names in zip(runs, cells, strict=True)
        ),
        "  of all, by their intervals alone": ", ".join(
            unsettled(run, names, published=False) for run, names in zip(runs, cells, strict=True)
        ),
    }
    if pairs:
        both = [compare(*pair, every) for pair in pairs]
        figures["opposite winners in two runs"] = str(sum(int(row["flips"]) for row in both))
        figures["two runs agree within their intervals"] = _mean(both, "agree")
        for name, threads in (("one core", ones), ("all cores", all_cores)):
            rows = [compare(*pair, threads) for pair in pairs]
            figures[f"|ln s1/s2|, {name}: median"] = _mean(rows, "median")
            figures[f"|ln s1/s2|, {name}: 95th percentile"] = _mean(rows, "p95")
    if tests := [run.self_test for run in runs if run.self_test]:
        figures["A against A: intervals that exclude 1"] = ", ".join(tests)
    figures["share of the run inside timed blocks"] = ", ".join(
        f"{r.timed_share:.0%}" for r in runs
    )
    figures["whole command"] = ", ".join(f"{run.wall_s:.0f} s" for run in runs)
    return figures


def _mean(rows: Sequence[Mapping[str, float]], key: str) -> str:
    return f"{np.mean([row[key] for row in rows]):.1%}"


def table(folder: Path, against: Path | None = None) -> Iterator[str]:
    """Yield the lines of the table of a folder's runs, or of these against another folder's."""
    sides = runs_in(folder)
    others = runs_in(against) if against else {}
    columns = {side: column(runs, others.get(side, ())) for side, runs in sides.items()}
    width = max(len(text) for figures in columns.values() for text in figures.values()) + 2
    yield f"{'':<48}" + "".join(f"{side:>{width}}" for side in columns)
    for name in next(iter(columns.values())):
        values = (figures.get(name, "") for figures in columns.values())
        yield f"{name:<48}" + "".join(f"{value:>{width}}" for value in values)


def runs_in(folder: Path) -> dict[str, list[RunSummary]]:
    """Return the runs in a folder that `measure` wrote, by suite."""
    walls = json.loads((folder / "walls.json").read_text())
    runs = {}
    for side in (HERE, OTHER):
        paths = sorted((folder / side.replace(" ", "-")).glob("*/*.json"))
        if paths:
            runs[side] = [read(*pair) for pair in zip(paths, walls[side], strict=True)]
    return runs


@contextmanager
def burning(core: int | None) -> Iterator[None]:
    """Keep a core busy inside the context, on and off at random."""
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
    rng = random.Random(0)  # noqa: S311 - not for a secret
    parent = parent_process()
    while parent is not None and parent.is_alive():
        until = time.perf_counter() + rng.uniform(0.2, 3)
        while time.perf_counter() < until:
            pass
        time.sleep(rng.uniform(0.2, 3))


def measure(folder: Path, rounds: int, other: Path | None) -> None:
    """RunSummary the suites in turn, each with its default budget."""
    folder.mkdir(parents=True, exist_ok=True)
    checkouts = {HERE: ROOT} | ({OTHER: other} if other else {})
    walls: dict[str, list[float]] = {side: [] for side in checkouts}
    for number in range(rounds):
        for side, checkout in checkouts.items():
            start = time.perf_counter()
            _run(checkout, folder.resolve() / side.replace(" ", "-"))
            walls[side].append(time.perf_counter() - start)
            (folder / "walls.json").write_text(json.dumps(walls))
            print(f"round {number}, {side}: {walls[side][-1]:.0f} s", flush=True)


def _run(checkout: Path, results: Path) -> None:
    own = checkout / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    command = [python, "-m", "pytest", "bench/", "--benchmark-only", "-q", "--no-report"]
    command += ["--results", str(results), "--machine", "box"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def main(arguments: Sequence[str] | None = None) -> None:
    """RunSummary the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust.repeatability")
    parser.add_argument("--runs", type=int, default=3, help="rounds to compare (3)")
    parser.add_argument("--other", type=Path, help="another checkout, with its own .venv")
    parser.add_argument("--burner", action="store_true", help="keep one core busy at random times")
    parser.add_argument("--keep", type=Path, default=Path("repeatability"), help="folder for files")
    parser.add_argument("--against", type=Path, help="compare with the rounds in this folder")
    parser.add_argument("--again", type=Path, help="print the table of this folder and stop")
    chosen = parser.parse_args(arguments)
    if not chosen.again:
        core: int | None = next(reversed(affinity.cores()), None)
        if chosen.burner:
            with burning(core):
                measure(chosen.keep, chosen.runs, chosen.other)
        else:
            measure(chosen.keep, chosen.runs, chosen.other)
    print("\n".join(table(chosen.again or chosen.keep, chosen.against)))


if __name__ == "__main__":
    main()
