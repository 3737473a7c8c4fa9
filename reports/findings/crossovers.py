"""Findings on crossovers: the size from which a contender is faster than NumPy, or slower."""

from collections.abc import Iterator, Sequence

from bench.results import ids
from bench.results.verdicts import TIE
from reports import units
from reports.findings.crossing import (
    Crossing,
    SizeVerdict,
    Stretch,
    crossing,
    size_verdicts,
    stretches,
)
from reports.findings.statement import Finding, about_curve
from reports.read.grouping import Curve, by_curve
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import Timed

EDGE_PARTS = 2  # stretches of a curve on which one side is faster from an edge on, or up to it
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
SOME = {  # the sizes at which one side is faster, on a curve where the other side never is
    "first": "up to {axis} = {edge}; above that, up to {high}, {rest}",
    "last": "from {axis} = {edge} to {high}; below that, from {low} on, {rest}",
    "scattered": "at {count} of {sizes} sizes measured, {axis} = {low} to {high}; at the others"
    " {rest}",
}


def crossovers(result: Result) -> Iterator[Finding]:
    """State where the lead changes, for each curve of PyTorch without variant or with transfers."""
    for curve, rows in by_curve(result.plausible).items():
        change = crossing(rows)
        if change is not None and (rows[0].plain or rows[0].variant == ids.TRANSFER):
            yield _crossover(curve, rows, change)


def _crossover(curve: Curve, rows: Sequence[Timed], change: Crossing) -> Finding:
    sizes = size_verdicts(rows)
    cells = {row.axis_value: row.cell for row in rows}
    numbers = {"low": units.whole(change.low), "high": units.whole(change.high)}
    of = {"low": cells[change.low], "high": cells[change.high], "at": cells[change.high]}
    words = words_of_curve(rows[0])
    sentence = CROSSINGS[change.state]
    interval = None
    if change.at is not None:
        at = float(f"{change.at:.2g}")  # rounded, and then kept between the two sizes
        numbers["at"] = units.whole(min(max(at, change.low), change.high))
        before, after = _sides(sizes, change)
        sentence = sentence.replace("{before}", before).replace("{after}", after)
        interval = Interval(value=change.at, low=change.low, high=change.high)
    if change.state.endswith("-some"):
        form, edge = _form_of_some(stretches(sizes))
        sentence = sentence.replace("{some}", SOME[form])
        words["rest"] = _words_without_leader(sizes)
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


def _sides(curve: Sequence[SizeVerdict], change: Crossing) -> tuple[str, str]:
    """Return the words for the sizes before and after a change of the lead.

    A sentence says "up to" or "from ... on" only if the leader is faster at all sizes on that side,
    and there are several. Otherwise it says "at".
    """
    parts = stretches(curve)
    first, last = parts[0].sizes, parts[-1].sizes
    before = "up to" if first[-1] == change.low and len(first) > 1 else "at"
    after = "from {high} on" if last[0] == change.high and len(last) > 1 else "at {high}"
    return before, after


def _form_of_some(parts: Sequence[Stretch]) -> tuple[str, float]:
    """Return the key of SOME for a curve with one leader, and the size where the lead changes.

    A scattered lead has no such size; then the first size of the curve is returned.
    """
    if len(parts) != EDGE_PARTS:
        return "scattered", parts[0].sizes[0]
    return ("first", parts[0].sizes[-1]) if parts[0].leader else ("last", parts[1].sizes[0])


def _words_without_leader(curve: Sequence[SizeVerdict]) -> str:
    """Return the words for the sizes at which neither side is faster."""
    verdicts = {each.verdict for each in curve if not each.leader}
    return "the two are equally fast, within 10 %" if verdicts == {TIE} else TOO_CLOSE


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
