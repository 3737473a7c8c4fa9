"""Plans the figures of a result's pages, and draws them, on all cores where that is safe."""

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import NamedTuple

from markupsafe import Markup

from reports.charts import answers
from reports.charts.blocks import blocks_over_time
from reports.charts.crossovers import speedup_against_size
from reports.charts.drawing import Plot, inline, png
from reports.charts.foreign import foreign_plans
from reports.charts.heat import heat_map
from reports.charts.overview import overview
from reports.charts.precision import speed_against_error
from reports.charts.roofs import roofline
from reports.charts.scaling import bandwidth_against_bytes, speedup_against_ranks
from reports.charts.scaling_model import model_plans
from reports.charts.shares import throughput
from reports.charts.sizes import time_against_size
from reports.charts.training import ladder_chart, losses
from reports.findings.findings import Findings
from reports.findings.foreign import sections
from reports.findings.questions import autograd_lines, gpu_groups, gpu_lines, on_cpu
from reports.findings.training import ladder
from reports.read.grouping import at_largest_size, by_family, by_workload, grouped
from reports.read.result import Result
from reports.read.row import Timed

Plan = Callable[[], Plot | None]
FEW = 8  # fewer figures are drawn faster without worker processes
MOST = 8  # worker processes
ELSEWHERE = frozenset({"answer/gpu", "gpu-sizes"})  # of a reference machine, if this has no GPU
BLOCKS = 2  # speedups whose blocks are drawn


class Drawn(NamedTuple):
    """A figure as SVG for a page, and as PNG if `drawing` was called with `pictures`."""

    svg: Markup
    png: bytes | None


def plans(findings: Findings) -> dict[str, Plan]:
    """Return a function that draws each figure of a result, by name: `speedup/matmul/float32`."""
    result, timed = findings.result, findings.result.timed
    if not result.own:
        return foreign_plans(sections(result))
    of_points = _of_points(result)
    if not timed:
        return of_points | model_plans(result)
    most = max(row.threads for row in timed)
    reference = findings.reference_with_gpu()
    with_gpu = reference.findings.result if reference else result
    planned: dict[str, Plan] = {
        "answer/cpu": partial(answers.cpu, on_cpu(result)),
        "answer/gpu": partial(answers.gpu, gpu_groups(with_gpu)),
        "gpu-sizes": partial(answers.gpu_sizes, gpu_lines(with_gpu)),
        "answer/autograd": partial(answers.autograd, autograd_lines(result)),
        "overview": partial(overview, timed, most),
        "heat": partial(heat_map, result.rows),
    }
    if (fewest := min(row.threads for row in timed)) < most:
        planned["overview/fewest"] = partial(overview, timed, fewest)
    for device in result.machine.peaks or {}:
        planned[f"roofline/{device}"] = partial(roofline, timed, result.machine.peaks, device)
    for name, rows in by_workload(timed).items():
        planned |= _of_workload(name, rows)
    for family, rows in by_family(timed).items():
        for threads, part in grouped(rows, lambda row: row.threads).items():
            planned[f"throughput/{family}/{threads}"] = partial(
                throughput, _largest(part), result.machine.peaks
            )
    return planned | _training(timed) | _blocks(findings) | of_points | model_plans(result)


def _of_points(result: Result) -> dict[str, Plan]:
    """Plan the charts of several ranks."""
    if result.scaling is None:
        return {}
    copy_bytes_s = result.scaling.copy_bytes_s
    return {
        "scaling/speedup": partial(speedup_against_ranks, result.points),
        "scaling/all-reduce": partial(bandwidth_against_bytes, result.points, copy_bytes_s),
    }


def _largest(rows: Sequence[Timed]) -> list[Timed]:
    """Return the cells of the largest size of each computation, in the dtype of the first row."""
    of_dtype = [row for row in rows if row.dtype == rows[0].dtype]
    groups = grouped(of_dtype, lambda row: (row.workload, row.curve))
    largest = {row.cell for group in groups.values() for row in at_largest_size(group)}
    return [row for row in of_dtype if row.cell in largest]


