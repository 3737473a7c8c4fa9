"""One cell of a result file as a typed row.

A missing number is None, never NaN. The type checker then makes every reader handle it, whereas a
NaN would pass silently through comparisons. Only `table` writes NaN, as pandas columns need it.
"""

from dataclasses import dataclass

from bench.results import ids
from bench.results.foreign import ForeignStats
from bench.results.schema import CallCosts, Library, Status
from bench.results.verdicts import UNSETTLED, Verdict, verdict
from reports import units
from reports.read.interval import Interval

ABSENT, IMPLAUSIBLE = "absent", "implausible"
NO_SPEEDUP = frozenset({ABSENT, IMPLAUSIBLE})  # states of a row without a usable speedup


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A cell that the run was asked to measure, whether it was measured or not.

    Attributes
    ----------
    cell : the cell's id.
    case : the id of the cell's case.
    verdict : the verdict in the file; None for NumPy itself.
    family : None if no timed cell of the workload names the family.
    curve : the name of the workload's curve that the size is on; "" if the workload has one curve.
    variant : "" for NumPy, and for PyTorch run without a variant.
    speedup : NumPy's time divided by the contender's; None unless both have a time.

    """

    cell: str
    case: str
    status: Status
    reason: str
    verdict: Verdict | None
    workload: str
    family: str | None
    size: str
    curve: str
    dtype: str
    threads: int
    contender: str
    library: Library
    device: str
    variant: str
    precision: str
    speedup: Interval | None = None

    @property
    def is_numpy(self) -> bool:
        """Whether the contender is NumPy."""
        return self.library == ids.NUMPY

    @property
    def plain(self) -> bool:
        """Whether the contender is PyTorch without a variant."""
        return self.library == ids.TORCH and not self.variant

    @property
    def on_cpu(self) -> bool:
        """Whether the contender runs on the CPU."""
        return self.device == ids.CPU

    @property
    def plausible(self) -> bool:
        """Whether the time can be true: the cell's status is not `implausible`."""
        return self.status != IMPLAUSIBLE

    @property
    def state(self) -> str:
        """The verdict on the speedup, or `absent`, or `implausible`."""
        if not self.plausible:
            return IMPLAUSIBLE
        if self.speedup is None or self.status != "ok":
            return ABSENT
        return verdict(self.speedup.low, self.speedup.high)

    @property
    def known_speedup(self) -> Interval:
        """The speedup, for callers that have selected cells with one.

        Raises
        ------
        ValueError : the cell has no speedup.

        """
        if self.speedup is None:
            raise ValueError(f"a cell with a speedup expected, got {self.cell!r}")
        return self.speedup

    @property
    def unsettled(self) -> bool:
        """Whether the verdict on the speedup is unsettled."""
        return self.state == UNSETTLED

    @property
    def contender_name(self) -> str:
        """The contender's name in a sentence: `NumPy`, or `torch-cpu`."""
        return display_name(self.contender)

    @property
    def case_text(self) -> str:
        """The case in a sentence: `matmul at n=16, float32`."""
        return f"{self.workload} at {self.spaced_size}, {self.dtype}{self.on_threads}"

    @property
    def spaced_size(self) -> str:
        """The size with a space after each comma."""
        return self.size.replace(",", ", ")

    @property
    def on_threads(self) -> str:
        """The threads as they follow a case in a sentence: `, 2 threads`, or "" for one."""
        return "" if self.threads == 1 else f", {self.threads} threads"

    @property
    def cores(self) -> str:
        """The number of threads, named cores: `1 core`."""
        return units.count(self.threads, "core")

    @property
    def computation(self) -> str:
        """The workload and the curve: `sum rows`."""
        return " ".join(filter(None, (self.workload, self.curve)))

    @property
    def numpy_cell(self) -> str:
        """The id of NumPy's cell of the same case, which the speedup compares with."""
        return ids.cell(self.case, ids.NUMPY)

    def sibling(self, *, dtype: str | None = None, threads: int | None = None) -> str:
        """Return the id of the cell that differs from this one only in the given fields."""
        case = ids.case(self.workload, self.size, dtype or self.dtype, threads or self.threads)
        return ids.cell(case, ids.contender(self.library, self.device, self.variant))


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed(Row):
    """A cell of this suite that has a time.

    Attributes
    ----------
    axis, axis_value : the quantity on the curve's size axis, and its value for this size.
    time_s : the time of one iteration, estimated from the fastest blocks.
    typical_s : the median time of one iteration.
    time_low_s, time_high_s, typical_low_s, typical_high_s : the ends of their 95 % intervals.
    by_medians : the speedup computed from the medians.
    tolerance : the largest `rel_error` that verification accepts.
    losses : the mean loss of each training epoch.
    saved_bytes : the memory that autograd keeps for the backward pass.
    device_time_s : the time by the device's own clock.
    latency_s : the time of a single call, including the wait for its result.
    cold_s : the time of a call after the device's cache was overwritten.
    ledger : the costs of one call: transfers, launch and kernels.

    """

    axis: str
    axis_value: float
    flops: float
    bytes: float
    time_s: float
    time_low_s: float | None
    time_high_s: float | None
    typical_s: float
    typical_low_s: float | None
    typical_high_s: float | None
    by_medians: Interval | None
    rel_error: float | None
    tolerance: float | None
    first_call_s: float | None
    peak_memory_bytes: int | None
    peak_device_memory_bytes: int | None
    blocks: int
    disturbed_blocks: int
    visits: int | None
    workers: int
    bimodal: bool
    accuracy: float | None
    losses: tuple[float, ...]
    saved_bytes: float | None
    code_lines: int | None
    sources: tuple[str, ...]
    source_sha256: str
    device_time_s: float | None
    latency_s: float | None
    cold_s: float | None
    ledger: CallCosts | None

    @property
    def time_ends_s(self) -> tuple[float, float] | None:
        """The ends of the interval of `time_s`, None if they are unknown."""
        if self.time_low_s is None or self.time_high_s is None:
            return None
        return self.time_low_s, self.time_high_s

    @property
    def flop_s(self) -> float:
        """Floating-point operations per second."""
        return self.flops / self.time_s

    @property
    def bytes_s(self) -> float:
        """Bytes moved per second."""
        return self.bytes / self.time_s

    @property
    def intensity(self) -> float:
        """The arithmetic intensity: floating-point operations per byte."""
        return self.flops / self.bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRow:
    """A test in a file that pytest-benchmark wrote for another suite.

    Attributes
    ----------
    cell : the test's whole id: `tests/test_it.py::test_sort[1000]`.
    contender : its name: `test_sort[1000]`.
    time_s, typical_s : the minimum and the median of its rounds; None if they cannot be used, for
        `reason`. They say how one process ran; how much processes differ is unknown, so there is no
        interval.
    group : "" if it has none.
    params : its parameters by name; `param` is as pytest writes them: `1000-quick`.
    stats : its statistics; None if its times cannot be used.
    notes : what was odd in it, and what was done.

    """

    cell: str
    case: str
    contender: str
    status: Status
    reason: str
    time_s: float | None
    typical_s: float | None
    group: str = ""
    params: tuple[tuple[str, float | str], ...] = ()
    param: str = ""
    stats: ForeignStats | None = None
    notes: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """The name of its function: its own name without its parameters."""
        return self.contender.partition("[")[0]

    @property
    def file(self) -> str:
        """The file of its function, "" if the id names none."""
        return self.cell.partition("::")[0] if "::" in self.cell else ""


def display_name(contender: str) -> str:
    """Return a contender's name in sentences and charts: `NumPy`, or its id."""
    return "NumPy" if contender == ids.NUMPY else contender
