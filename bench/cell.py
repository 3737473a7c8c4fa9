"""A cell: a contender in a case, the test that stands for it, and which cells a run asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.case import DTYPES, Case
from bench.contenders import NUMPY, Contender, absent, contenders
from bench.options import Options
from bench.results import ids
from bench.workload import Size, Workload, discover

MOST_WORK = 2  # sizes of a curve


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A contender in a case, and the test that stands for it."""

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
        """The test's name as it reads aloud: `matmul-n=16-float32-threads=1-numpy`."""
        return ids.test(self.id)


def cells(options: Options) -> Iterator[Cell]:
    """Yield every cell, case by case.

    The core selection is float32; the full one float64 too. An accelerator is compared with all the
    cores that are asked for, which is what a user has; further ways to run on a CPU with the
    fewest, in the full selection with all. Without an accelerator all cores are measured at the two
    largest sizes of a curve, where there is work to share; in the full selection at every size.
    Large sizes are for accelerators, where there is one.
    """
    accelerators = [device for device in options.devices if device != "cpu"]
    here = any(not absent(device) for device in accelerators)
    for workload in discover().values():
        threads = (min(options.threads),) if workload.serial else options.threads
        for size in workload.sizes:
            if size.large and not here:
                continue
            shared = options.full or here or size in most_work(workload)
            for dtype in DTYPES if options.full else DTYPES[:1]:
                for number in settings(size, threads, shared=shared):
                    case = Case(workload=workload, size=size, dtype=dtype, threads=number)
                    found = [
                        who
                        for who in contenders(workload, options.devices)
                        if who.suits(case) and _asked(who, case, threads, options)
                    ]
                    if found != [NUMPY]:
                        yield from (Cell(case=case, contender=who) for who in found)


def most_work(workload: Workload) -> list[Size]:
    """Return the two largest sizes of each curve: there is work for several cores to share."""
    curves: dict[Any, list[Size]] = {}
    for size in workload.sizes:
        if not size.large:
            curves.setdefault(size.params.get(workload.curve), []).append(size)
    return [
        size
        for sizes in curves.values()
        for size in sorted(sizes, key=workload.axis_value)[-MOST_WORK:]
    ]


def settings(size: Size, threads: Sequence[int], *, shared: bool) -> Sequence[int]:
    """Return the thread settings that a size is measured with."""
    if size.large:
        return (max(threads),)
    return threads if shared else (min(threads),)


def _asked(who: Contender, case: Case, threads: Sequence[int], options: Options) -> bool:
    if who.device != "cpu":
        stands = not who.way or not absent(who.device)  # one absent contender is enough to say so
        return stands and case.threads == max(threads)
    if case.size.large:
        return who == NUMPY
    return not who.way or options.full or case.threads == min(threads)
