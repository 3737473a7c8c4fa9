"""Contenders: NumPy, or PyTorch on one device, in one variant.

A contender places inputs, waits for its device and brings results back. All accelerators that
`torch.accelerator` knows share this code. A missing device makes a contender that says why it
cannot run; nothing raises for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from bench.cases.case import Case
from bench.machine.devices import absent
from bench.results import ids
from bench.variant import PLAIN, Inputs, Iteration, Variant
from bench.workload import Workload


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One library on one device, in one variant.

    Attributes
    ----------
    library : "numpy" or "torch".
    device : as PyTorch writes it, "cpu" or "cuda:1".
    variant : how PyTorch runs; plain for NumPy.
    twin : whether this is the second worker of a contender that is compared with itself.
    checks : whether its worker only makes inputs and references. It is never timed: such work
        leaves its memory in a state that made timed code up to twice as slow.

    """

    library: str
    device: str = "cpu"
    variant: Variant = PLAIN
    twin: bool = False
    checks: bool = False

    @property
    def name(self) -> str:
        """Its name: `numpy`, `torch-cpu`, `torch-cpu-autograd`, `torch-cuda1-tf32`."""
        return ids.contender(self.library, self.device, self.variant.name, twin=self.twin)

    @property
    def kind(self) -> str:
        """The kind of its device: "cpu", "cuda" ..."""
        return self.device.partition(":")[0]

    @property
    def plain(self) -> "Contender":
        """The same library on the same device, in the plain variant."""
        return NUMPY if self.library == "numpy" else _torch(self.device)

    @property
    def as_twin(self) -> "Contender":
        """A second worker of the same code, for a self-test."""
        return replace(self, twin=True)

    def suits(self, case: Case) -> bool:
        """Return whether it runs cases of this dtype: variants of less precision need float32."""
        return case.dtype == "float32" or not self.variant.precision

    def unavailable(self, case: Case) -> str:
        """Return why this contender cannot run the case here, or "" if it can."""
        if self.kind == "mps" and case.dtype == "float64":
            return "MPS devices have no float64"
        return absent(self.device) or self.variant.lacks(self.device)

    def body(self, case: Case) -> Any:
        """Return the implementation that this contender runs."""
        return self.variant.body or getattr(case.workload, self.library)

    def precision(self, case: Case) -> str:
        """Return the precision whose peak this contender can reach in a case."""
        return self.variant.precision or case.dtype

    def moved_bytes(self, case: Case) -> float:
        """Return the bytes that must be moved at least once, in this contender's precision."""
        width = SHORT_BYTES if self.variant.casts else np.dtype(case.dtype).itemsize
        return case.cost.elements * width + case.cost.other_bytes

    def iteration(self, case: Case, placed: Inputs) -> Iteration:
        """Return the callable of one iteration, on placed inputs."""
        if self.variant.transfers:
            return partial(self._there_and_back, body=self.body(case), hosted=placed)
        return self.variant.prepare(self.body(case), placed)

    def _there_and_back(self, body: Any, hosted: Inputs) -> Any:
        return self.bring_back(body(**self.moved(hosted)))

    def moved(self, hosted: Inputs) -> Inputs:
        """Bring tensors that lie in the host's memory to the device."""
        return {
            name: value.to(self.device) if isinstance(value, torch.Tensor) else value
            for name, value in hosted.items()
        }

    def place(self, inputs: Inputs, on_host: Sequence[str] = ()) -> Inputs:
        """Copy NumPy inputs to this contender's device, except those that stay `on_host`."""
        own = {"device": self.device, "pinned": self.variant.pins}
        return {
            name: own[name] if name in own else self._place(value, stays=name in on_host)
            for name, value in inputs.items()
        }

    def _place(self, value: Any, *, stays: bool) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        if self.library == "numpy":
            return np.array(value)
        here = stays or self.variant.transfers or self.kind == "cpu"
        tensor = torch.tensor(value) if here else torch.from_numpy(value).to(self.device)
        if self.variant.casts and tensor.is_floating_point():
            tensor = tensor.to(getattr(torch, self.variant.precision))
        if self.variant.channels_last and tensor.dim() == IMAGES:
            tensor = tensor.to(memory_format=torch.channels_last)
        return tensor.pin_memory() if stays and self.variant.pins else tensor

    def synchronize(self) -> None:
        """Wait until the device has finished all its work."""
        if self.device != "cpu":
            torch.accelerator.synchronize(torch.device(self.device))

    def bring_back(self, result: Any) -> Any:
        """Return results, an array or a tuple of them, as NumPy arrays; anything else as it is.

        Types that NumPy lacks become float32.
        """
        if isinstance(result, tuple):
            return tuple(self.bring_back(part) for part in result)
        if not isinstance(result, torch.Tensor):
            return result
        return (result.float() if result.dtype in SHORT else result).numpy(force=True)


IMAGES = 4  # dimensions
SHORT, SHORT_BYTES = (torch.bfloat16, torch.float16), 2


def _torch(device: str, variant: Variant = PLAIN) -> Contender:
    return Contender(library="torch", device=device, variant=variant)


NUMPY = Contender(library="numpy")
TORCH_CPU = _torch("cpu")


def contenders(workload: Workload, devices: Sequence[str]) -> Iterator[Contender]:
    """Yield NumPy, the baseline, then PyTorch on each device, plain and in each variant."""
    yield NUMPY
    for device in devices:
        kind = device.partition(":")[0]
        if kind not in workload.kinds:
            continue
        variants = (variant for variant in workload.variants if kind in variant.kinds)
        for variant in (PLAIN, *variants):
            yield _torch(device, variant)
