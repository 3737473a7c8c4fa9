"""Names the likely cause of a clear difference, where the two files show it.

The first of these that differs, and that the pair can depend on: the device, the number of cores,
the BLAS kernels of a matrix product, the processor, the versions, the contender. A device or more
cores are a cause only if the side that has them is the faster one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from bench.results import ids
from bench.results.machine import Machine
from bench.results.verdicts import FASTER, SLOWER
from reports import units
from reports.read.result import Tabular

BLAS_FAMILIES = frozenset({"matmul", "convolution"})  # whose NumPy side is a BLAS call
AGAINST = " against "  # between the other machine's side and the baseline's
SIDE = ["device", "threads", "library", "contender"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one machine did the work of a pair with."""

    machine: Machine
    family: str
    device: str
    threads: int
    library: str
    contender: str

    @property
    def on_cpu(self) -> bool:
        """Whether it was done on the CPU."""
        return self.device == ids.CPU

    @property
    def available_cores(self) -> int:
        """The number of cores that it could use."""
        return max(self.machine.cpu.usable_cores, self.threads)

    def outnumbers(self, other: "Side") -> bool:
        """Whether it has a device and the other has not, or both have, or more cores."""
        if self.on_cpu and other.on_cpu:
            return self.available_cores > other.available_cores
        return not self.on_cpu


def causes(pairs: pd.DataFrame, results: Sequence[Tabular], baseline: int) -> pd.Series:
    """Return the likely cause of each clear difference, "" where the files show none.

    Parameters
    ----------
    pairs : judged, from `matching.match_cells`.

    """
    names = ["machine", "family", *SIDE, *(f"{name}_base" for name in SIDE)]
    clear = pairs[pairs["verdict"].isin([FASTER, SLOWER])]
    lines = list(clear[["verdict", *names]].itertuples(index=False, name=None))
    texts: dict[tuple[object, ...], str] = {}
    for line in dict.fromkeys(lines):
        verdict, machine, family, *fields = line
        other = _side(results[machine], family, fields[: len(SIDE)])
        base = _side(results[baseline], family, fields[len(SIDE) :])
        texts[line] = cause(other, base) if verdict == FASTER else _turned(cause(base, other))
    column = pd.Series([texts[line] for line in lines], index=clear.index, dtype=object)
    return column.reindex(pairs.index).fillna("").astype("category")


def _turned(text: str) -> str:
    """Return a cause with its two sides swapped."""
    return AGAINST.join(reversed(text.split(AGAINST)))


def _side(result: Tabular, family: str, fields: Sequence[object]) -> Side:
    device, threads, library, contender = fields
    return Side(
        machine=result.machine,
        family=family,
        device=_text(device),
        threads=round(threads) if isinstance(threads, float) and not math.isnan(threads) else 0,
        library=_text(library),
        contender=_text(contender),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def cause(faster: Side, slower: Side) -> str:
    """Return the first fact that differs, the faster side first: `16 cores against 2 cores`."""
    for describe in (_device, _cores, _kernels, _processor, *VERSIONS, _contender):
        texts = describe(faster, slower), describe(slower, faster)
        helps = describe not in (_device, _cores) or faster.outnumbers(slower)
        if helps and all(texts) and texts[0] != texts[1]:
            return AGAINST.join(texts)
        if describe is _device and faster.on_cpu != slower.on_cpu:
            break  # a CPU that beats a device: none of the rest explains it
    return ""


def _device(side: Side, other: Side) -> str:
    """Name the devices if the faster side has one; a CPU beside a device is its cores."""
    if side.on_cpu:
        return "" if other.on_cpu else units.count(side.available_cores, "core")
    index = side.device.partition(":")[2]
    place = int(index) if index.isdecimal() else 0
    return side.machine.gpus[place].name if place < len(side.machine.gpus) else side.device


def _cores(side: Side, other: Side) -> str:
    """Name the cores if one machine used more than the other one has."""
    more = side.threads > other.available_cores or other.threads > side.available_cores
    both = side.on_cpu and other.on_cpu
    return units.count(side.available_cores, "core") if more and both else ""


def _kernels(side: Side, other: Side) -> str:
    numpy_only = {side.library, other.library} == {ids.NUMPY}
    pool = next((pool for pool in side.machine.blas.numpy if pool.architecture), None)
    if not numpy_only or pool is None or side.family not in BLAS_FAMILIES:
        return ""
    return f"{pool.internal_api or 'BLAS'} kernels for {pool.architecture}"


def _processor(side: Side, other: Side) -> str:
    return side.machine.processor if side.on_cpu and other.on_cpu else ""


def _contender(side: Side, _other: Side) -> str:
    return side.contender


def _version(key: str, name: str, *, library: str) -> Callable[[Side, Side], str]:
    """Return a description of a side by a version, if both sides use that library."""

    def describe(side: Side, other: Side) -> str:
        version = side.machine.versions.get(key)
        used = side.library == other.library == library
        return f"{name} {version}" if used and version else ""

    return describe


def _blas_version(side: Side, other: Side) -> str:
    used = {side.library, other.library} == {ids.NUMPY} and side.family in BLAS_FAMILIES
    pool = next((pool for pool in side.machine.blas.numpy if pool.version), None)
    return f"{pool.internal_api or 'BLAS'} {pool.version}" if used and pool is not None else ""


VERSIONS = (
    _version("numpy", "NumPy", library=ids.NUMPY),
    _blas_version,
    _version("torch", "PyTorch", library=ids.TORCH),
    _version("python", "Python", library=ids.NUMPY),
)
