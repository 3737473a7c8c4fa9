"""Who runs a case: NumPy, or PyTorch on a device, at one of a workload's rungs.

A contender places inputs, waits for its device and brings results back. Every kind of accelerator
that `torch.accelerator` knows goes by this one path; a device that is absent is a contender that
says why it cannot run, never an error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bench.case import Case
from bench.workload import Inputs, Workload

ACCELERATORS = ("cuda", "mps", "xpu")


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One library on one device.

    Attributes
    ----------
    name : `numpy`, `torch-cpu`, `torch-cuda`, `torch-cpu-autograd` ...
    library : "numpy" or "torch".
    device : as PyTorch writes it, "cpu" or "cuda:1".
    rung : the name of one of a workload's further PyTorch bodies, or "" for its main one.
    twin : whether this is the second worker of a contender that is compared with itself.

    """

    name: str
    library: str
    device: str = "cpu"
    rung: str = ""
    twin: bool = False

    def unavailable(self, case: Case) -> str:
        """Return why this contender cannot run the case here, or "" if it can."""
        if self.device.startswith("mps") and case.dtype == "float64":
            return "MPS devices have no float64"
        return absent(self.device)

    def body(self, case: Case) -> Any:
        """Return the implementation this contender runs."""
        return case.workload.body(self.library, self.rung)

    def place(self, inputs: Inputs) -> Inputs:
        """Copy NumPy inputs to where this contender computes."""
        return {name: self._place(value) for name, value in inputs.items()}

    def _place(self, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        if self.library == "numpy":
            return np.array(value)
        return torch.tensor(value, device=self.device)

    def synchronize(self) -> None:
        """Wait until the device has done all that was asked of it."""
        if self.device != "cpu":
            torch.accelerator.synchronize(torch.device(self.device))

    def bring_back(self, result: Any) -> Any:
        """Return results, an array or a tuple of them, as NumPy arrays; anything else as it is."""
        if isinstance(result, tuple):
            return tuple(self.bring_back(part) for part in result)
        return result.numpy(force=True) if isinstance(result, torch.Tensor) else result


NUMPY = Contender(name="numpy", library="numpy")
TORCH_CPU = Contender(name="torch-cpu", library="torch")


def contenders(workload: Workload, devices: Sequence[str]) -> Iterator[Contender]:
    """Yield NumPy, the baseline, and PyTorch on each device at each rung of the workload."""
    yield NUMPY
    for device in devices:
        for rung in ("", *workload.rungs):
            name = "-".join(filter(None, ("torch", device.replace(":", ""), rung)))
            yield Contender(name=name, library="torch", device=device, rung=rung)


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
        if kind not in ("cpu", *ACCELERATORS) or not indexed:
            raise ValueError(
                f"a device must be one of cpu, {', '.join(ACCELERATORS)}, the latter with an index "
                f"if wanted (cuda:1), several with commas between; got {device!r}"
            )
    return devices


def absent(device: str) -> str:
    """Return why this machine cannot compute on a device, or "" if it can."""
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return ""
    found = accelerator()
    if found != kind:
        return (
            f"no {kind} device: this PyTorch ({torch.__version__}) finds "
            f"{found or 'no accelerator'} on this machine"
        )
    count = torch.accelerator.device_count()
    return f"no device {device}: this machine has {count}" if int(index or 0) >= count else ""


def set_ieee_float32() -> None:
    """Make float32 on CUDA mean IEEE float32, in matrix products and convolutions alike.

    Left alone, cuDNN rounds the inputs of a float32 convolution to TF32's 10 bits while matrix
    products keep 23 (PyTorch notes, CUDA semantics, "TensorFloat-32").
    """
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    if hasattr(cuda, "fp32_precision"):
        cuda.fp32_precision = "ieee"
        cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
    else:  # before PyTorch 2.9
        cuda.allow_tf32 = False
        cudnn.allow_tf32 = False


def float32_precision() -> dict[str, str]:
    """Read back what `set_ieee_float32` set: "ieee" or "tf32" of matmul and of conv."""
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    if hasattr(cuda, "fp32_precision"):
        return {"matmul": cuda.fp32_precision, "conv": cudnn.conv.fp32_precision}  # type: ignore[attr-defined]
    tf32 = {True: "tf32", False: "ieee"}
    return {"matmul": tf32[cuda.allow_tf32], "conv": tf32[cudnn.allow_tf32]}
