"""The comparison of runs, on tables worked by hand."""

import json
import math

import pytest

from bench.repeatability import LOSES, MARGIN, NEITHER, WINS, Speedup, compared, ours, plain
from reports import findings
from tests.conftest import CASE, small_file


def speedup(ratio, width=0.0, *, marked=False):
    return Speedup(
        ratio=ratio, low=ratio * math.exp(-width), high=ratio * math.exp(width), marked=marked
    )


@pytest.mark.parametrize(
    ("ratio", "width", "winner"),
    [(1.1, 0.01, WINS), (0.9, 0.01, LOSES), (1.1, 0.1, NEITHER), (1.01, 0.0, NEITHER)],
)
def test_a_winner_needs_an_interval_that_is_clear_of_one(ratio, width, winner):
    assert speedup(ratio, width).winner == winner


def test_a_winner_is_what_the_reports_call_one():
    assert MARGIN == findings.MARGIN


def test_runs_are_compared_cell_by_cell():
    first = {"a": speedup(1.0, 0.03), "b": speedup(2.0, 0.01), "c": speedup(1.2, marked=True)}
    second = {"a": speedup(1.05, 0.04), "b": speedup(2.0), "c": speedup(0.8)}
    found = compared(first, second, ["a", "b", "c", "d"])
    assert found["pairs"] == 3
    assert found["median"] == pytest.approx(math.log(1.05))
    assert found["largest"] == pytest.approx(math.log(1.5))
    assert found["agree"] == pytest.approx(2 / 3)  # a: 0.0488 <= 0.05; c has no interval
    assert found["flips"] == 1
    assert found["marked"] == pytest.approx(1 / 6)


def test_both_kinds_of_file_are_read(write):
    path = write(small_file())
    assert ours(path, "speedup")[f"{CASE.format(64)}/torch-cpu"].low == 2.9
    times = {"numpy": 4.0, "torch-cpu": 2.0}
    entries = [
        {"extra_info": {"cell": f"a/{who}"}, "stats": {"median": s, "min": s / 2}}
        for who, s in times.items()
    ]
    path.write_text(json.dumps({"benchmarks": entries}))
    assert plain(path, "speedup")["a/torch-cpu"].ratio == 2.0
