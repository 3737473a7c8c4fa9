"""The script that measures the cost of comparisons writes valid files and a whole table."""

import json
import subprocess
import sys

import pytest

from bench.trust import cost
from reports.read.load import load

REPORTS, CHAPTERLESS = ([sys.executable, "-m", name] for name in ("reports", "tests.chapterless"))


@pytest.fixture
def _chapterless(monkeypatch):
    class Popen(subprocess.Popen):
        def __init__(self, command, *args, **kwargs):
            pages = command[:3] == REPORTS
            super().__init__(CHAPTERLESS + command[3:] if pages else command, *args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", Popen)


@pytest.mark.usefixtures("_chapterless")
def test_the_table_has_a_row_for_each_number_of_machines_and_for_the_pages(capsys):
    assert cost.main(["--machines", "2", "--cells", "12"]) == 0
    text = capsys.readouterr().out
    assert all(head in text for head in cost.HEADS)
    (machines,) = (line for line in text.splitlines() if "2 machines" in line)
    assert "│ 24 " in machines
    (pages,) = (line for line in text.splitlines() if "pages of one" in line)
    assert "failed" not in pages


def test_made_up_files_are_result_files_of_many_kinds(tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(cost.machine(7, 300)))
    table = load(path).table
    assert len(table) == 300
    assert table["family"].nunique() == 4
    assert table["time_low_s"].notna().all()
    assert (table["visits"] == 6).all()
