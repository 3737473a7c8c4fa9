"""The script that holds the suite against a bare loop."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.contenders import TORCH_CPU
from bench.overhead import asked, main
from tests.conftest import PLAIN

ROOT = Path(__file__).resolve().parents[2]


def test_each_pytorch_contender_of_a_workload_is_asked_at_two_sizes():
    found = [(case.id, who.name) for case, who in asked("gradient_cost")]
    assert len(found) == 2 * 4
    assert ("gradient_cost/p=4/float32/threads=1", "torch-cpu-finite") in found
    assert TORCH_CPU in {who for _, who in asked("gradient_cost")}


def test_a_workload_that_is_not_there_is_one_clear_line(capsys):
    with pytest.raises(SystemExit):
        main(["-k", "nothing"])
    assert "must be part of a workload's name, like softmax; got 'nothing'" in (
        capsys.readouterr().err
    )


def test_the_table_names_the_cell_and_counts_those_within_three_percent():
    command = [sys.executable, "-m", "bench.overhead", "-k", "matvec", "--rounds", "2"]
    done = subprocess.run(command, cwd=ROOT, env=PLAIN, capture_output=True, text=True, check=True)
    head, *rows, last = done.stdout.splitlines()
    assert head.split() == ["cell", "bare", "loop", "suite", "Timer", "plain"]
    assert [row.split()[0] for row in rows] == [
        "matvec/n=16/float32/threads=1/torch-cpu",
        "matvec/n=1024/float32/threads=1/torch-cpu",
    ]
    for row in rows:
        assert all(0.1 < float(figure) < 10 for figure in row.split()[3:])
    assert "of 2 cells within 3% of the bare loop" in last
