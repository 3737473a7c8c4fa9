"""A cell: one contender in one case, which is one test of pytest."""

from dataclasses import dataclass

from bench.cases.case import Case
from bench.cases.contenders import Contender
from bench.results import ids


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One contender in one case, which is one test of pytest."""

    case: Case
    contender: Contender

    @property
    def id(self) -> str:
        """The case's id and the contender's name: `matmul/n=16/float32/threads=1/numpy`."""
        return ids.cell(self.case.id, self.contender.name)

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
        """The test's name as it reads aloud: `matmul-n:16-float32-threads:1-numpy`."""
        return ids.test(self.id)
