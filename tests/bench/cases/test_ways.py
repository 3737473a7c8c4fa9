"""Variants: each runs the same body with the stated precision, or says why it cannot run."""

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.cases import contenders, ways
from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU, Contender
from bench.machine import precision, processor
from bench.machine.precision import UNIT_ROUNDOFF
from bench.timing.verify import Sample, tolerance, verify
from bench.workload import discover, size
from tests import faulty
from tests.bench.timing.test_verify import round_to_tf32
from tests.inprocess import verifications

MATMUL = discover()["matmul"]


def way_of(name, device="cpu"):
    return Contender(library="torch", device=device, way=name)


def case_of(workload=MATMUL, n=256, dtype="float32"):
    return Case(workload=workload, size=size(n=n), dtype=dtype, threads=1)


def test_every_variant_that_a_workload_names_is_known():
    named = {way for workload in discover().values() for way in workload.ways}
    assert named | {""} == set(ways.WAYS)


@pytest.mark.parametrize("kind", ["ieee", "tf32"])
def test_float32_is_set_and_read_back_in_matmul_and_convolution(kind):
    try:
        precision.set_float32(kind)
        assert precision.float32_precision() == {"matmul": kind, "conv": kind}
    finally:
        precision.set_float32("ieee")


def test_tf32_fails_the_bound_of_float32_and_passes_its_own():
    case = case_of(n=1024)
    a, b = case.inputs().values()
    exact = [Sample.of(a.astype("float64") @ b)]
    rounded = round_to_tf32(a) @ round_to_tf32(b)
    assert "exceeds the bound" in verify(case, rounded, exact).reason
    found = verify(case, rounded, exact, precision="tf32")
    assert found.reason == ""
    assert found.rel_error > tolerance(case)
    assert found.tolerance == tolerance(case) + 10 * np.sqrt(3) * UNIT_ROUNDOFF["tf32"]


def test_a_wrong_result_fails_the_bound_of_low_precision_too():
    case = case_of(n=256)
    a, b = case.inputs().values()
    exact = [Sample.of(a.astype("float64") @ b)]
    for name in ("tf32", "bfloat16", "float16"):
        assert verify(case, (a @ b.T).astype("float32"), exact, precision=name).reason


@pytest.mark.skipif(not processor.has_bfloat16(), reason="this CPU has no bfloat16 arithmetic")
@pytest.mark.parametrize("name", [w.name for w in discover().values() if "bf16" in w.ways])
def test_bfloat16_is_right_within_its_own_bound(name):
    workload = discover()[name]
    case = Case(workload=workload, size=workload.sizes[1], dtype="float32", threads=1)
    found = verifications(case, (NUMPY, way_of("bf16")))["torch-cpu-bf16"]
    assert found.reason == ""
    assert 1e-4 < found.rel_error < found.tolerance


def test_a_result_without_a_numpy_type_comes_back_as_float32():
    back = way_of("bf16").bring_back((torch.ones(2, dtype=torch.bfloat16), torch.ones(2).double()))
    assert [array.dtype for array in back] == ["float32", "float64"]


def test_low_precision_runs_only_in_float32_cases():
    assert way_of("bf16").suits(case_of())
    assert not way_of("bf16").suits(case_of(dtype="float64"))
    assert way_of("compile").suits(case_of(dtype="float64"))


def test_channels_last_changes_the_layout_and_not_the_result():
    workload = discover()["conv2d"]
    case = Case(workload=workload, size=workload.sizes[1], dtype="float32", threads=1)
    who = way_of("channels-last")
    placed = who.place(case.inputs())
    assert placed["x"].is_contiguous(memory_format=torch.channels_last)
    assert not placed["x"].is_contiguous()
    assert verifications(case, (who,))[who.name].reason == ""


def test_a_transfer_starts_and_ends_in_the_hosts_memory(monkeypatch):
    who = way_of("transfer", "cuda")
    case = case_of(n=8)
    placed = who.place(case.inputs())
    assert placed["a"].device.type == "cpu"
    seen = []
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, device: seen.append(device) or tensor)
    result = who.iteration(case, placed)()
    assert seen == ["cuda", "cuda"]
    assert isinstance(result, np.ndarray)


