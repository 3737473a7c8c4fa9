"""A cell: a contender in a case, the test that stands for it, and which cells a run asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.case import DTYPES, Case
from bench.contenders import Contender, contenders
from bench.options import Options
from bench.workload import discover


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A contender in a case, and the test that stands for it."""

    case: Case
    contender: Contender

    @property
    def id(self) -> str:
        """The case's id and the contender's name: `matmul/n=16/float32/threads=1/numpy`."""
        return f"{self.case.id}/{self.contender.name}"

    @property
    def params(self) -> dict[str, str | int]:
        """The test's parameters: plain strings and numbers, as pytest-benchmark wants them."""
        return {
            "workload": self.case.workload.name,
            "size": self.case.size.label,
            "dtype": self.case.dtype,
            "threads": self.case.threads,
            "contender": self.contender.name,
        }

    @property
    def test_id(self) -> str:
        """The test's name as it reads aloud: `matmul-n=16-float32-threads=1-numpy`."""
        return self.id.replace("/", "-")


def cells(options: Options) -> Iterator[Cell]:
    """Yield every cell, case by case: the core selection is float32, the full one float64 too."""
    for workload in discover().values():
        for size in workload.sizes:
            for dtype in DTYPES if options.full else DTYPES[:1]:
                for threads in options.threads:
                    case = Case(workload=workload, size=size, dtype=dtype, threads=threads)
                    for contender in contenders(workload, options.devices):
                        yield Cell(case=case, contender=contender)
