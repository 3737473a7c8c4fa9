"""Numbers as text: SI prefixes, and the digits that an interval leaves certain."""

import pytest

from reports import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.50 s"),
        (0.0321, "32.1 ms"),
        (4.56e-5, "45.6 µs"),
        (7e-10, "0.700 ns"),
        (250.0, "250 s"),
    ],
)
def test_seconds(value, text):
    assert units.seconds(value) == text


@pytest.mark.parametrize(
    ("ratio", "text", "interval"),
    [
        ((2.0, 1.0, 3.0), "2.0", "1.0 to 3.0"),
        ((2.0, 1.8, 2.2), "2.0", "1.8 to 2.2"),
        ((2.0, 1.99, 2.01), "2.00", "1.99 to 2.01"),
        ((2.0, 1.98, 2.02), "2.00", "1.98 to 2.02"),
        ((2.0, 1.9, 2.1), "2.0", "1.9 to 2.1"),
        ((36.52, 36.5, 36.6), "36.5", "36.5 to 36.6"),
        ((0.0521, 0.0516, 0.0525), "0.0521", "0.0516 to 0.0525"),
        ((1.0, 1.0, 1.0), "1.00", "1.00 to 1.00"),
        ((123.4, 120.0, 125.0), "123", "120 to 125"),
        ((83.2, 39.0, 175.0), "83", "39 to 175"),
        ((43.2, 19.0, 95.0), "43", "19 to 95"),
        ((1.1, 0.4, 3.0), "1.1", "0.4 to 3.0"),
        ((80.0, 0.4, 175.0), "80", "0.4 to 175"),
        ((0.083, 0.05, 0.2), "0.083", "0.050 to 0.200"),
        ((0.8, 0.7, 0.91), "0.80", "0.70 to 0.91"),
        ((7.0, 5.2, 8.7), "7.0", "5.2 to 8.7"),
        ((2900.0, 2095.0, 4016.0), "2900", "2100 to 4020"),
        ((1240.0, 1000.0, 1500.0), "1200", "1000 to 1500"),
    ],
)
def test_a_ratio_has_no_fewer_digits_than_its_interval(ratio, text, interval):
    assert units.ratio(*ratio) == text
    assert units.interval(*ratio) == interval


@pytest.mark.parametrize(
    ("ratio", "rough"),
    [
        ((80.0, 39.0, 175.0), True),
        ((8.0, 7.0, 9.0), False),
        ((1.9, 1.5, 2.3), True),
        ((1.9, 1.6, 2.3), False),
        ((4.0, 3.8, 4.2), False),
        ((4.0, float("nan"), float("nan")), True),
    ],
)
def test_a_ratio_of_a_wide_interval_is_about_so_much(ratio, rough):
    assert units.rough(*ratio[1:]) is rough


def test_memory_and_counts():
    assert units.size_bytes(25276514304) == "23.5 GiB"
    assert units.count(1, "core") == "1 core"
    assert units.count(2, "core") == "2 cores"
    assert units.tick_seconds(1e-5) == "10 µs"
    assert [units.quantity(n) for n in (16, 1024, 3e4, 1.6e7)] == ["16", "1024", "30 k", "16 M"]


def test_rates_and_shares():
    assert units.rate(133.4e9, "FLOP/s") == "133 GFLOP/s"
    assert units.rate(4.8e12, "B/s") == "4.80 TB/s"
    assert units.rate(0, "B/s") == "0 B/s"
    assert units.share(0.974) == "97 %"
    assert units.share(0.00314) == "0.31 %"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.25, "0.25"), (8.0, "8.0"), (10.67, "11"), (341.3, "341"), (1e-3, "0.0010")],
)
def test_an_intensity_has_two_digits_and_no_exponent(value, text):
    assert units.intensity(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (47.3, "47"),
        (1.234, "1.2"),
        (0.0321, "0.032"),
        (1250.0, "1200"),
        (1251.0, "1300"),
        (12345.0, "12 k"),
        (1234567.0, "1.2 M"),
        (7.44e9, "7.4 G"),
        (3e12, "3 T"),
    ],
)
def test_a_rounded_number_has_two_digits_that_count(value, text):
    assert units.rounded(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (2048.0, "2048"),
        (30_000.0, "30000"),
        (99_999.0, "99999"),
        (100_000.0, "100 k"),
        (589_824.0, "590 k"),
        (7.4e9, "7.4 G"),
    ],
)
def test_a_size_reads_whole_until_it_is_large(value, text):
    assert units.whole(value) == text
