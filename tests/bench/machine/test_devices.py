"""Devices are named as PyTorch names them, and an absent one says what is here."""

import pytest
import torch

from bench.machine import devices
from bench.machine.devices import absent, parse_devices


@pytest.mark.parametrize("text", ["cpu", "cuda", "cpu,cuda:1", "mps, xpu"])
def test_known_devices(text):
    assert parse_devices(text) == tuple(part.strip() for part in text.split(","))


@pytest.mark.parametrize("text", ["", "tpu", "cuda:", "cuda:x", "cpu:0", "cpu,,cuda"])
def test_an_unknown_device_is_named_with_those_that_are_known(text):
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
def test_an_absent_device_says_what_is_here(monkeypatch, found, device, reason):
    monkeypatch.setattr(devices, "accelerator", lambda: found)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    assert reason in absent(device)
    assert bool(absent(device)) == bool(reason)


def test_the_default_names_cuda_where_there_is_no_accelerator(monkeypatch):
    monkeypatch.setattr(devices, "accelerator", lambda: "")
    assert devices.default_devices() == ("cpu", "cuda")
    monkeypatch.setattr(devices, "accelerator", lambda: "mps")
    assert devices.default_devices() == ("cpu", "mps")
