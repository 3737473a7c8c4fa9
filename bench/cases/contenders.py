"""Who runs a case: NumPy, or PyTorch on a device, at one of a workload's rungs or in another way.

A contender places inputs, waits for its device and brings results back. Every kind of accelerator
that `torch.accelerator` knows goes by this one path; a device that is absent is a contender that
says why it cannot run, never an error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from bench.cases.case import Case
from bench.cases.ways import GPUS, WAYS, Iteration, Way
from bench.machine.gpus import why_unused
from bench.results import ids
from bench.workload import Inputs, Workload


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One library on one device.

    Attributes
    ----------
    library : "numpy" or "torch".
    device : as PyTorch writes it, "cpu" or "cuda:1".
    rung : the name of one of a workload's further PyTorch bodies, or "" for its main one.
    way : the name of a further way to run the main body, or "" for the usual one.
    twin : whether this is the second worker of a contender that is compared with itself.
    checks : whether its worker makes inputs and references, and is never timed: what such work
        leaves in a process's memory made the same code up to twice as slow there.

    """

    library: str
    device: str = "cpu"
    rung: str = ""
    way: str = ""
    twin: bool = False
    checks: bool = False

    @property
    def name(self) -> str:
        """What it is called: `numpy`, `torch-cpu`, `torch-cpu-autograd`, `torch-cuda1-tf32`."""
        return ids.contender(self.library, self.device, self.variant, twin=self.twin)

    @property
    def variant(self) -> str:
        """The rung or the way it runs in, "" for the main body in the usual way."""
        return self.rung or self.way

    @property
    def kind(self) -> str:
        """The kind of its device: "cpu", "cuda" ..."""
        return self.device.partition(":")[0]

    @property
    def runs(self) -> Way:
        """The way it runs."""
        return WAYS[self.way]

    @property
    def usual(self) -> "Contender":
        """The same library on the same device, running the main body in the usual way."""
        return NUMPY if self.library == "numpy" else _torch(self.device)

    def suits(self, case: Case) -> bool:
        """Tell whether the comparison means something: less precision is that of float32."""
        return case.dtype == "float32" or not self.runs.precision

    def unavailable(self, case: Case) -> str:
        """Return why this contender cannot run the case here, or "" if it can."""
        if self.kind == "mps" and case.dtype == "float64":
            return "MPS devices have no float64"
        return absent(self.device) or self.runs.lacks(self.device)

    def body(self, case: Case) -> Any:
        """Return the implementation this contender runs."""
        return case.workload.body(self.library, self.rung, self.way)

    def moved_bytes(self, case: Case) -> float:
        """Return the bytes that must be moved at least once, in this contender's precision."""
        width = SHORT_BYTES if self.runs.casts else np.dtype(case.dtype).itemsize
        return case.cost.elements * width

    def iteration(self, case: Case, placed: Inputs) -> Iteration:
        """Return what one iteration calls, on inputs that were placed."""
        if self.runs.transfers:
            return partial(self._there_and_back, body=self.body(case), hosted=placed)
        return self.runs.prepare(self.body(case), placed)

    def _there_and_back(self, body: Any, hosted: Inputs) -> Any:
        return self.bring_back(body(**self.moved(hosted)))

    def moved(self, hosted: Inputs) -> Inputs:
        """Bring tensors that lie in the host's memory to the device."""
        return {
            name: value.to(self.device) if isinstance(value, torch.Tensor) else value
            for name, value in hosted.items()
        }

    def place(self, inputs: Inputs, on_host: Sequence[str] = ()) -> Inputs:
        """Copy NumPy inputs to where this contender computes, but for those that stay `on_host`."""
        own = {"device": self.device, "pinned": self.runs.pins}
        return {
            name: own[name] if name in own else self._place(value, stays=name in on_host)
            for name, value in inputs.items()
        }

    def _place(self, value: Any, *, stays: bool) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        if self.library == "numpy":
            return np.array(value)
        here = stays or self.runs.transfers or self.kind == "cpu"
        tensor = torch.tensor(value) if here else torch.from_numpy(value).to(self.device)
        if self.runs.casts and tensor.is_floating_point():
            tensor = tensor.to(getattr(torch, self.runs.precision))
        if self.runs.channels_last and tensor.dim() == IMAGES:
            tensor = tensor.to(memory_format=torch.channels_last)
        return tensor.pin_memory() if stays and self.runs.pins else tensor

    def synchronize(self) -> None:
        """Wait until the device has done all that was asked of it."""
        if self.device != "cpu":
            torch.accelerator.synchronize(torch.device(self.device))

    def bring_back(self, result: Any) -> Any:
        """Return results, an array or a tuple of them, as NumPy arrays; anything else as it is.

        What NumPy has no type for comes back as float32.
        """
        if isinstance(result, tuple):
            return tuple(self.bring_back(part) for part in result)
        if not isinstance(result, torch.Tensor):
            return result
        return (result.float() if result.dtype in SHORT else result).numpy(force=True)


IMAGES = 4  # dimensions
SHORT, SHORT_BYTES = (torch.bfloat16, torch.float16), 2


def _torch(device: str, rung: str = "", way: str = "") -> Contender:
    return Contender(library="torch", device=device, rung=rung, way=way)


NUMPY = Contender(library="numpy")
TORCH_CPU = _torch("cpu")


def slow_to_start(contender: Contender) -> bool:
    """Tell whether a first call is expensive: a compiler's takes from 1 to 70 s."""
    return contender.way == "compile"


def contenders(workload: Workload, devices: Sequence[str]) -> Iterator[Contender]:
    """Yield NumPy, the baseline, and PyTorch on each device at each rung and in each way."""
    yield NUMPY
    for device in devices:
        for rung in ("", *workload.rungs):
            yield _torch(device, rung)
        for way in workload.ways:
            if device.partition(":")[0] in WAYS[way].kinds:
                yield _torch(device, way=way)


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
