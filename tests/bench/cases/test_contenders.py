"""Contenders: their names, known and absent devices, and results as NumPy arrays."""

import numpy as np
import pytest
import torch

from bench.cases import contenders
from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender, absent, parse_devices
from bench.machine import precision
from bench.workload import discover
from tests.inprocess import verifications


def test_a_name_has_the_device_then_the_variant():
    found = contenders.contenders(discover()["train_mlp"], ("cpu", "cuda:1"))
    assert [c.name for c in found] == [
        "numpy",
        "torch-cpu",
        "torch-cpu-tensors",
        "torch-cpu-autograd",
        "torch-cuda1",
        "torch-cuda1-tensors",
        "torch-cuda1-autograd",
        "torch-cuda1-tf32",
        "torch-cuda1-amp",
        "torch-cuda1-graph",
        "torch-cuda1-transfer",
    ]


@pytest.mark.parametrize("text", ["cpu", "cuda", "cpu,cuda:1", "mps, xpu"])
def test_a_list_of_devices_is_parsed(text):
    assert parse_devices(text) == tuple(part.strip() for part in text.split(","))


@pytest.mark.parametrize("text", ["", "tpu", "cuda:", "cuda:x", "cpu:0", "cpu,,cuda"])
def test_an_unknown_device_is_an_error_that_lists_the_known_ones(text):
    with pytest.raises(ValueError, match=r"one of cpu, cuda, mps, xpu.*got '"):
        parse_devices(text)


@pytest.mark.parametrize(
    ("found", "device", "reason"),
    [
        ("", "cpu", ""),
        ("", "cuda", "no cuda device"),
        ("mps", "cuda", "finds mps"),
        ("cuda", "cuda", ""),
        ("cuda", "cuda:1", ""),
        ("cuda", "cuda:2", "this machine has 2"),
    ],
)
def test_the_reason_of_an_absent_device_names_what_is_present(monkeypatch, found, device, reason):
    monkeypatch.setattr(contenders, "accelerator", lambda: found)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    assert reason in absent(device)
    assert bool(absent(device)) == bool(reason)


def test_the_default_includes_cuda_without_an_accelerator(monkeypatch):
    monkeypatch.setattr(contenders, "accelerator", lambda: "")
    assert contenders.default_devices() == ("cpu", "cuda")
    monkeypatch.setattr(contenders, "accelerator", lambda: "mps")
    assert contenders.default_devices() == ("cpu", "mps")


def test_only_an_accelerator_is_synchronized(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    NUMPY.synchronize()
    Contender(library="torch", device="cuda:1").synchronize()
    assert waited == [torch.device("cuda:1")]


def test_results_come_back_as_arrays_without_their_gradient():
    x = torch.ones(2, requires_grad=True)
    back = NUMPY.bring_back((x * 2, 3))
    assert isinstance(back[0], np.ndarray)
    assert back[1] == 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", discover())
def test_every_workload_is_right_on_cuda(name):
    precision.set_float32("ieee")
    workload = discover()[name]
    for dtype in ("float32", "float64"):
        chosen = [s for s in workload.sizes if not s.large][-1]
        case = Case(workload=workload, size=chosen, dtype=dtype, threads=1)
        everyone = [c for c in contenders.contenders(workload, ("cuda",)) if not c.way]
        assert {found.reason for found in verifications(case, everyone).values()} == {""}
