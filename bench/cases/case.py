"""A case: a workload at one size, in one dtype, with one number of threads."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bench.results import ids
from bench.variant import Inputs
from bench.workload import Cost, Size, Workload, generator


@dataclass(frozen=True, kw_only=True)
class Case:
    """One workload at one size, in one dtype, with one number of threads."""

    workload: Workload
    size: Size
    dtype: str
    threads: int

    @property
    def id(self) -> str:
        """Its name in files and tables: `matmul/n=1024/float32/threads=1`."""
        return ids.case(self.workload.name, self.size.label, self.dtype, self.threads)

    @cached_property
    def cost(self) -> Cost:
        """The cost of one iteration."""
        return self.workload.cost(**self.size.params)

    @property
    def axis_value(self) -> float:
        """The value of its size on the workload's axis."""
        return self.workload.axis_value(self.size)

    @property
    def curve(self) -> str:
        """The curve of its workload that the case is on, "" if there is only one."""
        return str(self.size.params.get(self.workload.curve, ""))

    @property
    def landmark(self) -> bool:
        """Whether its size is the smallest, the middle or the largest of its curve."""
        sizes = self.workload.curve_of(self.size)
        return self.size in (sizes[0], sizes[len(sizes) // 2], sizes[-1])

    @property
    def smallest(self) -> "Case":
        """The case of the smallest size on the same curve."""
        return replace(self, size=self.workload.curve_of(self.size)[0])

    @property
    def exact(self) -> "Case":
        """The case in the workload's most exact dtype: float64, or its integers."""
        return replace(self, dtype=self.workload.dtypes[-1])

    def inputs(self) -> Inputs:
        """Return the inputs in the case's dtype, the same at every call.

        The seed depends only on workload and size, so both dtypes get the same numbers.
        """
        rng = generator(self.workload.name, self.size.label)
        made = self.workload.make(rng, **self.size.params)
        return {name: in_dtype(value, self.dtype) for name, value in made.items()}


def in_dtype(value: Any, dtype: str) -> Any:
    """Return a floating-point array in `dtype`; anything else as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    return value
