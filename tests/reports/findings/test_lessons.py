"""Findings that compare cells of one file: calls, cores, dtypes, gradients, verification."""

import pytest

from reports.findings.findings import Findings
from reports.findings.ratios import verdict_on
from reports.read.interval import Interval
from reports.read.load import load
from tests.conftest import CASE, ONE, asked, content, entry, small_file

N16 = CASE.format(16)
TWO = "matmul/n=16/float32/threads=2"
DOUBLE = "matmul/n=16/float64/threads=1"


def timed(cell, time_s, half=0.01, speedup=ONE, **info):
    """Return a cell whose time has an interval of this half-width, as a factor."""
    interval = {"time_low_s": time_s / (1 + half), "time_high_s": time_s * (1 + half)}
    return entry(cell, time_s, speedup, **(interval if half else {}), **info)


def findings_of(write, *benchmarks, kind):
    return Findings(load(write(content(list(benchmarks))))).kind(kind)


def named(contender):
    return {"numpy": "NumPy"}.get(contender, contender)


SCALING = {
    "faster": "{c} is 1.80 times as fast on 2 cores as on one (95 % interval 1.77 to 1.83).",
    "tie": "{c} is as fast on 2 cores as on one, within 10 %; 1.01 times the speed (95 % interval"
    " 1.00 to 1.02).",
    "slower": "{c} is 1.80 times as fast on one core as on 2 (95 % interval 1.77 to 1.83).",
    "unsettled": "whether 2 cores make {c} faster is unsettled; about 1.1 times the speed of one"
    " (95 % interval 0.9 to 1.4).",
}
DTYPE = {
    "faster": "{c} is 1.80 times as fast in float32 as in float64 (95 % interval 1.77 to 1.83).",
    "tie": "{c} is as fast in float32 as in float64, within 10 %; 1.01 times the speed (95 %"
    " interval 1.00 to 1.02).",
    "slower": "{c} is 1.80 times as fast in float64 as in float32 (95 % interval 1.77 to 1.83).",
    "unsettled": "whether {c} is faster in float32 or in float64 is unsettled; float32 runs at"
    " about 1.1 times the speed (95 % interval 0.9 to 1.4).",
}


@pytest.mark.parametrize("contender", ["numpy", "torch-cpu", "torch-cpu-bf16"])
@pytest.mark.parametrize(
    ("ratio", "half", "state"),
    [
        (1.8, 0.012, "faster"),
        (1.01, 0.006, "tie"),
        (1 / 1.8, 0.012, "slower"),
        (1.1, 0.17, "unsettled"),
    ],
)
@pytest.mark.parametrize("kind", ["scaling", "dtype"])
def test_each_state_of_a_pair_has_its_sentence(write, kind, contender, ratio, half, state):
    other, sentences = (TWO, SCALING) if kind == "scaling" else (DOUBLE, DTYPE)
    slow, fast = (N16, other) if kind == "scaling" else (other, N16)
    pair = (
        timed(f"{slow}/{contender}", 1e-3 * ratio, half),
        timed(f"{fast}/{contender}", 1e-3, half),
    )
    (finding,) = findings_of(write, *pair, kind=kind)
    where = "matmul at n=16, float32: " if kind == "scaling" else "matmul at n=16: "
    assert finding.text == where + sentences[state].format(c=named(contender))
    assert (finding.id, finding.state) == (f"{kind}/{fast}/{contender}", state)
    assert finding.cells == (f"{slow}/{contender}", f"{fast}/{contender}")


@pytest.mark.parametrize("kind", ["scaling", "dtype"])
def test_exchanged_times_give_the_opposite_sentence(write, kind):
    other = TWO if kind == "scaling" else DOUBLE
    texts = []
    turns = {
        "scaling": {"on 2 cores as on one": "on one core as on 2"},
        "dtype": {"float32 as in float64": "float64 as in float32"},
    }
    for times in ((1e-3, 2.5e-3), (2.5e-3, 1e-3)):
        pair = (timed(f"{cell}/numpy", t) for cell, t in zip((N16, other), times, strict=True))
        (finding,) = findings_of(write, *pair, kind=kind)
        texts.append(finding.text)
    ((words, turned),) = turns[kind].items()
    slow, fast = sorted(texts, key=lambda text: words in text)
    assert fast.replace(words, turned) == slow


def test_the_interval_of_a_ratio_combines_those_of_its_times(write):
    # log(1.03) and log(1.04) are 0.029559 and 0.039221; together 0.049112, a factor of 1.050338
    pair = timed(f"{N16}/numpy", 2.0, 0.03), timed(f"{TWO}/numpy", 1.0, 0.04)
    (finding,) = findings_of(write, *pair, kind="scaling")
    ratio = finding.interval
    assert ratio.value == 2.0
    assert (ratio.low, ratio.high) == pytest.approx((2 / 1.050338, 2 * 1.050338), rel=1e-5)


