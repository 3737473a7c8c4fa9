"""The comparison of runs, on tables worked by hand."""

import json
import math

import pytest

from bench.trust.repeatability import HERE, OTHER, RunSummary, Speedup, column, compare, read, table
from tests.conftest import CASE, small_file


def speedup(ratio, width=0.0, **more):
    low, high = ratio * math.exp(-width), ratio * math.exp(width)
    return Speedup(ratio=ratio, low=low, high=high, **more)


def run(**speedups):
    return RunSummary(speedups=speedups, timed_share=0.5, wall_s=180.0)


def test_runs_are_compared_cell_by_cell():
    first = run(a=speedup(1.0, 0.03), b=speedup(2.0, 0.01), c=speedup(1.2), d=speedup(1.0))
    second = run(a=speedup(1.05, 0.04), b=speedup(2.0), c=speedup(0.8), e=speedup(1.0))
    figures = compare(first, second, [1])
    assert figures["pairs"] == 3
    assert figures["median"] == pytest.approx(math.log(1.05))
    assert figures["agree"] == pytest.approx(2 / 3)  # a: 0.0488 <= 0.05; c has no interval
    assert figures["flips"] == 1
    assert compare(first, run(a=speedup(1.0, threads=2)), [1, 2])["pairs"] == 1


def test_unsettled_speedups_are_counted_as_published_and_by_the_present_rule():
    one = run(
        a=speedup(2.0, 0.01, largest=True),
        b=speedup(80.0, 0.7, largest=True, published=False),  # a wide interval, but far above 1
        c=speedup(1.0, 0.3, published=False),
    )
    figures = column([one])
    assert figures["unsettled at the largest sizes, as published"] == "1/2"
    assert figures["  by their intervals alone"] == "0/2"
    assert figures["unsettled of all speedups, as published"] == "2/3"
    assert figures["  of all, by their intervals alone"] == "1/3"
    assert "opposite winners in two runs" not in figures  # needs two runs


def test_the_largest_size_of_a_file_is_marked(write):
    speedups = read(write(small_file())).speedups
    chosen = {cell: one.largest for cell, one in speedups.items()}
    assert [cell for cell, largest in chosen.items() if largest] == [
        CASE.format(256) + "/torch-cpu"
    ]
    assert "numpy" not in "".join(cell.rpartition("/")[2] for cell in chosen)


@pytest.mark.parametrize(
    ("status", "visits", "interval", "published"),
    [
        ("ok", 3, (1.0, 0.99, 1.01), True),
        ("unstable", 3, (1.0, 0.99, 1.01), False),
        ("unstable", 3, (2.0, 1.5, 2.5), True),
        ("unstable", 2, (2.0, 1.5, 2.5), False),  # schema 1 wanted three visits
    ],
)
def test_a_file_of_schema_1_published_verdicts_by_the_rule_of_schema_1(
    write, status, visits, interval, published
):
    data = small_file() | {"schema": "numpy-vs-pytorch/1"}
    name = CASE.format(64) + "/torch-cpu"
    for cell in data["cells"]:
        cell["status"] = status if cell["id"] == name else cell["status"]
    for entry in data["benchmarks"]:
        info = entry["extra_info"]
        info["variant"] = ""
        if info["cell"] == name:
            ratio = dict(zip(("ratio", "low", "high"), interval, strict=True))
            info |= {"speedup": ratio, "visits": visits, "typical_s": info["time_s"]}
            info |= {"best_s": info["time_s"]}
    assert read(write(data)).speedups[name].published is published


def test_the_table_has_a_column_for_each_suite(tmp_path):
    for side in ("this-suite", "other"):
        for number in range(2):
            path = tmp_path / side / "box" / f"{number}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(small_file()))
    (tmp_path / "walls.json").write_text(json.dumps({HERE: [180, 181], OTHER: [297, 298]}))
    lines = list(table(tmp_path))
    assert lines[0].split() == ["this", "suite", "other"]
    (wall,) = [line for line in lines if line.startswith("whole command")]
    assert wall.split()[2:] == ["180", "s,", "181", "s", "297", "s,", "298", "s"]
