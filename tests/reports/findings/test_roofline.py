"""What limits a case, and its share of the measured peak."""

from dataclasses import replace

import pytest

from bench.results.machine import Peaks
from reports.findings.findings import Findings
from reports.findings.roofline import bandwidth, memory_bound, peak_of, ridge, roof_share
from reports.read.load import load
from tests.conftest import CASE, ONE, content, entry

PEAK = {"flop_s": {"float32": 4e9}, "copy_bytes_s": 2e7, "read_bytes_s": 1e7, "cache_bytes": 1000}
ONE_CORE = {"cpu/threads=1": PEAK}


def one(write, peaks, **info):
    timed = entry(f"{CASE.format(16)}/numpy", 1e-3, ONE, **({"precision": "float32"} | info))
    data = content([timed])
    data["machine_info"]["peaks"] = peaks
    result = load(write(data))
    (row,) = result.timed
    return row, result.machine.peaks


@pytest.mark.parametrize(
    ("peaks", "info", "share"),
    [
        (ONE_CORE, {}, (0.5, "FLOP/s")),  # 2e6 operations in 1 ms, of 4e9 a second
        (ONE_CORE, {"flops": 0.0}, (0.5, "bytes/s")),  # 1e4 bytes, of 2e7 a second
        (ONE_CORE, {"flops": 1e6}, (0.5, "bytes/s")),  # the nearer of both limits
        ({"cpu/threads=1": PEAK | {"read_bytes_s": 4e7}}, {"flops": 0.0}, (0.25, "bytes/s")),
        ({"cpu/threads=1": PEAK | {"cache_bytes": 2500}}, {"flops": 0.0}, (0.0, "")),  # 4 caches
        ({"cpu/threads=1": PEAK | {"cache_bytes": 2499}}, {"flops": 0.0}, (0.5, "bytes/s")),
        ({"cpu/threads=1": PEAK | {"cache_bytes": None}}, {"flops": 0.0}, (0.0, "")),
        (ONE_CORE, {"precision": "bfloat16", "bytes": 1.0}, (0.0, "")),
        ({"cpu/threads=2": PEAK}, {}, (0.0, "")),
        ({"cpu/threads=2": PEAK}, {"threads": 2}, (0.5, "FLOP/s")),
        ({"cuda": PEAK}, {"device": "cuda"}, (0.5, "FLOP/s")),
        (None, {}, (0.0, "")),
    ],
)
def test_the_share_of_the_roof_worked_by_hand(write, peaks, info, share):
    assert roof_share(*one(write, peaks, **info)) == (pytest.approx(share[0]), share[1])


def test_the_ridge_is_where_arithmetic_and_memory_take_the_same_time():
    peak = Peaks(**PEAK)
    assert bandwidth(peak) == 2e7
    assert bandwidth(Peaks(read_bytes_s=3.0, copy_bytes_s=2.0)) == 3.0
    assert ridge(peak, "float32") == 200
    assert ridge(peak, "float64") == 0
    assert ridge(Peaks(flop_s={"float32": 1.0}), "float32") == 0


@pytest.mark.parametrize(
    ("info", "bound"),
    [
        ({"flops": 199e4, "bytes": 1e4}, True),
        ({"flops": 200e4, "bytes": 1e4}, False),  # 200 operations a byte: at the ridge
        ({"flops": 0.0}, None),
        ({"bytes": 0.0}, None),
        ({"precision": "float64"}, None),
        ({"threads": 2}, None),
    ],
)
def test_a_case_below_the_ridge_is_memory_bound(write, info, bound):
    assert memory_bound(*one(write, ONE_CORE, **info)) is bound
    assert memory_bound(*one(write, None, **info)) is None


def test_the_peak_is_that_of_the_device_and_thread_count(write):
    row, peaks = one(write, ONE_CORE | {"cuda:1": PEAK | {"launch_s": 1.0}}, device="cuda:1")
    assert peak_of(row, peaks).launch_s == 1.0
    assert peak_of(replace(row, device="cpu"), peaks).launch_s is None
    assert peak_of(replace(row, device="cuda"), peaks) is None


