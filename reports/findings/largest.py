"""Findings that count computations at their largest sizes, by verdict.

A bin is a verdict. A computation is "surely twice as fast" if its whole interval is at least 2: one
of 1.8 to 2.3 is just faster.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED, VERDICTS
from reports.findings.ratios import verdict_on
from reports.findings.statement import Finding
from reports.read.grouping import at_largest_size, by_computation, grouped
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import NO_SPEEDUP, Row, Timed

EVEN = "even"  # the state of an answer in which several verdicts are equally frequent
TWICE = 2.0
BINS = {
    "torch_twice": "PyTorch surely twice as fast",
    "torch": "PyTorch faster",
    TIE: "as fast within 10 %",
    "numpy": "NumPy faster",
    "numpy_twice": "NumPy surely twice as fast",
    UNSETTLED: "unsettled",
}
COUNTS = (
    "{contender} on {cores} is faster than NumPy in {faster}, as fast within 10 % in {tie}, slower"
    " in {slower}"
)


@dataclass(frozen=True, kw_only=True)
class Largest:
    """The cells of a contender and thread count, each computation at its largest size."""

    contender: str
    threads: int
    rows: Sequence[Timed]

    @property
    def cores(self) -> str:
        """The cores, and the device if there is one, that the contender runs on."""
        cores = "one core" if self.threads == 1 else f"{self.threads} cores"
        return cores if "cpu" in self.contender else f"{cores} and its device"

    @property
    def things(self) -> str:
        """The noun that follows the count in a sentence."""
        if len(self.rows) == 1:
            return "computation, at its largest size"
        return "computations, each at its largest size"


def largest(result: Result) -> Iterator[Largest]:
    """Yield each contender without a variant, with its largest sizes that have a speedup."""
    plain = [row for row in result.timed if row.plain]
    groups = grouped(plain, lambda row: (row.contender, row.threads))
    for (contender, threads), rows in groups.items():
        ends = [
            row.cell for group in by_computation(rows).values() for row in at_largest_size(group)
        ]
        known = [row for row in rows if row.cell in ends and row.state not in NO_SPEEDUP]
        if known:
            yield Largest(contender=contender, threads=threads, rows=known)


def answers(result: Result) -> Iterator[Finding]:
    """State at how many largest sizes each contender is faster, as fast and slower than NumPy.

    If most are unsettled, the sentence says so first. The state is the most frequent verdict.
    """
    for each in largest(result):
        counts = verdict_counts(each.rows)
        if 2 * counts[UNSETTLED] > len(each.rows):
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
            numbers={"count": str(len(each.rows))} | shown,
            cells=tuple(row.cell for row in each.rows),
            about={"contender": each.contender},
        )


def verdict_counts(rows: Sequence[Timed]) -> dict[str, int]:
    """Return how many rows have each verdict."""
    states = [row.state for row in rows]
    return {state: states.count(state) for state in VERDICTS}


def most_frequent(counts: Mapping[str, int]) -> str:
    """Return the state with the highest count; EVEN if several have it."""
    highest = [state for state, count in counts.items() if count == max(counts.values())]
    return highest[0] if len(highest) == 1 else EVEN


def bin_of(speedup: Interval) -> str:
    """Return where a speedup over NumPy is listed: a key of BINS."""
    found = verdict_on(speedup)
    if found == FASTER:
        return "torch_twice" if speedup.low >= TWICE else "torch"
    if found == SLOWER:
        return "numpy_twice" if speedup.high <= 1 / TWICE else "numpy"
    return found


def bins(result: Result) -> Iterator[Finding]:
    """State for each contender which computations are in which bin at their largest size."""
    for each in largest(result):
        names: dict[str, list[str]] = {key: [] for key in BINS}
        for row in each.rows:
            if row.speedup is not None:
                names[bin_of(row.speedup)].append(_computation(row, each.rows))
        filled = {key: listed for key, listed in names.items() if listed}
        parts = [f"{BINS[key]} in {{{key}}} ({{{key}_names}})" for key in filled]
        yield Finding(
            id=f"bins/{each.contender}/threads={each.threads}",
            state=most_frequent({key: len(listed) for key, listed in names.items()}),
            sentence="Of {count} {things}, {contender} on {cores}: " + "; ".join(parts),
            words={"contender": each.contender, "things": each.things, "cores": each.cores}
            | {f"{key}_names": ", ".join(listed) for key, listed in filled.items()},
            numbers={"count": str(len(each.rows))}
            | {key: str(len(listed)) for key, listed in filled.items()},
            cells=tuple(row.cell for row in each.rows),
            about={"contender": each.contender, "device": each.rows[0].device},
        )


def _computation(row: Row, rows: Sequence[Row]) -> str:
    """Return a computation's name, with its dtype if the rows have it in several dtypes."""
    several = len({other.dtype for other in rows if other.computation == row.computation}) > 1
    return f"{row.computation} {row.dtype}" if several else row.computation
