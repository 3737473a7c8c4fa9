"""Findings on crossovers: the size from which a contender is faster than NumPy, or slower."""

from collections.abc import Callable, Iterator, Sequence

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.findings.crossing import (
    Crossing,
    SizeVerdict,
    crossing,
    size_verdicts,
    stretches,
)
from reports.findings.statement import Finding, about_curve
from reports.read.grouping import Curve, by_curve
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import Timed

FIRST = {  # by the verdict on the first sizes of a curve
    FASTER: "{contender} is faster than NumPy",
    SLOWER: "NumPy is faster than {contender}",
    TIE: "NumPy and {contender} are equally fast, within 10 %,",
    UNSETTLED: "whether NumPy or {contender} is faster is unsettled",
}
THEN = {  # by the verdict on sizes that follow
    FASTER: "{contender} is faster",
    SLOWER: "NumPy is faster",
    TIE: "a tie",
    UNSETTLED: "unsettled",
}
EVERYWHERE = "at every size measured, {} to {}"
CHANGES_AT = "; the lead changes at about {at}"
OPERATIONS = "flops"  # the axis of workloads whose sizes have names


def crossovers(result: Result) -> Iterator[Finding]:
    """State where the lead changes, for each curve of PyTorch without variant or with transfers."""
    for curve, rows in by_curve(result.plausible).items():
        change = crossing(rows)
        if change is not None and (rows[0].plain or rows[0].variant == ids.TRANSFER):
            yield _crossover(curve, rows, change)


def _crossover(curve: Curve, rows: Sequence[Timed], change: Crossing) -> Finding:
    by_value = {row.axis_value: row for row in rows}
    numbers: dict[str, str] = {}
    of: dict[str, str] = {}

    def named(size: float) -> str:
        """Return a field for the name of a size; the first that is named has its axis."""
        row, key = by_value[size], f"size{len(numbers)}"
        named_by_axis = row.axis != OPERATIONS
        numbers[key] = units.whole(size) if named_by_axis else row.spaced_size
        of[key] = row.cell
        return f"{{axis}} = {{{key}}}" if named_by_axis and len(numbers) == 1 else f"{{{key}}}"

    sentence = "{name}: " + _sizes(size_verdicts(rows), named)
    interval = None
    if change.at is not None:
        at = float(f"{change.at:.2g}")  # rounded, and then kept between the two sizes
        numbers["at"] = units.whole(min(max(at, change.low), change.high))
        of["at"] = by_value[change.high].cell
        sentence += CHANGES_AT + " operations" * (rows[0].axis == OPERATIONS)
        interval = Interval(value=change.at, low=change.low, high=change.high)
    return Finding(
        id=f"crossover/{curve_id(curve)}",
        state=change.state,
        sentence=sentence,
        words=words_of_curve(rows[0]),
        numbers=numbers,
        cells=tuple(row.cell for row in by_value.values()),
        of=of,
        interval=interval,
        about=about_curve(rows[0]),
    )


def _sizes(curve: Sequence[SizeVerdict], named: Callable[[float], str]) -> str:
    """Return what holds at which sizes: `NumPy is faster ... up to n = 64; a tie at 256`."""
    parts = stretches(curve)
    if len(parts) == 1:
        verdict, sizes = parts[0]
        return f"{FIRST[verdict]} {EVERYWHERE.format(named(sizes[0]), named(sizes[-1]))}"
    said: list[str] = []
    for verdict, sizes in parts:
        words = THEN[verdict] if said else FIRST[verdict]
        if len(sizes) == 1:
            said.append(f"{words} at {named(sizes[0])}")
        elif said:
            said.append(f"{words} from {named(sizes[0])} to {named(sizes[-1])}")
        else:
            said.append(f"{words} up to {named(sizes[-1])}")
    return "; ".join(said)


def words_of_curve(row: Timed) -> dict[str, str]:
    """Return the words for the curve of a row, its contender and its axis."""
    curve = ", ".join(filter(None, (row.curve, row.dtype)))
    return {
        "name": f"{row.workload}, {curve}{row.on_threads}",
        "contender": row.contender_name,
        "axis": {"flops": "operations"}.get(row.axis, row.axis),
    }


def curve_id(curve: Curve) -> str:
    """Return the part of a finding's id that names a curve."""
    name = "/".join(filter(None, (curve.workload, curve.curve, curve.dtype)))
    return f"{name}/threads={curve.threads}/{curve.contender}"
