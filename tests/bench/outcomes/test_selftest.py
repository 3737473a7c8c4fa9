"""The same against itself: what the comparisons say, on a table worked by hand."""

import pytest

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.outcomes.outcome import Outcome
from bench.outcomes.selftest import self_test
from bench.timing.visits import Block, Visit
from bench.workload import discover

CASE = Case(
    workload=discover()["matmul"], size=discover()["matmul"].sizes[0], dtype="float32", threads=1
)


def outcome(seconds):
    return Outcome(
        status="ok",
        visits=[
            Visit(number=n, worker=1, blocks=(Block(start_s=0, time_s=s, disturbed=False),) * 2)
            for n, s in enumerate(seconds)
        ],
    )


def outcome_of_pairs(*pairs):
    cells, outcomes = [], {}
    for who, (first, second) in zip((NUMPY, TORCH_CPU), pairs, strict=False):
        for contender, seconds in ((who, first), (who.as_twin, second)):
            cell = Cell(case=CASE, contender=contender)
            cells.append(cell)
            outcomes[cell.id] = outcome(seconds)
    return self_test(cells, outcomes)


def test_an_interval_that_excludes_one_is_counted():
    found = outcome_of_pairs(([1.0, 1.1, 0.9], [1.0, 1.0, 1.0]), ([1.2, 1.2, 1.2], [1.0, 1.0, 1.0]))
    assert (found["comparisons"], found["excluding_1"], found["winners"]) == (2, 1, 1)
    assert found["furthest"] == pytest.approx(0.1823, rel=1e-3)  # ln 1.2
    assert found["widest_half_width"] > 0.1
    assert found["rows"][1]["cell"].endswith("/torch-cpu")


def test_a_single_visit_is_no_comparison():
    found = outcome_of_pairs(([1.0], [1.0]))
    assert found["comparisons"] == 0
    assert found["widest_half_width"] is None
    assert found["furthest"] is None
