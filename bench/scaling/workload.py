"""Scaling workloads: one computation spread over ranks, in NumPy and in PyTorch.

Each rank has a `Step`: it computes the rank's share, and communicates. NumPy's ranks are processes
that share memory, as `multiprocessing` offers. PyTorch's ranks are those of `torch.distributed`.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.workload import Size

Array = NDArray[Any]
Inputs = Mapping[str, Any]
NAMES = ("all_reduce", "train_data_parallel", "matmul_sharded")
CHECKED = 2  # iterations from the start before a result is compared


class Barrier(Protocol):
    """Where processes wait for each other."""

    def wait(self) -> Any:
        """Wait until all have come."""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """A NumPy process among others: its number, and what it shares with them.

    Attributes
    ----------
    shared : arrays in shared memory, by name; all processes see the same.

    """

    rank: int
    ranks: int
    shared: Mapping[str, Array]
    barrier: Barrier


@dataclass(frozen=True, kw_only=True)
class Team:
    """A rank of PyTorch among others.

    Attributes
    ----------
    group : the process group; None for one process that communicates with none.
    device : where it computes, "cpu" or "cuda:1".
    sharded : whether weights are spread over the ranks too (FSDP).

    """

    rank: int
    ranks: int
    group: Any
    device: str
    sharded: bool = False


class Step(Protocol):
    """The work of one rank on one size.

    Attributes
    ----------
    most : calls between two resets, at most.

    """

    most: int

    def reset(self) -> None:
        """Go back to the start, so that the next calls give the same results again."""

    def __call__(self) -> None:
        """Do one iteration, communication included."""

    def alone(self) -> None:
        """Do this rank's work of one iteration without communication."""

    def outputs(self) -> Sequence[Array]:
        """Return the result of the calls since the last reset, the same on every rank."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much one iteration of one rank's share is, and of all ranks.

    Attributes
    ----------
    message_bytes : of the array that is all-reduced or gathered.
    flops : of all ranks together.
    examples : of all ranks together, in a step of training.
    reduction : roundings on the longest chain; sets the error bound.

    """

    message_bytes: float
    flops: float
    reduction: int
    examples: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScalingWorkload:
    """One computation spread over ranks.

    Attributes
    ----------
    make : `make(rng, total, **params)` returns the inputs of all ranks together. `total` is how
        many times the work of one rank they are: 1 for strong scaling, the ranks for weak.
    reference : `reference(**inputs)` returns the float64 outputs of one process.
    shared : `shared(ranks, total, **params)` returns the shapes of NumPy's shared arrays, by name.
    numpy, torch : make the step of one rank: `numpy(crew, **inputs)`, `torch(team, **inputs)`.
    amount : `amount(ranks, total, **params)`.
    modes : of scaling: ("strong", "weak"), or ("",) if the ranks only communicate.
    divided : `divided(**params)` is the count that must divide among the ranks; 0 for none.
    threads : whether one process with several threads can do the same.
    sharded : whether PyTorch can spread the weights too.

    """

    name: str
    make: Callable[..., Inputs]
    reference: Callable[..., Sequence[Array]]
    shared: Callable[..., Mapping[str, tuple[int, ...]]]
    numpy: Callable[..., Step]
    torch: Callable[..., Step]
    amount: Callable[..., Amount]
    sizes: Sequence[Size]
    modes: tuple[str, ...] = ("strong",)
    divided: Callable[..., int]
    threads: bool = True
    sharded: bool = False


@cache
def workloads() -> dict[str, ScalingWorkload]:
    """Return the scaling workloads by name."""
    modules = (importlib.import_module(f"bench.scaling.workloads.{name}") for name in NAMES)
    return {module.WORKLOAD.name: module.WORKLOAD for module in modules}


def part(count: int, rank: int, ranks: int) -> slice:
    """Return the rank's part of `count` items: parts differ by at most one item."""
    return slice(count * rank // ranks, count * (rank + 1) // ranks)


def flat(arrays: Sequence[Array]) -> Array:
    """Return the entries of all arrays as one row."""
    return np.concatenate([array.reshape(-1) for array in arrays])
