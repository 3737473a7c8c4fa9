"""A case: workload x size x dtype x thread setting, what contenders are compared on."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bench.results import ids
from bench.variant import Inputs
from bench.workload import Cost, Size, Workload

DTYPES = ("float32", "float64")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One computation of one size in one dtype on so many threads."""

    workload: Workload
    size: Size
    dtype: str
    threads: int

    @property
    def id(self) -> str:
        """One group of the result table: `matmul/n=1024/float32/threads=1`."""
        return ids.case(self.workload.name, self.size.label, self.dtype, self.threads)

    @cached_property
    def cost(self) -> Cost:
        """The cost of one iteration."""
        return self.workload.cost(**self.size.params)

    @property
    def axis_value(self) -> float:
        """Where the case stands on its workload's axis."""
        return self.workload.axis_value(self.size)

    @property
    def curve(self) -> str:
        """Which of its workload's curves the case is on."""
        return str(self.size.params.get(self.workload.curve, ""))

    @property
    def landmark(self) -> bool:
        """Whether its size is the smallest, the middle or the largest of its curve."""
        sizes = self.workload.curve_of(self.size)
        return self.size in (sizes[0], sizes[len(sizes) // 2], sizes[-1])

    def smallest(self, dtype: str) -> "Case":
        """Return the smallest case on the same curve, in a dtype."""
        return replace(self, size=self.workload.curve_of(self.size)[0], dtype=dtype)

    def inputs(self) -> Inputs:
        """Return the inputs in the case's dtype, the same at every call.

        The seed is drawn from workload and size alone, so both dtypes see the same numbers.
        """
        seed = hashlib.sha256(f"{self.workload.name}/{self.size.label}".encode()).digest()
        rng = np.random.default_rng(list(seed))
        made = self.workload.make(rng, **self.size.params)
        return {name: in_dtype(value, self.dtype) for name, value in made.items()}


def in_dtype(value: Any, dtype: str) -> Any:
    """Return a floating-point array in `dtype`; anything else as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    return value
