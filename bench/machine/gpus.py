"""NVIDIA GPUs as their driver (NVML) describes them: model, memory, and their present state.

A card that others use, that is hot or that is held back computes slower than it could, and only its
driver knows.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pynvml
import torch

from bench.machine.vendor import promise

HELD_BACK = {  # why the clock is lower than it could be, by NVML's names
    "SwPowerCap": "its power limit",
    "HwSlowdown": "the hardware slowing it down",
    "SwThermalSlowdown": "its temperature",
    "HwThermalSlowdown": "its temperature",
    "HwPowerBrakeSlowdown": "the power supply",
}


def gpus() -> list[dict[str, Any]]:
    """Return each GPU: name, memory, driver, compute capability, what its maker promises."""
    with _cards() as cards:
        return [_lasting(card) for card in cards]


def _lasting(card: Any) -> dict[str, Any]:
    name = _name(card)
    known, memory = promise(name), _told(pynvml.nvmlDeviceGetMemoryInfo, card)
    capability = _told(pynvml.nvmlDeviceGetCudaComputeCapability, card)
    return {
        "name": name,
        "memory_bytes": None if memory is None else int(memory.total),
        "driver": _told(pynvml.nvmlSystemGetDriverVersion) or "",
        "compute_capability": ".".join(map(str, capability or ())),
        "promise": known and known.as_dict(),
    }


@cache
def capability(index: int) -> tuple[int, int] | None:
    """Return the compute capability of the GPU that CUDA counts as number `index`, if it is known.

    CUDA counts those that CUDA_VISIBLE_DEVICES names, in its order, by number or by UUID.
    """
    names = os.environ.get("CUDA_VISIBLE_DEVICES")
    chosen = [str(index)] if names is None else names.split(",")[index : index + 1]
    with _cards() as cards:
        for name in chosen:
            if name.isdecimal():
                found = cards[int(name) : int(name) + 1]
            else:
                found = [_told(pynvml.nvmlDeviceGetHandleByUUID, name)] if cards else []
            for card in filter(None, found):
                pair = _told(pynvml.nvmlDeviceGetCudaComputeCapability, card)
                return None if pair is None else (int(pair[0]), int(pair[1]))
    return None


@cache
def why_unused() -> str:
    """Return why PyTorch cannot use a GPU that is here, "" if there is none."""
    found = gpus()
    if not found:
        return ""
    name, driver = found[0]["name"], found[0]["driver"]
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if torch.version.cuda is None:
        return f"{name} is here, but this PyTorch ({torch.__version__}) is built without CUDA"
    if hidden is not None and hidden.strip() in ("", "-1"):
        return f"{name} is here, but CUDA_VISIBLE_DEVICES={hidden!r} hides it"
    return (
        f"{name} is here, but this PyTorch, built for CUDA {torch.version.cuda}, cannot use it: "
        f"its driver {driver} may be too old, or CUDA_VISIBLE_DEVICES={hidden!r} name no card"
    )


def _name(card: Any) -> str:
    return str(_told(pynvml.nvmlDeviceGetName, card) or "NVIDIA GPU")


def states() -> list[dict[str, Any]]:
    """Return the present state of each GPU; None for what it does not report, as MIG slices do not.

    `clock_hz` of its processors and the most it can be, `temperature_c`, `power_w`, why it is
    `held_back`, `used_bytes` of its memory and the number of `processes` that compute on it.
    """
    with _cards() as cards:
        return [_passing(card) for card in cards]


def _passing(card: Any) -> dict[str, Any]:
    clock, sensor = pynvml.NVML_CLOCK_SM, pynvml.NVML_TEMPERATURE_GPU
    memory = _told(pynvml.nvmlDeviceGetMemoryInfo, card)
    processes = _told(pynvml.nvmlDeviceGetComputeRunningProcesses, card)
    return {
        "name": _name(card),
        "clock_hz": _scaled(1e6, pynvml.nvmlDeviceGetClockInfo, card, clock),
        "most_clock_hz": _scaled(1e6, pynvml.nvmlDeviceGetMaxClockInfo, card, clock),
        "temperature_c": _scaled(1.0, pynvml.nvmlDeviceGetTemperature, card, sensor),
        "power_w": _scaled(1e-3, pynvml.nvmlDeviceGetPowerUsage, card),
        "held_back": _held_back(card),
        "used_bytes": None if memory is None else int(memory.used),
        "processes": None if processes is None else len(processes),
    }


def _held_back(card: Any) -> list[str]:
    bits = _told(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons, card) or 0
    return sorted(
        {
            text
            for name, text in HELD_BACK.items()
            if bits & getattr(pynvml, f"nvmlClocksThrottleReason{name}")
        }
    )


def _scaled(unit: float, ask: Callable[..., float], *arguments: Any) -> float | None:
    value = _told(ask, *arguments)
    return None if value is None else unit * value


def _told(ask: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the driver answers, None if it does not."""
    try:
        return ask(*arguments)
    except pynvml.NVMLError:
        return None


@contextmanager
def _cards() -> Iterator[list[Any]]:
    """Yield the handles of all GPUs, valid meanwhile; none where there is no driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield []
        return
    try:
        count = _told(pynvml.nvmlDeviceGetCount) or 0
        found = [_told(pynvml.nvmlDeviceGetHandleByIndex, number) for number in range(count)]
        yield [card for card in found if card is not None]
    finally:
        pynvml.nvmlShutdown()
