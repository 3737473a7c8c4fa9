"""Peaks of this machine, and merging two measurements of them."""

import pytest

from bench.cases.contenders import NUMPY, TORCH_CPU, Contender
from bench.machine import affinity, processor
from bench.timing import peaks
from bench.timing.peaks import measured, merged, name_of

PRECISIONS = ("float32", "float64", "bfloat16")

ONE = {"flop_s": {"float32": 2.0, "float64": 1.0}, "copy_bytes_s": 5.0, "read_bytes_s": 4.0}
ONE |= {"cache_bytes": 100, "launch_s": None}


@pytest.mark.parametrize("who", [NUMPY, TORCH_CPU], ids=lambda who: who.name)
def test_a_library_has_peaks_in_each_precision_and_of_memory(who):
    found = measured(who, affinity.cores()[:1], 0.01, PRECISIONS)
    assert found["flop_s"]["float32"] > 1e8
    assert found["flop_s"]["float64"] > 1e8
    assert found["copy_bytes_s"] > 1e8
    assert found["read_bytes_s"] > 1e8
    assert found["launch_s"] is None


@pytest.mark.parametrize("who", [NUMPY, TORCH_CPU], ids=lambda who: who.name)
def test_a_copy_moves_every_byte_twice_and_a_reading_once(monkeypatch, who):
    monkeypatch.setattr(peaks, "LEAST_BYTES", 4096)
    monkeypatch.setattr(processor, "cache_bytes", lambda cores: None)
    monkeypatch.setattr(peaks, "_best_s", lambda contender, call, probe_s: 0.5)
    found = measured(who, [0], 0.0, ())
    assert found["copy_bytes_s"] == (4096 + 4096) / 0.5
    assert found["read_bytes_s"] == 4096 / 0.5


def test_merging_keeps_the_better_value_of_each_figure():
    more = ONE | {"flop_s": {"float32": 1.5, "bfloat16": 8.0}, "copy_bytes_s": 6.0, "launch_s": 1.0}
    both = merged(merged({}, "cpu", ONE), "cpu", more)["cpu"]
    assert both["flop_s"] == {"float32": 2.0, "float64": 1.0, "bfloat16": 8.0}
    assert (both["copy_bytes_s"], both["read_bytes_s"], both["launch_s"]) == (6.0, 4.0, 1.0)


def test_each_device_and_thread_setting_has_peaks_of_its_own():
    cuda = Contender(library="torch", device="cuda:1")
    assert name_of(NUMPY, 4) == name_of(TORCH_CPU, 4) == "cpu/threads=4"
    assert name_of(cuda, 4) == "cuda:1"
