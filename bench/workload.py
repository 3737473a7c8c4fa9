"""Workloads: what defines one, and how all are discovered.

A workload is one computation written in NumPy and in PyTorch, with its inputs, its sizes and its
cost. It knows nothing of devices, clocks or files.
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

from bench.machine.devices import GPUS
from bench.variant import TRANSFER, Body, Inputs, Variant

Param = int | float | str
Quality = Mapping[str, float | list[float]]

FLOAT32_ABOVE = 2**18  # entries; a larger input is drawn in float32
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
    """What one iteration costs, counted from the algorithm.

    Attributes
    ----------
    flops : floating-point operations; a comparison or an exponential counts as one.
    elements : elements of the case's dtype that must be read or written at least once.
    other_bytes : bytes of arrays whose width does not follow the case's dtype, such as indices and
        masks, that must be read or written at least once.
    reduction : roundings on the longest chain from an input to an output; sets the error bound.
    roundings : roundings on that chain to a lower precision, for contenders that compute in one:
        of the inputs, of the arrays between kernels, of the output.
    shortcut : how many times fewer operations a library may need if it chooses another algorithm: 4
        for a 3 x 3 convolution (Lavin & Gray, Fast algorithms for convolutional neural networks,
        2016). Without it, such a result would look impossibly fast.

    """

    flops: float
    elements: float
    reduction: int
    roundings: int = 3
    shortcut: float = 1.0
    other_bytes: float = 0.0


@dataclass(frozen=True)
class Size:
    """The parameters of one size.

    A `large` size has enough work for an accelerator. A `telling` size shows the answer to the
    question that the workload asks.
    """

    params: Mapping[str, Param]
    name: str = ""
    large: bool = False
    telling: bool = False

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, bool, bool, dict[str, Param]]]:
        """Pickle the parameters as a dict: a read-only mapping cannot be pickled."""
        return _size, (self.name, self.large, self.telling, dict(self.params))

    @property
    def label(self) -> str:
        """The name, or without one the parameters: `n=1024`."""
        return self.name or ",".join(f"{key}={value}" for key, value in self.params.items())


def size(name: str = "", *, large: bool = False, telling: bool = False, **params: Param) -> Size:
    """Return a size with these parameters."""
    return Size(MappingProxyType(params), name, large, telling)


def draw(rng: np.random.Generator, *shape: int, low: float = -1.0) -> NDArray[Any]:
    """Draw an array of uniform random numbers from `low` to 1: float64, or float32 if it is large.

    Large arrays are float32 because this takes a quarter of the time of normal numbers in float64.
    A case in float64 then gets the same numbers. Small arrays have all digits of float64, so that
    verification notices a body that drops some.
    """
    dtype = np.float32 if math.prod(shape) > FLOAT32_ABOVE else np.float64
    values = rng.random(shape, dtype)
    values *= 1 - low
    values += low
    return values


def generator(workload: str, size: str) -> np.random.Generator:
    """Return the generator of a workload's inputs at a size: the same numbers at every call."""
    return np.random.default_rng(list(hashlib.sha256(f"{workload}/{size}".encode()).digest()))


def _size(name: str, large: bool, telling: bool, params: dict[str, Param]) -> Size:  # noqa: FBT001 - pickle calls by position
    return size(name, large=large, telling=telling, **params)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One computation with a NumPy and at least one PyTorch implementation.

    Most workloads are curves: their sizes go from the smallest call to data beyond the cache. A
    workload with `telling` sizes is a question: two or three sizes answer it, and a default run
    measures the telling ones alone, with the fewest threads.

    Attributes
    ----------
    make : `make(rng, **params)` returns the inputs by name: NumPy arrays of floating-point numbers
        or integers, which `draw` draws, and plain values, which both bodies get unchanged. An input
        named `device` is replaced by the contender's device, an input named `pinned` by whether the
        contender's host memory is page-locked.
    numpy, torch : the two bodies. They take the inputs by name, return an array or a tuple of
        arrays, and do not change their inputs.
    variants : further ways to run the PyTorch side that are worth measuring here: those of
        `bench.variant`, and `Variant(name=..., body=...)` for each other way to write it.
    rows : the inputs of which row i (along the second last axis) affects only row i of the output.
        A reference of a few output rows is computed from the same rows of these inputs.
    on_host : the inputs that stay in the host's memory on every device.
    serial : the work is too small for several threads; it is measured only with the fewest threads.
    helpers : the modules of this project that the bodies call; shown and hashed with them.
    dtypes : the dtypes of its cases, the most exact one last.
    kinds : the kinds of device on which its PyTorch side is worth running.
    cost : `cost(**params)` returns the cost of one iteration.
    axis : the parameter along which the sizes grow, or "flops" if no single parameter does.
    curve : the parameter that splits the sizes into several curves ("over": all, rows, columns).
    quality : `quality(body, inputs)` returns further figures by name, such as the accuracy of a
        trained network. `body` takes and returns NumPy arrays.
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
    dtypes: tuple[str, ...] = ("float32", "float64")
    kinds: tuple[str, ...] = ("cpu", *GPUS)
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
            raise ValueError(f"workload {self.name!r}: give sizes, each once; got {labels}")

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        """Pickle the names only: another process imports the workload from its module."""
        return named, (self.make.__module__, self.name)

    @property
    def core_sizes(self) -> Sequence[Size]:
        """The sizes of a default run: the telling ones of a question, all of a curve."""
        return [size for size in self.sizes if size.telling] or self.sizes

    @property
    def is_question(self) -> bool:
        """Whether some sizes are telling."""
        return any(size.telling for size in self.sizes)

    def axis_value(self, size: Size) -> float:
        """Return the value of a size on the axis."""
        if self.axis == "flops":
            return float(self.cost(**size.params).flops)
        return float(size.params[self.axis])

    def curve_of(self, size: Size) -> list[Size]:
        """Return all sizes on the same curve as `size`, the smallest first."""
        value = size.params.get(self.curve)
        return sorted(
            (other for other in self.sizes if other.params.get(self.curve) == value),
            key=self.axis_value,
        )

    @cached_property
    def sources(self) -> tuple[Path, ...]:
        """The files that define the bodies: the workload's own file, then its helpers."""
        definitions: tuple[Any, ...] = (self.make, *self.helpers)
        return tuple(Path(inspect.getfile(definition)) for definition in definitions)

    @cached_property
    def source_sha256(self) -> str:
        """The hash of those files, so that a result file can say which code was timed."""
        return hashlib.sha256(b"".join(path.read_bytes() for path in self.sources)).hexdigest()


def named(module: str, name: str) -> Workload:
    """Return the workload with this name from a module.

    Raises
    ------
    LookupError : the module defines none, as when `make` comes from another module.

    """
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, Workload) and value.name == name:
            return value
    raise LookupError(f"{module} must define the workload {name!r} and its `make`")


@lru_cache(maxsize=1)
def discover() -> Mapping[str, Workload]:
    """Return every workload in `bench/workloads/` by name, in the order of `FAMILIES`.

    Within a family, the workload with the family's own name comes first.

    Raises
    ------
    TypeError : a file there defines no `WORKLOAD` with the file's name.

    """
    ordered = sorted(_load(), key=lambda w: (FAMILIES.index(w.family), w.name != w.family))
    return MappingProxyType({workload.name: workload for workload in ordered})


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
