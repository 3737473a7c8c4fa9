"""Why the questions have their answers: clauses on planted files, with numbers worked by hand."""

import pytest

from reports.findings.findings import Findings
from reports.findings.reasons import RULES
from reports.read.load import load
from tests.conftest import ONE, content, entry

PEAK = {
    "flop_s": {"float32": 1e11},
    "copy_bytes_s": 1e10,
    "read_bytes_s": 1e10,
    "cache_bytes": 2**20,
    "launch_s": None,
    "model": None,
}
LOST, WON = (0.1, 0.09, 0.11), (4.0, 3.8, 4.2)


def pair(workload, size, numpy_s, speedup, *, dtype="float32", contender="torch-cpu", **info):
    case = f"{workload}/{size}/{dtype}/threads=1"
    info = {"family": "other", "precision": dtype} | info
    return [
        entry(f"{case}/numpy", numpy_s, ONE, **info),
        entry(f"{case}/{contender}", numpy_s / speedup[0], speedup, **info),
    ]


def finding(write, *pairs, peaks=True):
    """Return the finding on the PyTorch cell of the first pair."""
    data = content([cell for both in pairs for cell in both])
    data["machine_info"] |= {"peaks": {"cpu/threads=1": PEAK, "cuda": PEAK}} if peaks else {}
    cell = pairs[0][1]["extra_info"]["cell"]
    return Findings(load(write(data))).speedups[f"speedup/{cell}"]


def said(found):
    return found.cause.format(**found.numbers)


COPY = "a copy of a large array 10.0 GB/s"
CACHED = ": the data is in a cache, so memory limits neither"
NO_LIMIT = ": memory is not what limits"


@pytest.mark.parametrize(
    ("speedup", "clause"),
    [
        (LOST, f"; NumPy moves 8.00 GB/s, PyTorch 800 MB/s, and {COPY}{NO_LIMIT} PyTorch"),
        (WON, f"; NumPy moves 8.00 GB/s, PyTorch 32.0 GB/s, and {COPY}{CACHED}"),
        ((0.7, 0.65, 0.75), f"; NumPy moves 8.00 GB/s, PyTorch 5.60 GB/s, and {COPY}"),
    ],
)
def test_bytes_a_second_stand_beside_those_of_a_copy(write, speedup, clause):
    cells = pair("unary", "f=tanh,n=1000000", 1e-3, speedup, bytes=8e6, flops=1e6)
    found = finding(write, cells)
    assert said(found) == clause
    assert found.of == {"numpy_rate": cells[0]["extra_info"]["cell"]}
    assert "rate" not in finding(write, cells, peaks=False).numbers


def test_memory_is_named_no_limit_of_a_slow_numpy_too(write):
    found = finding(write, pair("unary", "f=cube,n=1000000", 1e-2, WON, bytes=8e6))
    assert said(found).endswith("memory is not what limits NumPy")


def test_an_element_costs_calls(write):
    cells = pair("element_access", "way=read,n=1000", 1e-4, LOST, bytes=4e3, axis_value=1000)
    clause = "; the calls for one element take 100 ns in NumPy and 1.00 µs in PyTorch"
    assert said(finding(write, cells)) == clause + "; in a copy of many, an element takes 0.800 ns"
    assert said(finding(write, cells, peaks=False)) == clause


def test_a_product_of_integers_stands_beside_that_of_floating_point_numbers(write):
    integers = pair("matmul_integer", "n=256", 2e-2, WON, dtype="int64")
    floats = pair("matmul", "n=256", 5e-4, ONE)
    clause = "; BLAS has no product of integers, so each library has a loop of its own"
    assert said(finding(write, integers)) == clause
    assert said(finding(write, integers, floats)) == (
        f"{clause}: the same product in float32, by BLAS, is 40 times as fast in NumPy and 10 times"
        " in PyTorch"
    )


def test_an_image_alone_stands_beside_one_of_a_batch(write):
    alone = pair("train_mlp_online", "hidden=32,batch=1", 2e-3, LOST, flops=1e6)
    batch = pair("train_mlp", "hidden=32,batch=32", 2e-3, (0.5, 0.45, 0.55), flops=1e7)
    clause = "; an image takes NumPy {} times and PyTorch {} times as long as in batches of 32"
    assert said(finding(write, alone, batch)) == clause.format(10, 50)
    batch = pair("train_mlp", "hidden=32,batch=32", 1e-3, (0.5, 0.45, 0.55), flops=1e7)
    assert said(finding(write, alone, batch)) == (
        clause.format(20, 100) + ": most of it is paid for each step, whatever it computes"
    )
    assert finding(write, alone).cause == ""


def test_a_small_file_stands_beside_a_large_one(write):
    small = pair("save_load", "n=100", 3e-5, LOST, bytes=1600)
    large = pair("save_load", "n=1000000", 3e-3, (0.5, 0.45, 0.55), bytes=16e6)
    assert said(finding(write, small, large)) == (
        "; 10000 times the data takes NumPy 100 times and PyTorch 20 times as long: most of the"
        " time does not depend on the data"
    )
    assert said(finding(write, large, small)).startswith("; NumPy moves 5.33 GB/s, PyTorch 2.67")
    in_step = pair("save_load", "n=1000000", 1.0, (0.5, 0.45, 0.55), bytes=16e6)
    assert finding(write, small, in_step).cause == ""  # 33,000 times as long


def test_linear_algebra_stands_beside_products(write):
    found = finding(write, pair("linalg", "way=qr,batch=1000,n=8", 1e-3, WON, flops=1e6))
    assert said(found) == (
        "; NumPy does 1.00 GFLOP/s, PyTorch 4.00 GFLOP/s, and a product of large matrices 100"
        " GFLOP/s: arithmetic limits neither"
    )
    near = finding(write, pair("linalg", "way=solve,batch=1,n=512", 1e-3, WON, flops=2e7))
    assert said(near).endswith("a product of large matrices 100 GFLOP/s")


@pytest.mark.parametrize("workload", RULES)
@pytest.mark.parametrize("speedup", [(1.0, 0.98, 1.02), (1.2, 0.9, 1.6)])
def test_a_tie_and_an_unsettled_speedup_have_no_reason(write, workload, speedup):
    assert finding(write, pair(workload, "n=1000", 1e-3, speedup)).cause == ""


def test_what_copying_takes_on_the_cpu_is_no_reason_on_a_gpu(write):
    cells = pair("gather", "by=mask,n=1000", 1e-3, LOST, contender="torch-cuda", device="cuda")
    assert finding(write, cells).cause == ""
