"""Every format holds the same table, and every number of it in full."""

import io
import json

import pandas as pd
import pytest

from reports.__main__ import main
from reports.read.export import as_bytes, tidy
from reports.read.load import load
from tests.conftest import CASE, small_file


def read(content, kind):
    reader = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[kind]
    return reader(io.BytesIO(content))


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_a_table_comes_back_as_it_was(write, kind):
    results = [load(write(small_file("a"), "a.json")), load(write(small_file("b"), "b.json"))]
    table = read(as_bytes(tidy(results), kind), kind)
    assert len(table) == 18
    assert list(table["machine"].unique()) == ["a", "b"]
    row = table[table["cell"] == f"{CASE.format(64)}/torch-cpu"].iloc[0]
    assert row["time_s"] == pytest.approx(64e-6 / 3, rel=1e-14)
    assert (row["ratio"], row["low"], row["high"]) == (3.0, 2.9, 3.1)
    assert json.loads(row["sources"]) == ["bench/workloads/matmul.py"]
    assert bool(row["bimodal"]) is False
    assert pd.isna(table[table["status"] == "skipped"]["time_s"]).all()


def test_the_command_writes_a_file_or_the_terminal(write, tmp_path, capsys):
    file, out = str(write(small_file())), tmp_path / "t.parquet"
    assert main(["export", file]) == 0
    assert len(pd.read_csv(io.StringIO(capsys.readouterr().out))) == 9
    assert main(["export", file, "--format", "parquet", "--out", str(out)]) == 0
    assert len(pd.read_parquet(out)) == 9
    assert main(["export", file, "--format", "parquet"]) == 1
    assert "name a file with --out" in capsys.readouterr().err


def test_addresses_are_whatever_fsspec_opens(write, tmp_path, capsys):
    write(small_file("first"), "a.json")
    write(small_file("second"), "b.json")
    assert main(["list", f"file://{tmp_path}/*.json"]) == 0
    told = capsys.readouterr().out
    assert "first" in told
    assert "second" in told
    assert main(["export", str(tmp_path)]) == 0
    assert len(pd.read_csv(io.StringIO(capsys.readouterr().out))) == 18


def test_a_list_tells_machine_time_and_what_was_timed(write, capsys):
    assert main(["list", str(write(small_file("[red]box")))]) == 0
    told = capsys.readouterr().out
    assert "[red]box" in told
    assert "2026-01-02 03:04" in told
    assert " 6 " in told  # timed, of
    assert " 9 " in told


def test_a_broken_file_is_told_and_the_rest_is_listed(write, capsys):
    assert main(["list", str(write(small_file())), str(write("{", "bad.json"))]) == 1
    told = capsys.readouterr()
    assert "box" in told.out
    assert told.err.count("\n") == 1
    assert "bad.json" in told.err
