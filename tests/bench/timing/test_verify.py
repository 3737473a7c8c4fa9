"""The error bound catches planted faults and passes right results."""

from dataclasses import replace

import numpy as np
import pytest

from bench.cases.case import Case
from bench.timing.verify import Sample, tolerance, verify
from bench.workload import discover, size
from tests.inprocess import verifications


def judged(workload, dtype="float64", chosen=None):
    case = Case(workload=workload, size=chosen or workload.sizes[1], dtype=dtype, threads=1)
    return verifications(case)


def round_to_tf32(x):
    """Keep 10 bits of the significand, as a tensor core does to its inputs."""
    bits = x.astype("float32").view("uint32")
    return ((bits + 0x1000) & 0xFFFFE000).view("float32")


def no_max(x):
    y = np.exp(x)
    return y / y.sum(1, keepdims=True)


CONV2D = discover()["conv2d"].numpy
FAULTS = {
    "wrong axis": ("sum", lambda x, axis: x.sum(0)),
    "dropped bias": ("conv2d", lambda b, **rest: CONV2D(b=0 * b, **rest)),
    "transposed kernel": ("conv2d", lambda w, **rest: CONV2D(w=w.swapaxes(2, 3), **rest)),
    "wrong stride": ("conv2d", lambda stride, **rest: CONV2D(stride=stride + 1, **rest)),
    "float32 accumulation": (
        "matmul",
        lambda a, b: (a.astype("float32") @ b.astype("float32")).astype(a.dtype),
    ),
    "missing max-subtraction": ("softmax", no_max),
    "None": ("matmul", lambda a, b: None),
    "its input": ("matmul", lambda a, b: a),
    "its input, of a vector": ("cumsum", lambda x: x),
    "a list": ("matmul", lambda a, b: (a @ b).tolist()),
    "another dtype": ("matmul", lambda a, b: (a @ b).astype("longdouble")),
    "one output of two": ("mean_var", lambda x: x.mean(1)),
    "sample variance": ("mean_var", lambda x: (x.mean(1), x.var(1, ddof=1))),
    "off by one": ("argmax", lambda x: x.argmax() + 1),
    "a column for a vector": ("sum", lambda x, axis: x.sum(axis)[:, np.newaxis]),
    "zeros": ("matmul", lambda a, b: np.zeros_like(a)),
}


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_a_mismatch(fault):
    name, body = FAULTS[fault]
    workload = discover()[name]
    chosen = size(over="rows", n=32) if name == "sum" else None
    assert judged(workload, chosen=chosen)["numpy"].reason == ""
    assert judged(replace(workload, numpy=body), chosen=chosen)["numpy"].reason


def test_float32_rounded_to_tf32_is_a_mismatch():
    def tf32(a, b):
        return round_to_tf32(a) @ round_to_tf32(b)

    workload = replace(discover()["matmul"], numpy=tf32)
    assert "exceeds the bound" in judged(workload, "float32", size(n=1024))["numpy"].reason


def test_a_fault_in_torch_is_caught_by_numpy():
    found = judged(replace(discover()["matmul"], torch=lambda a, b: a @ b + 1))["torch-cpu"]
    assert found.rel_error > found.tolerance
    assert found.reason


def test_a_body_that_changes_its_inputs_is_caught():
    def grows(a, b):
        c = a @ b
        a += 1
        return c

    found = judged(replace(discover()["matmul"], numpy=grows))["numpy"]
    assert "changed its inputs: a" in found.reason


def test_the_bound_is_ten_times_the_root_of_the_sums_length():
    case = Case(workload=discover()["matmul"], size=size(n=64), dtype="float32", threads=1)
    assert tolerance(case) == 10 * 8 * 2.0**-24


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_an_error_is_relative_to_the_largest_entry(scale):
    case = Case(workload=discover()["matmul"], size=size(n=2), dtype="float64", threads=1)
    right = scale * np.array([[0.25, 0.5], [0.75, 1.0]])
    wrong = right + scale * np.array([[1e-3, 0.0], [0.0, 0.0]])
    verification = verify(case, wrong, [Sample.of(right)])
    assert verification.rel_error == pytest.approx(1e-3)
    assert "relative error 0.001 exceeds the bound" in verification.reason


def test_nan_is_reported_in_the_result_and_in_the_reference():
    case = Case(workload=discover()["matmul"], size=size(n=2), dtype="float32", threads=1)
    good, bad = np.ones((2, 2), "float32"), np.full((2, 2), np.nan, "float32")
    assert "NaN" in verify(case, bad, [Sample.of(good)]).reason
    assert "reference" in verify(case, good, [Sample.of(bad)]).reason
    assert verify(case, good, [Sample.of(good)]).reason == ""


def test_a_sample_has_the_same_entries_every_time_and_catches_a_wrong_array():
    case = Case(workload=discover()["matmul"], size=size(n=64), dtype="float32", threads=1)
    right = np.random.default_rng(0).standard_normal((200, 200))
    sample, again = Sample.of(right, entries=100), Sample.of(right, entries=100)
    assert np.array_equal(sample.places, again.places)
    assert len(sample.values) == 100
    assert sample.scale == np.abs(right).max()
    assert verify(case, right.astype("float32"), [sample]).reason == ""
    assert "exceeds" in verify(case, (right + 1).astype("float32"), [sample]).reason
    assert "shape" in verify(case, right[:100].astype("float32"), [sample]).reason
    broken = right.astype("float32")
    broken[np.unravel_index(np.setdiff1d(np.arange(right.size), sample.places)[0], right.shape)] = (
        np.nan
    )
    assert "NaN" in verify(case, broken, [sample]).reason  # though it is not in the sample
