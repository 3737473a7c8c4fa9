"""Findings on growth: how time grows with size, compared with the work that the algorithm does.

The growth is the exponent p of time ~ size ** p, fitted by least squares on logarithmic axes. Its
95 % interval is Student's t of the residuals (Draper & Smith, Applied Regression Analysis, 1998,
section 1.4). It is compared with the exponent of the operations, or bytes, over the same sizes.
Small sizes are left out, because there the time is mostly the constant cost of a call.

There is no finding if the interval is wider than 1: it could not tell linear from quadratic growth.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import stdtrit

from reports.findings.crossovers import curve_id, words_of_curve
from reports.findings.statement import Finding, about_curve
from reports.read.grouping import Curve, by_curve
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import Timed

OVERHEAD = 3.0  # times longer than a curve's shortest must be, or the call dominates the time
SLIGHT = 0.05  # a smaller difference between two exponents is ignored
WIDE = 1.0  # largest width of an exponent's interval: from linear to quadratic
FEWEST = 3  # sizes needed for a slope with an interval
GROWTHS = {
    "as-cost": "{name}: the time of {contender} grows as {axis} to the power {power} (95 % interval"
    " {interval}), like its {cost} (power {work})",
    "below-cost": "{name}: the time of {contender} grows as {axis} to the power {power} (95 %"
    " interval {interval}), less than its {cost} (power {work}): large sizes are more efficient",
    "above-cost": "{name}: the time of {contender} grows as {axis} to the power {power} (95 %"
    " interval {interval}), more than its {cost} (power {work}): large sizes are less efficient",
}


def growths(result: Result) -> Iterator[Finding]:
    """State how time and work grow, for each curve of NumPy and of PyTorch without a variant.

    Curves whose interval is wider than WIDE are left out.
    """
    for curve, rows in by_curve(result.plausible).items():
        if not (rows[0].plain or rows[0].is_numpy):
            continue
        shortest_s = min(row.time_s for row in rows)
        long = [row for row in rows if row.time_s > OVERHEAD * shortest_s]
        in_flops = all(row.flops > 0 for row in long)
        sizes = [row.axis_value for row in long]
        time = slope(sizes, [row.time_s for row in long])
        work = slope(sizes, [row.flops if in_flops else row.bytes for row in long])
        if time is not None and work is not None and time.high - time.low <= WIDE:
            yield _growth(curve, long, "operations" if in_flops else "bytes", time, work)


def _growth(
    curve: Curve, rows: Sequence[Timed], cost: str, time: Interval, work: Interval
) -> Finding:
    state = "below-cost" if time.high < work.value - SLIGHT else "as-cost"
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
    """Return the exponent p of y ~ x ** p with its 95 % interval.

    None for fewer than 3 distinct sizes, or if any y is not positive.
    """
    if len(set(x)) < FEWEST or min(y) <= 0:
        return None
    a, b = np.log(x), np.log(y)
    a = a - a.mean()
    value = float(a @ b / (a @ a))
    residuals = b - b.mean() - value * a
    freedom = len(x) - 2
    half = float(stdtrit(freedom, 0.975) * np.sqrt(residuals @ residuals / freedom / (a @ a)))
    return Interval(value=value, low=value - half, high=value + half)
