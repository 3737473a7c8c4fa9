"""Machines side by side as a picture: where each is faster than the baseline, and by how much."""

from dataclasses import dataclass

import numpy as np

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports.charts.drawing import Plot
from reports.charts.grid import heat_grid
from reports.compare.comparison import ALL, MOST, Comparison, furthest
from reports.compare.verdicts import means

MOST_ACROSS = 12  # machines; of more, each is a row
TEXTS = {
    FASTER: "faster: {value:.3g} times the speed of {base}",
    SLOWER: "slower: {value:.3g} times the speed of {base}",
    TIE: "as fast within 10 %: {value:.3g} times the speed of {base}",
    UNSETTLED: "cannot tell: {value:.3g} times the speed of {base}",
}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Mean ratios for a heat map, NaN where nothing can be compared, and the verdicts on them."""

    ratios: np.ndarray
    verdicts: list[list[str]]
    rows: tuple[str, ...]
    columns: tuple[str, ...]


def grid(comparison: Comparison, most: int = MOST) -> Grid:
    """Return means for a heat map: families by machines, or workloads by the only other machine.

    Of more machines than `most`, those whose mean over all cells lies furthest from 1 are taken, in
    their order.
    """
    if len(comparison.others) == 1:
        known = comparison.pairs[comparison.pairs["workload"] != ""]
        index, averages = "workload", means(known, ["machine", "workload"]).reset_index()
        order = list(averages["workload"])
    else:
        index, averages = "family", comparison.means
        order = [*comparison.families, ALL]
    table = averages.pivot_table("ratio", index, "machine", observed=True).reindex(order)
    chosen = [label for label in furthest(comparison, most) if label in table.columns]
    table = table.reindex(columns=chosen)
    places = zip(averages[index].astype(str), averages["machine"].astype(str), strict=True)
    known_verdicts = dict(zip(places, averages["verdict"].astype(str), strict=True))
    rows = tuple(map(str, table.index))
    return Grid(
        ratios=table.to_numpy(dtype=float),
        verdicts=[[known_verdicts.get((row, label), "absent") for label in chosen] for row in rows],
        rows=rows,
        columns=tuple(chosen),
    )


def side_by_side(comparison: Comparison) -> Plot | None:
    """Draw the mean ratio of each family, or of each workload where there are two machines.

    None where nothing can be compared.
    """
    shown = grid(comparison)
    values, states = shown.ratios, shown.verdicts
    if not values.size or np.isnan(values).all():
        return None
    base = comparison.labels[comparison.baseline]
    hover = [
        [
            _text(row, column, base, float(value), state)
            for column, value, state in zip(shown.columns, line, verdicts, strict=True)
        ]
        for row, line, verdicts in zip(shown.rows, values, states, strict=True)
    ]
    title = _title(states)
    rows, columns = shown.rows, shown.columns
    if len(columns) > MOST_ACROSS:
        values, rows, columns = values.T, columns, rows
        states, hover = (list(map(list, zip(*part, strict=True))) for part in (states, hover))
    text = " ".join(f"{each}." for line in hover for each in line)
    return heat_grid(values, states, rows, columns, title, text, "compare", hover)


def _title(states: list[list[str]]) -> str:
    """Return how many means are faster and slower; that most are unsettled is said first."""
    flat = [state for line in states for state in line if state in TEXTS]
    count = {state: flat.count(state) for state in TEXTS}
    clear = f"faster than the baseline in {count[FASTER]}, slower in {count[SLOWER]}"
    if 2 * count[UNSETTLED] > len(flat):
        return f"Means: unsettled in {count[UNSETTLED]} of {len(flat)}; {clear}"
    return f"Means: {clear} of {len(flat)}"


def _text(what: str, machine: str, base: str, value: float, state: str) -> str:
    if state not in TEXTS:
        return f"{what}: {machine} is not compared"
    return f"{what}, {machine}: {TEXTS[state].format(value=value, base=base)}"