def test_times_without_an_interval_have_no_winner(write):
    pair = timed(f"{N16}/numpy", 9.0, 0), timed(f"{TWO}/numpy", 1.0, 0)
    (finding,) = findings_of(write, *pair, kind="scaling")
    assert finding.state == "unsettled"
    assert "whether 2 cores make NumPy faster is unsettled; about 9.0 times" in finding.text


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (1.051, 1.2, "faster"),
        (1.05, 1.2, "unsettled"),
        (0.83, 0.952, "slower"),
        (0.83, 0.953, "unsettled"),
        (0.92, 1.09, "tie"),
        (1.06, 9.0, "faster"),
        (float("nan"), float("nan"), "unsettled"),
    ],
)
def test_a_ratio_has_the_same_margin_as_a_speedup(low, high, state):
    assert verdict_on(Interval(value=1.0, low=low, high=high)) == state


def test_accelerators_and_single_cells_have_no_scaling(write):
    on_gpu = [timed(f"{case}/torch-cuda", 1.0, device="cuda") for case in (N16, TWO)]
    assert findings_of(write, *on_gpu, kind="scaling") == []
    assert findings_of(write, timed(f"{N16}/numpy", 1.0), kind="scaling") == []
    assert findings_of(write, timed(f"{TWO}/numpy", 1.0), kind="scaling") == []


def test_an_implausible_time_is_never_compared(write):
    data = content([timed(f"{N16}/numpy", 1.0), timed(f"{TWO}/numpy", 1e-9)])
    data["cells"][1] |= {"status": "implausible"}
    findings = Findings(load(write(data)))
    assert findings.kind("scaling") == []
    assert [finding.id for finding in findings.kind("overhead")] == ["overhead/numpy"]
    assert f"{TWO}/numpy" not in {cell for f in findings.kind("first-call") for cell in f.cells}


def test_the_cost_of_a_call_is_a_contenders_shortest_time_on_its_fewest_threads(write):
    cells = {
        f"{N16}/numpy": 2e-6,
        f"{CASE.format(64)}/numpy": 3e-6,
        f"{TWO}/numpy": 1e-6,
        f"{N16}/torch-cuda": 4.19e-7,
        f"{N16}/torch-cpu-bf16": 1e-9,
    }
    findings = findings_of(write, *(timed(cell, t) for cell, t in cells.items()), kind="overhead")
    assert [finding.text for finding in findings] == [
        "The shortest call of NumPy here takes about 2.0 µs: matmul at n=16, float32.",
        "The shortest call of torch-cuda here takes about 420 ns: matmul at n=16, float32.",
    ]
    assert findings[0].cells == (f"{N16}/numpy",)


def test_the_costliest_first_call_of_each_contender_is_stated_the_costliest_first(write):
    cells = [
        timed(f"{N16}/numpy", 1e-3, first_call_s=0.048),
        timed(f"{CASE.format(64)}/numpy", 0.9, first_call_s=0.92),  # longer, but costs less
        timed(f"{CASE.format(256)}/numpy", 1e-3, first_call_s=None),
        timed(f"{N16}/torch-cpu", 1e-6, first_call_s=1.3),
        timed(f"{N16}/torch-cuda", 1e-6, first_call_s=0.0),
    ]
    findings = findings_of(write, *cells, kind="first-call")
    assert [finding.text for finding in findings] == [
        (
            "A first call adds most to torch-cpu in matmul at n=16, float32: it takes 1.30 s, 1.3 M"
            " times a later one."
        ),
        (
            "A first call adds most to NumPy in matmul at n=16, float32: it takes 48.0 ms, 48 times"
            " a later one."
        ),
    ]


CNN = "train_cnn/n=4/float32/threads=1"
GRADIENTS = {
    "faster": "autograd is 4.0 times as fast.",
    "slower": "by hand is 4.0 times as fast.",
    "tie": "they are equally fast, within 10 %.",
    "unsettled": "which is faster is unsettled.",
}


def trained(write, speedup, contender="torch-cpu", case=CNN, lines=(79, 29), **info):
    hand = timed(f"{case}/numpy", 4e-3, code_lines=lines[0])
    auto = timed(f"{case}/{contender}", 1e-3, speedup=speedup, code_lines=lines[1], **info)
    return findings_of(write, hand, auto, kind="gradients")


