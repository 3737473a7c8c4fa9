"""Loads many result files, on all cores if there are enough files."""

import gc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from reports.read.intake import UnreadableError
from reports.read.load import load
from reports.read.result import ResultTable, tabulated

MIN_PARALLEL = 16  # for fewer files, starting processes takes longer than reading
GC_THRESHOLD = 1_000_000  # new objects between two collections; these have no cycles to find
CHUNK = 8  # files a process takes at a time


def load_many(addresses: Sequence[Path | str]) -> tuple[list[ResultTable], list[str]]:
    """Return the tables of the readable files, in order, and an error line for each other file.

    A comparison needs only the tables, so the rest of each file is dropped. The processes are
    spawned, not forked: a fork of a process with threads (a BLAS has some) may hang.
    """
    if len(addresses) < MIN_PARALLEL:
        outcomes = [_read(address) for address in addresses]
    else:
        with ProcessPoolExecutor(
            mp_context=get_context("spawn"), initializer=gc.set_threshold, initargs=(GC_THRESHOLD,)
        ) as pool:
            outcomes = list(pool.map(_read, addresses, chunksize=CHUNK))
    results = [outcome for outcome in outcomes if isinstance(outcome, ResultTable)]
    return results, [outcome for outcome in outcomes if isinstance(outcome, str)]


def _read(address: Path | str) -> ResultTable | str:
    try:
        return tabulated(load(address))
    except UnreadableError as error:
        return str(error)
