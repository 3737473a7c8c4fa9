"""How a workload's time grows with its size, held against its cost.

Growth is the slope of time against size, both logarithmic, by least squares, its interval Student's
t of the residuals (Draper & Smith, Applied Regression Analysis, 1998, section 1.4); held against
the slope of the algorithm's own cost over the same sizes. Sizes at which a call costs more than the
work are left out: they do not grow.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import stdtrit

from bench.results.verdicts import UNSETTLED
from reports.findings.crossovers import curve_id, words_of_curve
from reports.findings.statement import Finding, about_curve
from reports.read.grouping import Curve, by_curve
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import Timed

OVERHEAD = 3.0  # times the least time of a curve: from there on its work is what is timed
SLIGHT = 0.05  # of an exponent: a smaller difference teaches nothing
WIDE = 1.0  # of an exponent's interval: from a wider one nobody can tell linear from quadratic
FEWEST = 3  # sizes that a slope with an interval needs
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


def growths(result: Result) -> Iterator[Finding]:
    """State for each curve of NumPy and of a usual contender how time grows, and how cost does."""
    for curve, rows in by_curve(result.believed).items():
        if not (rows[0].plain or rows[0].is_numpy):
            continue
        least_s = min(row.time_s for row in rows)
        beyond = [row for row in rows if row.time_s > OVERHEAD * least_s]
        in_flops = all(row.flops > 0 for row in beyond)
        sizes = [row.axis_value for row in beyond]
        time = slope(sizes, [row.time_s for row in beyond])
        work = slope(sizes, [row.flops if in_flops else row.bytes for row in beyond])
        if time is not None and work is not None:
            yield _growth(curve, beyond, "operations" if in_flops else "bytes", time, work)


def _growth(
    curve: Curve, rows: Sequence[Timed], cost: str, time: Interval, work: Interval
) -> Finding:
    state = "as-cost" if time.high - time.low <= WIDE else UNSETTLED
    state = "below-cost" if time.high < work.value - SLIGHT else state
    state = "above-cost" if time.low > work.value + SLIGHT else state
    return Finding(
        id=f"growth/{curve_id(curve)}",
        state=state,
        sentence=GROWTHS[state],
        words=words_of_curve(rows[0]) | {"cost": cost},
        numbers={
            "power": f"{time.value:.2f}",
            "interval": f"{time.low:.2f} to {time.high:.2f}",
            "work": f"{work.value:.2f}",
        },
        cells=tuple(row.cell for row in rows),
        interval=time,
        about=about_curve(rows[0]),
    )


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
