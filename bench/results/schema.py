"""The result file of this suite, schema 2: the models that write it and read it.

It is pytest-benchmark's JSON with further fields. `cells` lists every cell that the run was asked
for, `benchmarks` the cells with a time, `twins` the second workers of a self-test. The models
check that numbers are finite, texts bounded and free of control characters, ratios inside their
intervals, ids equal to their fields, and that each cell has at most one time.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from bench.results import ids
from bench.results.fields import (
    MAX_CELLS,
    Count,
    Model,
    NotNegative,
    Number,
    Open,
    Seconds,
    Text,
    each_once,
)
from bench.results.machine import Head
from bench.results.ratio import Ratio
from bench.results.scaling import Scaling
from bench.results.verdicts import VERDICTS, Verdict, verdict

SCHEMA = "numpy-vs-pytorch/2"
Status = Literal["ok", "mismatch", "skipped", "oom", "crashed", "timeout", "implausible"]
Library = Literal["numpy", "torch"]
UNREACHED = "the run ended before this cell's turn"


class Identity(Model):
    """The fields that identify a cell, so that no reader has to parse its id.

    Attributes
    ----------
    curve : the curve of the workload that the size is on; "" if the workload has one curve.
    device : in PyTorch's notation, "cpu" or "cuda:1".
    variant : the further way to run the PyTorch side ("autograd", "tf32"); "" for the usual way.
    precision : the lowest precision that the contender rounds to.

    """

    workload: Text
    family: Text = ""
    size: Text
    curve: Text = ""
    dtype: Text
    threads: Count
    contender: Text
    library: Library
    device: Text
    variant: Text = ""
    precision: Text = ""

    @property
    def case_id(self) -> str:
        """The id of the cell's case."""
        return ids.case(self.workload, self.size, self.dtype, self.threads)

    def check_id(self, cell_id: str, field: str) -> None:
        """Check that an id agrees with the fields; `field` names the id in the message.

        Raises
        ------
        ValueError : they disagree.

        """
        name = ids.contender(self.library, self.device, self.variant)
        if self.contender.removesuffix(ids.TWIN) != name:
            raise ValueError(f"contender: {name} expected from its fields, got {self.contender}")
        if cell_id != ids.cell(self.case_id, self.contender):
            expected = ids.cell(self.case_id, self.contender)
            raise ValueError(f"{field}: {expected} expected from its fields, got {cell_id}")


