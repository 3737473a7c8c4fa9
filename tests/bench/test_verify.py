"""The bound catches what it should, and nothing that is right."""

from dataclasses import replace

import numpy as np
import pytest

from bench.arena import measure
from bench.case import Case
from bench.contenders import NUMPY, TORCH_CPU
from bench.verify import tolerance, verify
from bench.workload import discover, size


def outcomes(workload, dtype="float64", chosen=None):
    case = Case(workload=workload, size=chosen or workload.sizes[1], dtype=dtype, threads=1)
    return measure(case, [NUMPY, TORCH_CPU], 0.05)


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
    "zeros": ("matmul", lambda a, b: np.zeros_like(a)),
}


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_a_mismatch_and_is_not_timed(fault):
    name, body = FAULTS[fault]
    workload = discover()[name]
    chosen = size(over="rows", n=32) if name == "sum" else None
    assert outcomes(workload, chosen=chosen)["numpy"].status in {"ok", "unstable"}
    found = outcomes(replace(workload, numpy=body), chosen=chosen)
    assert found["numpy"].status == "mismatch"
    assert found["numpy"].reason
    assert not found["numpy"].blocks


def test_float32_that_is_rounded_to_tf32_does_not_pass():
    def tf32(a, b):
        return round_to_tf32(a) @ round_to_tf32(b)

    workload = replace(discover()["matmul"], numpy=tf32)
    assert outcomes(workload, "float32", size(n=1024))["numpy"].status == "mismatch"


def test_a_fault_in_torch_is_caught_by_numpy():
    workload = replace(discover()["matmul"], torch=lambda a, b: a @ b + 1)
    found = outcomes(workload)
    assert found["torch-cpu"].status == "mismatch"
    assert found["torch-cpu"].facts["rel_error"] > found["torch-cpu"].facts["tolerance"]


def test_a_body_that_changes_its_inputs_is_caught():
    def grows(a, b):
        c = a @ b
        a += 1
        return c

    found = outcomes(replace(discover()["matmul"], numpy=grows))
    assert found["numpy"].status == "mismatch"
    assert "changed its inputs: a" in found["numpy"].reason


def test_the_bound_is_ten_roots_of_the_length_of_the_sum():
    case = Case(workload=discover()["matmul"], size=size(n=64), dtype="float32", threads=1)
    assert tolerance(case) == 10 * 8 * 2.0**-24


def test_nan_is_named_on_either_side():
    case = Case(workload=discover()["matmul"], size=size(n=2), dtype="float32", threads=1)
    good, bad = np.ones((2, 2), "float32"), np.full((2, 2), np.nan, "float32")
    assert "NaN" in verify(case, bad, (good,)).reason
    assert "reference" in verify(case, good, (bad,)).reason
    assert verify(case, good, (good,)).reason == ""
