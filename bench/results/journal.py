"""A run's journal: one line for the run, then one line for a cell after each of its visits.

The first line is a result file in which every cell is marked as unreached. Each further line is a
record: all that is known of one cell at that time. The last record of a cell counts. The line for
the run is written again when more is known of the machine, and its last version counts.

`assembled` makes a result file from a journal at any time, also when the run was killed and the
last line is incomplete. `taken_apart` makes a journal from a result file, to resume its run.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bench.results import version1
from bench.results.fields import Model, NotNegative
from bench.results.schema import UNREACHED, Benchmark, ListedCell

Json = dict[str, Any]


class Record(Model):
    """All that is known of one cell at one time.

    Attributes
    ----------
    twin : the record is of the contender's second worker in a self-test.
    benchmark : the times, if the cell has any.
    spent_s : seconds since the start of the run.

    """

    cell: ListedCell
    twin: bool = False
    benchmark: Benchmark | None = None
    spent_s: NotNegative = 0.0


def line(content: Mapping[str, Any]) -> str:
    """Return a line of the journal.

    Raises
    ------
    ValueError : a number is NaN or infinite, which JSON does not have.

    """
    return json.dumps(content, allow_nan=False) + "\n"


def lines(text: str, parse: Callable[[str], Any] = json.loads) -> list[Any]:
    """Return the parsed lines of a journal, without an incomplete last line if there are others."""
    *complete, last = text.split("\n")  # not splitlines: it also splits at other characters
    return [parse(each) for each in complete or [last]]


def assembled(parsed: Sequence[Any]) -> Json:
    """Return the content of the result file that the parsed lines of a journal make.

    Raises
    ------
    ValueError : the lines are not those of a journal.

    """
    if not all(isinstance(each, dict) for each in parsed):
        raise ValueError("a journal with a JSON object in each line expected")
    headers = [each for each in parsed if "cell" not in each]
    if not headers:
        raise ValueError("a journal with a line for the run expected")
    try:
        return _assembled(headers[-1], [each for each in parsed if "cell" in each])
    except KeyError as error:
        raise ValueError(f"a journal's lines expected, one lacks {error}") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"a journal's lines expected, one is malformed: {error}") from error


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
    """Return a result file's content as a journal: its first line and its records.

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
    """Return the cell as it was before the run reached it."""
    update = {"status": "skipped", "reason": UNREACHED, "verdict": None}
    return cell.model_copy(update=update)


def dumped(models: Iterable[Model]) -> list[Json]:
    """Return models as JSON values, without the fields that were not set."""
    return [model.model_dump(mode="json", exclude_unset=True) for model in models]
