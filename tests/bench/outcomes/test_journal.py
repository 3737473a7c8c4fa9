"""A cell is on disk as soon as it was visited, and the result file appears whole or not at all."""

import json
from pathlib import Path

import pytest

from bench.outcomes.journal import Journal
from bench.results.journal import Record
from bench.results.schema import UNREACHED, ListedCell
from reports.read.load import load
from tests.conftest import CASE, ONE, asked, entry

A, B, C = (
    f"{CASE.format(n)}/{name}" for n, name in ((16, "numpy"), (16, "torch-cpu"), (64, "numpy"))
)
A_TWIN = f"{A}-twin"


def record(cell, status="mismatch", benchmark=None, *, twin=False):
    return Record.model_validate(
        {"cell": asked(cell, status, "because"), "twin": twin, "benchmark": benchmark}
    )


@pytest.fixture
def journal(tmp_path):
    header = {"datetime": "2026-01-02T03:04:05", "machine_info": {"label": "box"}, "run": {}}
    return Journal(
        tmp_path / "box" / "run.json", header, map(ListedCell.model_validate, map(asked, (A, B, C)))
    )


def test_a_cell_is_on_disk_as_soon_as_it_is_added(journal):
    journal.add([record(A), record(B)], 1.0)
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line["cell"]["id"] for line in lines[1:]] == [A, B]


def test_the_last_record_of_a_cell_counts(journal):
    journal.add([record(A, "timeout")], 1.0)
    journal.add([record(A, "ok")], 2.0)
    assert journal.content()["cells"][0]["status"] == "ok"
    assert load(journal.path).table["status"][0] == "ok"


def test_the_result_file_holds_every_cell_that_was_asked_for(journal):
    journal.add([record(B)], 1.0)
    path = journal.assemble()
    content = json.loads(path.read_text())
    assert content["schema"] == "numpy-vs-pytorch/2"
    assert [cell["status"] for cell in content["cells"]] == ["skipped", "mismatch", "skipped"]
    assert content["cells"][0]["reason"] == UNREACHED
    assert content["run"] == {"spent_s": 1.0, "complete": False}
    assert [file.name for file in path.parent.iterdir()] == ["run.json"]


def test_a_twin_is_kept_apart_from_what_was_asked_for(journal):
    journal.add([record(A_TWIN, "ok", entry(A_TWIN, 1.0, ONE), twin=True)], 1.0)
    content = journal.content()
    assert content["benchmarks"] == []
    assert len(content["twins"]) == 1
    assert A_TWIN not in load(journal.path).table["cell"].tolist()


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_journal_reads_like_a_result_file_even_if_its_last_line_is_torn(journal, cut):
    journal.add([record(A)], 1.0)
    text = journal.path.read_text()
    journal.add([record(B)], 2.0)
    journal.path.write_text(text + journal.path.read_text()[len(text) :][:cut])
    table = load(journal.path).table
    assert list(table["cell"]) == [A, B, C]
    assert list(table["status"]) == ["mismatch", "skipped", "skipped"]
    again = Journal.reopen(journal.path)
    again.rewrite()
    again.add([record(C)], 3.0)
    assert [cell["status"] for cell in again.content()["cells"]] == [
        "mismatch",
        "skipped",
        "mismatch",
    ]
    assert list(load(again.path).table["status"]) == ["mismatch", "skipped", "mismatch"]


def test_what_workers_read_back_is_in_the_file(journal):
    journal.observe(observed={"numpy/threads=1": {"threads": {"torch": 1}}})
    assert "numpy/threads=1" in Path(load(journal.path).path).read_text()
    assert journal.content()["machine_info"]["observed"]
    assert Journal.reopen(journal.path).header["machine_info"]["observed"]


def test_a_stopped_runs_result_file_is_taken_up_again(journal):
    timed = record(A, "ok", entry(A, 1.0, ONE))
    twin = record(A_TWIN, "ok", entry(A_TWIN, 1.0, ONE), twin=True)
    journal.add([timed, twin, record(B)], 7.5)
    before = journal.content()
    again = Journal.reopen(journal.assemble())
    assert (again.spent_s, again.complete, again.selected) == (7.5, False, [A, B, C])
    assert {line.cell.id for line in again.records()} == {A, A_TWIN, B}
    again.rewrite()
    assert again.content() == before
    assert load(again.path).table.equals(load(again.assemble()).table)


def test_a_journal_reads_as_the_file_that_it_becomes(journal):
    faster = entry(B, 0.5, (2.0, 1.9, 2.1))
    journal.add([record(A, "ok", entry(A, 1.0, ONE)), record(B, "ok", faster)], 1.0)
    journal.timed_s = 0.25
    early = load(journal.path, blocks=True)
    late = load(journal.assemble(), blocks=True)
    assert early.table.equals(late.table)
    assert early.blocks.equals(late.blocks)
    assert early.table["verdict"].tolist() == [None, "faster", None]
    assert json.loads(Path(late.path).read_text())["run"]["timed_s"] == 0.25


def test_a_run_of_an_older_schema_goes_on_in_todays(tmp_path):
    cells = [
        {"id": A, "status": "unstable", "reason": "because"},
        {"id": B, "status": "skipped", "reason": UNREACHED},
    ]
    old = entry(A, 1.0, ONE)
    old["extra_info"]["variant"] = old["extra_info"].pop("curve")
    content = {
        "schema": "numpy-vs-pytorch/1",
        "datetime": "x",
        "machine_info": {},
        "run": {"spent_s": 3.0},
        "cells": cells,
        "benchmarks": [old],
        "twins": [],
    }
    path = tmp_path / "run.json"
    path.write_text(json.dumps(content))
    again = Journal.reopen(path)
    assert again.content()["schema"] == "numpy-vs-pytorch/2"
    assert [(line.cell.id, line.cell.status) for line in again.records()] == [(A, "ok")]
    assert again.selected == [A, B]


def test_no_number_that_json_has_not_gets_in(journal):
    broken = entry(A, 1.0, ONE)
    broken["stats"]["mean"] = float("nan")
    size = journal.path.stat().st_size
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.add([record(A, "ok", broken)], 1.0)
    assert journal.path.stat().st_size == size


def test_a_header_that_no_file_may_hold_ends_a_run_before_it_begins(tmp_path):
    with pytest.raises(ValueError, match=r"machine_info\.label"):
        Journal(tmp_path / "run.json", {"datetime": "x", "machine_info": {"label": 5}}, [])
    assert not list(tmp_path.iterdir())
