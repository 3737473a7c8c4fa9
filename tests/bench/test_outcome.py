"""Blocks that were disturbed, cells that did not settle, cells that are lost."""

import pytest

from bench.outcome import UNREACHED, Outcome, Visit, pairs, settle
from bench.worker import Block


def visit(number, seconds, disturbed=()):
    blocks = [
        Block(start_s=0.0, time_s=time_s, disturbed=n in disturbed)
        for n, time_s in enumerate(seconds)
    ]
    return Visit(number=number, worker=1, blocks=tuple(blocks))


def outcome(*visits):
    return Outcome(status="ok", visits=list(visits), facts={"iterations_per_block": 2})


def test_disturbed_blocks_are_left_out_in_pairs():
    a = outcome(visit(1, [1.0, 1.0, 1.0, 9.0], {3}))
    b = outcome(visit(1, [7.0, 2.0, 2.0, 2.0], {0}))
    assert pairs(a, b) == [([1.0, 1.0], [2.0, 2.0])]


def test_a_disturbed_visit_counts_only_where_calm_ones_are_too_few():
    calm = [visit(n, [1.0, 1.0]) for n in (1, 2, 3)]
    rough = visit(4, [5.0, 5.0], {0, 1})
    assert len(pairs(outcome(*calm, rough), outcome(*calm, rough))) == 3
    assert len(pairs(outcome(*calm[:2], rough), outcome(*calm[:2], rough))) == 3


def test_blocks_are_paired_by_the_number_of_their_visit():
    a, b = outcome(visit(1, [1.0]), visit(3, [3.0])), outcome(visit(2, [9.0]), visit(3, [4.0]))
    assert pairs(a, b) == [([3.0], [4.0])]


def test_figures_are_drawn_from_the_visits():
    a = outcome(*[visit(n, [4.0, 4.0]) for n in (1, 2, 3)])
    b = outcome(*[visit(n, [2.0, 2.0]) for n in (1, 2, 3)])
    settle({"numpy": a, "torch-cpu": b})
    assert b.status == "ok"
    assert b.facts["speedup"] == pytest.approx({"ratio": 2.0, "low": 2.0, "high": 2.0})
    assert (b.facts["blocks"], b.facts["visits"], b.facts["workers"]) == (6, 3, 1)
    assert b.facts["typical_s"] == pytest.approx(2.0)
    assert b.block_s == pytest.approx(4.0)


def test_the_interval_of_a_time_tells_how_visits_differ():
    one = outcome(*[visit(n, [n / 2, n / 2]) for n in (1, 2, 3)])
    settle({"numpy": one})
    facts = one.facts
    assert facts["typical_low_s"] < 0.5 < facts["typical_s"] < 1.5 < facts["typical_high_s"]


def test_a_machine_that_slows_both_sides_has_one_speedup_and_a_side_at_two_speeds_two():
    slowed = [visit(n, [5.0 if n == 2 else 1.0] * 8) for n in (1, 2, 3)]
    steady = [visit(n, [1.0] * 8) for n in (1, 2, 3)]
    both = {"numpy": outcome(*slowed), "torch-cpu": outcome(*slowed)}
    settle(both)
    assert not any(cell.facts["bimodal"] for cell in both.values())
    one = {"numpy": outcome(*slowed), "torch-cpu": outcome(*steady)}
    settle(one)
    assert one["torch-cpu"].facts["bimodal"]
    alternating = outcome(*[visit(n, [1.0, 5.0] * 4) for n in (1, 2, 3)])
    settle({"numpy": alternating})
    assert alternating.facts["bimodal"]


def test_a_lost_cell_keeps_no_times_and_is_not_tried_again():
    lost = outcome(visit(1, [1.0]))
    lost.facts |= {"rel_error": 0.5, "typical_s": 1.0}
    lost.fail("crashed", "because")
    assert (lost.status, lost.visits, lost.facts) == ("crashed", [], {"rel_error": 0.5})
    assert not lost.open
    assert Outcome().open
    assert Outcome().reason == UNREACHED


def test_against_a_time_that_cannot_be_true_there_is_no_speedup_and_the_mark_remains():
    a = outcome(*[visit(n, [4.0, 4.0]) for n in (1, 2, 3)])
    b = outcome(*[visit(n, [2.0, 2.0]) for n in (1, 2, 3)])
    a.doubt("above the roof")
    settle({"numpy": a, "torch-cpu": b})
    assert (a.status, a.reason) == ("implausible", "above the roof")
    assert not a.open
    assert a.facts["typical_s"] == 4.0
    assert b.facts["speedup"] is None
    b.doubt("too")
    settle({"torch-cpu": b})
    assert b.status == "implausible"
