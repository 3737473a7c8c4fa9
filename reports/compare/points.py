"""Puts the points of several ranks into tables like those of cells, which are then compared alike.

Two questions are asked of files that hold points. How soon is a number of training steps done, by
the best contender with the best number of ranks of each side: a cluster, a machine, one process?
And like for like: how fast is each point against the same point elsewhere? A side of a file without
points has none to compare.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.results import ids
from bench.results.scaling import STRONG, Scaling, ScalingPoint
from reports import units
from reports.compare.stacking import TEXTS
from reports.compare.verdicts import OK
from reports.read.result import Tabular

STEPS: Final = "steps"  # time to a number of training steps, by the best point of each side
POINTS: Final = "points"  # each point against itself elsewhere
OF_POINTS: Final = (STEPS, POINTS)
TRAINING = "train_data_parallel"
MANY_STEPS = 1000  # steps whose time is compared
SHARED = "oversubscribed"  # in place of the status of points whose ranks shared cores
WHY_SHARED = "its ranks shared cores or devices"
NUMBERS = ("threads", "flops", "time_s", "time_low_s", "time_high_s", "median_s", "tick_s")
NAMES = (*TEXTS, "key", "work", "setting")
TIMES = ("time_s", "time_low_s", "time_high_s", "median_s")

Line = Mapping[str, Any]


def have_points(results: Sequence[Tabular]) -> bool:
    """Return whether any file holds points."""
    return any(result.scaling is not None and result.scaling.points for result in results)


def stacked_points(results: Sequence[Tabular]) -> pd.DataFrame:
    """Return all points; `key` is a point's id, `threads` are its ranks."""
    lines = [
        _line(machine, point, result.scaling)
        for machine, result in enumerate(results)
        for point in (result.scaling.points if result.scaling else ())
    ]
    return _table(lines)


def best_steps(results: Sequence[Tabular]) -> pd.DataFrame:
    """Return the best verified point of each side and training size, by the time of many steps.

    The batch is the same on all sides: the ranks share the work of one. `key` is the work.
    """
    chosen: dict[tuple[int, str], ScalingPoint] = {}
    for machine, result in enumerate(results):
        for point in _steps(result.scaling):
            place = (machine, _work(point))
            if place not in chosen or _time_s(point) < _time_s(chosen[place]):
                chosen[place] = point
    return _table(
        [
            _many(_line(machine, point, results[machine].scaling))
            for (machine, _), point in chosen.items()
        ]
    )


def _steps(scaling: Scaling | None) -> Iterator[ScalingPoint]:
    """Yield the verified steps of training on the batch of one rank."""
    if scaling is None or scaling.oversubscribed:
        return
    for point in scaling.points:
        trains = point.workload == TRAINING and point.mode == STRONG
        if trains and point.status == OK and point.time_s is not None:
            yield point


def _time_s(point: ScalingPoint) -> float:
    return np.inf if point.time_s is None else point.time_s


def _work(point: ScalingPoint) -> str:
    return f"{point.workload}/{point.size}/{point.dtype}"


def _many(line: Line) -> Line:
    """Return a point with the time of many steps."""
    times = {name: line[name] * MANY_STEPS for name in TIMES}
    return {**line, **times, "key": line["work"], "setting": ""}


def _line(machine: int, point: ScalingPoint, scaling: Scaling | None) -> Line:
    shared = scaling is not None and scaling.oversubscribed and point.status == OK
    sources = scaling.sources if scaling is not None else {}
    times = {name: getattr(point, name) for name in TIMES[:3]} | {"median_s": point.typical_s}
    numbers = times | {"threads": point.ranks, "flops": point.flops, "tick_s": None}
    return {
        "machine": machine,
        "cell": point.id,
        "status": SHARED if shared else point.status,
        "reason": WHY_SHARED if shared else point.reason,
        "workload": point.workload,
        "family": point.workload,
        "size": point.size,
        "dtype": point.dtype,
        "contender": point.contender,
        "library": ids.NUMPY if point.contender == ids.NUMPY else ids.TORCH,
        "device": point.device,
        "variant": "",
        "source_sha256": sources.get(point.workload, ""),
        "precision": point.dtype,
        "minima": np.nan,
        "key": point.id,
        "work": _work(point),
        "setting": ", ".join(filter(None, (units.count(point.ranks, "rank"), point.mode))),
        **{name: np.nan if number is None else float(number) for name, number in numbers.items()},
    }


def _table(lines: Sequence[Line]) -> pd.DataFrame:
    """Return the columns that `stacking.stacked` returns."""
    columns: dict[str, Any] = {
        name: pd.Categorical([line[name] for line in lines]) for name in NAMES
    }
    for name in NUMBERS:
        columns[name] = np.array([line[name] for line in lines], dtype=float)
    columns["machine"] = np.array([line["machine"] for line in lines], dtype=int)
    return pd.DataFrame(columns)
