"""What a run says at the largest size of each computation, counted: answers, and three bins.

An answer counts verdicts. A bin asks for more: by how much. A computation stands in a bin only if
its whole interval lies there; one whose interval reaches over an edge (1.8 to 2.3) stands apart, as
"cannot tell which", since the data show neither.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.results.verdicts import UNSETTLED, VERDICTS
from reports.findings.speedups import UNTOLD, state_of
from reports.findings.statement import Finding
from reports.read.load import Result, records

Row = Mapping[Any, Any]
EVEN = "even"  # the state of an answer with two counts that are the highest
FACTOR = 2.0  # the edge of a bin, on either side of 1
BINS = {
    "torch": "PyTorch at least twice as fast",
    "within": "within a factor of two",
    "numpy": "NumPy at least twice as fast",
    "open": "cannot tell which",
}
COUNTS = (
    "{contender} on {cores} is faster than NumPy in {faster}, as fast within 10 % in {tie}, slower"
    " in {slower}"
)


@dataclass(frozen=True, kw_only=True)
class Largest:
    """The cells of a contender with so many threads, each computation at its largest size."""

    contender: str
    threads: int
    rows: Sequence[Row]

    @property
    def cores(self) -> str:
        """What the contender runs on."""
        cores = "one core" if self.threads == 1 else f"{self.threads} cores"
        return cores if "cpu" in self.contender else f"{cores} and its device"

    @property
    def things(self) -> str:
        """What is counted."""
        if len(self.rows) == 1:
            return "computation, at its largest size"
        return "computations, each at its largest size"


def largest(result: Result) -> Iterator[Largest]:
    """Yield the largest sizes of each usual contender that have a speedup."""
    timed = result.timed
    usual = timed[timed["plain"]]
    for (contender, threads), rows in usual.groupby(["contender", "threads"], sort=False):
        at = rows.groupby(["workload", "curve", "dtype"], sort=False)["axis_value"]
        cells = records(rows[rows["axis_value"] == at.transform("max")])
        if known := [row for row in cells if state_of(row) not in UNTOLD]:
            yield Largest(contender=str(contender), threads=round(float(str(threads))), rows=known)


def answers(result: Result) -> Iterator[Finding]:
    """State at how many largest sizes each contender is faster, as fast and slower than NumPy.

    Where most are unsettled that is said first, and is the answer's state.
    """
    for each in largest(result):
        states = [state_of(row) for row in each.rows]
        counts: dict[str, int] = {state: states.count(state) for state in VERDICTS}
        if 2 * counts[UNSETTLED] > len(states):
            sentence = "Who is faster is unsettled in {unsettled} of {count} {things}; " + COUNTS
        else:
            sentence = "Of {count} {things}, " + COUNTS
            sentence += ", unsettled in {unsettled}" if counts[UNSETTLED] else ""
        shown = {state: str(n) for state, n in counts.items() if n or state != UNSETTLED}
        yield Finding(
            id=f"answer/{each.contender}/threads={each.threads}",
            state=most_frequent(counts),
            sentence=sentence,
            words={"contender": each.contender, "things": each.things, "cores": each.cores},
            numbers={"count": str(len(states))} | shown,
            cells=tuple(str(row["cell"]) for row in each.rows),
            about={"contender": each.contender},
        )


def most_frequent(counts: Mapping[str, int]) -> str:
    """Return the state that is counted most often, EVEN where that is more than one."""
    first = [state for state, count in counts.items() if count == max(counts.values())]
    return first[0] if len(first) == 1 else EVEN


def bin_of(low: float, high: float) -> str:
    """Return the key of BINS that a whole interval lies in, `open` where it lies in none."""
    if low >= FACTOR:
        return "torch"
    if high <= 1 / FACTOR:
        return "numpy"
    return "within" if low >= 1 / FACTOR and high <= FACTOR else "open"


def bins(result: Result) -> Iterator[Finding]:
    """State for each contender which computations lie in which bin at their largest size."""
    for each in largest(result):
        names: dict[str, list[str]] = {key: [] for key in BINS}
        for row in each.rows:
            names[bin_of(row["low"], row["high"])].append(_named(row, each.rows))
        parts = [
            f"{called} in {{{key}}}" + (f" ({{{key}_names}})" if names[key] else "")
            for key, called in BINS.items()
            if names[key] or key != "open"
        ]
        yield Finding(
            id=f"bins/{each.contender}/threads={each.threads}",
            state=most_frequent({key: len(found) for key, found in names.items()}),
            sentence="Of {count} {things}, {contender} on {cores}: " + "; ".join(parts),
            words={"contender": each.contender, "things": each.things, "cores": each.cores}
            | {f"{key}_names": ", ".join(found) for key, found in names.items()},
            numbers={"count": str(len(each.rows))}
            | {key: str(len(found)) for key, found in names.items() if found or key != "open"},
            cells=tuple(str(row["cell"]) for row in each.rows),
            about={"contender": each.contender},
        )


def _named(row: Row, rows: Sequence[Row]) -> str:
    """Return what a computation is called: by its dtype too where there are several."""
    name = " ".join(filter(None, (str(row["workload"]), str(row["curve"]))))
    return name if len({other["dtype"] for other in rows}) == 1 else f"{name} {row['dtype']}"
