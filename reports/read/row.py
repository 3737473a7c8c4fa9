"""One cell of a result file, with its figures, typed.

What a file does not say is None, never NaN: the type checker then asks every reader what it does
without that figure, where a NaN would pass through comparisons in silence. Only `table` writes NaN,
since that is what columns of numbers have.
"""

from dataclasses import dataclass

from bench.results import ids
from bench.results.schema import CallCosts, Library, Status
from bench.results.verdicts import UNSETTLED, Verdict, verdict
from reports import units
from reports.read.interval import Interval

ABSENT, IMPLAUSIBLE = "absent", "implausible"
NO_SPEEDUP = frozenset({ABSENT, IMPLAUSIBLE})  # states without a speedup to quote


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A cell of this suite that was asked for, measured or not.

    Attributes
    ----------
    cell : its id.
    case : the id of its case.
    verdict : as the file holds it; None of NumPy itself.
    family : None where no timed cell of its workload says it.
    curve : which of its workload's curves the size is on, "" where there is one.
    variant : "" for PyTorch's main body in the usual way.
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
        """Whether NumPy computed it."""
        return self.library == ids.NUMPY

    @property
    def plain(self) -> bool:
        """Whether it is PyTorch's main body in the usual way."""
        return self.library == ids.TORCH and not self.variant

    @property
    def on_cpu(self) -> bool:
        """Whether it ran on the CPU."""
        return self.device == ids.CPU

    @property
    def believed(self) -> bool:
        """Whether its time can be true."""
        return self.status != IMPLAUSIBLE

    @property
    def state(self) -> str:
        """The verdict on its speedup, or that it is absent or implausible."""
        if not self.believed:
            return IMPLAUSIBLE
        if self.speedup is None or self.status != "ok":
            return ABSENT
        return verdict(self.speedup.low, self.speedup.high)

    @property
    def known_speedup(self) -> Interval:
        """Its speedup, where the caller has chosen cells that have one.

        Raises
        ------
        ValueError : it has none.

        """
        if self.speedup is None:
            raise ValueError(f"a cell with a speedup expected, got {self.cell!r}")
        return self.speedup

    @property
    def unsettled(self) -> bool:
        """Whether it has a speedup whose interval names no winner and no tie."""
        return self.state == UNSETTLED

    @property
    def name(self) -> str:
        """What a sentence calls its contender: NumPy by its own name, PyTorch by its device."""
        return called(self.contender)

    @property
    def where(self) -> str:
        """What a sentence calls its case: `matmul at n=16, float32`."""
        return f"{self.workload} at {self.spaced_size}, {self.dtype}{self.on_threads}"

    @property
    def spaced_size(self) -> str:
        """Its size with room after each comma."""
        return self.size.replace(",", ", ")

    @property
    def on_threads(self) -> str:
        """Its threads as they follow a case's name: nothing is said of one."""
        return "" if self.threads == 1 else f", {self.threads} threads"

    @property
    def cores(self) -> str:
        """Its threads as cores: `1 core`."""
        return units.count(self.threads, "core")

    @property
    def computation(self) -> str:
        """Its workload, and which of its curves it is on: `sum rows`."""
        return " ".join(filter(None, (self.workload, self.curve)))

    @property
    def numpy_cell(self) -> str:
        """The id of the cell that it is compared with: NumPy's of the same case."""
        return ids.cell(self.case, ids.NUMPY)

    def sibling(self, *, dtype: str | None = None, threads: int | None = None) -> str:
        """Return the id of the cell that differs from this one in these fields alone."""
        case = ids.case(self.workload, self.size, dtype or self.dtype, threads or self.threads)
        return ids.cell(case, ids.contender(self.library, self.device, self.variant))


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed(Row):
    """A cell of this suite that has a time.

    Attributes
    ----------
    axis, axis_value : what its size is measured in, and how large it is by that.
    time_s : of the fastest blocks; `typical_s` is the median. Their ends are those of the 95 %
        interval.
    by_medians : the speedup by the medians.
    tolerance : the bound of `rel_error`.
    losses : the mean of each epoch that was trained.
    saved_bytes : what autograd keeps for the backward pass.
    device_time_s : by the device's own clock; `latency_s` is one call waited for by itself, and
        `cold_s` after the device's cache was overwritten.

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
        """The ends of its time's interval, None where they are not known."""
        if self.time_low_s is None or self.time_high_s is None:
            return None
        return self.time_low_s, self.time_high_s

    @property
    def flop_s(self) -> float:
        """The operations that it makes a second."""
        return self.flops / self.time_s

    @property
    def bytes_s(self) -> float:
        """The bytes that it moves a second."""
        return self.bytes / self.time_s

    @property
    def intensity(self) -> float:
        """The operations that it makes of each byte."""
        return self.flops / self.bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRow:
    """A benchmark of another tool's file: a name and a time, None where its clock read 0."""

    cell: str
    case: str
    contender: str
    status: Status
    reason: str
    time_s: float | None
    time_low_s: float | None
    time_high_s: float | None


def called(contender: str) -> str:
    """Return what a sentence calls a contender."""
    return "NumPy" if contender == ids.NUMPY else contender
