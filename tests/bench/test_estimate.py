"""Estimates on planted truths, and on tables small enough to work by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.estimate import (
    best_speedup,
    effective_size,
    is_bimodal,
    quantile,
    typical_speedup,
)

SECONDS = st.lists(st.floats(1e-9, 1e3), min_size=2, max_size=60)


def test_the_median_of_six_spans_their_range():
    estimate = quantile([5.0, 1.0, 4.0, 2.0, 6.0, 3.0], 0.5)
    assert (estimate.low, estimate.value, estimate.high) == (1.0, 3.5, 6.0)


def test_the_median_of_twenty_has_the_textbook_ranks():
    """Ranks 6 and 15 of 20 cover the median in 95.9 % of all cases (binomial tables)."""
    values = np.random.default_rng(0).permutation(20) + 1.0
    assert effective_size(values) == 20  # no run of neighbours on one side
    estimate = quantile(values, 0.5)
    assert (estimate.low, estimate.high) == (6.0, 15.0)


def test_half_width_is_relative():
    assert quantile([5.0, 1.0, 4.0, 2.0, 6.0, 3.0], 0.5).half_width == pytest.approx(2.5 / 3.5)


def test_a_drift_makes_the_interval_wider():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(100)
    drifting = np.sort(noise)
    assert effective_size(drifting) < 10
    assert effective_size(noise) > 80
    steady, wide = quantile(10 + noise, 0.5), quantile(10 + drifting, 0.5)
    assert wide.high - wide.low > 2 * (steady.high - steady.low)


@given(SECONDS, st.sampled_from([0.1, 0.5]))
def test_an_interval_holds_its_value_and_lies_within_the_data(seconds, p):
    estimate = quantile(seconds, p)
    slack = 1e-12 * max(seconds)
    assert min(seconds) <= estimate.low <= estimate.high <= max(seconds)
    assert estimate.low - slack <= max(estimate.value, np.quantile(seconds, p))


@given(SECONDS)
def test_anything_against_itself_is_one(seconds):
    estimate = typical_speedup(seconds, seconds)
    assert (estimate.low, estimate.value, estimate.high) == (1.0, 1.0, 1.0)


def test_swapping_the_sides_inverts_the_speedup():
    rng = np.random.default_rng(2)
    a, b = rng.lognormal(0, 0.1, 61), rng.lognormal(0.3, 0.1, 61)
    forth, back = typical_speedup(a, b), typical_speedup(b, a)
    assert forth.value == pytest.approx(1 / back.value)
    assert forth.low == pytest.approx(1 / back.high)


@pytest.mark.parametrize("planted", [0.9, 1.0, 1.03, 1.1, 5.0])
def test_a_planted_ratio_lies_in_about_95_of_100_intervals(planted):
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        drift = np.exp(0.05 * np.cumsum(rng.standard_normal(80)) / 9)
        noise = rng.lognormal(0, 0.03, (2, 80))
        estimate = typical_speedup(planted * drift * noise[0], drift * noise[1])
        hits += estimate.low <= planted <= estimate.high
    assert 0.92 <= hits / 400 <= 0.99


def test_best_ignores_slow_blocks():
    fast = [1.0] * 20
    disturbed = [2.0, 9.0, 2.0, 30.0] * 5
    assert best_speedup(disturbed, fast).value == pytest.approx(2.0)


def test_two_speeds_are_bimodal_and_one_is_not():
    rng = np.random.default_rng(4)
    one = rng.lognormal(0, 0.05, 100)
    assert not is_bimodal(one)
    assert is_bimodal(np.where(rng.random(100) < 0.3, 4 * one, one))
    assert not is_bimodal(np.r_[one[:97], 4 * one[97:]])  # three outliers are no second speed
    assert not is_bimodal([1.0, 1.0, 4.0, 4.0])  # nor are four blocks
