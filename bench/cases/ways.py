"""Further ways to run one and the same PyTorch body: in less precision, compiled, recorded, moved.

A way says on which kinds of device it tells something, what it rounds to, what it needs, and how
an iteration is prepared from a body and its placed inputs. What is prepared costs its first call.
"""

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import torch

from bench.machine import processor
from bench.machine.gpus import capability
from bench.workload import Body, Inputs

Iteration = Callable[[], Any]
AMPERE = (8, 0)
WARM_UPS = 3  # on a stream of their own, before a recording, as PyTorch's notes on CUDA graphs ask


def plain(body: Body, placed: Inputs) -> Iteration:
    """Call the body."""
    return partial(body, **placed)


def compiled(body: Body, placed: Inputs) -> Iteration:
    """Compile the body whole, for just these shapes; a part that falls back is an error."""
    return partial(torch.compile(body, fullgraph=True, dynamic=False), **placed)


class Recorded:
    """The body's kernels recorded once as a CUDA graph and launched again as one.

    Its result lies where the next launch will write.
    """

    def __init__(self, body: Body, placed: Inputs) -> None:
        self._body = partial(body, **placed)
        self._graph: Any = None
        self._result: Any = None

    def __call__(self) -> Any:
        """Launch the recording; record it first if there is none."""
        if self._graph is None:
            self._record()
        self._graph.replay()
        return self._result

    def _record(self) -> None:
        current, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                self._body()
        current.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._result = self._body()
        self._graph = graph


def no_compiler(device: str) -> str:
    """Return what torch.compile misses here for a device, or ""."""
    if device != "cpu":
        there = importlib.util.find_spec("triton") is not None
        return "" if there else "torch.compile needs triton on a GPU, which is not installed"
    default = "clang++" if sys.platform == "darwin" else "g++"
    name = os.environ.get("CXX", default)
    found = shutil.which(name) is not None
    return "" if found else f"torch.compile needs a C++ compiler on a CPU; {name} is not here"


def no_bfloat16(device: str) -> str:
    """Return why bfloat16 would be emulated on a device of this machine, or ""."""
    if device == "cpu" and not processor.has_bfloat16():
        return "this CPU has no bfloat16 arithmetic; PyTorch would emulate it"
    return _too_old(device, "bfloat16 arithmetic; PyTorch would emulate it")


def no_tf32(device: str) -> str:
    """Return why a device has no TF32, or ""."""
    return _too_old(device, "TF32")


def _too_old(device: str, lacks: str) -> str:
    """Return that a CUDA device before Ampere (compute capability 8.0) lacks something, or ""."""
    kind, _, index = device.partition(":")
    known = capability(int(index or 0)) if kind == "cuda" else None
    if known is None or known >= AMPERE:
        return ""
    return f"this GPU of compute capability {known[0]}.{known[1]} has no {lacks}"


@dataclass(frozen=True, kw_only=True)
class Way:
    """A further way to run a PyTorch body.

    Attributes
    ----------
    kinds : of device on which it tells something.
    precision : the lowest that it rounds to, or "" for the case's own.
    casts : whether the inputs are in that precision; else kernels round, or an autocast does.
    float32 : what float32 means on the device.
    transfers : whether an iteration begins and ends in the host's memory.
    pins : whether the host's memory is page-locked, so that the device can copy by itself.
    channels_last : whether images (n, c, h, w) lie in memory with their channels together.
    prepare : an iteration from a body and its placed inputs.
    reuses : whether a result lies where the next iteration will write.
    lacks : `lacks(device)` returns why it cannot be had on this machine, or "".

    """

    kinds: tuple[str, ...]
    precision: str = ""
    casts: bool = False
    float32: str = "ieee"
    transfers: bool = False
    pins: bool = False
    channels_last: bool = False
    prepare: Callable[[Body, Inputs], Iteration] = plain
    reuses: bool = False
    lacks: Callable[[str], str] = lambda _: ""


GPUS = ("cuda", "mps", "xpu")
PLAIN = Way(kinds=("cpu", *GPUS))
WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "": PLAIN,
        "tf32": Way(kinds=("cuda",), precision="tf32", float32="tf32", lacks=no_tf32),
        "bf16": Way(kinds=PLAIN.kinds, precision="bfloat16", casts=True, lacks=no_bfloat16),
        "fp16": Way(kinds=GPUS, precision="float16", casts=True),
        "amp": Way(kinds=("cuda", "xpu"), precision="bfloat16", lacks=no_bfloat16),
        "transfer": Way(kinds=GPUS, transfers=True),
        "pinned": Way(kinds=("cuda", "xpu"), pins=True),
        "compile": Way(kinds=("cpu", "cuda", "xpu"), prepare=compiled, lacks=no_compiler),
        "graph": Way(kinds=("cuda",), prepare=Recorded, reuses=True),
        "channels-last": Way(kinds=("cpu",), channels_last=True),
    }
)
