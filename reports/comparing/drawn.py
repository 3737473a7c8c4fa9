"""Machines side by side as a picture: where each is faster than the baseline, and by how much."""

import numpy as np

from reports.charts.drawing import Plot
from reports.charts.grid import heat_grid
from reports.comparing.comparison import Comparison, grid
from reports.speedups import MARGIN

MOST_ACROSS = 12  # machines; of more, each is a row


def side_by_side(comparison: Comparison) -> Plot | None:
    """Draw the mean ratio of each family, or of each workload where there are two machines.

    None where nothing can be compared.
    """
    values, rows, columns = grid(comparison)
    if not values.size or np.isnan(values).all():
        return None
    base = comparison.labels[comparison.baseline]
    known = np.nan_to_num(values, nan=1.0)
    faster, slower = int((known > MARGIN).sum()), int((known < 1 / MARGIN).sum())
    states = [["absent" if np.isnan(value) else "told" for value in line] for line in values]
    hover = [
        [_told(row, column, base, value) for column, value in zip(columns, line, strict=True)]
        for row, line in zip(rows, values, strict=True)
    ]
    title = f"Mean speed over the baseline's: above the margin in {faster}, below it in {slower}"
    if len(columns) > MOST_ACROSS:
        values, rows, columns = values.T, columns, rows
        states, hover = (list(map(list, zip(*part, strict=True))) for part in (states, hover))
    told = " ".join(f"{text}." for line in hover for text in line)
    return heat_grid(values, states, rows, columns, title, told, "compare", hover)


def _told(what: str, machine: str, base: str, value: float) -> str:
    if np.isnan(value):
        return f"{what}: {machine} is not compared"
    return f"{what}: {machine} runs at {value:.3g} times the speed of {base}"
