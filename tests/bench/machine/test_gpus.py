"""What an imitated NVIDIA driver reports of its cards: several, MIG slices, old ones, none."""

from types import SimpleNamespace

import pynvml
import pytest

from bench import variant
from bench.cases import contenders
from bench.machine import devices, gpus
from bench.machine.devices import absent
from bench.timing.peaks import _precisions
from bench.variant import AMP, BF16, FP16, TF32

GIB = 2**30
H100 = {"name": "NVIDIA H100 80GB HBM3", "capability": (9, 0), "bytes": 80 * GIB}
A100 = {"name": "NVIDIA A100-SXM4-40GB", "capability": (8, 0), "bytes": 40 * GIB}
T4 = {"name": "Tesla T4", "capability": (7, 5), "bytes": 15 * GIB}


class Driver:
    """An imitation of NVML with given cards; a query for what a card lacks is an NVML error."""

    def __init__(self, *cards):
        self.cards, self.open = cards, 0

    def query(self, card, key):
        if key not in card:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return card[key]

    def install(self, monkeypatch):
        planted = {
            "nvmlInit": self.init,
            "nvmlShutdown": self.shutdown,
            "nvmlDeviceGetCount": lambda: len(self.cards),
            "nvmlDeviceGetHandleByIndex": self.handle,
            "nvmlDeviceGetHandleByUUID": self.by_uuid,
            "nvmlDeviceGetName": lambda card: self.query(card, "name"),
            "nvmlDeviceGetMemoryInfo": self.memory,
            "nvmlSystemGetDriverVersion": lambda: "470.1",
            "nvmlDeviceGetCudaComputeCapability": lambda card: self.query(card, "capability"),
            "nvmlDeviceGetClockInfo": lambda card, kind: self.query(card, "mhz"),
            "nvmlDeviceGetMaxClockInfo": lambda card, kind: self.query(card, "most_mhz"),
            "nvmlDeviceGetTemperature": lambda card, sensor: self.query(card, "celsius"),
            "nvmlDeviceGetPowerUsage": lambda card: self.query(card, "milliwatts"),
            "nvmlDeviceGetCurrentClocksThrottleReasons": lambda card: self.query(card, "reasons"),
            "nvmlDeviceGetComputeRunningProcesses": lambda card: self.query(card, "processes"),
        }
        for name, function in planted.items():
            monkeypatch.setattr(pynvml, name, function)

    def memory(self, card):
        return SimpleNamespace(total=self.query(card, "bytes"), used=card.get("used", 0))

    def by_uuid(self, name):
        for card in self.cards:
            if card.get("uuid") == name:
                return card
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)

    def init(self):
        if not self.cards:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
        self.open += 1

    def shutdown(self):
        self.open -= 1

    def handle(self, number):
        if self.cards[number].get("forbidden"):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NO_PERMISSION)
        return self.cards[number]


@pytest.fixture
def plug_in(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def forget():
        gpus.capability.cache_clear()
        gpus.why_unused.cache_clear()

    def plug(*cards):
        forget()
        driver = Driver(*cards)
        driver.install(monkeypatch)
        return driver

    yield plug
    forget()


def test_without_a_driver_there_are_no_gpus(plug_in):
    plug_in()
    assert gpus.gpus() == gpus.states() == []
    assert gpus.capability(0) is None
    assert gpus.why_unused() == ""


def test_each_card_has_its_data_sheet_and_the_driver_is_shut_down(plug_in):
    driver = plug_in(H100, {"name": "Some Card", "bytes": 8 * GIB, "capability": (8, 9)})
    first, second = gpus.gpus()
    assert first["promise"]["bytes_s"] > 3e12
    assert (second["promise"], second["memory_bytes"]) == (None, 8 * GIB)
    assert (first["compute_capability"], first["driver"]) == ("9.0", "470.1")
    assert driver.open == 0


def test_what_a_mig_slice_does_not_report_is_none_and_a_forbidden_card_is_left_out(plug_in):
    plug_in({"forbidden": True}, {"name": "NVIDIA H100 MIG 1g.10gb"})
    (one,) = gpus.gpus()
    assert (one["memory_bytes"], one["compute_capability"]) == (None, "")
    (state,) = gpus.states()
    assert state == {
        "name": "NVIDIA H100 MIG 1g.10gb",
        "clock_hz": None,
        "most_clock_hz": None,
        "temperature_c": None,
        "power_w": None,
        "held_back": [],
        "used_bytes": None,
        "processes": None,
    }


def test_the_state_of_a_card_is_in_si_units_and_names_why_its_clock_is_low(plug_in):
    both = (
        pynvml.nvmlClocksThrottleReasonSwThermalSlowdown
        | pynvml.nvmlClocksThrottleReasonHwThermalSlowdown
        | pynvml.nvmlClocksThrottleReasonGpuIdle
    )
    clock = {"mhz": 1200, "most_mhz": 1980, "reasons": both}
    sensors = {"celsius": 85, "milliwatts": 650_000}
    plug_in(H100 | clock | sensors | {"processes": [1, 2], "used": 3 * GIB})
    (state,) = gpus.states()
    assert (state["clock_hz"], state["most_clock_hz"]) == (1.2e9, 1.98e9)
    assert (state["temperature_c"], state["power_w"]) == (85, pytest.approx(650))
    assert state["held_back"] == ["its temperature"]
    assert (state["processes"], state["used_bytes"]) == (2, 3 * GIB)


@pytest.mark.parametrize(
    ("names", "index", "expected"),
    [
        (None, 0, (9, 0)),
        (None, 1, (7, 5)),
        (None, 2, None),
        ("1", 0, (7, 5)),
        ("1,0", 1, (9, 0)),
        ("GPU-b", 0, (7, 5)),
        ("", 0, None),
        ("7", 0, None),
    ],
)
def test_cuda_numbers_only_the_cards_that_are_visible_to_it(
    plug_in, monkeypatch, names, index, expected
):
    plug_in(H100, T4 | {"uuid": "GPU-b"})
    if names is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", names)
    assert gpus.capability(index) == expected


def test_an_old_card_has_no_variants_that_it_would_emulate(plug_in):
    plug_in(T4)
    for one in (BF16, AMP, TF32):
        assert "this GPU of compute capability 7.5 has no" in one.lacks("cuda")
    assert FP16.lacks("cuda") == ""
    cuda = contenders.Contender(library="torch", device="cuda")
    assert _precisions(cuda) == ("float32", "float64", "float16")


@pytest.mark.parametrize("card", [A100, H100], ids=lambda card: card["name"])
def test_cards_from_the_a100_on_compute_in_bfloat16_and_tf32(plug_in, card):
    plug_in(card)
    assert variant.no_bfloat16("cuda") == variant.no_tf32("cuda") == ""
    cuda = contenders.Contender(library="torch", device="cuda")
    assert _precisions(cuda) == ("float32", "float64", "tf32", "bfloat16", "float16")


@pytest.mark.parametrize(
    ("built_for", "shown", "reason"),
    [
        (None, None, "is built without CUDA"),
        ("13.0", "", "CUDA_VISIBLE_DEVICES='' hides it"),
        ("13.0", None, "its driver 470.1 may be too old"),
    ],
)
def test_a_card_that_pytorch_cannot_use_says_why(plug_in, monkeypatch, built_for, shown, reason):
    plug_in(T4)
    monkeypatch.setattr(devices, "accelerator", lambda: "")
    monkeypatch.setattr(gpus.torch.version, "cuda", built_for)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    said = absent("cuda")
    assert said.startswith("Tesla T4 is here, but")
    assert reason in said
