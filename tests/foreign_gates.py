"""How often the gate fails on files of other tools: of one commit, and with a planted slowdown.

Files are simulated with what processes really differ by: `noisy_hour.json` beside this file holds
the minimum and median of 245 cells in nine visits of a noisy hour, each by fresh processes. A
simulated file takes for each of its tests the times of a cell in one visit: all tests in the same
visit, so that what a whole process shares counts, or each test in a visit of its own.

    python -m tests.foreign_gates [GATES]

prints how many of that many gates (default: 200) fail, for each kind of pair.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from reports.compare.comparison import LIKE, compare
from reports.compare.gate import gate
from reports.read.load import load

VISITS = json.loads(Path(__file__).with_name("noisy_hour.json").read_text())["tests"]
TESTS = 80  # of a file
SLOWDOWN = 1.2
SHARE = 0.05  # of --fail-above


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of pair: what files share, how many a side, and which share of tests is slower."""

    files: int
    shared: bool
    planted: float

    def __str__(self):
        slower = {0.0: "one commit", 1.0: "all tests 20 % slower"}
        planted = slower.get(self.planted, f"{self.planted:.0%} of tests 20 % slower")
        how = "one visit a file" if self.shared else "each test in a visit of its own"
        return f"{planted}, {self.files} a side, {how}"


def kinds(files: int, planted: float) -> list[Kind]:
    """Return both kinds of pairs, by what the tests of a file share."""
    return [Kind(files=files, shared=shared, planted=planted) for shared in (True, False)]


ONE_COMMIT = [*kinds(1, 0.0), *kinds(3, 0.0)]
SLOWER = kinds(3, 1.0)
FOR_INTEREST = [*kinds(3, 0.75), *kinds(3, 0.5), *kinds(3, 0.1), *kinds(1, 1.0)]


def times(kind: Kind, rng: np.random.Generator) -> Iterator[dict[str, tuple[float, float]]]:
    """Yield the minimum and median of each test in seconds, for each file of both sides."""
    files = 2 * kind.files
    whole = [name for name, visits in VISITS.items() if all(visits)]
    names = rng.choice(whole if kind.shared else list(VISITS), TESTS, replace=False)
    known = {name: [visit for visit in VISITS[name] if visit] for name in names}
    order = rng.permutation(9)[:files]
    drawn = {
        name: order if kind.shared else rng.permutation(len(visits))[:files]
        for name, visits in known.items()
    }
    slow = set(names[: round(kind.planted * TESTS)])
    for file in range(files):
        factor = SLOWDOWN if file >= kind.files else 1.0
        yield {
            name: tuple(
                1e-6 * value * (factor if name in slow else 1) for value in known[name][place[file]]
            )
            for name, place in drawn.items()
        }


def written(folder: Path, file: int, tests: dict[str, tuple[float, float]]) -> Path:
    """Write a file as pytest-benchmark does."""
    content = {
        "datetime": f"2026-01-01T00:{file:02}:00",
        "machine_info": {"node": "box"},
        "commit_info": {"id": "a" * 40, "dirty": False},
        "benchmarks": [
            {
                "name": name,
                "fullname": f"test_it.py::test[{name}]",
                "stats": {"min": low, "median": middle, "rounds": 8, "iterations": 1},
            }
            for name, (low, middle) in tests.items()
        ],
    }
    path = folder / f"{file}.json"
    path.write_text(json.dumps(content))
    return path


def fails(kind: Kind, rng: np.random.Generator) -> bool:
    """Return whether the gate fails on a pair of this kind."""
    with TemporaryDirectory() as folder:
        files = [written(Path(folder), n, tests) for n, tests in enumerate(times(kind, rng))]
        origins = {str(file): (True, n // kind.files) for n, file in enumerate(files)}
        comparison = compare([load(file) for file in files], origins=origins)
    return gate(comparison, LIKE, SHARE).fails


def share(kind: Kind, gates: int, seed: int = 0) -> float:
    """Return the share of gates that fail."""
    rng = np.random.default_rng(seed)
    return sum(fails(kind, rng) for _ in range(gates)) / gates


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{number} gates of each kind, {TESTS} tests, --fail-above {SHARE:.0%}")
    for each in (*ONE_COMMIT, *SLOWER, *FOR_INTEREST):
        print(f"{share(each, number):6.1%} fail: {each}", flush=True)
