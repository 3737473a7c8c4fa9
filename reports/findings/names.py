"""What contenders and cases are called in a sentence, and the cell beside another."""

from collections.abc import Mapping
from typing import Any

from bench.results import ids

NUMPY = ids.NUMPY

Row = Mapping[Any, Any]


def sibling(rows: Mapping[str, Row], row: Row, **changes: Any) -> Row | None:
    """Return, of rows by cell, the one that differs from another in some fields alone."""
    fields = {**row, **changes}
    case = ids.case(fields["workload"], fields["size"], fields["dtype"], fields["threads"])
    name = ids.contender(fields["library"], fields["device"], fields["variant"])
    return rows.get(ids.cell(case, name))


def called(contender: object) -> str:
    """Return what a contender is called: the library by its own name, PyTorch's by device."""
    return "NumPy" if contender == NUMPY else str(contender)


def where(row: Row) -> str:
    """Return what a cell's case is called."""
    size = str(row["size"]).replace(",", ", ")
    return f"{row['workload']} at {size}, {row['dtype']}{on(format(row['threads'], '.0f'))}"


def on(threads: str) -> str:
    """Return the threads of a case as they follow its name: nothing is said of one."""
    return "" if threads == "1" else f", {threads} threads"
