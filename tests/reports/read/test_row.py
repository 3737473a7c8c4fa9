"""A row gives the words for sentences, its verdict, and the ids of related cells."""

from dataclasses import replace

import numpy as np
import pytest

from bench.results.verdicts import FASTER, TIE, UNSETTLED
from reports.read.grouping import at_largest_size, by_curve, by_family
from reports.read.load import load
from reports.read.row import ABSENT, IMPLAUSIBLE
from reports.read.table import COLUMNS, table_of
from tests.conftest import CASE, small_file
from tests.rows import interval, timed_row

ROW = timed_row("matmul/channels=4,batch=8/float32/threads=2/torch-cuda1-tf32")


def test_a_row_gives_the_words_for_sentences():
    assert ROW.case_text == "matmul at channels=4, batch=8, float32, 2 threads"
    assert timed_row().case_text == "matmul at n=16, float32"
    assert (ROW.contender_name, timed_row(f"{CASE.format(2)}/numpy").contender_name) == (
        "torch-cuda1-tf32",
        "NumPy",
    )
    assert (ROW.cores, timed_row().cores) == ("2 cores", "1 core")
    assert replace(ROW, curve="rows").computation == "matmul rows"


def test_a_sibling_differs_only_in_the_given_fields():
    assert ROW.sibling(threads=1) == "matmul/channels=4,batch=8/float32/threads=1/torch-cuda1-tf32"
    assert ROW.sibling(dtype="float64") == ROW.cell.replace("float32", "float64")
    assert ROW.numpy_cell == "matmul/channels=4,batch=8/float32/threads=2/numpy"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"speedup": interval(2.0, 1.9, 2.1)}, FASTER),
        ({"speedup": interval(1.0, 0.98, 1.02)}, TIE),
        ({"speedup": interval(1.0, 0.5, 2.0)}, UNSETTLED),
        ({"speedup": interval(2.0, 1.9, 2.1), "status": "mismatch"}, ABSENT),
        ({"speedup": interval(2.0, 1.9, 2.1), "status": "implausible"}, IMPLAUSIBLE),
        ({}, ABSENT),
    ],
)
def test_a_state_is_the_verdict_or_absent_or_implausible(changes, state):
    row = timed_row(**changes)
    assert row.state == state
    assert row.unsettled == (state == UNSETTLED)
    assert row.plausible == (state != IMPLAUSIBLE)


def test_known_speedup_raises_without_a_speedup():
    with pytest.raises(ValueError, match="a cell with a speedup expected, got 'matmul/n=16"):
        _ = timed_row().known_speedup


def test_a_table_has_the_values_of_a_row_and_nan_for_missing_ones():
    row = timed_row(speedup=interval(2.0, 1.9, 2.1), losses=(2.0, 1.0), first_call_s=0.5)
    (line,) = table_of([row]).to_dict("records")
    assert list(line) == COLUMNS
    assert (line["ratio"], line["low"], line["high"]) == (2.0, 1.9, 2.1)
    assert (line["losses"], line["first_call_s"], line["plain"]) == ([2.0, 1.0], 0.5, True)
    assert np.isnan([line["typical_ratio"], line["accuracy"], line["wall_s"]]).all()
    assert table_of([]).columns.tolist() == COLUMNS


def test_groups_are_in_the_order_of_their_first_rows():
    rows = [timed_row(axis_value=n, family=f) for n, f in ((64, "b"), (16, "a"), (4, None))]
    assert {name: len(group) for name, group in by_family(rows).items()} == {"b": 1, "a": 1}
    ((curve, line),) = by_curve(rows).items()
    assert (curve.workload, curve.threads) == ("matmul", 1)
    assert [row.axis_value for row in line] == [4, 16, 64]
    assert at_largest_size(rows) == [rows[0]]


def test_a_file_has_one_row_for_each_cell(write):
    result = load(write(small_file()))
    assert len(result.rows) == len(result.table) == 9
    assert len(result.timed) == 6
    assert result.plausible == result.timed
