"""Titles of the chart of speedups: which side overtakes which, by the state of each crossing."""

from collections.abc import Sequence

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.charts.naming import short, short_name
from reports.charts.sizes import SIZE_AXIS
from reports.findings.crossing import Crossing, crossing
from reports.read.grouping import grouped
from reports.read.row import Timed

MOST_CLAIMS = 2  # lines of a title
CLAIMS = {
    "overtakes": "{name} overtakes NumPy near {at}",
    "falls-behind": "NumPy overtakes {name} near {at}",
    "ahead": "{name} is ahead at every size",
    "behind": "NumPy is ahead of {name} at every size",
    "changes": "the lead between {name} and NumPy changes more than once",
    "faster-some": "{name} is faster at some sizes, NumPy at none",
    "slower-some": "NumPy is faster at some sizes, {name} at none",
    "tie": "{name} and NumPy are equally fast, within 10 %",
    "unsettled": "{name} and NumPy: unsettled",
}
ALONE = {
    FASTER: "{name} is faster at the one size measured",
    SLOWER: "NumPy is faster than {name} at the one size measured",
    TIE: "{name} and NumPy are equally fast at the one size measured",
    UNSETTLED: "{name} and NumPy: unsettled at the one size measured",
}
IN_PANELS = {  # shorter forms for charts with several panels
    CLAIMS["overtakes"]: "{name}: overtakes near {at}",
    CLAIMS["falls-behind"]: "{name}: NumPy overtakes near {at}",
    CLAIMS["ahead"]: "{name}: ahead at every size",
    CLAIMS["behind"]: "{name}: NumPy ahead at every size",
    CLAIMS["changes"]: "{name}: the lead changes more than once",
    CLAIMS["faster-some"]: "{name}: faster at some sizes, slower at none",
    CLAIMS["slower-some"]: "{name}: slower at some sizes, faster at none",
    CLAIMS["tie"]: "{name}: equally fast, within 10 %",
    CLAIMS["unsettled"]: "{name}: unsettled",
    ALONE[FASTER]: "{name}: faster at the one size measured",
    ALONE[SLOWER]: "{name}: slower at the one size measured",
    ALONE[TIE]: "{name}: equally fast at the one size measured",
    ALONE[UNSETTLED]: "{name}: unsettled at the one size",
}


def crossover_title(rows: Sequence[Timed], panels: int = 1) -> str:
    """Return a panel's title: which side overtakes which, in at most MOST_CLAIMS lines.

    Thread counts of one contender with the same claim share a line. If there are too many lines,
    those with the most threads are kept.
    """
    claims: dict[tuple[str, str, str], list[int]] = {}
    for (contender, threads), line in lines_of(rows).items():
        claim = _claim(line)
        if claim is not None:
            claims.setdefault((contender, *claim), []).append(threads)
    lines = []
    for (contender, template, at), cores in claims.items():
        name = _line_name(contender, cores, rows, panels)
        sentence = template if panels == 1 else IN_PANELS[template]
        lines.append((-max(cores), sentence.format(name=name, at=at)))
    chosen = sorted(sorted(lines, key=lambda line: line[0])[:MOST_CLAIMS], key=lines.index)
    curve = short(rows[0].curve)
    return "\n".join(filter(None, [curve, *(line for _, line in chosen)]))


def _claim(line: Sequence[Timed]) -> tuple[str, str] | None:
    """Return the template of a line's claim, and the size of its crossing; None without verdict."""
    change = crossing(line)
    if change is not None:
        return CLAIMS[change.state], crossing_text(line[0], change)
    states = [row.state for row in line if row.state in ALONE]
    return (ALONE[states[0]], "") if states else None


def _line_name(contender: str, cores: Sequence[int], rows: Sequence[Timed], panels: int) -> str:
    """Return a line's name, with its cores if the chart has several thread counts."""
    cores_text = f"{' and '.join(map(str, cores))} core{'s' if cores[-1] != 1 else ''}"
    name = short_name(contender if panels == 1 else contender.removeprefix(f"{ids.TORCH}-"), 20)
    on_cpu = next(row.on_cpu for row in rows if row.contender == contender)
    if len({row.threads for row in rows}) == 1 or not on_cpu:
        return name
    single = panels > 1 and len({row.contender for row in rows}) == 1
    return cores_text if single else f"{name} on {cores_text}"


def crossing_text(row: Timed, change: Crossing) -> str:
    """Return the size at which the lead changes, as text: `n = 32`; "" if it does not."""
    if change.at is None:
        return ""
    at = units.rounded(change.at)
    return f"{at} operations" if row.axis in SIZE_AXIS else f"{short(row.axis)} = {at}"


def lines_of(rows: Sequence[Timed]) -> dict[tuple[str, int], list[Timed]]:
    """Return the rows of each contender and thread count, sorted by both and by size."""
    order = sorted(rows, key=lambda row: (row.contender, row.threads, row.axis_value))
    return grouped(order, lambda row: (row.contender, row.threads))
