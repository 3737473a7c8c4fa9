"""Variants: further ways to run the PyTorch side of a workload.

Less precision, a compiler, a CUDA graph, copies to the device and back, another memory layout, or
another body, which is one step of a ladder. A variant says on which kinds of device it is worth
running, what it rounds to, what it needs, and how to make the callable that one iteration calls.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from bench.machine import processor
from bench.machine.compiler import why_no_cpp
from bench.machine.devices import GPUS
from bench.machine.gpus import capability

Inputs = dict[str, Any]
Body = Callable[..., Any]
Iteration = Callable[[], Any]
AMPERE = (8, 0)
WARM_UPS = 3  # calls on a side stream before a capture (PyTorch notes on CUDA graphs)


def plain(body: Body, placed: Inputs) -> Iteration:
    """Call the body."""
    return partial(body, **placed)


def compiled(body: Body, placed: Inputs) -> Iteration:
    """Compile the whole body for these shapes; raise if a part would fall back to eager mode."""
    return partial(torch.compile(body, fullgraph=True, dynamic=False), **placed)


class Recorded:
    """The body's kernels, captured once as a CUDA graph and replayed with one launch.

    Each replay overwrites the result of the one before.
    """

    def __init__(self, body: Body, placed: Inputs) -> None:
        self._body = partial(body, **placed)
        self._graph: Any = None
        self._result: Any = None

    def __call__(self) -> Any:
        """Replay the graph; capture it at the first call."""
        if self._graph is None:
            self._record()
        self._graph.replay()
        return self._result

    def _record(self) -> None:
        current, side = torch.cuda.current_stream(), torch.cuda.Stream()
        side.wait_stream(current)
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                self._body()
        current.wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._result = self._body()
        self._graph = graph


def no_compiler(device: str) -> str:
    """Return why torch.compile cannot run on a device of this machine, or "" if it can."""
    if device != "cpu":
        installed = importlib.util.find_spec("triton") is not None
        return "" if installed else "torch.compile needs triton on a GPU, which is not installed"
    return why_no_cpp()


def no_bfloat16(device: str) -> str:
    """Return why PyTorch would emulate bfloat16 on a device, or "" if it is in hardware."""
    if device == "cpu" and not processor.has_bfloat16():
        return "this CPU has no bfloat16 arithmetic; PyTorch would emulate it"
    return _too_old(device, "bfloat16 arithmetic; PyTorch would emulate it")


def no_tf32(device: str) -> str:
    """Return why a device has no TF32, or "" if it has."""
    return _too_old(device, "TF32")


def _too_old(device: str, feature: str) -> str:
    """Return that a CUDA device lacks what came with Ampere (compute capability 8.0), or ""."""
    kind, _, index = device.partition(":")
    known = capability(int(index or 0)) if kind == "cuda" else None
    if known is None or known >= AMPERE:
        return ""
    return f"this GPU of compute capability {known[0]}.{known[1]} has no {feature}"


def available(_device: str) -> str:
    """Return "": this variant runs on every device of its kinds."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to run the PyTorch side of a workload.

    Attributes
    ----------
    name : "" for the plain one: the workload's own body, in the case's precision, uncompiled.
    body : a PyTorch body that replaces the workload's own; None to keep the workload's. It must be
        a module-level function, or a partial of one, because contenders are pickled.
    digits : the share of the dtype's digits that the body's result keeps: 2/3 for central
        differences (Press et al., Numerical Recipes, 2007, section 5.7).
    kinds : the kinds of device on which it is worth running.
    precision : the lowest precision it rounds to, or "" for the case's own.
    casts : whether inputs are cast to that precision. If not, the kernels or autocast round.
    float32 : how CUDA computes float32 matrix products and convolutions: "ieee" or "tf32".
    transfers : whether an iteration includes the copies to the device and back.
    pins : whether host memory is page-locked, so that the device copies it without the CPU.
    channels_last : whether images (n, c, h, w) are stored with their channels together.
    prepare : `prepare(body, placed_inputs)` returns the callable that one iteration calls.
    reuses : whether an iteration overwrites the result of the one before.
    lacks : `lacks(device)` returns why this machine cannot run it, or "" if it can.

    """

    name: str = ""
    body: Body | None = None
    digits: float = 1.0
    kinds: tuple[str, ...] = ("cpu", *GPUS)
    precision: str = ""
    casts: bool = False
    float32: str = "ieee"
    transfers: bool = False
    pins: bool = False
    channels_last: bool = False
    prepare: Callable[[Body, Inputs], Iteration] = plain
    reuses: bool = False
    lacks: Callable[[str], str] = available

    @property
    def rewritten(self) -> bool:
        """Whether it is the same computation, written differently: a step of a ladder."""
        return self.body is not None and not self.precision

    @property
    def compiles(self) -> bool:
        """Whether its first call runs a compiler, which takes from 1 to 70 s."""
        return self.prepare is compiled

    @property
    def saves_launches(self) -> bool:
        """Whether it changes how many kernels are launched, which matters at small sizes."""
        return self.rewritten or self.compiles or self.prepare is Recorded

    def of(self, body: Body) -> "Variant":
        """Return this variant with a body of its own."""
        return replace(self, body=body)


PLAIN = Variant()
TF32 = Variant(name="tf32", kinds=("cuda",), precision="tf32", float32="tf32", lacks=no_tf32)
BF16 = Variant(name="bf16", precision="bfloat16", casts=True, lacks=no_bfloat16)
FP16 = Variant(name="fp16", kinds=GPUS, precision="float16", casts=True)
AMP = Variant(name="amp", kinds=("cuda", "xpu"), precision="bfloat16", lacks=no_bfloat16)
TRANSFER = Variant(name="transfer", kinds=GPUS, transfers=True)
PINNED = Variant(name="pinned", kinds=("cuda", "xpu"), pins=True)
COMPILE = Variant(name="compile", kinds=("cpu", "cuda", "xpu"), prepare=compiled, lacks=no_compiler)
GRAPH = Variant(name="graph", kinds=("cuda",), prepare=Recorded, reuses=True)
CHANNELS_LAST = Variant(name="channels-last", kinds=("cpu",), channels_last=True)
