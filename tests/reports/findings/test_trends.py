"""Planted crossovers lie in the stated range, and planted exponents are found."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from reports.findings.crossing import crossing
from reports.findings.findings import Findings
from reports.findings.growth import GROWTHS, slope
from reports.read.load import load
from tests.conftest import CASE, ONE, content, entry
from tests.rows import interval, timed_row


def cell(n, ratio, /, half=0.01, low=None, high=None, **changes):
    """Return a row whose speedup has this interval, or this half-width."""
    speedup = interval(ratio, low or ratio * (1 - half), high or ratio * (1 + half))
    return timed_row(**({"axis_value": n, "speedup": speedup} | changes))


def fields(change):
    return change.state, change.at, change.low, change.high


def test_a_crossover_worked_by_hand():
    # from 1/2 to 2 over a factor of 4: half way on both logarithmic axes
    rows = [cell(16, 0.25), cell(64, 0.5), cell(256, 2.0), cell(1024, 4.0)]
    assert fields(crossing(rows)) == ("overtakes", pytest.approx(128), 64, 256)
    assert fields(crossing(rows[::-1])) == fields(crossing(rows))
    # from 1/4 to 2: two thirds of the way
    assert crossing([cell(1, 0.25), cell(8, 2.0)]).at == pytest.approx(4)


def test_the_estimate_goes_through_the_sizes_between_the_ends():
    rows = [cell(16, 0.5), cell(64, 0.98, half=0.05), cell(256, 1.02, half=0.05), cell(1024, 2.0)]
    change = crossing(rows)
    assert fields(change) == ("overtakes", pytest.approx(64 * 4**0.505, rel=1e-2), 16, 1024)
    exactly = [cell(16, 0.5), cell(64, 1.0), cell(256, 2.0)]
    assert fields(crossing(exactly)) == ("overtakes", pytest.approx(64), 16, 256)


def turned(row):
    return replace(row, speedup=row.speedup.inverted)


@pytest.mark.parametrize(
    ("ratios", "state", "reverse"),
    [
        ((0.5, 2.0), "overtakes", "falls-behind"),
        ((0.5, 1.0, 2.0), "overtakes", "falls-behind"),
        ((1.0, 0.5, 0.9, 1.2, 2.0, 1.0), "overtakes", "falls-behind"),
        ((2.0, 3.0, 4.0), "ahead", "behind"),
        ((2.0, 1.0, 4.0), "faster-some", "slower-some"),
        ((1.0, 1.0, 4.0), "faster-some", "slower-some"),
        ((1.0, 1.01), "tie", "tie"),
        ((0.5, 2.0, 0.5), "changes", "changes"),
        ((2.0, 0.5, 1.0, 2.0, 0.5), "changes", "changes"),
    ],
)
def test_inverted_speedups_give_the_opposite_state(ratios, state, reverse):
    rows = [cell(4**n, ratio) for n, ratio in enumerate(ratios)]
    change, other = crossing(rows), crossing([turned(row) for row in rows])
    assert (change.state, other.state) == (state, reverse)
    assert (change.low, change.high) == (other.low, other.high)
    assert (change.at is None) == (state not in {"overtakes", "falls-behind"})
    if change.at is None:
        assert (change.low, change.high) == (1, 4 ** (len(ratios) - 1))
    else:
        assert change.at == pytest.approx(other.at)
        assert change.low <= change.at <= change.high


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "mismatch"},
        {"status": "implausible"},
        {"speedup": None},
    ],
)
def test_absent_and_implausible_cells_are_ignored(changes):
    rows = [cell(16, 0.5), cell(64, 9.0, **changes), cell(256, 0.5), cell(1024, 2.0)]
    assert fields(crossing(rows)) == fields(crossing([rows[0], *rows[2:]]))
    assert crossing(rows).low == 256
    assert crossing([cell(16, 0.5), cell(64, 2.0, **changes)]) is None
    assert crossing([cell(16, 0.5, **changes), cell(64, 2.0), cell(256, 2.0)]).low == 64


def test_a_crossover_never_ends_at_an_unsettled_size():
    wide = {"low": 0.5, "high": 4.0}
    rows = [cell(16, 0.5), cell(64, 0.6, **wide), cell(256, 1.5, **wide), cell(1024, 2.0)]
    assert fields(crossing(rows))[2:] == (16, 1024)
    assert crossing([rows[0], cell(64, 2.0, **wide)]).state == "slower-some"


def test_visits_and_medians_do_not_change_a_crossover():
    few = {"visits": 2, "typical_s": 10.0}
    rows = [cell(16, 0.5), cell(64, 0.6, **few), cell(256, 1.5, **few), cell(1024, 2.0)]
    assert fields(crossing(rows))[2:] == (64, 256)


@settings(deadline=None)
@given(
    k=st.floats(1.2, 50),
    r=st.floats(0.02, 0.9),
    p=st.floats(0.5, 3),
    place=st.floats(-0.2, 1.2),
    steps=st.lists(st.floats(1.3, 8), min_size=2, max_size=9),
    half=st.floats(0.001, 0.2),
    seed=st.integers(0, 2**32),
)
def test_a_planted_crossover_lies_in_the_stated_range(k, r, p, place, steps, half, seed):
    """Times are a + b n^p and c + d n^p. Intervals contain the truth, estimates lie inside.

    A call of PyTorch costs `k` times NumPy's, its work `r` times; they are equal at `true`.
    """
    sizes = list(itertools.accumulate(steps, lambda n, step: n * step, initial=10.0))
    true = sizes[0] * (sizes[-1] / sizes[0]) ** place
    a = 1e-6
    b = a * (k - 1) / (1 - r) / true**p
    c, d = a * k, b * r
    rng = np.random.default_rng(seed)
    rows = []
    for n in sizes:
        truth = (a + b * n**p) / (c + d * n**p)
        ratio = truth * math.exp(half * rng.uniform(-1, 1))
        rows.append(cell(n, ratio, low=ratio * math.exp(-half), high=ratio * math.exp(half)))
    change, other = crossing(rows), crossing([turned(row) for row in rows])
    event(change.state)
    reverse = {
        "overtakes": "falls-behind",
        "ahead": "behind",
        "behind": "ahead",
        "tie": "tie",
        "unsettled": "unsettled",
        "faster-some": "slower-some",
        "slower-some": "faster-some",
    }
    assert other.state == reverse[change.state]  # never a second change
    assert (other.low, other.high) == (change.low, change.high)
    if change.state == "overtakes":
        assert change.low < true < change.high
        assert change.low <= change.at <= change.high
        assert other.at == pytest.approx(change.at)
    elif change.state in {"ahead", "behind"}:
        assert not sizes[0] <= true <= sizes[-1]


def test_a_planted_crossover_is_found_if_no_size_is_unsettled():
    sizes = [2.0**n for n in range(4, 14)]
    for true in (20.0, 100.0, 3000.0):
        rows = [cell(n, (1 + n / true * 2) / (2 + n / true)) for n in sizes]
        change = crossing(rows)
        assert change.state == "overtakes"
        assert change.low < true < change.high <= 4 * change.low
        assert change.at == pytest.approx(true, rel=0.05)


WIDE = 1.07  # a ratio that `curve` gives an interval from 0.7 to 1.6


def curve(write, ratios, sizes=(16, 64, 256, 1024), contender="torch-cpu", **info):
    timed = []
    for n, ratio in zip(sizes, ratios, strict=True):
        case = CASE.format(n)
        speedup = (ratio, 0.7, 1.6) if ratio == WIDE else (ratio, ratio * 0.99, ratio * 1.01)
        timed.append(entry(f"{case}/numpy", 1.0, ONE, **info))
        timed.append(entry(f"{case}/{contender}", 1.0, speedup, **info))
    return Findings(load(write(content(timed)))).kind("crossover")


GOLDEN = {
    "overtakes": "NumPy is faster than torch-cpu up to n = 64; torch-cpu is faster from 256 to"
    " 1024; the lead changes at about 130.",
    "falls-behind": "torch-cpu is faster than NumPy up to n = 64; NumPy is faster from 256 to 1024;"
    " the lead changes at about 130.",
    "ahead": "torch-cpu is faster than NumPy at every size measured, n = 16 to 1024.",
    "behind": "NumPy is faster than torch-cpu at every size measured, n = 16 to 1024.",
    "changes": "torch-cpu is faster than NumPy at n = 16; NumPy is faster at 64; torch-cpu is"
    " faster from 256 to 1024.",
    "faster-some": "NumPy and torch-cpu are equally fast, within 10 %, at n = 16; unsettled at 64;"
    " torch-cpu is faster from 256 to 1024.",
    "slower-some": "NumPy and torch-cpu are equally fast, within 10 %, up to n = 64; NumPy is"
    " faster from 256 to 1024.",
    "tie": "NumPy and torch-cpu are equally fast, within 10 %, at every size measured, n = 16 to"
    " 1024.",
    "unsettled": "whether NumPy or torch-cpu is faster is unsettled up to n = 64; a tie from 256 to"
    " 1024.",
}


@pytest.mark.parametrize(
    ("state", "ratios"),
    [
        ("overtakes", (0.5, 0.5, 2.0, 2.0)),
        ("falls-behind", (2.0, 2.0, 0.5, 0.5)),
        ("ahead", (2.0, 2.0, 2.0, 2.0)),
        ("behind", (0.5, 0.5, 0.5, 0.5)),
        ("changes", (2.0, 0.5, 2.0, 2.0)),
        ("faster-some", (1.0, WIDE, 2.0, 2.0)),
        ("slower-some", (1.0, 1.0, 0.5, 0.5)),
        ("tie", (1.0, 1.0, 1.0, 1.0)),
        ("unsettled", (WIDE, WIDE, 1.0, 1.0)),
    ],
)
def test_each_state_of_a_crossover_has_its_sentence(write, state, ratios):
    (finding,) = curve(write, ratios)
    assert (finding.state, finding.text) == (state, f"matmul, float32: {GOLDEN[state]}")
    assert finding.id == "crossover/matmul/float32/threads=1/torch-cpu"
    sizes = {key: n for key, n in finding.numbers.items() if key != "at"}
    assert {key: finding.of[key] for key in sizes} == {
        key: f"{CASE.format(n)}/torch-cpu" for key, n in sizes.items()
    }
    assert finding.of.get("at") in {None, f"{CASE.format(256)}/torch-cpu"}


@pytest.mark.parametrize(
    ("ratios", "text"),
    [
        (
            (0.5, 1.0, 2.0, 2.0),
            "NumPy is faster than torch-cpu at n = 16; a tie at 64; torch-cpu is faster from 256",
        ),
        (
            (WIDE, 0.5, 2.0, WIDE),
            (
                "whether NumPy or torch-cpu is faster is unsettled at n = 16; NumPy is faster at"
                " 64; torch-cpu is faster at 256; unsettled at 1024; the lead changes at about 130."
            ),
        ),
        (
            (0.5, WIDE, 0.5, 2.0),
            (
                "NumPy is faster than torch-cpu at n = 16; unsettled at 64; NumPy is faster at 256;"
                " torch-cpu is faster at 1024; the lead"
            ),
        ),
        (
            (0.5, 0.5, 1.0, WIDE),
            "NumPy is faster than torch-cpu up to n = 64; a tie at 256; unsettled at 1024.",
        ),
        (
            (1.0, 2.0, WIDE, WIDE),
            (
                "NumPy and torch-cpu are equally fast, within 10 %, at n = 16; torch-cpu is faster"
                " at 64; unsettled from 256 to 1024."
            ),
        ),
    ],
)
def test_a_sentence_claims_a_lead_only_at_sizes_with_that_verdict(write, ratios, text):
    (finding,) = curve(write, ratios)
    assert finding.text.removeprefix("matmul, float32: ").startswith(text)


def test_the_rounded_estimate_stays_between_the_ends(write):
    (finding,) = curve(write, (0.94, 1.5), sizes=(1024, 1300))
    assert 1024 < finding.interval.value < 1100  # of two digits it were 1000 or 1100
    assert float(finding.numbers["at"]) >= 1024
    (finding,) = curve(write, (0.93, 30.0), sizes=(1024, 1300))
    assert finding.interval.value < 1050
    assert (finding.numbers["at"], finding.numbers["size0"]) == ("1024", "1024")


def test_the_sentence_names_curve_dtype_threads_and_axis(write):
    (finding,) = curve(write, (0.5, 0.5, 2.0, 2.0), curve="rows", threads=2, dtype="float64")
    assert finding.text.startswith("matmul, rows, float64, 2 threads: NumPy is faster than")
    assert "up to n = 64; torch-cpu is faster from 256" in finding.text


def test_a_size_that_has_a_name_is_named_by_it(write):
    (finding,) = curve(write, (0.5, 2.0), sizes=(16, 256), axis="flops")
    assert finding.text == (
        "matmul, float32: NumPy is faster than torch-cpu at n=16; torch-cpu is faster at n=256; the"
        " lead changes at about 64 operations."
    )


@pytest.mark.parametrize(
    ("contender", "count"),
    [("torch-cuda", 1), ("torch-cuda-transfer", 1), ("torch-cpu-bf16", 0), ("torch-cuda-tf32", 0)],
)
def test_only_plain_contenders_and_transfers_have_a_crossover(write, contender, count):
    assert len(curve(write, (0.5, 0.5, 2.0, 2.0), contender=contender)) == count


def test_one_size_has_no_crossover(write):
    assert curve(write, (0.5,), sizes=(16,)) == []


# Growth


def test_a_power_law_without_noise_gives_its_power():
    for p in (0.5, 1.0, 2.81, 3.0):
        sizes = [16.0, 64.0, 100.0, 1024.0]
        change = slope(sizes, [3e-9 * n**p for n in sizes])
        assert (change.value, change.low, change.high) == pytest.approx((p, p, p))


def test_a_slope_worked_by_hand():
    # logarithms 0, 1, 2 and 0, 1, 3: slope 3/2, residuals 1/6, -1/3, 1/6; 12.706 at one degree
    fit = slope([1.0, math.e, math.e**2], [1.0, math.e, math.e**3])
    half = 12.7062 * math.sqrt((1 / 36 + 1 / 9 + 1 / 36) / 1 / 2)
    assert fit.value == pytest.approx(1.5)
    assert (fit.low, fit.high) == pytest.approx((1.5 - half, 1.5 + half), rel=1e-5)


@pytest.mark.parametrize("x", [[], [1.0], [1.0, 2.0], [1.0, 2.0, 2.0], [5.0, 5.0, 5.0]])
def test_fewer_than_three_sizes_have_no_slope(x):
    assert slope(x, x) is None


def test_a_value_of_0_gives_no_slope():
    assert slope([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]) is None


def test_the_interval_of_a_slope_covers_the_truth_in_95_percent():
    rng = np.random.default_rng(1)
    sizes = 2.0 ** np.arange(4, 11)
    held = 0
    for _ in range(400):
        p = rng.uniform(0.5, 3)
        times = sizes**p * np.exp(rng.normal(0, 0.1, len(sizes)))
        fit = slope(sizes.tolist(), times.tolist())
        held += fit.low <= p <= fit.high
    assert 0.92 < held / 400 < 0.98  # 95 %, whose standard error is 1.1 %


def growth(write, times, contender="numpy", cost=3, sizes=None, **info):
    sizes = sizes or [2**k for k in range(4, 4 + len(times))]
    timed = [
        entry(f"{CASE.format(n)}/{contender}", time, ONE, **({"flops": 2.0 * n**cost} | info))
        for n, time in zip(sizes, times, strict=True)
    ]
    findings = Findings(load(write(content(timed))))
    return findings.kind("growth")


def law(p, sizes=range(4, 11), overhead=0.0):
    return [overhead + 1e-9 * 2.0 ** (k * p) for k in sizes]


@pytest.mark.parametrize(
    ("p", "state", "text"),
    [
        (3.0, "as-cost", "{}, like its operations (power 3.00)."),
        (2.96, "as-cost", "{}, like its operations (power 3.00)."),
        (
            2.5,
            "below-cost",
            ("{}, less than its operations (power 3.00): large sizes are more efficient."),
        ),
        (
            3.5,
            "above-cost",
            ("{}, more than its operations (power 3.00): large sizes are less efficient."),
        ),
    ],
)
def test_growth_of_time_is_compared_with_growth_of_cost(write, p, state, text):
    power = f"{p:.2f} (95 % interval {p:.2f} to {p:.2f})"
    (finding,) = growth(write, law(p))
    assert (finding.state, finding.text) == (
        state,
        f"matmul, float32: the time of NumPy grows as n to the power {text.format(power)}",
    )
    assert set(GROWTHS) == {"as-cost", "below-cost", "above-cost"}


def test_exchanged_time_and_cost_give_the_opposite_state(write):
    states = [growth(write, law(p), cost=c)[0].state for p, c in ((2.5, 3), (3, 2.5))]
    assert states == ["below-cost", "above-cost"]


def test_a_slope_whose_interval_contains_that_of_the_cost_is_as_cost(write):
    noisy = [time * f for time, f in zip(law(2.8), (1, 1.5, 0.6, 1.4, 0.7, 1.5, 1), strict=True)]
    (finding,) = growth(write, noisy)
    assert finding.interval.value < 2.9
    assert finding.state == "as-cost"


def test_a_growth_that_may_be_linear_or_quadratic_is_left_out(write):
    wild = [time * f for time, f in zip(law(3), (1, 9, 0.2, 8, 0.1, 9, 1), strict=True)]
    assert growth(write, wild) == []


def test_sizes_dominated_by_the_cost_of_a_call_are_left_out(write):
    sizes = [2**k for k in range(1, 14)]
    (finding,) = growth(write, law(3, range(1, 14), overhead=1e-4), sizes=sizes)
    # 1e-4 + 1e-9 n^3 is more than 3 times the least from n = 64 on: 2^6
    assert finding.cells == tuple(f"{CASE.format(2**k)}/numpy" for k in range(6, 14))
    assert finding.interval.value == pytest.approx(2.9, abs=0.1)
    assert growth(write, law(3, range(5), overhead=1e-4), sizes=[2**k for k in range(5)]) == []


def test_without_operations_the_cost_is_in_bytes(write):
    times = law(1)
    sizes = [2**k for k in range(4, 11)]
    timed = [
        entry(f"{CASE.format(n)}/numpy", time, ONE, flops=0.0, bytes=8.0 * n)
        for n, time in zip(sizes, times, strict=True)
    ]
    (finding,) = Findings(load(write(content(timed)))).kind("growth")
    assert finding.text.endswith("like its bytes (power 1.00).")
    nothing = growth(write, times, flops=0.0, bytes=0.0)
    assert nothing == []


@pytest.mark.parametrize(("contender", "count"), [("torch-cuda", 1), ("torch-cpu-bf16", 0)])
def test_only_plain_contenders_have_growth(write, contender, count):
    assert len(growth(write, law(3), contender=contender)) == count


def test_an_implausible_time_is_on_no_curve(write):
    sizes = [2**k for k in range(4, 11)]
    timed = [
        entry(f"{CASE.format(n)}/numpy", time, ONE, flops=2.0 * n**3)
        for n, time in zip(sizes, law(3), strict=True)
    ]
    data = content(timed)
    timed[-1]["extra_info"]["time_s"] *= 1e-3
    data["cells"][-1] |= {"status": "implausible"}
    (finding,) = Findings(load(write(data))).kind("growth")
    assert finding.interval.value == pytest.approx(3.0)
