"""Files are the least trusted input: what is good is read, what is bad is one clear line."""

import json

import pytest

from reports.load import UnreadableError, load, load_all
from tests.conftest import CASE, ONE, content, entry, small_file


def test_a_row_for_every_cell_measured_or_not(write):
    result = load(write(small_file()))
    table = result.table.set_index("cell")
    assert result.label == "box"
    assert len(table) == 9
    win = table.loc[f"{CASE.format(64)}/torch-cpu"]
    assert (win["ratio"], win["low"], win["high"]) == (3.0, 2.9, 3.1)
    assert win["typical_s"] == pytest.approx(64e-6 / 3)
    absent = table.loc[f"{CASE.format(64)}/torch-cuda"]
    assert (absent["status"], absent["reason"]) == ("skipped", "no cuda device")
    assert (absent["workload"], absent["size"], absent["dtype"]) == ("matmul", "n=64", "float32")


def test_a_row_for_every_block_with_where_it_comes_from(write):
    blocks = load(write(small_file())).blocks
    mine = blocks[blocks["cell"] == f"{CASE.format(64)}/torch-cpu"]
    assert mine["visit"].tolist() == [1, 2, 3]
    assert mine["worker"].tolist() == [1, 2, 3]
    assert mine["start_s"].tolist() == [1.0, 2.0, 3.0]
    assert mine["disturbed"].tolist() == [False, True, False]
    assert mine["time_s"].tolist() == pytest.approx([64e-6 / 3] * 3)


def with_samples(**changes):
    data = small_file()
    data["benchmarks"][1]["extra_info"]["samples"] |= changes
    return data


def without(key):
    data = small_file()
    del data["benchmarks"][0]["extra_info"][key]
    return data


def with_number(key, value):
    data = small_file()
    data["benchmarks"][1]["extra_info"]["speedup"][key] = value
    return data


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("{", "not readable as JSON"),
        ("[]", "no result file"),
        ("[" * 100_000, "not readable as JSON"),
        ('{"schema": "other/9", "datetime": "x"}', "schema 'numpy-vs-pytorch/1' expected"),
        (without("typical_s"), "typical_s: Field required"),
        (with_number("low", -1.0), "speedup.low"),
        (with_samples(starts_s=[1.0]), "must be as many as its data"),
        (with_samples(visits=[[1, 1, 2]]), "must be as many as its data"),
        (with_samples(visits=[[1, 1, -3]]), "samples.visits"),
        (with_number("ratio", 0), "speedup.ratio"),
        (small_file() | {"cells": [{"id": "a", "status": "great"}]}, "cells.0.status"),
        (small_file() | {"cells": [{"id": "x" * 600, "status": "ok"}]}, "cells.0.id"),
    ],
    ids=str,
)
def test_a_broken_file_is_one_clear_line(write, data, complaint):
    path = write(data)
    with pytest.raises(UnreadableError) as caught:
        load(path)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_broken_file_does_not_hide_the_others(write, tmp_path):
    good, bad = write(small_file(), "good.json"), write("{", "bad.json")
    results, complaints = load_all([bad, good, tmp_path / "missing.json"])
    assert [result.path for result in results] == [good]
    assert len(complaints) == 2


def test_a_file_of_infinities_is_refused(write):
    data = json.dumps(small_file()).replace("2.9", "Infinity")
    with pytest.raises(UnreadableError, match="finite"):
        load(write(data))


def test_any_pytest_benchmark_file_is_shown_by_what_it_has(write):
    foreign = {
        "datetime": "2020-01-01",
        "machine_info": {"node": "x"},
        "benchmarks": [
            {
                "group": None,
                "name": "test_sort",
                "fullname": "t.py::test_sort",
                "stats": {"min": 0.1, "median": 0.2},
            }
        ],
    }
    row = load(write(foreign)).table.iloc[0]
    assert (row["cell"], row["best_s"], row["typical_s"]) == ("t.py::test_sort", 0.1, 0.2)


def test_a_file_may_hold_more_than_this_version_knows(write):
    data = content([entry(f"{CASE.format(2)}/numpy", 1.0, ONE, news="soon")]) | {"later": 1}
    assert len(load(write(data)).table) == 1
