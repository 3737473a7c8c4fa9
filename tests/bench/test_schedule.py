"""What comes next, on cases few enough to order by hand."""

from dataclasses import replace

import pytest

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.schedule import (
    HOPELESS,
    MAX_CASE_SHARE,
    MAX_VISITS,
    SECOND_SHARE,
    CaseState,
    first_visits,
    fits,
    in_order,
    open_visits,
    second_visits,
)
from bench.variant import COMPILE, Variant
from bench.workload import size
from tests import faulty

COMPILED = replace(TORCH_CPU, variant=COMPILE)
AUTOGRAD = replace(TORCH_CPU, variant=Variant(name="autograd", body=faulty.product))


def case_of(n, name="good", threads=1, dtype="float32", *, large=False, **params):
    curve = next(iter(params), "")
    workload = faulty.planted(name, curve=curve, cost=lambda n, **rest: None)
    chosen = size(n=n, large=large, **params)
    return Case(workload=workload, size=chosen, dtype=dtype, threads=threads)


def labels(planned):
    return [(visit.case.size.label, [who.name for who in visit.contenders]) for visit in planned]


def test_the_largest_size_of_each_curve_comes_first_then_the_first_that_only_an_accelerator_fills():
    cases = [
        case_of(8),
        case_of(64),
        case_of(999, large=True),
        case_of(5000, large=True),
        case_of(8, "lines", over="rows"),
        case_of(16, "lines", over="rows"),
        case_of(4, "lines", over="columns"),
    ]
    found = [(case.workload.name, case.axis_value, case.curve) for case in in_order(cases)]
    assert found == [
        ("good", 64, ""),
        ("lines", 16, "rows"),
        ("lines", 4, "columns"),
        ("good", 999, ""),
        ("good", 8, ""),
        ("lines", 8, "rows"),
        ("good", 5000, ""),
    ]


def test_questions_come_after_the_curves():
    chosen = size(n=64, telling=True)
    alone, both = (
        faulty.planted(name, kinds=kinds, sizes=(chosen,))
        for name, kinds in (("alone", ("cpu",)), ("both", ("cpu", "cuda")))
    )
    asked = [Case(workload=one, size=chosen, dtype="float32", threads=1) for one in (alone, both)]
    found = [case.workload.name for case in in_order([*asked, case_of(8), case_of(64)])]
    assert found == ["good", "good", "alone", "both"]


def test_the_thread_settings_of_a_size_stand_together():
    cases = [case_of(n, threads=threads) for n in (8, 64) for threads in (1, 2)]
    found = [(case.axis_value, case.threads) for case in in_order(cases)]
    assert found == [(64, 1), (64, 2), (8, 1), (8, 2)]


def test_each_dtype_has_a_largest_size():
    cases = [case_of(n, dtype=dtype) for n in (8, 64) for dtype in ("float32", "float64")]
    assert [case.axis_value for case in in_order(cases)] == [64, 64, 8, 8]


def test_compiled_contenders_wait_until_the_others_of_all_cases_were_seen():
    one, two = case_of(8), case_of(64)
    new = {NUMPY: 0, COMPILED: 0, TORCH_CPU: 0}
    states = {case.id: CaseState(visits=new, missing={}) for case in (one, two)}
    assert labels(first_visits([one, two], states)) == [
        ("n=8", ["numpy", "torch-cpu"]),
        ("n=64", ["numpy", "torch-cpu"]),
        ("n=8", ["numpy", "torch-cpu-compile"]),
        ("n=64", ["numpy", "torch-cpu-compile"]),
    ]


def test_who_was_seen_is_not_seen_for_the_first_time_again():
    case = case_of(8)
    states = {case.id: CaseState(visits={NUMPY: 1, TORCH_CPU: 2, AUTOGRAD: 0}, missing={})}
    assert labels(first_visits([case], states)) == [("n=8", ["torch-cpu-autograd"])]
    states = {case.id: CaseState(visits={NUMPY: 1, TORCH_CPU: 1}, missing={})}
    assert first_visits([case], states) == []


def test_a_second_visit_is_of_those_seen_once_beside_numpy():
    one, two = case_of(8), case_of(64)
    states = {
        one.id: CaseState(visits={NUMPY: 2, TORCH_CPU: 2, AUTOGRAD: 1}, missing={}),
        two.id: CaseState(visits={NUMPY: 2, TORCH_CPU: 0}, missing={}),
    }
    assert labels(second_visits([one, two], states)) == [("n=8", ["numpy", "torch-cpu-autograd"])]


@pytest.mark.parametrize(("left_s", "fit"), [(17.9, False), (18.1, True)])
def test_a_case_is_begun_if_all_that_were_begun_can_be_seen_twice(left_s, fit):
    """5 s for it, 4 s for fresh processes, and 0.6 of 10 and 5 s for second visits."""
    assert SECOND_SHARE == 0.6
    assert fits(5.0, 10.0, left_s, 4.0) == fit


def state(missing, cost_s=1.0, spent_s=2.0, visits=2):
    return CaseState(
        visits={NUMPY: visits, TORCH_CPU: visits, AUTOGRAD: visits},
        missing=missing,
        cost_s=cost_s,
        spent_s=spent_s,
    )


def asked(*states, left_s=1000.0, budget_s=1000.0):
    cases = [case_of(n) for n in range(1, 1 + len(states))]
    by_name = {case.id: one for case, one in zip(cases, states, strict=True)}
    return labels(open_visits(cases, by_name, left_s, budget_s))


def test_decided_cells_get_no_more_visits_and_open_ones_get_them_beside_numpy():
    assert asked(
        state({TORCH_CPU: 0, AUTOGRAD: 0}),
        state({TORCH_CPU: 0, AUTOGRAD: 3}),
    ) == [("n=2", ["numpy", "torch-cpu-autograd"])]


def test_a_contender_that_failed_asks_for_nothing():
    lost = CaseState(visits={NUMPY: 2}, missing={TORCH_CPU: 3}, cost_s=1.0, spent_s=2.0)
    assert asked(lost) == []


def test_no_cell_is_visited_for_ever():
    assert asked(state({TORCH_CPU: 1}, visits=MAX_VISITS)) == []
    assert asked(state({TORCH_CPU: 1}, visits=MAX_VISITS - 1)) != []


def test_what_is_settled_by_the_fewest_seconds_comes_first_and_the_hopeless_last():
    found = asked(
        state({TORCH_CPU: HOPELESS}, cost_s=0.1),  # 1.2 s, if at all
        state({TORCH_CPU: 1, AUTOGRAD: 9}, cost_s=4.0),  # 4 s for the nearest
        state({TORCH_CPU: 3}, cost_s=1.0),  # 3 s
        state({TORCH_CPU: 11}, cost_s=1.0),  # 11 s
    )
    assert [label for label, _ in found] == ["n=3", "n=2", "n=4", "n=1"]


def test_there_are_as_many_visits_as_there_is_time_for():
    three = [state({TORCH_CPU: n}, cost_s=1.0) for n in (1, 2, 3)]
    assert [label for label, _ in asked(*three, left_s=2.5)] == ["n=1", "n=2"]
    assert asked(*three, left_s=0.5) == []


def test_no_case_gets_more_than_its_share_of_the_budget():
    most_s = MAX_CASE_SHARE * 120
    assert asked(state({TORCH_CPU: 1}, cost_s=1.0, spent_s=most_s - 0.9), budget_s=120) == []
    assert asked(state({TORCH_CPU: 1}, cost_s=1.0, spent_s=most_s - 1.1), budget_s=120) != []
