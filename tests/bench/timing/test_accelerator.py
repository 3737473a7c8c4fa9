"""Every step of a case on an accelerator, in separate processes; the CPU plays the accelerator."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PARTS = ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s")


@pytest.fixture(scope="module")
def answers():
    command = [sys.executable, "-m", "tests.pretended"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["usual", "large", "transfer"])
def test_a_case_is_verified_timed_and_compared(answers, name):
    for who, facts in answers["found"][name].items():
        assert facts["status"] == "ok", facts["reason"]
        assert facts["visits"] == 2
        speedup = facts["figures"]["speedup"]
        assert speedup["low"] <= speedup["value"] <= speedup["high"]
        assert (facts["figures"]["device_time_s"] is None) == (who == "numpy")
        # a size that is none of its workload's is no landmark
        assert (facts["observed"]["device"] is None) == (who == "numpy" or name == "large")


def test_an_accelerator_computes_the_reference_of_a_large_case(answers):
    found = answers["found"]
    assert {facts["observed"]["reference"] for facts in found["large"].values()} == {
        "torch-pretended"
    }
    assert {facts["observed"]["reference"] for facts in found["usual"].values()} == {"torch-cpu"}


def test_the_ledger_books_a_call_from_the_hosts_memory_and_back(answers):
    device = answers["found"]["usual"]["torch-pretended"]["observed"]["device"]
    ledger = device["ledger"]
    assert all(ledger[part] >= 0 for part in PARTS)
    assert ledger["kernel_s"] <= device["cold_s"]
    assert ledger["wall_s"] > 0
    assert answers["found"]["usual"]["numpy"]["observed"]["device"] is None
    transfer = answers["found"]["transfer"]["torch-pretended"]["observed"]["device"]
    assert transfer["ledger"] is None  # it is one itself


def test_the_device_has_its_own_peaks_and_a_launch_time(answers):
    peaks = answers["peaks"]
    assert set(peaks) == {"cpu/threads=1", "cpu:0"}
    assert peaks["cpu:0"]["flop_s"]["float32"] > 1e9
    assert 0 < peaks["cpu:0"]["launch_s"] < 1e-3
    assert peaks["cpu/threads=1"]["launch_s"] is None