def _of_workload(name: str, rows: Sequence[Timed]) -> dict[str, Plan]:
    planned: dict[str, Plan] = {}
    for dtype, part in grouped(rows, lambda row: row.dtype).items():
        if (threads := _only_answers(part)) is not None:
            planned[f"speedup/{name}/{dtype}"] = partial(overview, part, threads, dtype, name)
            continue
        planned[f"speedup/{name}/{dtype}"] = partial(speedup_against_size, part)
        for threads, line in grouped(part, lambda row: row.threads).items():
            if len({row.size for row in line}) > len({row.curve for row in line}):
                planned[f"time/{name}/{dtype}/{threads}"] = partial(time_against_size, line)
    fewest = min(row.threads for row in rows)
    single = [row for row in rows if row.threads == fewest and row.dtype == "float32"]
    largest = at_largest_size(single) if single else []
    if len({row.precision for row in largest}) > 1:
        planned[f"precision/{name}"] = partial(speed_against_error, largest)
    return planned


def _only_answers(rows: Sequence[Timed]) -> int | None:
    """Return the threads of cells that have several curves of one size each, else None.

    There is nothing to draw against size, so that the curves share a chart.
    """
    curves = grouped(rows, lambda row: row.curve)
    threads = {row.threads for row in rows}
    alone = all(len({row.size for row in group}) == 1 for group in curves.values())
    return threads.pop() if alone and len(curves) > 1 and len(threads) == 1 else None


def _training(timed: Sequence[Timed]) -> dict[str, Plan]:
    rows = {row.cell: row for row in timed}
    on_one_core = [row for row in timed if row.is_numpy and row.threads == 1]
    ladders = {row.case: ladder(rows, row.case) for row in on_one_core}
    planned: dict[str, Plan] = {}
    if complete := {case: steps for case, steps in ladders.items() if steps}:
        planned["ladder"] = partial(ladder_chart, complete)
    trained = [row for row in timed if len(row.losses) > 1]
    for name, part in by_workload(trained).items():
        first = [row for row in part if row.case == part[0].case]
        planned[f"losses/{name}"] = partial(losses, first)
    return planned


def _blocks(findings: Findings) -> dict[str, Plan]:
    """Plan the charts of all blocks of the speedups that are least certain."""
    planned: dict[str, Plan] = {}
    for number, speedup in enumerate(findings.least_certain()[:BLOCKS]):
        cells = findings.result.blocks_of(speedup.cells)
        if len(cells) == len(speedup.cells):
            title = speedup.text.partition("; ")[0]
            name = f"blocks-{number}"
            planned[f"blocks/{number}"] = partial(blocks_over_time, cells, title, name)
    return planned


class Figures(Mapping[str, Drawn]):
    """The figures of a result by name; reading one waits until it is drawn.

    Figures with nothing to draw are left out.
    """

    def __init__(self, wait: Mapping[str, Callable[[], Drawn | None]]) -> None:
        self._wait = wait

    def __getitem__(self, name: str) -> Drawn:
        drawn = self._wait[name]()
        if drawn is None:
            raise KeyError(name)
        return drawn

    def __iter__(self) -> Iterator[str]:
        return (name for name, wait in self._wait.items() if wait() is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@contextmanager
def drawing(
    planned: Mapping[str, Plan], *, first: Collection[str] = (), pictures: bool = False
) -> Iterator[Figures]:
    """Draw figures in worker processes, those named in `first` before the others.

    A fork is not safe if PyTorch is loaded, because PyTorch runs threads. Then each figure is drawn
    when it is read.
    """
    job = partial(_drawn, pictures=pictures)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if len(planned) < FEW or cores == 1 or sys.platform != "linux" or "torch" in sys.modules:
        yield Figures({name: cache(partial(job, plan)) for name, plan in planned.items()})
        return
    order = sorted(planned, key=lambda name: name not in first)
    pool = ProcessPoolExecutor(min(cores, MOST), mp_context=multiprocessing.get_context("fork"))
    try:
        with warnings.catch_warnings():
            # the threads are those of NumPy's BLAS: they are idle, so the fork is safe
            warnings.filterwarnings("ignore", "This process .* is multi-threaded")
            futures = {name: pool.submit(job, planned[name]) for name in order}
        yield Figures({name: futures[name].result for name in planned})
    finally:
        pool.shutdown(cancel_futures=True)


def _drawn(plan: Plan, *, pictures: bool) -> Drawn | None:
    plot = plan()
    if plot is None:
        return None
    return Drawn(svg=inline(plot), png=png(plot) if pictures else None)
