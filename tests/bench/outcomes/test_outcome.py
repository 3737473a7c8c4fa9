"""Blocks that were disturbed, figures drawn from visits, cells that are lost."""

from dataclasses import replace

import pytest

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU, Contender
from bench.outcomes.outcome import (
    ONE,
    UNREACHED,
    Evidence,
    Outcome,
    fit_priors,
    gather,
    pairs,
    settle,
)
from bench.results.pooling import Prior
from bench.results.verdicts import FASTER, TIE, UNSETTLED
from bench.timing.visits import Block, Failure, Observed, Visit, VisitResult
from tests import faulty

CASE = Case(workload=faulty.GOOD, size=faulty.GOOD.sizes[0], dtype="float32", threads=1)


def visit(number, seconds, disturbed=()):
    blocks = [
        Block(start_s=0.0, time_s=time_s, disturbed=n in disturbed)
        for n, time_s in enumerate(seconds)
    ]
    return Visit(number=number, worker=1, blocks=tuple(blocks))


def outcome(*visits):
    return Outcome(status="ok", visits=list(visits), observed=Observed(iterations=2))


def test_disturbed_blocks_are_left_out_in_pairs():
    a = outcome(visit(1, [1.0, 1.0, 1.0, 9.0], {3}))
    b = outcome(visit(1, [7.0, 2.0, 2.0, 2.0], {0}))
    assert pairs(a, b) == [([1.0, 1.0], [2.0, 2.0])]


def test_a_disturbed_visit_counts_only_where_calm_ones_are_too_few():
    calm = [visit(n, [1.0, 1.0]) for n in (1, 2, 3)]
    rough = visit(4, [5.0, 5.0], {0, 1})
    assert len(pairs(outcome(*calm, rough), outcome(*calm, rough))) == 3
    assert len(pairs(outcome(*calm[:2], rough), outcome(*calm[:2], rough))) == 2
    assert len(pairs(outcome(calm[0], rough), outcome(calm[0], rough))) == 2


def test_blocks_are_paired_by_the_number_of_their_visit():
    a, b = outcome(visit(1, [1.0]), visit(3, [3.0])), outcome(visit(2, [9.0]), visit(3, [4.0]))
    assert pairs(a, b) == [([3.0], [4.0])]


def test_figures_are_drawn_from_the_visits():
    a = outcome(*[visit(n, [4.0, 4.0]) for n in (1, 2, 3)])
    b = outcome(*[visit(n, [2.0, 2.0]) for n in (1, 2, 3)])
    settle(CASE, {NUMPY: a, TORCH_CPU: b}, {})
    assert b.status == "ok"
    assert b.figures.speedup.value == b.figures.speedup_typical.value == pytest.approx(2.0)
    assert b.figures.speedup.low < 2.0 < b.figures.speedup.high
    assert a.figures.speedup == ONE
    assert (b.figures.blocks, b.figures.visits, b.figures.workers) == (6, 3, 1)
    assert b.figures.typical.value == pytest.approx(2.0)
    assert b.history.observed.block_s == pytest.approx(4.0)


def test_the_interval_of_a_time_tells_how_visits_differ():
    one = outcome(*[visit(n, [n / 2, n / 2]) for n in (1, 2, 3)])
    settle(CASE, {NUMPY: one}, {})
    typical, time = one.figures.typical, one.figures.time
    assert typical.low < 0.5 < typical.value < 1.5 < typical.high
    assert time.low < one.figures.best_s == 0.5 < time.value < typical.value


def test_a_machine_that_slows_both_sides_has_one_speedup_and_a_side_at_two_speeds_two():
    slowed = [visit(n, [5.0 if n == 2 else 1.0] * 8) for n in (1, 2, 3)]
    steady = [visit(n, [1.0] * 8) for n in (1, 2, 3)]
    both = {NUMPY: outcome(*slowed), TORCH_CPU: outcome(*slowed)}
    settle(CASE, both, {})
    assert not any(cell.figures.bimodal for cell in both.values())
    one = {NUMPY: outcome(*slowed), TORCH_CPU: outcome(*steady)}
    settle(CASE, one, {})
    assert one[TORCH_CPU].figures.bimodal
    alternating = outcome(*[visit(n, [1.0, 5.0] * 4) for n in (1, 2, 3)])
    settle(CASE, {NUMPY: alternating}, {})
    assert alternating.figures.bimodal


def seen(*ratios, threads=1):
    """Return what visits with these speedups of single blocks show."""
    a = outcome(*[visit(n, [ratio, ratio]) for n, ratio in enumerate(ratios)])
    b = outcome(*[visit(n, [1.0, 1.0]) for n, _ in enumerate(ratios)])
    return Evidence.of((threads, "cpu"), b, a)