def roof_findings(write, *benchmarks, peaks=ONE_CORE, cells=()):
    for benchmark in benchmarks:
        benchmark["extra_info"]["precision"] = "float32"
    data = content(list(benchmarks))
    for place, status in cells:
        data["cells"][place] |= {"status": status}
    data["machine_info"]["peaks"] = peaks
    return Findings(load(write(data))).kind("roof")


def test_the_sentence_states_the_limit_and_the_share(write):
    cell = f"{CASE.format(16)}/torch-cpu"
    (compute,) = roof_findings(write, entry(cell, 1e-3, ONE))
    assert (compute.state, compute.cells) == ("compute-bound", (cell,))
    assert compute.text == (
        "matmul at n=16, float32: torch-cpu gets 50 % of the measured peak of arithmetic; 200"
        " operations a byte lie above the ridge of 200: arithmetic limits it."
    )
    (memory,) = roof_findings(write, entry(cell, 1e-3, ONE, flops=1e4))
    assert memory.state == "memory-bound"
    assert memory.text == (
        "matmul at n=16, float32: torch-cpu gets 50 % of the measured peak of memory; 1.0"
        " operations a byte lie below the ridge of 200: memory limits it."
    )
    (far,) = roof_findings(write, entry(cell, 2e-3, ONE))
    assert far.state == "compute-bound"
    assert far.text.endswith("of 200: arithmetic would be the limit, but something else is.")
    cached = {"cpu/threads=1": PEAK | {"cache_bytes": 2**30}}
    (inside,) = roof_findings(write, entry(cell, 1e-3, ONE, flops=1e4), peaks=cached)
    assert inside.text == (
        "matmul at n=16, float32: torch-cpu gets 0.25 % of the measured peak of arithmetic; 1.0"
        " operations a byte lie below the ridge of 200: memory would be the limit, unless the data"
        " lies in the cache."
    )
    (unknown,) = roof_findings(write, entry(cell, 1e-3, ONE, flops=0.0))
    assert unknown.state == "unknown"
    assert unknown.text == (
        "matmul at n=16, float32: torch-cpu gets 50 % of the measured peak of memory."
    )
    assert roof_findings(write, entry(cell, 1e-3, ONE), peaks=None) == []


@pytest.mark.parametrize("cache_bytes", [1000, 2**30, None])
@pytest.mark.parametrize(
    ("time_s", "info", "limit"),
    [
        (51e-3, {"flops": 2e6}, "far"),  # 50 ms are a hundredth of both peaks: 4e9 and 2e7
        (49e-3, {"flops": 2e6}, "near"),
        (51e-3, {"flops": 1e4}, "far"),
        (49e-3, {"flops": 1e4}, "near"),  # near the peak of memory alone
        (51e-3, {"flops": 4e6}, "near"),  # near the peak of arithmetic alone
    ],
)
def test_far_below_both_peaks_neither_limits_whatever_the_cache_holds(
    write, time_s, info, limit, cache_bytes
):
    peaks = {"cpu/threads=1": PEAK | {"cache_bytes": cache_bytes}}
    timed = entry(f"{CASE.format(16)}/torch-cpu", time_s, ONE, **info)
    (finding,) = roof_findings(write, timed, peaks=peaks)
    far = ": it gets under a hundredth of either peak, so something else limits it."
    assert finding.text.endswith(far) is (limit == "far")


def test_only_largest_sizes_without_variants_have_a_finding(write):
    names = ("numpy", "torch-cpu", "torch-cpu-bf16")
    cells = [entry(f"{CASE.format(n)}/{name}", 1e-3, ONE) for n in (4, 64, 16) for name in names]
    findings = roof_findings(write, *cells)
    assert [finding.cells[0] for finding in findings] == [
        f"{CASE.format(64)}/{name}" for name in names[:2]
    ]
    assert len({finding.id for finding in findings}) == 2
    late = roof_findings(
        write, *cells, cells=[(3, "implausible"), (4, "implausible"), (5, "implausible")]
    )
    assert {finding.cells[0] for finding in late} == {
        f"{CASE.format(16)}/{name}" for name in names[:2]
    }


def test_the_sentence_names_the_threads(write):
    timed = entry("matmul/n=16/float32/threads=2/numpy", 1e-3, ONE)
    (finding,) = roof_findings(write, timed, peaks={"cpu/threads=2": PEAK})
    assert finding.text.startswith("matmul at n=16, float32, 2 threads: NumPy gets 50 %")
