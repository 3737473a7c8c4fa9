"""Every format holds the same table, with every number in full."""

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
def test_an_exported_table_reads_back_unchanged(write, kind):
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


def test_the_command_writes_to_a_file_or_to_the_terminal(write, tmp_path, capsys):
    file, out = str(write(small_file())), tmp_path / "t.parquet"
    assert main(["export", file]) == 0
    assert len(pd.read_csv(io.StringIO(capsys.readouterr().out))) == 9
    assert main(["export", file, "--format", "parquet", "--out", str(out)]) == 0
    assert len(pd.read_parquet(out)) == 9
    assert main(["export", file, "--format", "parquet"]) == 1
    assert "name a file with --out" in capsys.readouterr().err


def test_an_address_is_anything_that_fsspec_opens(write, tmp_path, capsys):
    write(small_file("first"), "a.json")
    write(small_file("second"), "b.json")
    assert main(["list", f"file://{tmp_path}/*.json"]) == 0
    output = capsys.readouterr().out
    assert "first" in output
    assert "second" in output
    assert main(["export", str(tmp_path)]) == 0
    assert len(pd.read_csv(io.StringIO(capsys.readouterr().out))) == 18


def test_the_list_shows_machine_date_and_counts_of_cells(write, capsys):
    assert main(["list", str(write(small_file("[red]box")))]) == 0
    output = capsys.readouterr().out
    assert "[red]box" in output
    assert "2026-01-02 03:04" in output
    assert " 6 " in output  # timed, of
    assert " 9 " in output


def test_a_broken_file_gives_an_error_and_the_others_are_listed(write, capsys):
    assert main(["list", str(write(small_file())), str(write("{", "bad.json"))]) == 1
    output = capsys.readouterr()
    assert "box" in output.out
    assert output.err.count("\n") == 1
    assert "bad.json" in output.err
