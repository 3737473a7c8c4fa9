"""What contenders and cases are called in a sentence, and which contenders are the usual ones."""

from collections.abc import Mapping
from typing import Any

NUMPY = "numpy"

Row = Mapping[Any, Any]


def main(contender: str) -> bool:
    """Tell whether a contender is PyTorch's usual one on a device, at no rung and in no way."""
    return contender.count("-") == 1


def called(contender: object) -> str:
    """Return what a contender is called: the library by its own name, PyTorch's by device."""
    return "NumPy" if contender == NUMPY else str(contender)


def where(row: Row) -> str:
    """Return what a cell's case is called."""
    size = str(row["size"]).replace(",", ", ")
    _, found, threads = str(row["case"]).rpartition("threads=")
    return f"{row['workload']} at {size}, {row['dtype']}{on(threads) if found else ''}"


def on(threads: str) -> str:
    """Return the threads of a case as they follow its name: nothing is said of one."""
    return "" if threads == "1" else f", {threads} threads"
