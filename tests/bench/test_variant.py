"""Each variant computes the same, rounds as it says, and says what it lacks here."""

import importlib
import pickle
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench import variant
from bench.cases import contenders
from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU, Contender
from bench.machine import devices, precision, processor
from bench.machine.precision import UNIT_ROUNDOFF
from bench.timing.verify import Sample, tolerance, verify
from bench.variant import BF16, CHANNELS_LAST, COMPILE, FP16, GRAPH, PINNED, TF32, TRANSFER, Variant
from bench.workload import discover, size
from tests import faulty
from tests.bench.timing.test_verify import round_to_tf32
from tests.inprocess import verifications

MATMUL = discover()["matmul"]


def running(chosen, device="cpu"):
    return Contender(library="torch", device=device, variant=chosen)


def case_of(workload=MATMUL, n=256, dtype="float32"):
    return Case(workload=workload, size=size(n=n), dtype=dtype, threads=1)


STANDARD = {value.name for value in vars(variant).values() if isinstance(value, Variant)}


def test_every_standard_variant_is_one_of_some_workload():
    used = {one.name for workload in discover().values() for one in workload.variants}
    assert used >= STANDARD - {""}


def test_contenders_of_all_variants_can_be_sent_to_another_process():
    for workload in discover().values():
        for contender in contenders.contenders(workload, ("cpu", "cuda")):
            again = pickle.loads(pickle.dumps(contender))  # noqa: S301 - our own
            assert (again.name, again.variant.name) == (contender.name, contender.variant.name)


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
    found = verify(case, rounded, exact, TF32)
    assert found.reason == ""
    assert found.rel_error > tolerance(case)
    assert found.tolerance == tolerance(case) + 10 * np.sqrt(3) * UNIT_ROUNDOFF["tf32"]


def test_a_wrong_result_fails_the_bound_of_low_precision_too():
    case = case_of(n=256)
    a, b = case.inputs().values()
    exact = [Sample.of(a.astype("float64") @ b)]
    for chosen in (TF32, BF16, FP16):
        assert verify(case, (a @ b.T).astype("float32"), exact, chosen).reason


@pytest.mark.skipif(not processor.has_bfloat16(), reason="this CPU has no bfloat16 arithmetic")
@pytest.mark.parametrize("name", [w.name for w in discover().values() if BF16 in w.variants])
def test_bfloat16_is_right_within_its_own_bound(name):
    workload = discover()[name]
    case = Case(workload=workload, size=workload.sizes[1], dtype="float32", threads=1)
    found = verifications(case, (NUMPY, running(BF16)))["torch-cpu-bf16"]
    assert found.reason == ""
    assert 1e-4 < found.rel_error < found.tolerance


def test_a_result_without_a_numpy_type_comes_back_as_float32():
    back = running(BF16).bring_back((torch.ones(2, dtype=torch.bfloat16), torch.ones(2).double()))
    assert [array.dtype for array in back] == ["float32", "float64"]


def test_less_precision_is_compared_in_float32_alone():
    assert running(BF16).suits(case_of())
    assert not running(BF16).suits(case_of(dtype="float64"))
    assert running(COMPILE).suits(case_of(dtype="float64"))


def test_channels_last_changes_the_layout_and_not_the_result():
    workload = discover()["conv2d"]
    case = Case(workload=workload, size=workload.sizes[1], dtype="float32", threads=1)
    who = running(CHANNELS_LAST)
    placed = who.place(case.inputs())
    assert placed["x"].is_contiguous(memory_format=torch.channels_last)
    assert not placed["x"].is_contiguous()
    assert verifications(case, (who,))[who.name].reason == ""


def test_a_transfer_begins_and_ends_in_the_hosts_memory(monkeypatch):
    who = running(TRANSFER, "cuda")
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
    assert running(PINNED, "cuda").variant.pins


@pytest.mark.skipif(bool(variant.no_compiler("cpu")), reason="torch.compile has no compiler here")
def test_a_compiled_body_is_right_and_is_another_callable():
    case = case_of(discover()["dispatch"], n=8)
    who = running(COMPILE)
    placed = who.place(case.inputs())
    iteration = who.iteration(case, placed)
    assert iteration.func is not who.body(case)
    inductor = importlib.import_module("torch._inductor.config")
    with inductor.patch({"cpp.vec_isa_ok": True}):  # no trial compile for each SIMD set
        assert torch.equal(iteration(), placed["x"] + 1)


def test_a_variant_says_why_it_cannot_run(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler is not here" in running(COMPILE).unavailable(case_of())
    monkeypatch.setattr(variant.importlib.util, "find_spec", lambda name: None)
    assert "needs triton" in variant.no_compiler("cuda")
    monkeypatch.setattr(processor, "has_bfloat16", lambda: False)
    assert "would emulate it" in running(BF16).unavailable(case_of())
    assert running(BF16, "cuda").variant.lacks("cuda") == ""
    assert TORCH_CPU.unavailable(case_of()) == ""


def test_an_absent_device_comes_before_what_a_variant_lacks(monkeypatch):
    monkeypatch.setattr(devices, "accelerator", lambda: "")
    assert "no cuda device" in running(COMPILE, "cuda").unavailable(case_of())


def test_the_plain_contender_of_a_variant():
    assert running(BF16).plain == TORCH_CPU
    assert running(GRAPH, "cuda:1").plain.name == "torch-cuda1"
    assert NUMPY.plain == NUMPY


def test_a_variant_moves_fewer_bytes_where_its_inputs_are_shorter():
    assert running(BF16).moved_bytes(case_of()) * 2 == TORCH_CPU.moved_bytes(case_of())
    assert running(TF32, "cuda").moved_bytes(case_of()) == TORCH_CPU.moved_bytes(case_of())


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
    iteration = variant.Recorded(lambda x: calls.append(x) or len(calls), {"x": 1})
    assert [iteration(), iteration(), iteration()] == [4, 4, 4]  # the result of the recorded call
    assert len(calls) == variant.WARM_UPS + 1
    assert (Graph.recorded, Graph.replayed) == (1, 3)
    assert GRAPH.reuses


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
ON_CUDA = [
    pytest.param(workload.name, one, id=f"{workload.name}-{one.name}")
    for workload in discover().values()
    for one in workload.variants
    if "cuda" in one.kinds and not one.rewritten
]


@needs_cuda
@pytest.mark.parametrize(("name", "chosen"), ON_CUDA)
def test_every_variant_is_right_on_cuda(name, chosen):
    workload, who = discover()[name], running(chosen, "cuda")
    one = [s for s in workload.sizes if not s.large][1]
    case = Case(workload=workload, size=one, dtype="float32", threads=1)
    try:
        precision.set_float32(who.variant.float32)
        assert verifications(case, (who,))[who.name].reason == ""
    finally:
        precision.set_float32("ieee")


@needs_cuda
def test_a_recording_computes_anew_from_what_its_inputs_hold_now():
    who, case = running(GRAPH, "cuda"), case_of(faulty.GOOD, n=8)
    placed = who.place(case.inputs())
    iteration = who.iteration(case, placed)
    first = who.bring_back(iteration())
    placed["a"] *= 2
    assert np.allclose(who.bring_back(iteration()), 2 * first)