CALM = Prior(degrees=100.0, variance=0.01**2, pooled=1000.0, far=0.04)


def priors(prior):
    return {("speedup", (1, "cpu")): prior}


def test_before_any_prior_is_known_two_visits_name_only_a_winner_that_is_far_ahead():
    assert seen(1.3, 1.3).verdict({}) == UNSETTLED
    assert seen(3.0, 3.0).verdict({}) == FASTER
    assert seen(1.3, 1.3).verdict(priors(CALM)) == FASTER
    assert seen(1.0, 1.0).verdict(priors(CALM)) == TIE


def test_a_prior_holds_for_its_own_threads_and_device():
    assert seen(1.3, 1.3, threads=2).verdict(priors(CALM)) == UNSETTLED


def test_without_a_baseline_there_is_no_verdict_and_nothing_is_missing():
    alone = Evidence.of((1, "cpu"), outcome(visit(1, [1.0])), None)
    assert alone.verdict({}) is None
    assert alone.missing({}, 40) == 0


def test_the_visits_that_are_missing_are_those_after_which_the_interval_is_clear():
    """Visits differ by 10 %; with degrees of freedom enough, 1.15 is clear of the margin

    if 1.96 * 0.1 / sqrt(n) < ln(1.15 / 1.05), so from n = 5 on.
    """
    sure = Prior(degrees=1e6, variance=0.1**2, pooled=1e6, far=0.4)
    assert seen(1.15, 1.15).missing(priors(sure), 40) == 5 - 2
    assert seen(1.5, 1.5).missing(priors(sure), 40) == 0
    assert seen(1.075, 1.075).missing(priors(sure), 40) == 40


def test_priors_are_fitted_to_each_quantity_of_each_group():
    found = fit_priors([seen(1.0, 1.1), seen(1.0, 1.2), seen(1.0, 1.0, threads=2)])
    assert set(found) == {
        (quantity, (threads, "cpu"))
        for quantity in ("time", "typical", "speedup", "speedup_typical")
        for threads in (1, 2)
    }
    assert found["speedup", (1, "cpu")].pooled == 2
    assert found["speedup", (2, "cpu")].pooled == 1
    assert found["speedup", (2, "cpu")].variance < found["speedup", (1, "cpu")].variance


def test_the_visits_of_a_device_and_a_number_of_threads_have_priors_of_their_own():
    cuda = Contender(library="torch", device="cuda")
    timed = {who: outcome(visit(1, [1.0, 1.0])) for who in (NUMPY, TORCH_CPU, cuda)}
    groups = {who: evidence.group for who, evidence in gather(CASE, timed).items()}
    assert groups == {NUMPY: (1, "cpu"), TORCH_CPU: (1, "cpu"), cuda: (1, "cuda")}
    on_two = gather(replace(CASE, threads=2), timed)
    assert on_two[cuda].group == (2, "cuda")


def test_a_failed_cell_keeps_no_times_and_is_not_tried_again():
    lost = outcome(visit(1, [1.0]))
    settle(CASE, {NUMPY: lost}, {})
    seen = Observed(rel_error=0.5, tolerance=0.1, iterations=3)
    failure = Failure(status="mismatch", reason="because")
    lost.add(VisitResult(observed=seen, failure=failure, visit=visit(2, [1.0])))
    assert (lost.status, lost.reason, lost.visits, lost.figures) == (
        "mismatch",
        "because",
        [],
        None,
    )
    assert lost.observed == Observed()
    assert not lost.open
    assert Outcome().open
    assert Outcome().reason == UNREACHED


def test_a_visit_adds_its_blocks_and_what_it_observed():
    one = Outcome()
    one.add(VisitResult(observed=Observed(iterations=7), visit=visit(3, [1.0, 2.0])))
    assert (one.history.visits, one.history.observed.iterations, one.seconds) == (1, 7, [1.0, 2.0])
    assert one.timed_s == pytest.approx(7 * 3.0)


def test_against_a_time_that_cannot_be_true_there_is_no_speedup_and_the_mark_remains():
    a = outcome(*[visit(n, [4.0, 4.0]) for n in (1, 2, 3)])
    b = outcome(*[visit(n, [2.0, 2.0]) for n in (1, 2, 3)])
    a.fail("implausible", "above the roof")
    settle(CASE, {NUMPY: a, TORCH_CPU: b}, {})
    assert (a.status, a.reason) == ("implausible", "above the roof")
    assert not a.open
    assert a.figures.typical.value == 4.0
    assert b.figures.speedup is None
    b.fail("implausible", "too")
    settle(CASE, {TORCH_CPU: b}, {})
    assert b.status == "implausible"
