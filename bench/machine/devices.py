"""Devices: which ones the command line can name, and which ones this machine has."""

import torch

from bench.machine.gpus import why_unused

GPUS = ("cuda", "mps", "xpu")  # kinds of accelerator


def default_devices() -> tuple[str, ...]:
    """Return the CPU and this machine's accelerator; where there is none, CUDA, to say so."""
    return ("cpu", accelerator() or "cuda")


def accelerator() -> str:
    """Return the kind of accelerator that is here and works, such as "cuda", or ""."""
    found = torch.accelerator.is_available() and torch.accelerator.current_accelerator()
    return found.type if found else ""


def parse_devices(text: str) -> tuple[str, ...]:
    """Return the devices in a list like `cpu,cuda:1`.

    Raises
    ------
    ValueError : a part names no kind of device that this project runs on.

    """
    devices = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for device in devices:
        kind, colon, index = device.partition(":")
        indexed = not colon or (index.isdecimal() and kind != "cpu")
        if kind not in ("cpu", *GPUS) or not indexed:
            raise ValueError(
                f"a device must be one of cpu, {', '.join(GPUS)}, the latter with an index "
                f"if wanted (cuda:1), several with commas between; got {device!r}"
            )
    return devices


def absent(device: str) -> str:
    """Return why this machine cannot compute on a device, or "" if it can."""
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return ""
    found = accelerator()
    if kind == "cuda" and not found and (reason := why_unused()):
        return reason
    if found != kind:
        return (
            f"no {kind} device: this PyTorch ({torch.__version__}) finds "
            f"{found or 'no accelerator'} on this machine"
        )
    count = torch.accelerator.device_count()
    return f"no device {device}: this machine has {count}" if int(index or 0) >= count else ""
