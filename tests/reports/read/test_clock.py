"""The tick of a clock is found in the times that it gave."""

import numpy as np
import pytest

from reports.read.clock import LEAST_S, tick_s

TICKS = {"10 ns": 1e-8, "a Mac's": 125 / 3 * 1e-9, "Windows'": 1e-7, "time.time's": 2.0**-22}


def given(tick, count, seed=0):
    """Return times of a clock with that tick, each the difference of two readings in ns."""
    ticks = np.random.default_rng(seed).integers(5, 5000, count)
    return np.floor(ticks * tick * 1e9 + 1e-6) / 1e9 if tick < 2e-7 else ticks * tick


@pytest.mark.parametrize("tick", TICKS.values(), ids=TICKS)
def test_the_tick_of_many_times_is_found(tick):
    assert tick_s(given(tick, 200)) == pytest.approx(tick, rel=1e-3)


@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_a_tick_of_100_ns_is_found_in_few_times(count):
    assert tick_s(given(1e-7, count)) == pytest.approx(1e-7)


@pytest.mark.parametrize("count", [2, 5, 500])
def test_times_in_nanoseconds_have_a_tick_of_one(count):
    times = np.round(np.random.default_rng(1).uniform(1e-6, 1e-3, count), 9) + 1e-12
    assert tick_s(times) == LEAST_S


def test_a_long_tick_needs_more_evidence_than_two_round_numbers():
    assert tick_s([2e-3, 5e-3]) == pytest.approx(1e-6)
    assert tick_s([n / 64 for n in (1, 3, 4, 7, 9)]) == pytest.approx(1 / 64)


def test_no_time_says_nothing():
    assert tick_s([]) == tick_s([0.0]) == LEAST_S
