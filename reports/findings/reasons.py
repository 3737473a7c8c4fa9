"""Why a workload that is a question has its answer: clauses with numbers that the same file shows.

Each clause compares what was measured with another measurement of the file: the rate of copying,
the cost of the same work in larger portions, or the product of floating-point numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.results import ids
from reports import units
from reports.findings.roofline import NEAR_ROOF, DevicePeaks, peak_of
from reports.read.row import Timed

Cells = Mapping[str, Timed]

IN_CACHE = 1.1  # share of the rate of copying from memory, above which the data is in a cache
PORTION = 100.0  # times the data, from which two sizes show what is paid whatever the size
FIXED_SHARE = 0.1  # of the growth in data: times that grow by less are mostly not due to the data
WHOLE_BATCH = 32  # images


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A clause of a finding's sentence, its numbers, and the cells that they come from.

    Attributes
    ----------
    of : the source cell of each number that is not the contender's own.

    """

    clause: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    of: Mapping[str, str] = field(default_factory=dict)


def reason(row: Timed, cells: Cells, peaks: DevicePeaks) -> Reason:
    """Return why a contender is faster or slower than NumPy, as far as the file shows it.

    `cells` are all timed cells by id; that of NumPy in the same case must be among them.
    """
    rule = RULES.get(row.workload)
    numpy = cells[row.numpy_cell]
    return (rule and rule(numpy, row, cells, peaks)) or Reason()


def _reason(numpy: Timed, clause: str, **numbers: str) -> Reason:
    """Return a reason whose numbers named `numpy_...` come from NumPy's cell."""
    of = {key: numpy.cell for key in numbers if key.startswith("numpy_")}
    return Reason(clause=clause, numbers=numbers, of=of)


def _against_copying(numpy: Timed, row: Timed, _cells: Cells, peaks: DevicePeaks) -> Reason | None:
    """Compare the bytes moved in a second with those of a copy."""
    peak = peak_of(row, peaks)
    if peak is None or not peak.copy_bytes_s or not row.on_cpu:
        return None
    clause = "; NumPy moves {numpy_rate}, PyTorch {rate}, and a copy of a large array {copy_rate}"
    (slow, name), (fast, _) = sorted([(numpy.bytes_s, "NumPy"), (row.bytes_s, "PyTorch")])
    if fast > IN_CACHE * peak.copy_bytes_s:
        clause += ": the data is in a cache, so memory limits neither"
    elif slow < NEAR_ROOF * peak.copy_bytes_s:
        clause += f": memory is not what limits {name}"
    return _reason(
        numpy,
        clause,
        numpy_rate=units.rate(numpy.bytes_s, "B/s"),
        rate=units.rate(row.bytes_s, "B/s"),
        copy_rate=units.rate(peak.copy_bytes_s, "B/s"),
    )


def _against_more_data(numpy: Timed, row: Timed, cells: Cells, peaks: DevicePeaks) -> Reason | None:
    """Compare a small array with the largest of the same file, else bytes with a copy's."""
    larger = max(
        (cell for cell in cells.values() if _differ_in_size(cell, row)),
        key=lambda cell: cell.bytes,
        default=row,
    )
    numpy_larger = cells.get(larger.numpy_cell)
    more = larger.bytes / row.bytes
    if numpy_larger is None or more < PORTION:
        return _against_copying(numpy, row, cells, peaks)
    numpy_times, times = numpy_larger.time_s / numpy.time_s, larger.time_s / row.time_s
    if max(numpy_times, times) > FIXED_SHARE * more:
        return None
    clause = (
        "; {more} times the data takes NumPy {numpy_times} times and PyTorch {times} times as long:"
        " most of the time does not depend on the data"
    )
    return _reason(
        numpy,
        clause,
        more=units.whole(more),
        numpy_times=units.rounded(numpy_times),
        times=units.rounded(times),
    )


