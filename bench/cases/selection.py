"""Which cells a run measures."""

from collections.abc import Iterator, Sequence

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, Contender, contenders
from bench.machine.devices import absent
from bench.options import Options
from bench.variant import PLAIN
from bench.workload import Size, Workload, discover

ALL_CORES_SIZES = 2  # the largest sizes of a curve, which have enough work for several cores
TRANSFER_SIZES = 3  # the largest sizes of a curve, where an accelerator's copies are measured too
VARIANT_SIZES = 2  # the same for its other variants


def cells(options: Options) -> Iterator[Cell]:
    """Yield every cell of a run, case by case.

    The full selection has every size in all dtypes, with one core and with all, and every
    contender at every size. The core selection has one dtype, mostly float32, and leaves out what
    adds little:

    - only the two largest sizes of a curve, which have enough work for several cores, run both on
      one core and on all. The others run on one core;
    - if there is an accelerator, all sizes run on all cores, because it is compared with all. Of
      the two largest, which cost most on one core, the smaller also runs on one core;
    - variants on a CPU, except rewritten ones, run only with the fewest cores;
    - variants on an accelerator run only at the two largest sizes of a curve, copies from and to
      the host at three, and what changes how many kernels are launched at the smallest too;
    - variants in float16, which is as fast as bfloat16, run only at the largest size;
    - variants that compile run only at the smallest size and the largest;
    - a question is measured only at its telling sizes, with the fewest cores, on a GPU too.

    Large sizes are measured only if there is an accelerator. The core selection has the first large
    size of each curve.
    """
    for case in _cases(options):
        threads = _threads(case.workload, options)
        selected = [
            contender
            for contender in contenders(case.workload, options.devices)
            if contender.suits(case) and _selected(contender, case, threads, options)
        ]
        if selected != [NUMPY]:
            yield from (Cell(case=case, contender=contender) for contender in selected)


def _cases(options: Options) -> Iterator[Case]:
    accelerated = any(device != "cpu" and not absent(device) for device in options.devices)
    for workload in discover().values():
        for size in workload.sizes if options.full else workload.core_sizes:
            wanted = options.full or size == first_large(workload, size)
            if size.large and not (accelerated and wanted):
                continue
            for dtype in workload.dtypes if options.full else workload.dtypes[:1]:
                for number in settings(workload, size, options, accelerated=accelerated):
                    yield Case(workload=workload, size=size, dtype=dtype, threads=number)


def _threads(workload: Workload, options: Options) -> Sequence[int]:
    few = workload.serial or (workload.is_question and not options.full)
    return (min(options.threads),) if few else options.threads


def first_large(workload: Workload, size: Size) -> Size | None:
    """Return the first large size on the curve of a size; None if the curve has none."""
    return next((other for other in workload.curve_of(size) if other.large), None)


def settings(
    workload: Workload, size: Size, options: Options, *, accelerated: bool
) -> Sequence[int]:
    """Return the thread settings that a size is measured with."""
    threads = _threads(workload, options)
    if size.large:
        return (max(threads),)
    sizes = [other for other in workload.curve_of(size) if not other.large]
    both = sizes[-ALL_CORES_SIZES:][: 1 if accelerated else None]
    if options.full or size in both:
        return threads
    return (max(threads),) if accelerated else (min(threads),)


def _selected(contender: Contender, case: Case, threads: Sequence[int], options: Options) -> bool:
    variant = contender.variant
    own_code = variant == PLAIN or variant.rewritten
    if contender.device != "cpu":
        if absent(contender.device) and not own_code:
            return False  # the plain contender reports that the device is absent
        worth = options.full or variant == PLAIN or _worth_it(contender, case)
        return worth and case.threads == max(threads)
    if case.size.large:
        return contender == NUMPY
    worth = not variant.compiles or _worth_it(contender, case)
    return own_code or options.full or (worth and case.threads == min(threads))


def _worth_it(contender: Contender, case: Case) -> bool:
    """Return whether a variant is worth measuring at a size of the core selection."""
    variant, large = contender.variant, first_large(case.workload, case.size)
    sizes = [size for size in case.workload.curve_of(case.size) if not size.large or size == large]
    count = TRANSFER_SIZES if variant.transfers or variant.pins else VARIANT_SIZES
    if variant.compiles or variant.precision == "float16":
        count = 1
    return case.size in sizes[-count:] or (variant.saves_launches and case.size == sizes[0])
