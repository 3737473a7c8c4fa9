"""Contenders: their names, known and absent devices, and results as NumPy arrays."""

import numpy as np
import pytest
import torch

from bench.cases import contenders
from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender
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


def test_a_workload_for_the_cpu_alone_has_no_contender_on_a_gpu():
    found = contenders.contenders(discover()["convert_list"], ("cpu", "cuda"))
    assert [c.name for c in found] == ["numpy", "torch-cpu", "torch-cpu-stacked"]


def test_bytes_whose_width_is_not_that_of_the_dtype_count_as_they_are():
    workload = discover()["gather"]
    for dtype, width in (("float32", 4), ("float64", 8)):
        case = Case(workload=workload, size=workload.sizes[0], dtype=dtype, threads=1)
        assert NUMPY.moved_bytes(case) == 1000 * (2 * width + 8)  # x, y, and the indices


def test_an_accelerator_is_waited_for_and_the_cpu_is_not(monkeypatch):
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
    if "cuda" not in workload.kinds:
        pytest.skip("its PyTorch side is not worth running on CUDA")
    for dtype in workload.dtypes:
        chosen = [s for s in workload.sizes if not s.large][-1]
        case = Case(workload=workload, size=chosen, dtype=dtype, threads=1)
        everyone = [
            c
            for c in contenders.contenders(workload, ("cuda",))
            if not c.variant.name or c.variant.rewritten
        ]
        assert {found.reason for found in verifications(case, everyone).values()} == {""}
