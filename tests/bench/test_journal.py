"""A cell is on disk as soon as it was visited, and the result file appears whole or not at all."""

import json
from pathlib import Path

import pytest

from bench.journal import Journal
from bench.outcome import UNREACHED
from reports.load import load
from tests.conftest import CASE, ONE, entry


def record(cell, status="mismatch", benchmark=None, *, twin=False):
    state = {"id": cell, "status": status, "reason": "because"}
    return {"cell": state, "twin": twin, "benchmark": benchmark}


@pytest.fixture
def journal(tmp_path):
    header = {"datetime": "2026-01-02T03:04:05", "machine_info": {"label": "box"}, "run": {}}
    return Journal(tmp_path / "box" / "run.json", header, ["a/x", "a/y", "b/x"])


def test_a_cell_is_on_disk_as_soon_as_it_is_added(journal):
    journal.add([record("a/x"), record("a/y")], 1.0)
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line["cell"]["id"] for line in lines[1:]] == ["a/x", "a/y"]


def test_the_last_record_of_a_cell_counts(journal):
    journal.add([record("a/x", "mismatch")], 1.0)
    journal.add([record("a/x", "ok")], 2.0)
    assert journal.cells()[0]["status"] == "ok"
    assert load(journal.path).table["status"][0] == "ok"


def test_the_result_file_holds_every_cell_that_was_asked_for(journal):
    journal.add([record("a/y")], 1.0)
    path = journal.assemble()
    content = json.loads(path.read_text())
    assert content["schema"] == "numpy-vs-pytorch/1"
    assert [cell["status"] for cell in content["cells"]] == ["skipped", "mismatch", "skipped"]
    assert content["cells"][0]["reason"] == UNREACHED
    assert content["run"] == {"spent_s": 1.0, "complete": False, "timed_s": None}
    assert [file.name for file in path.parent.iterdir()] == ["run.json"]


def test_a_twin_is_kept_apart_from_what_was_asked_for(journal):
    case = CASE.format(16)
    journal.add([record("a/x-twin", "ok", entry(f"{case}/numpy-twin", 1.0, ONE), twin=True)], 1.0)
    content = journal.content()
    assert content["benchmarks"] == []
    assert len(content["twins"]) == 1
    assert "a/x-twin" not in load(journal.path).table["cell"].tolist()


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_journal_reads_like_a_result_file_even_if_its_last_line_is_torn(journal, cut):
    journal.add([record("a/x")], 1.0)
    text = journal.path.read_text()
    journal.add([record("a/y")], 2.0)
    journal.path.write_text(text + journal.path.read_text()[len(text) :][:cut])
    table = load(journal.path).table
    assert list(table["cell"]) == ["a/x", "a/y", "b/x"]
    assert list(table["status"]) == ["mismatch", "skipped", "skipped"]
    again = Journal.reopen(journal.path)
    again.rewrite()
    again.add([record("b/x")], 3.0)
    assert [cell["status"] for cell in again.cells()] == ["mismatch", "skipped", "mismatch"]
    assert list(load(again.path).table["status"]) == ["mismatch", "skipped", "mismatch"]


def test_what_workers_read_back_is_in_the_file(journal):
    journal.observe(observed={"numpy/threads=1": {"threads": {"torch": 1}}})
    assert "numpy/threads=1" in Path(load(journal.path).path).read_text()
    assert journal.content()["machine_info"]["observed"]
    assert Journal.reopen(journal.path).header["machine_info"]["observed"]


def test_a_stopped_runs_result_file_is_taken_up_again(journal):
    case = CASE.format(16)
    timed = record(f"{case}/numpy", "ok", entry(f"{case}/numpy", 1.0, ONE))
    twin = record(f"{case}/numpy-twin", "ok", entry(f"{case}/numpy-twin", 1.0, ONE), twin=True)
    journal.header["asked"].append(f"{case}/numpy")
    journal.add([timed, twin, record("a/x")], 7.5)
    again = Journal.reopen(journal.assemble())
    assert again.spent_s == 7.5
    assert not again.complete
    assert {line["cell"]["id"] for line in again.records()} == {
        f"{case}/numpy", f"{case}/numpy-twin", "a/x",
    }  # fmt: skip
    again.rewrite()
    assert len(again.content()["benchmarks"]) == len(again.content()["twins"]) == 1


def test_no_number_that_json_has_not_gets_in(journal):
    broken = record("a/x") | {"benchmark": {"stats": {"data": [float("nan")]}}}
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.add([broken], 1.0)
