"""The three answers of the first page: from counts, near ends of intervals, and two bodies."""

import re

import pytest

from reports.findings import layers
from reports.findings.findings import Findings
from reports.read.load import load
from reports.read.sources import read_source
from tests.conftest import ONE, content, entry

WON, LOST, TIED, OPEN = (3.0, 2.8, 3.2), (0.3, 0.28, 0.32), (1.0, 0.98, 1.02), (1.0, 0.5, 2.0)


def findings_of(write, *cells, **machine):
    """Return the findings of cells `(id, speedup, further figures)`, each beside NumPy's."""
    bench = {}
    for cell, speedup, info in cells:
        case = cell.rpartition("/")[0]
        bench[f"{case}/numpy"] = entry(f"{case}/numpy", 1e-3, ONE)
        figures = {"time_s": 1e-3 / speedup[0]} | info
        bench[cell] = entry(cell, figures.pop("time_s"), speedup, **figures)
    data = content(list(bench.values()))
    data["machine_info"] |= machine
    return Findings(load(write(data)))


def on_one_core(write, **counts):
    speedups = {"faster": WON, "slower": LOST, "tie": TIED, "unsettled": OPEN}
    return findings_of(
        write,
        *(
            (f"{state}{n}/n=16/float32/threads=1/torch-cpu", speedups[state], {})
            for state, count in counts.items()
            for n in range(count)
        ),
    )


@pytest.mark.parametrize(
    ("counts", "state", "text"),
    [
        ({"faster": 5, "slower": 2}, "faster", "PyTorch, mostly: on one core PyTorch is faster in"),
        ({"faster": 2, "slower": 5}, "slower", "NumPy, mostly: on one core PyTorch is faster in 2"),
        ({"faster": 4, "slower": 2}, "depends", "It depends: on one core PyTorch is faster in 4"),
        ({"tie": 4, "slower": 1}, "depends", "It depends: on one core PyTorch is faster in 0 of 5"),
        (
            {"unsettled": 2, "slower": 3},
            "slower",
            "NumPy, where it is settled: on one core PyTorch is faster in 0 of 5",
        ),
        ({"unsettled": 3, "faster": 2}, "unsettled", "Mostly unsettled: on one core PyTorch"),
    ],
)
def test_the_cpu_is_answered_by_the_verdicts_of_most_computations(write, counts, state, text):
    (answer,) = on_one_core(write, **counts).kind("on-cpu")
    assert answer.state == state
    assert answer.text.startswith(text)


def test_ties_and_unsettled_computations_are_counted_too(write):
    (answer,) = on_one_core(write, faster=1, tie=2, unsettled=1, slower=1).kind("on-cpu")
    assert answer.text == (
        "It depends: on one core PyTorch is faster in 1 of 5 computations, each at its largest"
        " size, NumPy in 1, a tie in 2, unsettled in 1."
    )


def test_most_cores_come_first(write):
    cell = "matmul/n=16/float32/threads={}/torch-cpu"
    found = findings_of(write, *((cell.format(n), WON, {}) for n in (1, 4, 2)))
    assert [f.about["threads"] for f in found.kind("on-cpu")] == ["4", "2", "1"]


LOWER = {"precision": "bfloat16", "time_s": 1e-6, "time_low_s": 9e-7, "time_high_s": 1.1e-6}


def gpu_cells():
    case = "{}/n={}/float32/threads=4/torch-cuda"
    lows = {"matmul": 47.9, "fft": 8.0, "sort": 100.0}
    for name, low in lows.items():
        yield case.format(name, 16), (0.5, 0.4, 0.6), {}
        time_s = 1e-3 / (2 * low)
        ends = {"time_low_s": 0.95 * time_s, "time_high_s": 1.05 * time_s}
        yield case.format(name, 64), (2 * low, low, 4 * low), ends
    yield case.format("host_to_device", 64), (0.1, 0.09, 0.11), {"family": "transfer"}
    yield case.format("matmul", 64) + "-transfer", (0.5, 0.45, 0.55), {}
    yield case.format("fft", 64) + "-transfer", (5.0, 4.5, 5.5), {}
    yield case.format("sort", 64) + "-transfer", TIED, {}
    yield case.format("matmul", 64) + "-bf16", (900.0, 850.0, 950.0), LOWER


def test_a_gpu_is_judged_by_the_near_ends_of_intervals_at_the_largest_sizes(write):
    found = findings_of(write, *gpu_cells(), gpus=[{"name": "H100 80GB"}])
    assert found.all["on-gpu"].text == (
        "Much, for large arrays: in half of 3 computations, each at its largest size, the H100 80GB"
        " is at least 47 times as fast as NumPy on 4 cores."
    )
    assert found.all["on-gpu-with-copies"].text == (
        "If the data starts and ends in the CPU’s memory, torch-cuda-transfer is faster in 1 of 3"
        " computations, each at its largest size, NumPy in 1, a tie in 1."
    )
    assert "10 times as fast in bfloat16" in found.all["reduced-precision"].text
    assert not findings_of(write, ("matmul/n=8/float32/threads=1/torch-cpu", WON, {})).kind(
        "on-gpu"
    )


