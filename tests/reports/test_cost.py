"""The script that measures the cost of comparisons writes valid files and a whole table."""

import json

import pytest

from bench.trust import cost
from reports.read.load import load

pytestmark = pytest.mark.usefixtures("few_chapters")


def test_the_table_has_a_row_for_each_number_of_machines_and_for_the_pages(capsys):
    assert cost.main(["--machines", "2", "--cells", "12"]) == 0
    text = capsys.readouterr().out
    assert all(head in text for head in cost.HEADS)
    (machines,) = (line for line in text.splitlines() if "2 machines" in line)
    assert "│ 24 " in machines
    assert "pages of one" in text


def test_made_up_files_are_result_files_of_many_kinds(tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(cost.machine(7, 300)))
    table = load(path).table
    assert len(table) == 300
    assert table["family"].nunique() == 4
    assert table["time_low_s"].notna().all()
    assert (table["visits"] == 6).all()
