"""A run prints its expected time first, and with a GPU the default run fits its budget."""

import re

import pytest

from bench.results.verdicts import UNSETTLED
from bench.schedule import expected_s
from tests.h100 import measured


@pytest.fixture(scope="module")
def on_the_h100(tmp_path_factory):
    """Return the run of the default selection on that machine, measured, and what it said."""
    with pytest.MonkeyPatch.context() as patch:
        yield measured(patch, tmp_path_factory.mktemp("results"))


def test_the_default_run_fits_its_time_and_sees_nearly_every_cuda_cell_twice(on_the_h100):
    run, asked, _ = on_the_h100
    assert run.left_s() > -10
    curves = [one for one in asked.values() if not one.case.workload.is_question]
    cuda = [run.outcome(one) for one in curves if one.contender.device == "cuda"]
    twice = sum(len(outcome.visits) > 1 for outcome in cuda)
    assert twice >= 0.9 * len(cuda)


def test_the_default_run_settles_nearly_every_cell_of_a_curve(on_the_h100):
    run, _, _ = on_the_h100
    known = [
        verdict not in (None, UNSETTLED)
        for cell, verdict, _ in run.verdicts()
        if not cell.case.workload.is_question
    ]
    assert sum(known) >= 0.92 * len(known)


def test_the_plan_says_so_beforehand(on_the_h100):
    run, asked, said = on_the_h100
    (plan,) = (line for line in said if "two visits of each" in line)
    count, planned_s, left_s = (
        int(re.search(pattern, plan)[1])
        for pattern in (r"^(\d+) cells", r"about (\d+) s", r"of (\d+) s left")
    )
    can = [one for one in asked.values() if not one.contender.unavailable(one.case)]
    assert count == len(can)
    assert planned_s < left_s
    assert planned_s == pytest.approx(expected_s(can, run.roofs.peaks), abs=1)


def test_numpy_does_not_begin_what_it_cannot_finish(monkeypatch, tmp_path):
    run, asked, _ = measured(
        monkeypatch, tmp_path, full=True, chosen=lambda c: c.case.workload.name == "matmul"
    )
    found = {one.id: run.outcome(one) for one in asked.values()}
    at = "matmul/n={}/float32/threads=16/{}"
    assert "would take about" in found[at.format(16384, "numpy")].reason
    assert found[at.format(16384, "torch-cuda")].visits
    assert found[at.format(8192, "numpy")].visits


def test_the_first_large_size_of_each_workload_costs_ten_seconds_at_most(on_the_h100):
    run, _, _ = on_the_h100
    spent = {case.id: sum(run.schedule.cost_s[case.id]) for case in run.cases() if case.size.large}
    assert spent
    assert max(spent.values()) <= 10, spent