def test_a_slow_gpu_changes_little(write):
    cells = [(f"{w}/n=8/float32/threads=4/torch-cuda", (2.0, 1.5, 2.5), {}) for w in ("a", "b")]
    answer = findings_of(write, *cells).all["on-gpu"]
    assert answer.text == (
        "Little here: torch-cuda is faster than NumPy on 4 cores in 2 of 2 computations, each at"
        " its largest size, NumPy in 0."
    )


def test_the_bill_of_a_call_names_every_part(write):
    ledger = {
        "host_to_device_s": 5e-4,
        "launch_s": 0.0,
        "kernel_s": 2e-4,
        "device_to_host_s": 3e-4,
        "wall_s": 1e-3,
    }
    cell = "matmul/n=64/float32/threads=4/torch-cuda"
    found = findings_of(write, (cell, WON, {"ledger": ledger, "latency_s": 1e-3}))
    assert found.all["bill"].text == (
        "The bill of one call of matmul at n=64, from the CPU’s memory and back: 1.00 ms, of which"
        " 500 µs to copy the inputs, 0 s to launch, 200 µs to compute and 300 µs to copy the"
        " result."
    )


def test_autograd_is_compared_with_finite_differences_at_the_most_parameters(write):
    case = "gradient_cost/p={}/float32/threads=1/torch-cpu"
    times_s = {4: (5e-5, 1e-4), 64: (1e-4, 5e-2)}
    cells = []
    for p, (auto_s, finite_s) in times_s.items():
        ends = {"time_low_s": auto_s * 0.9, "time_high_s": auto_s * 1.1}
        cells.append((case.format(p), LOST, {"time_s": auto_s, **ends}))
        ends = {"time_low_s": finite_s * 0.9, "time_high_s": finite_s * 1.1}
        cells.append((case.format(p) + "-finite", LOST, {"time_s": finite_s, **ends}))
    found = findings_of(write, *cells)
    assert found.all["autograd"].text == (
        "Autograd spares you the derivation: with 64 parameters w, the gradient of the mean of"
        " (tanh(x w) − y)² takes 100 µs, 500 times as fast (95 % interval 434 to 576) as finite"
        " differences in PyTorch, which take 50.0 ms; by hand in NumPy it takes 1.00 ms, 3.3 times"
        " as fast as autograd."
    )
    assert found.all["width/autograd"].numbers == {"count": "2", "half": "14 %", "unsettled": "0"}
    assert found.all["parameters"].text == (
        "From 4 to 64 parameters, the time of autograd goes from 50.0 µs to 100 µs, that of finite"
        " differences from 100 µs to 50.0 ms."
    )
    wide = [
        (cell, speedup, info | {"time_high_s": 10 * info["time_s"]})
        for cell, speedup, info in cells
    ]
    assert " µs, at least " in findings_of(write, *wide).all["autograd"].text
    assert [f.id for f in findings_of(write, *cells[:1]).kind("autograd")] == []


@pytest.mark.parametrize(
    ("speedup", "text"),
    [
        (WON, "it takes 1.00 ms, and autograd is 3.0 times as fast."),
        (LOST, "it takes 1.00 ms, 3.3 times as fast as autograd."),
        (TIED, "it takes 1.00 ms, the same within 10 %."),
        (OPEN, "it takes 1.00 ms, and which is faster is unsettled."),
    ],
)
def test_autograd_is_compared_with_a_gradient_by_hand(write, speedup, text):
    case = "gradient_cost/p=4/float32/threads=1/torch-cpu"
    cells = [(case, speedup, {}), (f"{case}-finite", LOST, {"time_s": 1.0})]
    assert findings_of(write, *cells).all["autograd"].text.endswith(f"by hand in NumPy {text}")


def test_the_scope_counts_workloads_and_computations(write):
    cell = "{}/n=16/float32/threads={}/torch-cpu"
    cells = [
        (f"sum/n={n}/float32/threads=1/torch-cpu", WON, {"curve": curve})
        for n, curve in enumerate(("rows", "all"), 1)
    ]
    found = findings_of(write, *cells, *((cell.format("fft", n), WON, {}) for n in (1, 2)))
    assert found.all["scope"].text == (
        "2 workloads were timed, counted as computations (a workload with several curves or dtypes"
        " is several): 1 on 2 cores and 3 on one core."
    )


def test_a_layer_is_counted_in_lines_of_code_that_computes_the_same():
    assert layers.changed_lines("added-layer") == {"hand": 6, "autograd": 3, "nn": 2}
    assert layers.changed_lines("three-added-layers") == {"hand": 10, "autograd": 5, "nn": 2}
    convolved = {"hand": 8, "autograd": 4, "nn": 3, "functions": 42}
    assert layers.changed_lines("convolutions") == convolved


def test_each_function_that_a_convolution_by_hand_calls_is_counted():
    """Every function named in the counted code that is this project's own is counted too."""
    counted = {name for _, name in layers.BY_HAND}
    texts = [layers.lines_of(*each) for each in (*layers.BY_HAND, ("parts/convolved", "cnn_numpy"))]
    called = set(re.findall(r"(?:im2col\.|\b)(\w+)\(", "\n".join(map("\n".join, texts))))
    known = "\n".join(read_source(f"bench/workloads/{file}.py") for file, _ in layers.BY_HAND)
    assert {name for name in called if f"def {name}(" in known} == counted
