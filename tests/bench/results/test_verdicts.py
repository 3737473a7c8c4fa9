"""The verdict on an interval."""

import itertools
import math

import pytest

from bench.results.verdicts import MARGIN, TIE_WITHIN, verdict, verdicts


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.06, 1.2, "faster"),
        (39.0, 175.0, "faster"),  # wide, but far above 1
        (1.06, 1.08, "faster"),
        (0.5, 0.9, "slower"),
        (0.96, 1.04, "tie"),
        (1.04, 1.09, "tie"),
        (0.92, 1.05, "tie"),
        (1.04, 1.2, "unsettled"),
        (0.8, 0.96, "unsettled"),
        (0.5, 2.0, "unsettled"),
        (math.nan, math.nan, "unsettled"),
    ],
)
def test_the_interval_alone_decides(low, high, expected):
    assert verdict(low, high) == expected


def test_the_inverse_speedup_has_the_opposite_verdict():
    opposite = {"faster": "slower", "slower": "faster", "tie": "tie", "unsettled": "unsettled"}
    for low, high in [(1.06, 1.2), (0.5, 0.9), (0.96, 1.04), (0.5, 2.0), (1.0, 1.2)]:
        assert verdict(1 / high, 1 / low) == opposite[verdict(low, high)]


def test_columns_of_intervals_get_the_same_verdicts_as_single_ones():
    edges = [1 / 9, 1 / TIE_WITHIN, 1 / MARGIN, 1.0, MARGIN, TIE_WITHIN, 9.0]
    near = [math.nextafter(edge, side) for edge in edges for side in (0.0, 10.0)]
    pairs = [*itertools.combinations(sorted([*edges, *near]), 2), (math.nan, math.nan)]
    low, high = zip(*pairs, strict=True)
    assert verdicts(low, high).tolist() == [verdict(*pair) for pair in pairs]
