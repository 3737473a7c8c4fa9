"""How a workload's times go with its size: where PyTorch overtakes NumPy, and how time grows.

A crossover rests on verdicts at the sizes that were measured: it lies between the last size where
one side is faster and the first where the other is. Nothing is assumed of the curve between; the
estimate inside that range is where straight lines through the speedups, both axes logarithmic,
meet 1. Nothing is extrapolated.

Growth is the slope of time against size, both logarithmic, by least squares, its interval Student's
t of the residuals (Draper & Smith, Applied Regression Analysis, 1998, section 1.4); held against
the slope of the algorithm's own cost over the same sizes. Sizes at which a call costs more than the
work are left out: they do not grow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.findings.names import NUMPY, called, on
from reports.findings.speedups import UNTOLD, state_of
from reports.findings.statement import Finding, Interval
from reports.read.load import Result, records

Row = Mapping[Any, Any]
OVERHEAD = 3.0  # times the least time of a curve: from there on its work is what is timed
SLIGHT = 0.05  # of an exponent: a smaller difference teaches nothing
WIDE = 1.0  # of an exponent's interval: from a wider one nobody can tell linear from quadratic
ENDS = 2  # of a range
LEADS = {FASTER, SLOWER}  # verdicts that name a winner
TOO_CLOSE = "it is too close to call"
FEWEST = 3  # sizes that a slope with an interval needs
KEYS = ["workload", "curve", "dtype", "threads", "contender"]
ABOUT = ("workload", "family", "curve", "dtype", "contender", "device", "variant")

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


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Where the lead changes along a curve: a state of CROSSINGS, and sizes.

    `at` is None where nothing crosses; `low` and `high` are then the measured range.
    """

    state: str
    at: float | None
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Sizes next to each other at which the same side is faster, or neither (`leader` "")."""

    leader: str
    sizes: tuple[float, ...]


def settled(rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """Return the cells of a curve that have a speedup, in order of size, with their verdicts."""
    judged = [(row, state_of(row)) for row in sorted(rows, key=lambda row: row["axis_value"])]
    return [(row, state) for row, state in judged if state not in UNTOLD]


def crossing(rows: Sequence[Row]) -> Crossing | None:
    """Return where the lead changes along the cells of one contender, None if none can be told."""
    curve = settled(rows)
    if len(curve) < ENDS:
        return None
    sizes = [float(row["axis_value"]) for row, _ in curve]
    states = [state for _, state in curve]
    clear = [(n, state) for n, state in enumerate(states) if state in LEADS]
    turns = [pair for pair in pairwise(clear) if pair[0][1] != pair[1][1]]
    if len(turns) == 1:
        (first, before), (last, _) = turns[0]
        state = "overtakes" if before == SLOWER else "falls-behind"
        at = _meets_1([row for row, _ in curve[first : last + 1]])
        return Crossing(state=state, at=at, low=sizes[first], high=sizes[last])
    leads = {state for _, state in clear}
    if turns:
        state = "changes"
    elif len(clear) == len(curve):
        state = {FASTER: "ahead", SLOWER: "behind"}[leads.pop()]
    elif leads:
        state = f"{leads.pop()}-some"
    else:
        state = TIE if set(states) == {TIE} else UNSETTLED
    return Crossing(state=state, at=None, low=sizes[0], high=sizes[-1])


def stretches(curve: Sequence[tuple[Row, str]]) -> list[Stretch]:
    """Return the sizes of a curve in stretches of one leader."""
    by_leader = groupby(curve, key=lambda pair: pair[1] if pair[1] in LEADS else "")
    return [
        Stretch(leader=leader, sizes=tuple(float(row["axis_value"]) for row, _ in part))
        for leader, part in by_leader
    ]


def _meets_1(rows: Sequence[Row]) -> float:
    """Return where the speedups of cells in order of size, the ends on either side of 1, meet 1."""
    x = np.log([row["axis_value"] for row in rows])
    y = np.log([row["ratio"] for row in rows])
    n = int(np.flatnonzero(np.sign(y[:-1]) != np.sign(y[1:]))[0])
    share = y[n] / (y[n] - y[n + 1])
    return float(np.exp(x[n] + share * (x[n + 1] - x[n])))


def slope(x: Sequence[float], y: Sequence[float]) -> Interval | None:
    """Return the exponent p of y ~ x ** p with its 95 % interval; None for fewer than 3 sizes."""
    if len(set(x)) < FEWEST or min(y) <= 0:
        return None
    a, b = np.log(x), np.log(y)
    a = a - a.mean()
    value = float(a @ b / (a @ a))
    left = b - b.mean() - value * a
    freedom = len(x) - 2
    half = float(stdtrit(freedom, 0.975) * np.sqrt(left @ left / freedom / (a @ a)))
    return Interval(value=value, low=value - half, high=value + half)


def crossovers(result: Result) -> Iterator[Finding]:
    """State for each curve of a usual contender, and of one with transfers, where it overtakes."""
    for key, rows in _curves(result):
        cells = records(rows)
        if not (cells[0]["plain"] or cells[0]["variant"] == "transfer"):
            continue
        found = crossing(cells)
        if found is not None:
            yield _crossover(key, cells, found)


def _crossover(key: str, rows: Sequence[Row], found: Crossing) -> Finding:
    row, curve = rows[0], settled(rows)
    numbers = {"low": units.whole(found.low), "high": units.whole(found.high)}
    words = _words(row)
    sentence = CROSSINGS[found.state]
    if found.at is not None:
        at = float(f"{found.at:.2g}")  # two digits, and between the ends as they are written
        numbers["at"] = units.whole(min(max(at, found.low), found.high))
        before, after = _beside(curve, found)
        sentence = sentence.replace("{before}", before).replace("{after}", after)
    ends = {float(each["axis_value"]): str(each["cell"]) for each in rows}
    of = {"low": ends[found.low], "high": ends[found.high], "at": ends[found.high]}
    if found.state.endswith("-some"):
        form, edge = _some(stretches(curve))
        sentence = sentence.replace("{some}", SOME[form])
        words["rest"] = _rest(curve)
        if form == "scattered":
            leading = sum(state in LEADS for _, state in curve)
            numbers |= {"count": str(leading), "sizes": str(len(curve))}
        else:
            numbers["edge"] = units.whole(edge)
            of["edge"] = ends[edge]
        if form == "first":
            del numbers["low"]
    return Finding(
        id=f"crossover/{key}",
        state=found.state,
        sentence=sentence,
        words=words,
        numbers=numbers,
        cells=tuple(ends.values()),
        of=of,
        interval=None
        if found.at is None
        else Interval(value=found.at, low=found.low, high=found.high),
        about={name: str(row[name]) for name in ABOUT},
    )


def _beside(curve: Sequence[tuple[Row, str]], found: Crossing) -> tuple[str, str]:
    """Return how a sentence names the sizes on either side of a change of the lead.

    "Up to" and "on" are said only where that side is faster at each of several sizes.
    """
    parts = stretches(curve)
    first, last = parts[0].sizes, parts[-1].sizes
    before = "up to" if first[-1] == found.low and len(first) > 1 else "at"
    after = "from {high} on" if last[0] == found.high and len(last) > 1 else "at {high}"
    return before, after


def _some(parts: Sequence[Stretch]) -> tuple[str, float]:
    """Return the form of SOME that a curve with one leader has, and the last size it leads at."""
    if len(parts) != ENDS:
        return "scattered", parts[0].sizes[0]
    return ("first", parts[0].sizes[-1]) if parts[0].leader else ("last", parts[1].sizes[0])


def _rest(curve: Sequence[tuple[Row, str]]) -> str:
    """Return what holds at the sizes without a leader."""
    open_states = {state for _, state in curve if state not in LEADS}
    return "the two are equally fast, within 10 %" if open_states == {TIE} else TOO_CLOSE


def growths(result: Result) -> Iterator[Finding]:
    """State for each curve of NumPy and of a usual contender how time grows, and how cost does."""
    for key, rows in _curves(result):
        if not (rows["plain"].iloc[0] or rows["library"].iloc[0] == NUMPY):
            continue
        beyond = rows[rows["time_s"] > OVERHEAD * rows["time_s"].min()]
        cost = "flops" if (beyond["flops"] > 0).all() else "bytes"
        time = slope(beyond["axis_value"].tolist(), beyond["time_s"].tolist())
        work = slope(beyond["axis_value"].tolist(), beyond[cost].tolist())
        if time is not None and work is not None:
            yield _growth(key, records(beyond), cost, time, work)


GROWTHS = {
    "as-cost": "{name}: the time of {contender} grows as {axis} to the power {power} (95 % interval"
    " {interval}), like its {cost} (power {work})",
    "below-cost": "{name}: the time of {contender} grows as {axis} to the power {power} (95 %"
    " interval {interval}), less than its {cost} (power {work}): large sizes are more efficient",
    "above-cost": "{name}: the time of {contender} grows as {axis} to the power {power} (95 %"
    " interval {interval}), more than its {cost} (power {work}): large sizes are less efficient",
    UNSETTLED: "{name}: cannot tell how the time of {contender} grows; as {axis} to the power"
    " {power}, with a 95 % interval of {interval}, and its {cost} to the power {work}",
}


def _growth(key: str, rows: Sequence[Row], cost: str, time: Interval, work: Interval) -> Finding:
    state = "as-cost" if time.high - time.low <= WIDE else UNSETTLED
    state = "below-cost" if time.high < work.value - SLIGHT else state
    state = "above-cost" if time.low > work.value + SLIGHT else state
    return Finding(
        id=f"growth/{key}",
        state=state,
        sentence=GROWTHS[state],
        words=_words(rows[0]) | {"cost": {"flops": "operations", "bytes": "bytes"}[cost]},
        numbers={
            "power": f"{time.value:.2f}",
            "interval": f"{time.low:.2f} to {time.high:.2f}",
            "work": f"{work.value:.2f}",
        },
        cells=tuple(str(row["cell"]) for row in rows),
        interval=time,
        about={name: str(rows[0][name]) for name in ABOUT},
    )


def _words(row: Row) -> dict[str, str]:
    kind = ", ".join(filter(None, (str(row["curve"]), str(row["dtype"]))))
    return {
        "name": f"{row['workload']}, {kind}{on(format(row['threads'], '.0f'))}",
        "contender": called(row["contender"]),
        "axis": {"flops": "operations"}.get(row["axis"], str(row["axis"])),
    }


def _curves(result: Result) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the timed cells of each curve in the order of size, with the curve's name."""
    for keys, rows in result.believed.groupby(KEYS, sort=False):
        workload, curve, dtype, threads, contender = keys
        name = "/".join(filter(None, (str(workload), str(curve), str(dtype))))
        yield f"{name}/threads={threads:.0f}/{contender}", rows.sort_values("axis_value")
