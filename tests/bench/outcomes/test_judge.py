"""Curves are judged for what their cost counts: the main body, in the order of its sizes."""

from dataclasses import replace

import pytest

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.outcomes.judge import UNKNOWN, Judge
from bench.outcomes.outcome import Outcome, Visit
from bench.timing.worker import Block
from bench.workload import discover

WORKLOAD = discover()["gradient_cost"]


@pytest.fixture
def judge():
    judge = Judge(None, 0.01, ())
    judge.peaks = {
        "cpu/threads=1": UNKNOWN | {"flop_s": {"float32": 1e11}, "read_bytes_s": 1e11},
        "cuda": UNKNOWN | {"flop_s": {"float32": 1e13}},
    }
    return judge


def outcome(time_s):
    block = Block(start_s=0.0, time_s=time_s, disturbed=False)
    facts = {"typical_s": time_s, "best_s": time_s, "iterations_per_block": 1}
    visits = [Visit(number=1, worker=1, blocks=(block,))]
    return Outcome(status="ok", visits=visits, facts=facts)


def curve(who, times_s):
    return [
        (Case(workload=WORKLOAD, size=size, dtype="float32", threads=1), who, outcome(time_s))
        for size, time_s in zip(WORKLOAD.sizes, times_s, strict=True)
    ]


STEEP = (1e-7, 1e-6, 1e-3, 1.0)


def test_a_steep_curve_of_the_main_body_is_marked_where_it_is_steep(judge):
    cells = curve(NUMPY, STEEP)
    marked = judge.hear_curves(reversed(cells))
    assert [case.size.label for case in marked] == ["p=256", "p=1024"]
    assert [outcome.status for *_, outcome in cells] == ["ok", "ok", "implausible", "implausible"]


def test_a_rung_may_grow_faster_since_the_cost_is_the_main_bodys(judge):
    finite = replace(TORCH_CPU, rung="finite")
    assert judge.hear_curves(curve(finite, STEEP)) == []


def test_cells_that_failed_or_are_marked_already_are_no_part_of_a_curve(judge):
    cells = curve(NUMPY, STEEP)
    cells[0][2].fail("crashed", "because")
    cells[1][2].doubt("above the roof")
    assert [case.size.label for case in judge.hear_curves(cells)] == ["p=1024"]


def test_an_accelerator_is_held_against_the_promise_of_its_own_model(judge):
    case = curve(NUMPY, STEEP)[0][0]
    cuda = replace(TORCH_CPU, device="cuda")
    second = replace(cuda, device="cuda:1")  # of which nothing is known here
    found = {"measured": outcome(1e-12), "promised": outcome(1e-12), "neither": outcome(1e-12)}
    judge.hear(case, {cuda: found["measured"]})
    judge.peaks["cuda"] = UNKNOWN | {"model": "Tesla T4"}
    judge.hear(case, {cuda: found["promised"]})
    judge.hear(case, {second: found["neither"]})
    assert "measured here" in found["measured"].reason
    assert "its maker promises" in found["promised"].reason
    assert found["neither"].open
