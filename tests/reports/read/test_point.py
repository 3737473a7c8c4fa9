"""Points of a file as typed rows: what may be claimed of them, and files without cells."""

import json
import math

import pandas as pd
import pytest

from reports.__main__ import main
from reports.read.export import tidy
from reports.read.load import load
from reports.read.result import tabulated
from tests.conftest import CASE, small_file
from tests.points import REDUCE, around, cluster, group, point, training

GLOO = "train_data_parallel/n=4/strong/float32/ranks=2/torch-gloo"


def points_of(write, data):
    return {each.id: each for each in load(write(data)).points}


def test_a_file_without_cells_has_rows_for_its_points(write):
    result = load(write(cluster(training("n=4", 1.6))))
    assert (result.own, result.rows, result.notes) == (True, (), ())
    points = {each.id: each for each in result.points}
    assert len(points) == 5
    gloo = points[GLOO]
    assert (gloo.speedup.value, gloo.efficiency.value) == (1.6, 0.8)
    assert gloo.time.value == pytest.approx(1e-3 / 1.6)
    assert gloo.time.low < gloo.time.value < gloo.time.high
    assert (gloo.state, gloo.usable, gloo.communicates, gloo.visits) == ("faster", True, True, 2)
    assert gloo.where == "train_data_parallel at n=4, torch-gloo"
    alone = points["train_data_parallel/n=4/strong/float32/ranks=1/numpy"]
    assert (alone.state, alone.communicates, alone.parts) == ("absent", False, "one process")


def test_a_file_without_points_has_none(write):
    result = load(write(small_file()))
    assert (result.scaling, result.points) == (None, ())
    assert tabulated(result).scaling is None


def test_the_table_of_a_result_keeps_its_points(write):
    assert len(tabulated(load(write(cluster(training("n=4", 1.6))))).scaling.points) == 5


def test_more_ranks_than_cores_claim_no_speedup(write):
    points = points_of(write, cluster(training("n=4", 1.6), oversubscribed=True))
    gloo = points[GLOO]
    assert gloo.time is not None
    assert (gloo.speedup, gloo.efficiency, gloo.against_numpy) == (None, None, None)
    assert (gloo.state, gloo.usable) == ("absent", False)


@pytest.mark.parametrize("status", ["straggler", "mismatch", "timeout", "skipped", "implausible"])
def test_a_point_that_failed_claims_no_speedup(write, status):
    odd = point("n=4", "strong", 2, "torch-gloo", 1e-3, speedup=around(1.6), status=status)
    gloo = points_of(write, cluster([odd]))[GLOO]
    assert gloo.speedup is None
    assert gloo.state == ("implausible" if status == "implausible" else "absent")
    assert (gloo.usable, gloo.failed) == (False, status != "skipped")


def test_a_time_without_an_interval_has_unknown_ends(write):
    odd = point("bytes=8", "", 2, "torch-gloo", 1e-3, workload=REDUCE)
    del odd["time_low_s"]
    (only,) = points_of(write, cluster([odd])).values()
    assert only.time.value == 1e-3
    assert math.isnan(only.time.low)
    assert math.isnan(only.time.high)


def test_what_was_odd_is_noted_and_the_other_points_stay(write):
    data = cluster(training("n=4", 1.6))
    data["scaling"]["points"][3]["time_s"] = -1.0
    result = load(write(data))
    assert len(result.points) == 5
    assert result.notes == (f"{GLOO}: time_s: Input should be greater than 0",)
    both = small_file() | {"scaling": {"points": 5}}
    assert len(load(write(both)).rows) == 9


def test_the_list_counts_points_where_there_are_any(write, capsys):
    files = [str(write(cluster(training("n=4", 1.6), "lab"), "a.json"))]
    assert main(["list", *files]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[2:5] == ["timed", "cells", "points"]
    assert line.split()[3:6] == ["0", "0", "5"]
    assert main(["list", str(write(small_file()))]) == 0
    assert "points" not in capsys.readouterr().out.splitlines()[0]


def test_an_export_has_points_beside_cells(write):
    both = small_file() | {"scaling": group(training("n=4", 1.6))}
    table = tidy(
        [load(write(both, "a.json")), load(write(cluster(training("n=8", 0.5)), "b.json"))]
    )
    assert len(table) == 9 + 5 + 5
    row = table.set_index("cell").loc[GLOO]
    assert (row["ratio"], row["efficiency"], row["ranks"], row["mode"]) == (1.6, 0.8, 2, "strong")
    assert bool(row["oversubscribed"]) is False
    assert row["time_s"] == pytest.approx(1e-3 / 1.6)
    cell = table.set_index("cell").loc[f"{CASE.format(64)}/torch-cpu"]
    assert cell["ratio"] == 3.0
    assert pd.isna(cell["ranks"])
    assert "ranks" not in tidy([load(write(small_file()))])


def test_each_format_exports_a_file_of_points_alone(write, capsys, tmp_path):
    file = str(write(cluster(training("n=4", 1.6))))
    assert main(["export", file, "--format", "json"]) == 0
    assert {line["cell"] for line in json.loads(capsys.readouterr().out)} >= {GLOO}
    out = tmp_path / "t.parquet"
    assert main(["export", file, "--format", "parquet", "--out", str(out)]) == 0
    assert len(pd.read_parquet(out)) == 5


def test_a_card_needs_cells(write, capsys, tmp_path):
    file = str(write(cluster(training("n=4", 1.6))))
    assert main(["card", file, "--out", str(tmp_path / "c.png")]) == 1
    assert "about cells; it has none" in capsys.readouterr().err
