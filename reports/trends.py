"""How a workload's times go with its size: where PyTorch overtakes NumPy, and how time grows.

A crossover is told by what is certain at the sizes that were measured: it lies between the last
size where one side clearly wins and the first where the other does. Nothing is assumed of the
curve between; the estimate inside that range is where straight lines through the speedups, both
axes logarithmic, meet 1. What is not in the measured range is not extrapolated.

Growth is the slope of time against size, both logarithmic, by least squares, its interval Student's
t of the residuals (Draper & Smith, Applied Regression Analysis, 1998, section 1.4); held against
the slope of the algorithm's own cost over the same sizes. Sizes at which a call costs more than the
work are left out: they do not grow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from reports import units
from reports.load import Result, records
from reports.names import NUMPY, called, on
from reports.speedups import state_of
from reports.statement import Finding, Interval

Row = Mapping[Any, Any]
OVERHEAD = 3.0  # times the least time of a curve: from there on its work is what is timed
SLIGHT = 0.05  # of an exponent: a smaller difference teaches nothing
ENDS = 2  # of a range
FEWEST = 3  # sizes that a slope with an interval needs
KEYS = ["workload", "curve", "dtype", "threads", "contender"]
ABOUT = ("workload", "family", "curve", "dtype", "contender", "device", "variant")

CROSSINGS = {
    "overtakes": "{name}: {contender} overtakes NumPy at about {axis} = {at}, between {low}, where"
    " NumPy clearly wins, and {high}, where {contender} does",
    "falls-behind": "{name}: {contender} loses its lead over NumPy at about {axis} = {at}, between"
    " {low}, where it clearly wins, and {high}, where NumPy does",
    "ahead": "{name}: {contender} is ahead of NumPy at every size measured, {axis} = {low} to"
    " {high}; a crossover is not in the measured range",
    "behind": "{name}: NumPy is ahead of {contender} at every size measured, {axis} = {low} to"
    " {high}; a crossover is not in the measured range",
    "changes": "{name}: the lead between NumPy and {contender} changes more than once from {axis} ="
    " {low} to {high}",
    "wins-some": "{name}: {contender} clearly wins at some of the sizes measured, {axis} = {low} to"
    " {high}, and NumPy at none; a crossover is not in the measured range",
    "loses-some": "{name}: NumPy clearly wins at some of the sizes measured, {axis} = {low} to"
    " {high}, and {contender} at none; a crossover is not in the measured range",
    "tie": "{name}: neither NumPy nor {contender} clearly wins at any size measured, {axis} = {low}"
    " to {high}",
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


def crossing(rows: Sequence[Row]) -> Crossing | None:
    """Return where the lead changes along the cells of one contender, None if none can be told."""
    told = [(row, state_of(row)) for row in sorted(rows, key=lambda row: row["axis_value"])]
    told = [(row, state) for row, state in told if state not in {"absent", "implausible"}]
    if len(told) < ENDS:
        return None
    sizes = [float(row["axis_value"]) for row, _ in told]
    clear = [(n, state) for n, (_, state) in enumerate(told) if state in {"wins", "loses"}]
    turns = [pair for pair in pairwise(clear) if pair[0][1] != pair[1][1]]
    if len(turns) == 1:
        (first, before), (last, _) = turns[0]
        state = "overtakes" if before == "loses" else "falls-behind"
        at = _meets_1([row for row, _ in told[first : last + 1]])
        return Crossing(state=state, at=at, low=sizes[first], high=sizes[last])
    leads = {state for _, state in clear}
    if turns:
        state = "changes"
    elif len(clear) == len(told):
        state = {"wins": "ahead", "loses": "behind"}[leads.pop()]
    else:
        state = f"{leads.pop()}-some" if leads else "tie"
    return Crossing(state=state, at=None, low=sizes[0], high=sizes[-1])


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
    row = rows[0]
    numbers = {"low": units.whole(found.low), "high": units.whole(found.high)}
    if found.at is not None:
        at = float(f"{found.at:.2g}")  # two digits, and between the ends as they are written
        numbers["at"] = units.whole(min(max(at, found.low), found.high))
    ends = {float(each["axis_value"]): str(each["cell"]) for each in rows}
    return Finding(
        id=f"crossover/{key}",
        state=found.state,
        sentence=CROSSINGS[found.state],
        words=_words(row),
        numbers=numbers,
        cells=tuple(ends.values()),
        of={"low": ends[found.low], "high": ends[found.high], "at": ends[found.high]},
        interval=None
        if found.at is None
        else Interval(value=found.at, low=found.low, high=found.high),
        about={name: str(row[name]) for name in ABOUT},
    )


def growths(result: Result) -> Iterator[Finding]:
    """State for each curve of NumPy and of a usual contender how time grows, and how cost does."""
    for key, rows in _curves(result):
        if not (rows["plain"].iloc[0] or rows["library"].iloc[0] == NUMPY):
            continue
        beyond = rows[rows["typical_s"] > OVERHEAD * rows["typical_s"].min()]
        cost = "flops" if (beyond["flops"] > 0).all() else "bytes"
        time = slope(beyond["axis_value"].tolist(), beyond["typical_s"].tolist())
        work = slope(beyond["axis_value"].tolist(), beyond[cost].tolist())
        if time is not None and work is not None:
            yield _growth(key, records(beyond), cost, time, work)


GROWTHS = {
    "as-cost": "{name}: the time of {contender} grows as {axis} to the power {power} (95 % interval"
    " {interval}), as its {cost} do, {work}",
    "slower": "{name}: the time of {contender} grows as {axis} to the power {power} (95 % interval"
    " {interval}), less than its {cost}, {work}: larger sizes are used better",
    "faster": "{name}: the time of {contender} grows as {axis} to the power {power} (95 % interval"
    " {interval}), more than its {cost}, {work}: larger sizes are used worse",
}


def _growth(key: str, rows: Sequence[Row], cost: str, time: Interval, work: Interval) -> Finding:
    state = "slower" if time.high < work.value - SLIGHT else "as-cost"
    state = "faster" if time.low > work.value + SLIGHT else state
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