def _differ_in_size(one: Timed, other: Timed) -> bool:
    """Return whether two cells are on one curve, of one contender."""
    keys = ("workload", "curve", "dtype", "threads", "contender")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def _each(numpy: Timed, row: Timed, _: Cells, peaks: DevicePeaks) -> Reason | None:
    """State the time of the calls for one element, beside its time in a copy of many."""
    count, peak = row.axis_value, peak_of(row, peaks)
    numbers = {
        "numpy_each": units.seconds(numpy.time_s / count),
        "each": units.seconds(row.time_s / count),
    }
    clause = "; the calls for one element take {numpy_each} in NumPy and {each} in PyTorch"
    if peak is not None and peak.copy_bytes_s and row.on_cpu:
        numbers["copied"] = units.seconds(2 * row.bytes / count / peak.copy_bytes_s)
        clause += "; in a copy of many, an element takes {copied}"
    return _reason(numpy, clause, **numbers)


def _without_blas(numpy: Timed, row: Timed, cells: Cells, _: DevicePeaks) -> Reason | None:
    """Compare a product of integers with that of floating-point numbers of the same size."""
    case = ids.case("matmul", row.size, "float32", row.threads)
    clause = "; BLAS has no product of integers, so each library has a loop of its own"
    of = {side: cells.get(ids.cell(case, side)) for side in (numpy.contender, row.contender)}
    numpy_float, torch_float = of.values()
    if numpy_float is None or torch_float is None:
        return Reason(clause=clause)
    numbers = {
        "numpy_slower": units.rounded(numpy.time_s / numpy_float.time_s),
        "torch_slower": units.rounded(row.time_s / torch_float.time_s),
    }
    clause += (
        ": the same product in float32, by BLAS, is {numpy_slower} times as fast in NumPy and"
        " {torch_slower} times in PyTorch"
    )
    return _reason(numpy, clause, **numbers)


def _against_batches(numpy: Timed, row: Timed, cells: Cells, _: DevicePeaks) -> Reason | None:
    """Compare the time of an image with that in a whole batch: the operations are the same."""
    size = row.size.replace("batch=1", f"batch={WHOLE_BATCH}")
    case = ids.case("train_mlp", size, row.dtype, row.threads)
    whole = [cells.get(ids.cell(case, side.contender)) for side in (numpy, row)]
    if not all(each is not None and each.flops for each in whole):
        return None
    numpy_times, times = (
        side.time_s / side.flops / (each.time_s / each.flops)
        for side, each in zip((numpy, row), whole, strict=True)
        if each is not None
    )
    clause = (
        "; an image takes NumPy {numpy_times} times and PyTorch {times} times as long as in batches"
        " of {batch}"
    )
    if min(numpy_times, times) > WHOLE_BATCH / 2:
        clause += ": most of it is paid for each step, whatever it computes"
    return _reason(
        numpy,
        clause,
        batch=str(WHOLE_BATCH),
        numpy_times=units.rounded(numpy_times),
        times=units.rounded(times),
    )


def _against_arithmetic(numpy: Timed, row: Timed, _: Cells, peaks: DevicePeaks) -> Reason | None:
    """Compare the operations in a second with the measured peak."""
    peak = peak_of(row, peaks)
    flop_s = peak.flop_s.get(row.precision, 0.0) if peak else 0.0
    if not flop_s or not row.on_cpu:
        return None
    clause = "; NumPy does {numpy_rate}, PyTorch {rate}, and a product of large matrices {most}"
    if max(numpy.flop_s, row.flop_s) < NEAR_ROOF * flop_s:
        clause += ": arithmetic limits neither"
    return _reason(
        numpy,
        clause,
        numpy_rate=units.rate(numpy.flop_s, "FLOP/s"),
        rate=units.rate(row.flop_s, "FLOP/s"),
        most=units.rate(flop_s, "FLOP/s"),
    )


RULES: Mapping[str, Callable[[Timed, Timed, Cells, DevicePeaks], Reason | None]] = {
    "unary": _against_copying,
    "element_access": _each,
    "convert": _against_copying,
    "convert_list": _against_copying,
    "gather": _against_copying,
    "linalg": _against_arithmetic,
    "matmul_integer": _without_blas,
    "train_mlp_online": _against_batches,
    "save_load": _against_more_data,
}
