"""A finished cell is on disk at once, and the result file appears whole or not at all."""

import json

import pytest

from bench.journal import UNREACHED, Journal
from reports.load import load


def record(cell, status="mismatch"):
    return {"cell": {"id": cell, "status": status, "reason": "because"}, "benchmark": None}


@pytest.fixture
def journal(tmp_path):
    header = {"datetime": "2026-01-02T03:04:05", "machine_info": {"label": "box"}}
    return Journal(tmp_path / "box" / "run.json", header, ["a/x", "a/y", "b/x"])


def test_a_cell_is_on_disk_as_soon_as_it_is_added(journal):
    journal.add([record("a/x"), record("a/y")])
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line["cell"]["id"] for line in lines[1:]] == ["a/x", "a/y"]


def test_the_result_file_holds_every_cell_that_was_asked_for(journal):
    journal.add([record("a/y")])
    path = journal.assemble()
    content = json.loads(path.read_text())
    assert content["schema"] == "numpy-vs-pytorch/1"
    assert [cell["status"] for cell in content["cells"]] == ["skipped", "mismatch", "skipped"]
    assert content["cells"][0]["reason"] == UNREACHED
    assert [file.name for file in path.parent.iterdir()] == ["run.json"]


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_journal_reads_like_a_result_file_even_if_its_last_line_is_torn(journal, cut):
    journal.add([record("a/x")])
    text = journal.path.read_text()
    journal.add([record("a/y")])
    journal.path.write_text(text + journal.path.read_text()[len(text) :][:cut])
    table = load(journal.path).table
    assert list(table["cell"]) == ["a/x", "a/y", "b/x"]
    assert list(table["status"]) == ["mismatch", "skipped", "skipped"]


def test_no_number_that_json_has_not_gets_in(journal):
    broken = record("a/x") | {"benchmark": {"stats": {"data": [float("nan")]}}}
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.add([broken])