@pytest.mark.parametrize(
    ("speedup", "state"),
    [
        ((4.0, 3.8, 4.2), "faster"),
        ((0.25, 1 / 4.2, 1 / 3.8), "slower"),
        ((1.0, 0.97, 1.03), "tie"),
        ((1.0, 0.7, 1.4), "unsettled"),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_gradients_by_hand_and_by_autograd(write, speedup, state, device):
    (finding,) = trained(write, speedup, f"torch-{device}", device=device)
    assert finding.state == state
    assert finding.text == (
        "train_cnn at n=4, float32: an epoch with gradients by hand in NumPy takes 4.00 ms and 79"
        f" lines of code, with autograd in torch-{device} 1.00 ms and 29: {GRADIENTS[state]}"
    )
    assert finding.of == dict.fromkeys(("hand", "hand_lines"), f"{CNN}/numpy")


def test_gradients_compare_the_variant_that_differs_only_in_autograd(write):
    won = (4.0, 3.8, 4.2)
    mlp = CNN.replace("cnn", "mlp")
    assert trained(write, won, "torch-cpu", mlp) == []
    assert len(trained(write, won, "torch-cpu-autograd", mlp)) == 1
    assert trained(write, won, "torch-cpu-autograd") == []
    assert trained(write, won, case=N16) == []
    assert trained(write, won, lines=(None, 29)) == trained(write, won, lines=(79, None)) == []
    assert len(trained(write, won, "torch-cuda1", device="cuda:1")) == 1


STEPS = {"numpy": 2e-3, "torch-cpu-tensors": 3e-3, "torch-cpu-autograd": 4e-3, "torch-cpu": 1e-3}


def test_the_ladder_states_time_and_lines_of_each_step(write):
    cells = [
        timed(f"{CNN}/{name}", t, code_lines=10 + n) for n, (name, t) in enumerate(STEPS.items())
    ]
    (finding,) = findings_of(write, *cells, kind="ladder")
    assert finding.state == "nn"  # the fastest
    assert finding.text == (
        "train_cnn at n=4, float32: an epoch takes 2.00 ms in NumPy by hand (10 lines), 3.00 ms in"
        " tensors by hand (11), 4.00 ms with autograd (12), 1.00 ms with nn and optim (13)."
    )
    assert finding.of["autograd_lines"] == finding.of["autograd"] == f"{CNN}/torch-cpu-autograd"
    assert findings_of(write, *cells[:3], kind="ladder") == []
    cells[2]["extra_info"]["code_lines"] = None
    assert findings_of(write, *cells, kind="ladder") == []


def verified(write, *errors, wrong=()):
    cells = [
        timed(f"{CASE.format(n)}/numpy", 1.0, rel_error=error, tolerance=1e-5)
        for n, error in enumerate(errors, 1)
    ]
    status = {"status": "mismatch", "reason": "off"}
    data = content(cells, [asked(f"{CASE.format(n)}/torch-cpu", **status) for n in wrong])
    return Findings(load(write(data))).all["verification"]


def test_verification_states_the_largest_error(write):
    nearest = f"{CASE.format(2)}/numpy"
    agree = verified(write, 1e-7, 4e-6, 2e-6)
    assert (agree.state, agree.cells[-1]) == ("ok", nearest)
    assert agree.text == (
        "3 results were compared with the other library's in float64; the largest error is 40 % of"
        f" its bound, that of {nearest}; all agree."
    )
    assert "the largest error is 0 % of its bound" in verified(write, 0.0, None).text


def test_wrong_results_count_as_checked_too(write):
    first = f"{CASE.format(9)}/torch-cpu"
    finding = verified(write, 1e-7, 4e-6, wrong=(9, 8))
    assert finding.state == "mismatch"
    assert finding.text.startswith("4 results were compared with")
    assert finding.text.endswith(f"; 2 do not agree and are left out, {first} first.")
    assert first in finding.cells
    alone = verified(write, wrong=(9,))
    assert alone.text == (
        "1 results were compared with the other library's in float64; 1 do not agree and"
        f" are left out, {first} first."
    )


@pytest.mark.parametrize(("error", "state"), [(1e-7, "absent"), (0.0, "ok")])
def test_a_tolerance_of_0_counts_for_results_that_are_equal(write, error, state):
    data = content([timed(f"{N16}/numpy", 1.0, rel_error=error, tolerance=0.0)])
    assert Findings(load(write(data))).all["verification"].state == state


def test_a_file_without_verified_results_says_so(write):
    finding = verified(write, None)
    assert (finding.state, finding.has_numbers) == ("absent", False)
    assert finding.text == "Nothing in this file was compared with a reference."
    assert Findings(load(write(small_file()))).all["verification"].state == "ok"


@pytest.mark.parametrize("further", [{"visits": 2}, {"typical_s": 0.01}, {"bimodal": True}])
@pytest.mark.parametrize("side", [0, 1])
def test_visits_medians_and_bimodal_times_do_not_change_a_pairs_verdict(write, further, side):
    cells = [timed(f"{N16}/numpy", 1.0), timed(f"{TWO}/numpy", 0.1)]
    cells[side]["extra_info"] |= further
    (finding,) = findings_of(write, *cells, kind="scaling")
    assert finding.state == "faster"
