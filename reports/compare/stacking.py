"""Stacks the cells of many files into one table, one column at a time.

Machines rarely have the same number of cores. So thread settings are named by their meaning: one
core, or all the cores that a file used. The times are those of the fastest blocks. If a file has
only medians, the medians of all files are taken, since anything else would be unfair.

Each distinct text is handled once, so the cost is linear in the number of files.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reports import units
from reports.read.result import Tabular

TEXTS = (
    "cell",
    "status",
    "reason",
    "workload",
    "family",
    "size",
    "dtype",
    "contender",
    "library",
    "device",
    "variant",
    "source_sha256",
    "precision",
    "minima",
)
CASE = ["workload", "size", "dtype"]
MEDIANS = {
    "time_s": "typical_s",
    "time_low_s": "typical_low_s",
    "time_high_s": "typical_high_s",
}
NUMBERS = {name: name for name in ("threads", "flops", *MEDIANS, "tick_s")}
NUMBERS |= {"median_s": "typical_s"}
OF_SIDES = ("minima", "tick_s")  # columns that only files of other tools have
BY_NAME, BY_CORES, ALL_CORES = 0, 1, 2  # how a cell is matched


def stacked(results: Sequence[Tabular]) -> pd.DataFrame:
    """Return the cells of all results, with their machine's index, setting, key and work.

    `work` is `workload/size/dtype`. `key` is `workload/size/dtype/setting/contender`. For another
    tool's file, both are the cell's name.
    """
    medians = of_medians(results)
    texts = {name: pd.Categorical(_column(results, name)) for name in TEXTS}
    numbers = {name: _numbers(results, source, medians) for name, source in NUMBERS.items()}
    machine = np.repeat(np.arange(len(results)), [len(result.table) for result in results])
    cells = pd.DataFrame({**texts, **numbers, "machine": machine})
    threads = cells["threads"]
    most = threads.groupby(machine).transform("max")
    whole = np.where((threads == most) & (most > 1), ALL_CORES, BY_CORES)
    kind = np.where(threads.isna(), BY_NAME, whole)
    return cells.assign(**_keys(cells, kind))


def of_medians(results: Sequence[Tabular]) -> bool:
    """Whether medians are compared: if any file has no other times."""
    return any(result.medians_alone for result in results)


def _column(results: Sequence[Tabular], name: str) -> np.ndarray:
    return np.concatenate([_of_file(result, name) for result in results])


def _of_file(result: Tabular, name: str) -> np.ndarray:
    """Return a column of a file's table; without values if only other files have it."""
    if name in OF_SIDES and name not in result.table:
        return np.full(len(result.table), np.nan, dtype=object)
    column: np.ndarray = result.table[name].to_numpy()
    return column


def _numbers(results: Sequence[Tabular], name: str, medians: bool) -> np.ndarray:  # noqa: FBT001
    """Return a column of numbers; with `medians`, the times are the medians."""
    parts = [
        _of_file(result, MEDIANS.get(name, name) if medians and not result.medians_alone else name)
        for result in results
    ]
    return np.concatenate(parts).astype(float)


def _keys(cells: pd.DataFrame, kind: np.ndarray) -> dict[str, pd.Categorical]:
    """Return each cell's key, work and thread setting, built once per id and kind."""
    codes, ids = pd.factorize(cells["cell"].cat.codes.to_numpy().astype(np.int64) * 3 + kind)
    first = np.full(len(ids), len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    unique = cells.iloc[first]
    settings = [_setting(*each) for each in zip(unique["threads"], kind[first], strict=True)]
    names = unique["cell"].astype(str).tolist()
    words = unique[CASE].astype(object).fillna("").itertuples(index=False, name=None)
    works = [
        "/".join(case) if setting else name
        for name, case, setting in zip(names, words, settings, strict=True)
    ]
    keys = [
        f"{work}/{setting}/{contender}" if setting else work
        for work, setting, contender in zip(works, settings, unique["contender"], strict=True)
    ]
    texts = {"key": keys, "work": works, "setting": settings}
    return {name: _categorical(column, codes) for name, column in texts.items()}


def _categorical(texts: Sequence[str], codes: np.ndarray) -> pd.Categorical:
    places, labels = pd.factorize(np.array(texts, dtype=object))
    column: pd.Categorical = pd.Categorical.from_codes(places[codes], categories=pd.Index(labels))
    return column


def _setting(threads: float, kind: int) -> str:
    if kind == BY_NAME:
        return ""
    return "all cores" if kind == ALL_CORES else units.count(round(threads), "core")