def test_inputs_on_host_stay_there_and_device_and_pinned_are_filled_in():
    workload = discover()["device_to_host"]
    inputs = workload.make(np.random.default_rng(0), 4) | {"device": "cpu"}
    cuda = Contender(library="torch", device="cuda")
    placed = cuda.place(inputs, on_host=("x",))
    assert placed["x"].device.type == "cpu"
    assert (placed["device"], placed["pinned"]) == ("cuda", False)
    assert NUMPY.place(inputs)["device"] == "cpu"
    assert way_of("pinned", "cuda").runs.pins


@pytest.mark.skipif(bool(ways.no_compiler("cpu")), reason="torch.compile has no compiler here")
def test_a_compiled_body_is_right_and_a_new_callable():
    case = case_of(discover()["dispatch"], n=8)
    who = way_of("compile")
    placed = who.place(case.inputs())
    iteration = who.iteration(case, placed)
    assert iteration.func is not who.body(case)
    assert torch.equal(iteration(), placed["x"] + 1)


def test_a_variant_says_why_it_cannot_run(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler is not here" in way_of("compile").unavailable(case_of())
    monkeypatch.setattr(ways.importlib.util, "find_spec", lambda name: None)
    assert "needs triton" in ways.no_compiler("cuda")
    monkeypatch.setattr(processor, "has_bfloat16", lambda: False)
    assert "would emulate it" in way_of("bf16").unavailable(case_of())
    assert way_of("bf16", "cuda").runs.lacks("cuda") == ""
    assert TORCH_CPU.unavailable(case_of()) == ""


def test_an_absent_device_is_the_first_reason_of_a_variant(monkeypatch):
    monkeypatch.setattr(contenders, "accelerator", lambda: "")
    assert "no cuda device" in way_of("compile", "cuda").unavailable(case_of())


def test_the_usual_contender_of_a_variant_is_the_plain_one():
    assert way_of("bf16").usual == TORCH_CPU
    assert way_of("graph", "cuda:1").usual.name == "torch-cuda1"
    assert NUMPY.usual == NUMPY


def test_a_variant_with_shorter_numbers_moves_fewer_bytes():
    assert way_of("bf16").moved_bytes(case_of()) * 2 == TORCH_CPU.moved_bytes(case_of())
    assert way_of("tf32", "cuda").moved_bytes(case_of()) == TORCH_CPU.moved_bytes(case_of())


class Graph:
    """A CUDA graph that only counts."""

    recorded = replayed = 0

    def replay(self):
        type(self).replayed += 1


@contextmanager
def recording(graph):
    Graph.recorded += 1
    yield


def test_a_graph_is_recorded_once_after_warm_ups_and_then_replayed(monkeypatch):
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    stream = SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: stream)
    calls = []
    iteration = ways.Recorded(lambda x: calls.append(x) or len(calls), {"x": 1})
    assert [iteration(), iteration(), iteration()] == [4, 4, 4]  # the result of the recorded call
    assert len(calls) == ways.WARM_UPS + 1
    assert (Graph.recorded, Graph.replayed) == (1, 3)
    assert ways.WAYS["graph"].reuses


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
ON_CUDA = [
    (workload.name, way)
    for workload in discover().values()
    for way in workload.ways
    if "cuda" in ways.WAYS[way].kinds
]


@needs_cuda
@pytest.mark.parametrize(("name", "way"), ON_CUDA)
def test_every_variant_is_right_on_cuda(name, way):
    workload, who = discover()[name], way_of(way, "cuda")
    chosen = [s for s in workload.sizes if not s.large][1]
    case = Case(workload=workload, size=chosen, dtype="float32", threads=1)
    try:
        precision.set_float32(who.runs.float32)
        assert verifications(case, (who,))[who.name].reason == ""
    finally:
        precision.set_float32("ieee")


@needs_cuda
def test_a_graph_computes_from_the_present_values_of_its_inputs():
    who, case = way_of("graph", "cuda"), case_of(faulty.GOOD, n=8)
    placed = who.place(case.inputs())
    iteration = who.iteration(case, placed)
    first = who.bring_back(iteration())
    placed["a"] *= 2
    assert np.allclose(who.bring_back(iteration()), 2 * first)
