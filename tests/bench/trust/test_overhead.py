"""The script that compares the suite with a bare loop."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cases.contenders import TORCH_CPU
from bench.trust.overhead import chosen_cells, main
from tests.conftest import PLAIN

ROOT = Path(__file__).resolve().parents[3]


def test_each_pytorch_contender_of_a_workload_is_measured_at_two_sizes():
    cells = list(chosen_cells("gradient_cost"))
    names = [(case.id, contender.name) for case, contender in cells]
    assert len(names) == 2 * 4
    assert ("gradient_cost/p=4/float32/threads=1", "torch-cpu-finite") in names
    assert TORCH_CPU in {contender for _, contender in cells}


def test_a_question_is_measured_at_telling_sizes_in_its_own_dtype():
    assert {case.id for case, _ in chosen_cells("linalg")} == {
        "linalg/way=qr,batch=1000,n=8/float32/threads=1"
    }
    assert {case.id for case, _ in chosen_cells("matmul_integer")} == {
        "matmul_integer/n=256/int64/threads=1"
    }


def test_an_unknown_workload_is_an_error_of_one_line(capsys):
    with pytest.raises(SystemExit):
        main(["-k", "nothing"])
    assert "must be part of a workload's name, like softmax; got 'nothing'" in (
        capsys.readouterr().err
    )


def test_the_table_names_the_cell_and_counts_those_within_three_percent():
    command = [sys.executable, "-m", "bench.trust.overhead", "-k", "matvec", "--rounds", "2"]
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