class ListedCell(Identity):
    """One cell that the run was asked for, measured or not.

    Attributes
    ----------
    verdict : faster, slower, tie or unsettled, by the interval of the cell's speedup. None for
        NumPy, without a speedup, and when the status is not ok.

    """

    id: Text
    status: Status
    reason: Text = ""
    verdict: Verdict | None = None

    @field_validator("verdict", mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        """Accept any value: `judged` replaces the file's verdict."""
        return value if value in VERDICTS else None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self.check_id(self.id, "id")
        return self

    def judged(self, info: "Info | None") -> "ListedCell":
        """Return the cell with the verdict that its speedup gives, or None without a speedup.

        The verdict in the file is for people who read the file. It is recomputed here, so that
        older files stay readable when the rule changes.
        """
        ratio = info.speedup if info is not None else None
        if self.status != "ok" or self.library == ids.NUMPY or ratio is None:
            return self.model_copy(update={"verdict": None})
        return self.model_copy(update={"verdict": verdict(ratio.low, ratio.high)})


class Samples(Model):
    """The visit, the start and the disturbances of each block.

    Attributes
    ----------
    visits : for each visit its number, its worker's number and its count of blocks, in order.
    starts_s : the start of each block, in seconds since the start of the run.
    disturbed : the indices of the disturbed blocks.

    """

    visits: list[tuple[Count, Count, Count]] = []
    starts_s: list[Number] = []
    disturbed: list[Count] = []


class CallCosts(Model):
    """The parts of the time of one call that starts and ends in the host's memory."""

    host_to_device_s: NotNegative
    launch_s: NotNegative
    kernel_s: NotNegative
    device_to_host_s: NotNegative
    wall_s: Seconds


class Quality(Model):
    """Figures that the workload computes from a result.

    Attributes
    ----------
    accuracy : the share of held-out images that a trained network reads correctly.
    losses : the mean loss of each epoch of training.
    saved_bytes : the memory that autograd keeps for the backward pass.

    """

    accuracy: NotNegative | None = None
    losses: list[Number] = []
    saved_bytes: NotNegative | None = None


class Info(Identity):
    """The figures of a timed cell.

    Attributes
    ----------
    best_s : the fastest block of all visits.
    time_s : estimated from the fastest block of each visit, with its interval. Pages quote it.
    typical_s : estimated from the median block of each visit, with its interval.
    speedup : estimated from the fastest blocks; its interval decides the verdict.
    speedup_typical : estimated from the medians.

    """

    cell: Text
    axis: Text
    axis_value: Seconds
    flops: NotNegative
    bytes: NotNegative
    intensity_flop_per_byte: NotNegative | None = None
    reference: Text = ""
    rel_error: NotNegative | None = None
    tolerance: NotNegative | None = None
    first_call_s: NotNegative | None = None
    device_time_s: NotNegative | None = None
    latency_s: NotNegative | None = None
    cold_s: NotNegative | None = None
    ledger: CallCosts | None = None
    peak_memory_bytes: Count | None = None
    peak_device_memory_bytes: Count | None = None
    iterations_per_block: Count | None = None
    blocks: Count
    disturbed_blocks: Count
    visits: Count | None = None
    workers: Count = 1
    best_s: Seconds
    time_s: Seconds
    time_low_s: Seconds | None = None
    time_high_s: Seconds | None = None
    typical_s: Seconds
    typical_low_s: Seconds | None = None
    typical_high_s: Seconds | None = None
    speedup: Ratio | None = None
    speedup_typical: Ratio | None = None
    bimodal: bool = False
    quality: Quality = Quality()
    code_lines: Count | None = None
    sources: list[Text] = []
    source_sha256: Text = ""
    samples: Samples = Samples()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self.check_id(self.cell, "cell")
        for name in ("time", "typical"):
            middle = getattr(self, f"{name}_s")
            low = getattr(self, f"{name}_low_s") or middle
            high = getattr(self, f"{name}_high_s") or middle
            if not low <= middle <= high:
                raise ValueError(
                    f"{name}_low_s <= {name}_s <= {name}_high_s expected, got "
                    f"{low}, {middle}, {high}"
                )
        return self


class Data(Open):
    """pytest-benchmark's statistics of a cell; `data` holds the seconds of each block."""

    data: list[Seconds] = []


class Benchmark(Open):
    """One timed cell in pytest-benchmark's form; `extra_info` holds the figures of this suite."""

    extra_info: Info
    stats: Data = Data()

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        visits = self.extra_info.samples.visits
        counted = sum(count for _, _, count in visits)
        starts = len(self.extra_info.samples.starts_s)
        if visits and not len(self.stats.data) == starts == counted:
            raise ValueError(
                f"the samples of {self.extra_info.cell} must be as many as its data, "
                f"{len(self.stats.data)}; got {starts} starts and {counted} blocks in visits"
            )
        return self


class RunRecord(Model):
    """How a run spent its time.

    Attributes
    ----------
    spent_s : seconds from the start to the end of the last visit.
    timed_s : the part of `spent_s` inside timed blocks.
    complete : the run was not interrupted.
    sources : the hash of each workload's code.
    mark : of a scaling run that goes on: by it the next attempt knows its file.

    """

    budget_s: NotNegative | None = None
    spent_s: NotNegative = 0.0
    timed_s: NotNegative | None = None
    complete: bool = False
    sources: dict[Text, Text] = {}
    mark: Text = ""


class ResultFile(Head):
    """A result file of this suite."""

    run: RunRecord = RunRecord()
    cells: Annotated[list[ListedCell], Field(max_length=MAX_CELLS)] = []
    benchmarks: Annotated[list[Benchmark], Field(max_length=MAX_CELLS)] = []
    twins: Annotated[list[Benchmark], Field(max_length=MAX_CELLS)] = []
    scaling: Scaling | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        listed = each_once("cells", [cell.id for cell in self.cells])
        timed = each_once("benchmarks", [entry.extra_info.cell for entry in self.benchmarks])
        if unlisted := sorted(timed - listed):
            raise ValueError(f"benchmarks: an id from cells expected, got {unlisted[0]!r}")
        return self

    @model_validator(mode="after")
    def _judged(self) -> Self:
        timed = {entry.extra_info.cell: entry.extra_info for entry in self.benchmarks}
        self.cells[:] = [cell.judged(timed.get(cell.id)) for cell in self.cells]
        return self
