"""Loads many files, on all cores where that is worth starting processes for."""

import gc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from reports.read.intake import UnreadableError
from reports.read.load import Result, load

FEW = 16  # files that one process reads sooner than others start
RARELY = 1_000_000  # objects made between searches for cycles, which a file's content has none of
AT_ONCE = 8  # files a process takes at a time


def load_many(addresses: Sequence[Path | str]) -> tuple[list[Result], list[str]]:
    """Return what could be read, in the order given, and a line for each file that could not.

    The processes start fresh: a copy of a process in which threads run (a BLAS has some) may hang.
    """
    if len(addresses) < FEW:
        found = [_read(address) for address in addresses]
    else:
        with ProcessPoolExecutor(
            mp_context=get_context("spawn"), initializer=gc.set_threshold, initargs=(RARELY,)
        ) as pool:
            found = list(pool.map(_read, addresses, chunksize=AT_ONCE))
    results = [one for one in found if isinstance(one, Result)]
    return results, [one for one in found if isinstance(one, str)]


def _read(address: Path | str) -> Result | str:
    try:
        return load(address)
    except UnreadableError as error:
        return str(error)
