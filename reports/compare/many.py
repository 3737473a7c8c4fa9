"""Loads many files, on all cores where that is worth starting processes for."""

import gc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from reports.read.intake import UnreadableError
from reports.read.load import load
from reports.read.result import ResultTable, tabulated

FEW = 16  # files that one process reads sooner than others start
RARELY = 1_000_000  # objects made between searches for cycles, which a file's content has none of
AT_ONCE = 8  # files a process takes at a time


def load_many(addresses: Sequence[Path | str]) -> tuple[list[ResultTable], list[str]]:
    """Return what could be read, in the order given, and a line for each file that could not.

    Of each file its table alone is kept: that is what many machines are compared by.
    The processes start fresh: a copy of a process in which threads run (a BLAS has some) may hang.
    """
    if len(addresses) < FEW:
        outcomes = [_read(address) for address in addresses]
    else:
        with ProcessPoolExecutor(
            mp_context=get_context("spawn"), initializer=gc.set_threshold, initargs=(RARELY,)
        ) as pool:
            outcomes = list(pool.map(_read, addresses, chunksize=AT_ONCE))
    results = [one for one in outcomes if isinstance(one, ResultTable)]
    return results, [one for one in outcomes if isinstance(one, str)]


def _read(address: Path | str) -> ResultTable | str:
    try:
        return tabulated(load(address))
    except UnreadableError as error:
        return str(error)
