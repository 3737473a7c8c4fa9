"""A cell: a contender in a case, the test that stands for it, and which cells a run asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.cases.case import DTYPES, Case
from bench.cases.contenders import NUMPY, Contender, absent, contenders, slow_to_start
from bench.options import Options
from bench.results import ids
from bench.workload import Size, Workload, discover

MOST_WORK, MOST_TOLD = 2, 3  # sizes of a curve
LAUNCHED_AT_ONCE = ("compile", "graph")  # ways that make one launch of several


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

    The full selection is everything: float64 too, every size with all cores and with one, every
    contender at every size. The core selection is float32 and leaves out what tells little:

    - one core and all cores both only at the two largest sizes of a curve, where there is work to
      share; at the others one, and with an accelerator all, which are what it is compared with;
    - further variants on a CPU only with the fewest cores;
    - those on an accelerator only at the three largest sizes, and where launches are what they
      save, at the smallest too;
    - those that are compiled only at the smallest size and the largest.

    Large sizes are for accelerators, where there is one; the core selection has the first of each
    curve.
    """
    accelerators = [device for device in options.devices if device != "cpu"]
    here = any(not absent(device) for device in accelerators)
    for workload in discover().values():
        threads = (min(options.threads),) if workload.serial else options.threads
        for size in workload.sizes:
            if size.large and not (here and (options.full or size == first_large(workload, size))):
                continue
            for dtype in DTYPES if options.full else DTYPES[:1]:
                for number in settings(workload, size, threads, options, accelerated=here):
                    case = Case(workload=workload, size=size, dtype=dtype, threads=number)
                    found = [
                        who
                        for who in contenders(workload, options.devices)
                        if who.suits(case) and _asked(who, case, threads, options)
                    ]
                    if found != [NUMPY]:
                        yield from (Cell(case=case, contender=who) for who in found)


def first_large(workload: Workload, size: Size) -> Size:
    """Return the first size of a curve that only an accelerator fills."""
    return next(other for other in workload.curve_of(size) if other.large)


def settings(
    workload: Workload,
    size: Size,
    threads: Sequence[int],
    options: Options,
    *,
    accelerated: bool,
) -> Sequence[int]:
    """Return the thread settings that a size is measured with."""
    if size.large:
        return (max(threads),)
    sizes = [other for other in workload.curve_of(size) if not other.large]
    if options.full or size in sizes[-MOST_WORK:]:
        return threads
    return (max(threads),) if accelerated else (min(threads),)


def _asked(who: Contender, case: Case, threads: Sequence[int], options: Options) -> bool:
    if who.device != "cpu":
        stands = not who.way or not absent(who.device)  # one absent contender is enough to say so
        tells = options.full or not who.variant or _tells(who, case)
        return stands and tells and case.threads == max(threads)
    if case.size.large:
        return who == NUMPY
    tells = not slow_to_start(who) or _tells(who, case)
    return not who.way or options.full or (tells and case.threads == min(threads))


def _tells(who: Contender, case: Case) -> bool:
    """Tell whether a variant says something at a size; one that is slow to start at two alone."""
    sizes = case.workload.curve_of(case.size)
    saves_launches = who.rung or who.way in LAUNCHED_AT_ONCE
    largest = sizes[-1:] if slow_to_start(who) else sizes[-MOST_TOLD:]
    return case.size in largest or bool(saves_launches and case.size == sizes[0])
