"""A run's journal: one line for the run, then one for each cell whenever it was visited.

The first line is a result file in which every cell that was asked for is unreached. Each further
line is a record: what is known of one cell by now. The last record of a cell counts, and so does
the last line of the run, which is written again when more is known of the machine. So a journal is
assembled into a result file at any time, also the journal of a run that was killed, whose last line
may be torn; and a result file is taken apart into a journal, to go on with its run.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bench.results import version1
from bench.results.fields import Model, NotNegative
from bench.results.schema import UNREACHED, Benchmark, ListedCell

Json = dict[str, Any]


class Record(Model):
    """What is known of one cell.

    Attributes
    ----------
    twin : whether it is of a second worker, which nobody asked for by itself.
    benchmark : its times, if it has any.
    spent_s : seconds of the run when it was written.

    """

    cell: ListedCell
    twin: bool = False
    benchmark: Benchmark | None = None
    spent_s: NotNegative = 0.0


def line(content: Mapping[str, Any]) -> str:
    """Write a line.

    Raises
    ------
    ValueError : a number is one that JSON does not have.

    """
    return json.dumps(content, allow_nan=False) + "\n"


def lines(text: str, parse: Callable[[str], Any] = json.loads) -> list[Any]:
    """Read all whole lines; the last one may be torn, unless it is the only one."""
    *whole, torn = text.split("\n")  # not splitlines: a text may hold other line ends
    return [parse(each) for each in whole or [torn]]


def assembled(read: Sequence[Any]) -> Json:
    """Return the content of the result file that a journal's lines make.

    Raises
    ------
    ValueError : they are no journal's.

    """
    if not all(isinstance(each, dict) for each in read):
        raise ValueError("an object a line expected")
    headers = [each for each in read if "cell" not in each]
    if not headers:
        raise ValueError("a line that tells of the run expected")
    try:
        return _assembled(headers[-1], [each for each in read if "cell" in each])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a journal's lines expected, one lacks {error}") from error


def _assembled(header: Json, records: Sequence[Json]) -> Json:
    head = version1.header(header) if header.get("schema") == version1.SCHEMA else header
    last = {(bool(each.get("twin")), each["cell"]["id"]): each for each in records}
    timed = [(twin, each["benchmark"]) for (twin, _), each in last.items() if each["benchmark"]]
    cells = head.get("cells", [])
    spent_s = [each.get("spent_s", 0.0) for each in records]
    return {
        **head,
        "run": {**head.get("run", {})} | ({"spent_s": max(spent_s)} if spent_s else {}),
        "cells": [last.get((False, cell["id"]), {"cell": cell})["cell"] for cell in cells],
        "benchmarks": [benchmark for twin, benchmark in timed if not twin],
        "twins": [benchmark for twin, benchmark in timed if twin],
    }


def taken_apart(content: Mapping[str, Any]) -> tuple[Json, list[Record]]:
    """Return the first line and the records of the journal that a result file could be made of.

    Raises
    ------
    ValueError, KeyError : the content is not that of a result file of schema 2.

    """
    entries = {entry["extra_info"]["cell"]: entry for entry in content["benchmarks"]}
    spent_s = content["run"].get("spent_s", 0.0)
    cells = [ListedCell.model_validate(cell) for cell in content["cells"]]
    records = [
        Record(cell=cell, benchmark=entries.get(cell.id), spent_s=spent_s)
        for cell in cells
        if cell.reason != UNREACHED
    ]
    twins = (Benchmark.model_validate(entry) for entry in content["twins"])
    records += [_of_twin(twin, spent_s) for twin in twins]
    apart = ("cells", "benchmarks", "twins")
    header = {key: value for key, value in content.items() if key not in apart}
    return header | {"cells": dumped(map(unreached, cells))}, records


def _of_twin(entry: Benchmark, spent_s: float) -> Record:
    info = entry.extra_info
    identity = info.model_dump(include=set(ListedCell.model_fields), exclude_unset=True)
    cell = ListedCell(**identity, id=info.cell, status="ok")
    return Record(cell=cell, twin=True, benchmark=entry, spent_s=spent_s)


def unreached(cell: ListedCell) -> ListedCell:
    """Return a cell as it is before the run reaches it."""
    update = {"status": "skipped", "reason": UNREACHED, "verdict": None}
    return cell.model_copy(update=update)


def dumped(models: Iterable[Model]) -> list[Json]:
    """Return models as plain JSON values, without what was left out when they were made."""
    return [model.model_dump(mode="json", exclude_unset=True) for model in models]
