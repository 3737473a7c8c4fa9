"""What a workload is, and where to find them all.

A workload is one computation written twice, in NumPy and in PyTorch, with the inputs both get,
the sizes it comes in and what it costs. It knows nothing of devices, clocks or files.
"""

import hashlib
import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.variant import TRANSFER, Body, Inputs, Variant

Param = int | float | str
Quality = Mapping[str, float | list[float]]

SHORT_OF_DIGITS = 2**18  # entries; a larger input is drawn in float32
FAMILIES = (
    "matmul",
    "convolution",
    "reductions",
    "elementwise",
    "algorithms",
    "training",
    "autograd",
    "transfer",
)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one iteration costs by the algorithm, not by what a processor happens to do.

    Attributes
    ----------
    flops : floating-point operations; a comparison and an exponential count as one each.
    elements : array elements that must be read or written at least once.
    reduction : roundings on the longest chain from an input to an output; sets the error bound.
    roundings : those to a lower precision, where a contender computes in one: of its inputs, of the
        arrays between its kernels, of its output.
    shortcut : how many times fewer operations another algorithm needs that a library may choose:
        4 for a 3 x 3 convolution (Lavin & Gray, Fast algorithms for convolutional neural networks,
        2016). Without it such a result would be taken for impossible.

    """

    flops: float
    elements: float
    reduction: int
    roundings: int = 3
    shortcut: float = 1.0


@dataclass(frozen=True)
class Size:
    """The parameters of one size; a large one is for accelerators, which no smaller one fills."""

    params: Mapping[str, Param]
    name: str = ""
    large: bool = False

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, bool, dict[str, Param]]]:
        """Pickle as what it was made of: a read-only mapping cannot be pickled."""
        return _size, (self.name, self.large, dict(self.params))

    @property
    def label(self) -> str:
        """The name, or the parameters as they read aloud: `n=1024`."""
        return self.name or ",".join(f"{key}={value}" for key, value in self.params.items())


def size(name: str = "", *, large: bool = False, **params: Param) -> Size:
    """Return the size that has these parameters."""
    return Size(MappingProxyType(params), name, large)


def draw(rng: np.random.Generator, *shape: int, low: float = -1.0) -> NDArray[Any]:
    """Draw an input (shape): numbers from `low` to 1, all as likely; float64, where large float32.

    That takes a quarter of the time of normal numbers in float64, and who asks for float64 gets the
    same numbers. Small inputs have all digits, so that a body that drops some is seen.
    """
    dtype = np.float32 if math.prod(shape) > SHORT_OF_DIGITS else np.float64
    values = rng.random(shape, dtype)
    values *= 1 - low
    values += low
    return values


def _size(name: str, large: bool, params: dict[str, Param]) -> Size:  # noqa: FBT001 - to unpickle
    return size(name, large=large, **params)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One computation with a NumPy and at least one PyTorch implementation.

    Attributes
    ----------
    make : `make(rng, **params)` returns the inputs by name: floating-point or integer NumPy arrays,
        which `draw` draws, and plain values that both bodies take as they are. A `device` and a
        `pinned` among them are replaced by what a contender computes on, and whether its host
        memory is page-locked.
    numpy, torch : the two bodies, called with the inputs by name; they return an array or a tuple
        of arrays, and leave their inputs as they found them.
    variants : further ways to run the PyTorch side that are worth measuring here: those of
        `bench.variant`, and `Variant(name=..., body=...)` for each other way to write it.
    rows : the inputs whose rows, along the second last axis, each make the same row of the output
        and no other: a reference of a few rows is computed from a few of theirs.
    on_host : the inputs that stay in the host's memory, whatever the device.
    serial : whether the work is too small to share; it is measured with the fewest threads alone.
    helpers : the modules of this project that the bodies call; shown and hashed with them.
    cost : `cost(**params)`.
    axis : the parameter that the sizes grow along, or "flops" where no one parameter tells.
    curve : the parameter that splits the sizes into several curves ("over": rows, columns).
    quality : `quality(body, inputs)` returns further named figures about what a body computed,
        such as the accuracy of a trained network. It takes and gives NumPy arrays.
    quality_of_rewritten : whether `quality` is measured for rewritten variants too, though they are
        verified to compute the same.

    """

    name: str
    family: str
    make: Callable[..., Inputs]
    numpy: Body
    torch: Body
    variants: Sequence[Variant] = (TRANSFER,)
    rows: Sequence[str] = ()
    on_host: Sequence[str] = ()
    serial: bool = False
    helpers: tuple[ModuleType, ...] = ()
    cost: Callable[..., Cost]
    sizes: Sequence[Size]
    axis: str = "n"
    curve: str = ""
    quality: Callable[[Body, Inputs], Quality] | None = None
    quality_of_rewritten: bool = False

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(
                f"workload {self.name!r}: its family must be one of {', '.join(FAMILIES)}; "
                f"got {self.family!r}"
            )
        labels = [size.label for size in self.sizes]
        if not labels or len(set(labels)) < len(labels):
            raise ValueError(f"workload {self.name!r}: give sizes that differ; got {labels}")

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        """Pickle as a name: another process imports the workload from the file it stands in."""
        return named, (self.make.__module__, self.name)

    def axis_value(self, size: Size) -> float:
        """Return where a size stands on the axis."""
        if self.axis == "flops":
            return float(self.cost(**size.params).flops)
        return float(size.params[self.axis])

    def curve_of(self, size: Size) -> list[Size]:
        """Return the sizes of the curve that one of them is on, the smallest first."""
        value = size.params.get(self.curve)
        return sorted(
            (other for other in self.sizes if other.params.get(self.curve) == value),
            key=self.axis_value,
        )

    @cached_property
    def sources(self) -> tuple[Path, ...]:
        """The files that the bodies stand in, the workload's own first."""
        things: tuple[Any, ...] = (self.make, *self.helpers)
        return tuple(Path(inspect.getfile(thing)) for thing in things)

    @cached_property
    def source_sha256(self) -> str:
        """The hash of those files, so that a result can name the code it timed."""
        return hashlib.sha256(b"".join(path.read_bytes() for path in self.sources)).hexdigest()


def named(module: str, name: str) -> Workload:
    """Return the workload of that name that a module defines.

    Raises
    ------
    LookupError : there is none; `make` must stand in the same module as its workload.

    """
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, Workload) and value.name == name:
            return value
    raise LookupError(f"{module} must define the workload {name!r} whose `make` stands there")


@lru_cache(maxsize=1)
def discover() -> Mapping[str, Workload]:
    """Return every workload in `bench/workloads/`, by name, in the order of families.

    The one that bears its family's name comes first.

    Raises
    ------
    TypeError : a file there defines no `WORKLOAD`.

    """
    found = sorted(_load(), key=lambda w: (FAMILIES.index(w.family), w.name != w.family))
    return MappingProxyType({workload.name: workload for workload in found})


def _load() -> Iterator[Workload]:
    folder = Path(__file__).parent / "workloads"
    for info in pkgutil.iter_modules([str(folder)]):
        if info.ispkg:
            continue
        module = importlib.import_module(f"bench.workloads.{info.name}")
        workload = getattr(module, "WORKLOAD", None)
        if not isinstance(workload, Workload) or workload.name != info.name:
            raise TypeError(
                f"bench/workloads/{info.name}.py must define WORKLOAD = Workload("
                f"name={info.name!r}, ...); got {workload!r:.80}"
            )
        yield workload
