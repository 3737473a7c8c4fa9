"""Chooses the best contender of each machine in each case: who gets the work done there soonest.

A case of work is a workload, a size and a dtype, on whatever threads and device. The best
contender is the one with the least time among those that were verified; NumPy is one of them. Of
several contenders that are equally fast, the least measured time belongs to a lucky one, so the
times chosen are a little too short. This holds for every machine alike.

By default, the inputs of a device lie in its memory, as its own contenders are timed. With
`transfers`, a device is represented by the contender that copies them there and the result back.
"""

from typing import Final

import numpy as np
import pandas as pd

from bench.results import ids
from reports.compare.verdicts import OK

DONE: Final = "done"  # by contenders that round to the case's own dtype: IEEE float32
REDUCED: Final = "reduced"  # by any contender: also TF32, bfloat16, float16
ONE_CORE: Final = "one-core"  # as DONE, on one core of the CPU
QUESTIONS: Final = (DONE, REDUCED, ONE_CORE)


def best(cells: pd.DataFrame, question: str, *, transfers: bool = False) -> pd.DataFrame:
    """Return the row of the best contender of each machine and case of work; `key` is the work.

    Parameters
    ----------
    cells : from `stacking.stacked`.
    question : one of `QUESTIONS`.

    """
    wanted = _verified(cells) & _where(cells, transfers=transfers)
    if question != REDUCED:
        wanted &= _ieee(cells)
    if question == ONE_CORE:
        wanted &= _on_cpu(cells) & np.asarray(cells["threads"] == 1)
    able = cells[wanted]
    work = able["work"].cat.codes.to_numpy()
    machine = able["machine"].to_numpy()
    fastest_first = np.lexsort((able["time_s"].to_numpy(), work, machine))
    sides = np.stack([machine, work])[:, fastest_first]
    first = np.ones(len(able), dtype=bool)
    first[1:] = (sides[:, 1:] != sides[:, :-1]).any(axis=0)
    chosen: pd.DataFrame = able.iloc[fastest_first[first]]
    return chosen.assign(key=chosen["work"])


def _verified(cells: pd.DataFrame) -> np.ndarray:
    """Return where a cell of this suite has a time that passed verification."""
    timed = (cells["status"] == OK) & cells["time_s"].notna() & cells["threads"].notna()
    return np.asarray(timed & (cells["family"] != ids.COPYING))


def _where(cells: pd.DataFrame, *, transfers: bool) -> np.ndarray:
    """Return where a cell's inputs lie where they should."""
    with_transfers = np.asarray(cells["variant"] == ids.TRANSFER)
    return np.asarray(_on_cpu(cells) | (with_transfers == transfers))


def _on_cpu(cells: pd.DataFrame) -> np.ndarray:
    return np.asarray(cells["device"] == ids.CPU)


def _ieee(cells: pd.DataFrame) -> np.ndarray:
    """Return where a contender rounds to its case's own dtype.

    If a file does not state the precision, it is that of the dtype on a CPU without a variant.
    """
    dtypes, precisions = cells["dtype"].cat, cells["precision"].cat
    dtype_of = np.append(dtypes.categories.get_indexer(precisions.categories), -1)
    own = dtype_of[precisions.codes] == dtypes.codes
    unstated = np.asarray(cells["precision"].isna() | (cells["precision"] == ""))
    plain = _on_cpu(cells) & np.asarray(cells["variant"] == "")
    return np.asarray(own | (unstated & plain))
