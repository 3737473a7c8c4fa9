"""Blocks that were disturbed, cells that did not settle, failures in one line."""

import pytest

from bench.outcome import Outcome, calm, failure, unsettled
from bench.worker import Block


def block(time_s, *, disturbed=False):
    return Block(time_s=time_s, wall_s=time_s, disturbed=disturbed)


def test_disturbed_blocks_are_left_out_in_pairs():
    calm_blocks = [block(1.0)] * 9
    a = Outcome(status="ok", blocks=[*calm_blocks, block(5.0, disturbed=True)])
    b = Outcome(status="ok", blocks=[block(2.0, disturbed=True), *calm_blocks])
    assert calm(a, b) == ([1.0] * 8, [1.0] * 8)


def test_blocks_that_are_mostly_disturbed_are_all_kept():
    a = Outcome(status="ok", blocks=[block(1.0, disturbed=True)] * 9 + [block(1.0)])
    assert len(calm(a, a)[0]) == 10


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"typical_s": 4.0, "best_s": 1.0, "bimodal": False}, "4.0 times its best"),
        (
            {
                "typical_s": 1.0,
                "best_s": 1.0,
                "speedup": {"ratio": 2.0, "low": 1.8, "high": 2.2},
            },
            "known to 10.0% only",
        ),
        (
            {"typical_s": 1.0, "best_s": 1.0, "speedup": {"ratio": 2.0, "low": 1.98, "high": 2.0}},
            "",
        ),
    ],
)
def test_a_cell_that_did_not_settle_says_why(facts, reason):
    found = unsettled(Outcome(status="ok", facts=facts))
    assert reason in found
    assert bool(found) == bool(reason)


def test_a_failure_is_one_short_line():
    assert len(failure(RuntimeError("x" * 5000)).reason) <= 300
