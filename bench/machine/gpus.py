"""NVIDIA GPUs as their driver (NVML) reports them: model, memory, and present state.

A GPU runs slower when it is hot, when its power is limited or when other processes use it. Only the
driver knows that.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pynvml
import torch

from bench.machine.datasheets import data_sheet

THROTTLE_REASONS = {  # why the clock is low: NVML's name, and our words
    "SwPowerCap": "its power limit",
    "HwSlowdown": "the hardware slowing it down",
    "SwThermalSlowdown": "its temperature",
    "HwThermalSlowdown": "its temperature",
    "HwPowerBrakeSlowdown": "the power supply",
}


def gpus() -> list[dict[str, Any]]:
    """Return for each GPU its name, memory, driver, compute capability and data sheet."""
    with _cards() as cards:
        return [_description(card) for card in cards]


def _description(card: Any) -> dict[str, Any]:
    name = _name(card)
    sheet, memory = data_sheet(name), _query(pynvml.nvmlDeviceGetMemoryInfo, card)
    capability = _query(pynvml.nvmlDeviceGetCudaComputeCapability, card)
    return {
        "name": name,
        "memory_bytes": None if memory is None else int(memory.total),
        "driver": _query(pynvml.nvmlSystemGetDriverVersion) or "",
        "compute_capability": ".".join(map(str, capability or ())),
        "promise": sheet and sheet.as_dict(),
    }


@cache
def capability(index: int) -> tuple[int, int] | None:
    """Return the compute capability of CUDA's GPU number `index`; None if it is not known.

    CUDA numbers the GPUs in CUDA_VISIBLE_DEVICES, which lists them by NVML's number or by UUID.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(index)] if visible is None else visible.split(",")[index : index + 1]
    with _cards() as cards:
        for name in names:
            if name.isdecimal():
                matching = cards[int(name) : int(name) + 1]
            else:
                matching = [_query(pynvml.nvmlDeviceGetHandleByUUID, name)] if cards else []
            for card in filter(None, matching):
                pair = _query(pynvml.nvmlDeviceGetCudaComputeCapability, card)
                return None if pair is None else (int(pair[0]), int(pair[1]))
    return None


@cache
def why_unused() -> str:
    """Return why PyTorch cannot use this machine's first GPU; "" if the machine has no GPU."""
    installed = gpus()
    if not installed:
        return ""
    name, driver = installed[0]["name"], installed[0]["driver"]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if torch.version.cuda is None:
        return f"{name} is here, but this PyTorch ({torch.__version__}) is built without CUDA"
    if visible is not None and visible.strip() in ("", "-1"):
        return f"{name} is here, but CUDA_VISIBLE_DEVICES={visible!r} hides it"
    return (
        f"{name} is here, but this PyTorch, built for CUDA {torch.version.cuda}, cannot use it: "
        f"its driver {driver} may be too old, or CUDA_VISIBLE_DEVICES={visible!r} names no GPU"
    )


def _name(card: Any) -> str:
    return str(_query(pynvml.nvmlDeviceGetName, card) or "NVIDIA GPU")


def states() -> list[dict[str, Any]]:
    """Return the present state of each GPU; None where it reports nothing, as a MIG slice does.

    `clock_hz` and `most_clock_hz` are the present and the highest clock of its processors,
    `held_back` the reasons why the clock is low, `processes` how many processes compute on it.
    """
    with _cards() as cards:
        return [_state(card) for card in cards]


def _state(card: Any) -> dict[str, Any]:
    clock, sensor = pynvml.NVML_CLOCK_SM, pynvml.NVML_TEMPERATURE_GPU
    memory = _query(pynvml.nvmlDeviceGetMemoryInfo, card)
    processes = _query(pynvml.nvmlDeviceGetComputeRunningProcesses, card)
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
    bits = _query(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons, card) or 0
    return sorted(
        {
            text
            for name, text in THROTTLE_REASONS.items()
            if bits & getattr(pynvml, f"nvmlClocksThrottleReason{name}")
        }
    )


def _scaled(unit: float, function: Callable[..., float], *arguments: Any) -> float | None:
    value = _query(function, *arguments)
    return None if value is None else unit * value


def _query(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function of NVML returns, or None if it fails."""
    try:
        return function(*arguments)
    except pynvml.NVMLError:
        return None


@contextmanager
def _cards() -> Iterator[list[Any]]:
    """Yield the handles of all GPUs, valid inside the context; none without a driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield []
        return
    try:
        count = _query(pynvml.nvmlDeviceGetCount) or 0
        handles = [_query(pynvml.nvmlDeviceGetHandleByIndex, number) for number in range(count)]
        yield [handle for handle in handles if handle is not None]
    finally:
        pynvml.nvmlShutdown()
