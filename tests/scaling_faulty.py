"""Runs bench.scaling with a fault planted in one rank, once in a run.

    torchrun --standalone --nproc-per-node=2 --max-restarts=9 -m tests.scaling_faulty \
        kill 1 --marker FILE [--contender numpy] [--workload all_reduce] --results DIR ...

The marker file says that the fault was planted, so the run goes on after the restart. A rank that
is `slow` stays so at that point.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.scaling.__main__ import measure, prepare

LATE = 5  # calls before the fault: after the first verification
SLOW_S = 0.005


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def boom() -> None:
    raise ArithmeticError("planted")


def exhaust() -> None:
    raise MemoryError("planted")


def hang() -> None:
    time.sleep(3600)


def kill_rank() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def stop_rank() -> None:
    os.kill(os.getppid(), signal.SIGSTOP)


FAULTS: dict[str, Callable[[], None]] = {
    "kill": kill,
    "stop": stop,
    "raise": boom,
    "oom": exhaust,
    "hang": hang,
    "kill-rank": kill_rank,
    "stop-rank": stop_rank,
}
KINDS = ("wrong", "slow", *FAULTS)


class Faulty:
    """A rank's step with a fault."""

    def __init__(self, step: Any, kind: str) -> None:
        self._step, self._kind = step, kind
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._step, name)

    def __call__(self) -> None:
        self._calls += 1
        if self._calls == LATE and self._kind in FAULTS:
            FAULTS[self._kind]()
        if self._kind == "slow":
            time.sleep(SLOW_S)
        self._step()

    def alone(self) -> None:
        if self._kind == "slow":
            time.sleep(SLOW_S)
        self._step.alone()

    def outputs(self) -> list[Any]:
        return [output + (self._kind == "wrong") for output in self._step.outputs()]


def claimed(marker: Path, key: str, kind: str) -> bool:
    """Whether the fault belongs here: it was not planted before, or it is one that stays."""
    try:
        with marker.open("x", encoding="utf-8") as file:
            file.write(key)
    except FileExistsError:
        return kind == "slow" and marker.read_text(encoding="utf-8") == key
    return True


def plant(kind: str, rank: int, marker: Path, workload: str, contender: str) -> None:
    """Put the fault into the step that a workload makes for one rank."""
    from bench.scaling.workload import workloads  # noqa: PLC0415 - imports NumPy

    sound = workloads()[workload]
    make = getattr(sound, contender)

    def planted(place: Any, **inputs: Any) -> Any:
        step = make(place, **inputs)
        shapes = sorted((name, getattr(value, "shape", ())) for name, value in inputs.items())
        if (
            place.rank == rank
            and place.ranks > 1
            and claimed(marker, f"{place.ranks} {shapes}", kind)
        ):
            return Faulty(step, kind)
        return step

    changed: Any = {contender: planted}
    workloads()[workload] = replace(sound, **changed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("rank", type=int)
    parser.add_argument("--marker", type=Path, required=True)
    parser.add_argument("--workload", default="all_reduce")
    parser.add_argument("--contender", choices=("numpy", "torch"), default="torch")
    given, others = parser.parse_known_args()
    plant(given.kind, given.rank, given.marker, given.workload, given.contender)
    return measure(others)


if __name__ == "__main__":
    prepare()
    sys.exit(main())
