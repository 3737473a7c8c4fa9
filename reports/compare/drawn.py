"""Draws a comparison as a heat map: how much faster or slower each machine is, by family."""

from dataclasses import dataclass

import numpy as np

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports.charts.drawing import Plot
from reports.charts.grid import heat_grid
from reports.charts.sizes import counts
from reports.compare.comparison import ALL, MOST_SHOWN, Comparison, furthest
from reports.compare.verdicts import means

MAX_COLUMNS = 12  # of machines; with more, each machine is a row
TEXTS = {
    FASTER: "faster: {value:.3g} times the speed of {base}",
    SLOWER: "slower: {value:.3g} times the speed of {base}",
    TIE: "tie, within 10 %: {value:.3g} times the speed of {base}",
    UNSETTLED: "unsettled: {value:.3g} times the speed of {base}",
}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The squares of a heat map: mean ratios (NaN if there is nothing to compare) and verdicts."""

    ratios: np.ndarray
    verdicts: list[list[str]]
    rows: tuple[str, ...]
    columns: tuple[str, ...]


def grid(comparison: Comparison, most: int = MOST_SHOWN) -> Grid:
    """Return the means for a heat map, with a column for each other machine.

    The rows are families, or workloads if there is only one other machine. At most `most` machines
    are shown: those whose overall mean is furthest from 1. The means are of the first answer that
    there is.
    """
    answer = comparison.first
    if len(comparison.others) == 1:
        with_workload = answer.pairs[answer.pairs["workload"] != ""]
        index, averages = "workload", means(with_workload, ["machine", "workload"]).reset_index()
        order = list(averages["workload"])
    else:
        index, averages = "family", answer.means
        order = [*answer.families, ALL]
    table = averages.pivot_table("ratio", index, "machine", observed=True).reindex(order)
    shown = [label for label in furthest(comparison, most) if label in table.columns]
    table = table.reindex(columns=shown)
    squares = zip(averages[index].astype(str), averages["machine"].astype(str), strict=True)
    verdict_of = dict(zip(squares, averages["verdict"].astype(str), strict=True))
    rows = tuple(map(str, table.index))
    return Grid(
        ratios=table.to_numpy(dtype=float),
        verdicts=[[verdict_of.get((row, label), "absent") for label in shown] for row in rows],
        rows=rows,
        columns=tuple(shown),
    )


def side_by_side(comparison: Comparison) -> Plot | None:
    """Draw the heat map of a comparison; None if nothing can be compared."""
    squares = grid(comparison)
    values, states = squares.ratios, squares.verdicts
    if not values.size or np.isnan(values).all():
        return None
    base = comparison.labels[comparison.baseline]
    hover = [
        [
            _text(row, column, base, float(value), state)
            for column, value, state in zip(squares.columns, values_of_row, verdicts, strict=True)
        ]
        for row, values_of_row, verdicts in zip(squares.rows, values, states, strict=True)
    ]
    title = _title(states)
    rows, columns = squares.rows, squares.columns
    if len(columns) > MAX_COLUMNS:
        values, rows, columns = values.T, columns, rows
        states, hover = (list(map(list, zip(*part, strict=True))) for part in (states, hover))
    text = " ".join(f"{each}." for values_of_row in hover for each in values_of_row)
    return heat_grid(values, states, rows, columns, title, text, "compare", hover)


def _title(states: list[list[str]]) -> str:
    """Count the means by verdict; name the unsettled first if they are the majority."""
    flat = [state for line in states for state in line if state in TEXTS]
    return f"Means, against the baseline: {', '.join(counts(flat, 'in'))} of {len(flat)}"


def _text(row: str, machine: str, base: str, value: float, state: str) -> str:
    if state not in TEXTS:
        return f"{row}, {machine}: nothing to compare"
    return f"{row}, {machine}: {TEXTS[state].format(value=value, base=base)}"
