"""Where each contender overtakes NumPy as sizes grow, in sentences."""

from collections.abc import Iterator, Sequence

from bench.results.verdicts import TIE
from reports import units
from reports.findings.crossing import ENDS, Crossing, Judged, Stretch, crossing, judged, stretches
from reports.findings.statement import Finding, about_curve
from reports.read.grouping import Curve, by_curve
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import Timed

TOO_CLOSE = "it is too close to call"
CROSSINGS = {
    "overtakes": "{name}: NumPy is faster {before} {axis} = {low}, {contender} {after}; the lead"
    " changes at about {at}",
    "falls-behind": "{name}: {contender} is faster {before} {axis} = {low}, NumPy {after}; the lead"
    " changes at about {at}",
    "ahead": "{name}: {contender} is faster than NumPy at every size measured, {axis} = {low} to"
    " {high}",
    "behind": "{name}: NumPy is faster than {contender} at every size measured, {axis} = {low} to"
    " {high}",
    "changes": "{name}: the lead between NumPy and {contender} changes more than once from {axis} ="
    " {low} to {high}",
    "faster-some": "{name}: {contender} is faster than NumPy {some}",
    "slower-some": "{name}: NumPy is faster than {contender} {some}",
    "tie": "{name}: NumPy and {contender} are equally fast, within 10 %, at every size measured,"
    " {axis} = {low} to {high}",
    "unsettled": "{name}: NumPy and {contender} are too close to call at every size measured,"
    " {axis} = {low} to {high}",
}
SOME = {  # at which sizes the one side is faster, where the other is at none
    "first": "up to {axis} = {edge}; above that, up to {high}, {rest}",
    "last": "from {axis} = {edge} to {high}; below that, from {low} on, {rest}",
    "scattered": "at {count} of {sizes} sizes measured, {axis} = {low} to {high}; at the others"
    " {rest}",
}


def crossovers(result: Result) -> Iterator[Finding]:
    """State for each curve of a usual contender, and of one with transfers, where it overtakes."""
    for curve, rows in by_curve(result.believed).items():
        change = crossing(rows)
        if change is not None and (rows[0].plain or rows[0].variant == "transfer"):
            yield _crossover(curve, rows, change)


def _crossover(curve: Curve, rows: Sequence[Timed], change: Crossing) -> Finding:
    sizes = judged(rows)
    cells = {row.axis_value: row.cell for row in rows}
    numbers = {"low": units.whole(change.low), "high": units.whole(change.high)}
    of = {"low": cells[change.low], "high": cells[change.high], "at": cells[change.high]}
    words = words_of_curve(rows[0])
    sentence = CROSSINGS[change.state]
    interval = None
    if change.at is not None:
        at = float(f"{change.at:.2g}")  # two digits, and between the ends as they are written
        numbers["at"] = units.whole(min(max(at, change.low), change.high))
        before, after = _beside(sizes, change)
        sentence = sentence.replace("{before}", before).replace("{after}", after)
        interval = Interval(value=change.at, low=change.low, high=change.high)
    if change.state.endswith("-some"):
        form, edge = _some(stretches(sizes))
        sentence = sentence.replace("{some}", SOME[form])
        words["rest"] = _rest(sizes)
        if form == "scattered":
            leading = sum(bool(each.leader) for each in sizes)
            numbers |= {"count": str(leading), "sizes": str(len(sizes))}
        else:
            numbers["edge"] = units.whole(edge)
            of["edge"] = cells[edge]
        if form == "first":
            del numbers["low"]
    return Finding(
        id=f"crossover/{curve_id(curve)}",
        state=change.state,
        sentence=sentence,
        words=words,
        numbers=numbers,
        cells=tuple(cells.values()),
        of=of,
        interval=interval,
        about=about_curve(rows[0]),
    )


def _beside(curve: Sequence[Judged], change: Crossing) -> tuple[str, str]:
    """Return how a sentence names the sizes on either side of a change of the lead.

    "Up to" and "on" are said only where that side is faster at each of several sizes.
    """
    parts = stretches(curve)
    first, last = parts[0].sizes, parts[-1].sizes
    before = "up to" if first[-1] == change.low and len(first) > 1 else "at"
    after = "from {high} on" if last[0] == change.high and len(last) > 1 else "at {high}"
    return before, after


def _some(parts: Sequence[Stretch]) -> tuple[str, float]:
    """Return the form of SOME that a curve with one leader has, and the last size it leads at."""
    if len(parts) != ENDS:
        return "scattered", parts[0].sizes[0]
    return ("first", parts[0].sizes[-1]) if parts[0].leader else ("last", parts[1].sizes[0])


def _rest(curve: Sequence[Judged]) -> str:
    """Return what holds at the sizes without a leader."""
    verdicts = {each.verdict for each in curve if not each.leader}
    return "the two are equally fast, within 10 %" if verdicts == {TIE} else TOO_CLOSE


def words_of_curve(row: Timed) -> dict[str, str]:
    """Return how a sentence names the curve of a cell, its contender and its axis."""
    kind = ", ".join(filter(None, (row.curve, row.dtype)))
    return {
        "name": f"{row.workload}, {kind}{row.on_threads}",
        "contender": row.name,
        "axis": {"flops": "operations"}.get(row.axis, row.axis),
    }


def curve_id(curve: Curve) -> str:
    """Return what a curve is called in the id of a finding."""
    name = "/".join(filter(None, (curve.workload, curve.curve, curve.dtype)))
    return f"{name}/threads={curve.threads}/{curve.contender}"
