"""Which figures the pages of a result have, and drawing them, on all cores where that is safe."""

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from reports.charts.blocks import blocks_over_time
from reports.charts.crossovers import speedup_against_size
from reports.charts.drawing import Plot, inline, png
from reports.charts.heat import heat_map
from reports.charts.overview import overview
from reports.charts.precision import speed_against_error
from reports.charts.roofs import roofline
from reports.charts.shares import throughput
from reports.charts.sizes import time_against_size
from reports.charts.training import ladder_chart, losses
from reports.findings.findings import Findings
from reports.findings.lessons import ladder
from reports.findings.names import NUMPY
from reports.read.load import records

Plan = Callable[[], Plot | None]
FEW = 8  # figures, that are drawn sooner than processes start
MOST = 8  # processes
CHUNK = 3  # figures that a process takes at a time
BLOCKS = 2  # headlines whose blocks are drawn


class Drawn(NamedTuple):
    """A figure as a page holds it, and as a file if that was asked for."""

    svg: Markup
    png: bytes | None


def plans(findings: Findings) -> dict[str, Plan]:
    """Return how to draw each figure of a result, by name: `speedup/matmul/float32` ..."""
    result = findings.result
    table, timed = result.table, result.timed
    if not len(timed):
        return {}
    found: dict[str, Plan] = {
        "overview": partial(overview, at_most_cores(timed), int(timed["threads"].max())),
        "heat": partial(heat_map, table[table["workload"].notna()]),
    }
    for device in result.machine.peaks or {}:
        found[f"roofline/{device}"] = partial(roofline, timed, result.machine.peaks, device)
    for name, rows in timed.groupby("workload", sort=False):
        found |= _of_workload(str(name), rows)
    for (family, threads), rows in timed.groupby(["family", "threads"], sort=False):
        one = rows[rows["dtype"] == rows["dtype"].iloc[0]]
        at = one.groupby(["workload", "curve"])["axis_value"].transform("max")
        largest = one[one["axis_value"] == at]
        found[f"throughput/{family}/{threads:.0f}"] = partial(
            throughput, largest, result.machine.peaks
        )
    return found | _training(timed) | _blocks(findings)


def at_most_cores(timed: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of each workload on the most threads that it was measured with."""
    most = timed.groupby("workload")["threads"].transform("max")
    return timed[timed["threads"] == most]


def _of_workload(name: str, rows: pd.DataFrame) -> dict[str, Plan]:
    found: dict[str, Plan] = {}
    for dtype, part in rows.groupby("dtype", sort=False):
        found[f"speedup/{name}/{dtype}"] = partial(speedup_against_size, part)
        for threads, line in part.groupby("threads", sort=False):
            found[f"time/{name}/{dtype}/{threads:.0f}"] = partial(time_against_size, line)
    largest = rows[(rows["threads"] == rows["threads"].min()) & (rows["dtype"] == "float32")]
    largest = largest[largest["axis_value"] == largest["axis_value"].max()]
    if len(set(largest["precision"])) > 1:
        found[f"precision/{name}"] = partial(speed_against_error, largest)
    return found


def _training(timed: pd.DataFrame) -> dict[str, Plan]:
    rows = {str(row["cell"]): row for row in records(timed)}
    alone = [row for row in rows.values() if row["library"] == NUMPY and row["threads"] == 1]
    rungs = {str(row["case"]): ladder(rows, row["case"]) for row in alone}
    found: dict[str, Plan] = {}
    if whole := {case: steps for case, steps in rungs.items() if steps}:
        found["ladder"] = partial(ladder_chart, whole)
    trained = timed[[isinstance(curve, list) and len(curve) > 1 for curve in timed["losses"]]]
    for name, part in trained.groupby("workload", sort=False):
        first = part[part["case"] == part["case"].iloc[0]]
        found[f"losses/{name}"] = partial(losses, first)
    return found


def _blocks(findings: Findings) -> dict[str, Plan]:
    """Draw every block of the cells that the first headlines rest on."""
    found: dict[str, Plan] = {}
    for number, headline in enumerate(findings.headlines()[:BLOCKS]):
        both = findings.result.blocks_of(headline.cells)
        if both["cell"].nunique() == len(headline.cells):
            title = headline.text.partition(" (95")[0]
            found[f"blocks/{number}"] = partial(blocks_over_time, both, title, f"blocks-{number}")
    return found


def begin(planned: Mapping[str, Plan], *, pictures: bool = False) -> Callable[[], dict[str, Drawn]]:
    """Begin to draw figures; return what waits for them. Those with nothing to draw are left out.

    They are drawn on all cores, meanwhile, where a fork is safe: a process that runs threads of
    PyTorch is not forked, there they are drawn one after the other.
    """
    job = partial(_drawn, pictures=pictures)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if len(planned) < FEW or cores == 1 or sys.platform != "linux" or "torch" in sys.modules:
        return lambda: _named(planned, [job(plan) for plan in planned.values()])
    pool = ProcessPoolExecutor(min(cores, MOST), mp_context=multiprocessing.get_context("fork"))
    with warnings.catch_warnings():
        # the BLAS of NumPy has idle threads, which a child has no part in
        warnings.filterwarnings("ignore", "This process .* is multi-threaded")
        found = pool.map(job, planned.values(), chunksize=CHUNK)

    def wait() -> dict[str, Drawn]:
        with pool:
            return _named(planned, list(found))

    return wait


def _named(planned: Mapping[str, Plan], found: list[Drawn | None]) -> dict[str, Drawn]:
    pairs = zip(planned, found, strict=True)
    return {name: figure for name, figure in pairs if figure is not None}


def _drawn(plan: Plan, *, pictures: bool) -> Drawn | None:
    plot = plan()
    if plot is None:
        return None
    return Drawn(svg=inline(plot), png=png(plot) if pictures else None)
