"""The result file of this suite, schema 2: the models that both write it and read it.

It is pytest-benchmark's JSON with more in it. `cells` lists every cell that was asked for,
`benchmarks` those with a time, `twins` the second workers of a self-test. Numbers are finite, texts
are bounded and free of control characters, a ratio lies in its interval, an id says what its fields
say, and a cell has one time at most.
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
from bench.results.verdicts import VERDICTS, Verdict, verdict

SCHEMA = "numpy-vs-pytorch/2"
Status = Literal["ok", "mismatch", "skipped", "oom", "crashed", "timeout", "implausible"]
Library = Literal["numpy", "torch"]
UNREACHED = "the run ended before this cell's turn"


class Identity(Model):
    """Which cell it is, in fields: nobody has to read names.

    Attributes
    ----------
    curve : which of its workload's curves the size is on, "" where there is one.
    device : as PyTorch writes it, "cpu" or "cuda:1".
    variant : the rung or the way PyTorch runs in ("autograd", "tf32"), "" for its main body in the
        usual way.
    precision : the lowest that is rounded to.

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
        """The id of its case."""
        return ids.case(self.workload, self.size, self.dtype, self.threads)

    def check_id(self, cell_id: str, field: str) -> None:
        """Compare an id with the fields.

        Raises
        ------
        ValueError : they contradict each other.

        """
        name = ids.contender(self.library, self.device, self.variant)
        if self.contender.removesuffix(ids.TWIN) != name:
            raise ValueError(
                f"contender: the name of what its fields say expected, {name}; got {self.contender}"
            )
        if cell_id != ids.cell(self.case_id, self.contender):
            raise ValueError(
                f"{field}: the id of what its fields say expected, "
                f"{ids.cell(self.case_id, self.contender)}; got {cell_id}"
            )


class ListedCell(Identity):
    """One cell that was asked for, measured or not.

    Attributes
    ----------
    verdict : who is faster, by the interval of the cell's speedup; None of NumPy itself, and where
        the status is not ok or there is no speedup.

    """

    id: Text
    status: Status
    reason: Text = ""
    verdict: Verdict | None = None

    @field_validator("verdict", mode="before")
    @classmethod
    def _drawn(cls, value: Any) -> Any:
        """Ignore what a file says; see `judged`."""
        return value if value in VERDICTS else None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self.check_id(self.id, "id")
        return self

    def judged(self, info: "Info | None") -> "ListedCell":
        """Return the cell with the verdict of its speedup, if it has one.

        A file's own word is corrected, not refused: it is written for readers of the file, and a
        later change of the rule must leave older files readable.
        """
        ratio = info.speedup if info is not None else None
        known = self.status == "ok" and self.library != ids.NUMPY and ratio is not None
        drawn = verdict(ratio.low, ratio.high) if known and ratio is not None else None
        return self.model_copy(update={"verdict": drawn})


class Samples(Model):
    """Where each block comes from.

    Attributes
    ----------
    visits : number, worker and count of blocks of each visit, in the order of the blocks.
    starts_s : when each block began, in seconds of the run.
    disturbed : the places of the blocks that were disturbed.

    """

    visits: list[tuple[Count, Count, Count]] = []
    starts_s: list[Number] = []
    disturbed: list[Count] = []


class CallCosts(Model):
    """Where the seconds of one call from the host's memory and back go."""

    host_to_device_s: NotNegative
    launch_s: NotNegative
    kernel_s: NotNegative
    device_to_host_s: NotNegative
    wall_s: Seconds


class Quality(Model):
    """What the workload itself says of a result.

    Attributes
    ----------
    accuracy : the share of held-out images that a trained network reads.
    losses : the mean of each epoch that it was trained for.
    saved_bytes : what autograd keeps for the backward pass.

    """

    accuracy: NotNegative | None = None
    losses: list[Number] = []
    saved_bytes: NotNegative | None = None


class Info(Identity):
    """What the suite says of a timed cell beside its samples.

    Attributes
    ----------
    best_s : the fastest block of all visits.
    time_s : of the fastest blocks of each visit, with its interval; this is what pages quote.
    typical_s : the median, visit by visit, with its interval.
    speedup : of the fastest blocks; it decides the verdict. `speedup_typical` is of the medians.

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
    """pytest-benchmark's figures of a cell: seconds, one a block, and what it makes of them."""

    data: list[Seconds] = []


class Benchmark(Open):
    """One timed cell in pytest-benchmark's form: its name, options and figures, and our own."""

    extra_info: Info
    stats: Data = Data()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        visits = self.extra_info.samples.visits
        counted = sum(count for _, _, count in visits)
        starts = len(self.extra_info.samples.starts_s)
        if visits and not len(self.stats.data) == starts == counted:
            raise ValueError(
                f"the samples of {self.extra_info.cell} must be as many as its data, "
                f"{len(self.stats.data)}; got {starts} starts and {counted} in visits"
            )
        return self


class RunRecord(Model):
    """How a run spent its time.

    Attributes
    ----------
    spent_s : seconds from its start to its last visit.
    timed_s : seconds of them inside timed blocks.
    complete : whether it came to its own end.
    sources : the checksum of each workload's code.

    """

    budget_s: NotNegative | None = None
    spent_s: NotNegative = 0.0
    timed_s: NotNegative | None = None
    complete: bool = False
    sources: dict[Text, Text] = {}


class ResultFile(Head):
    """A whole result file of this suite."""

    run: RunRecord = RunRecord()
    cells: Annotated[list[ListedCell], Field(max_length=MAX_CELLS)] = []
    benchmarks: Annotated[list[Benchmark], Field(max_length=MAX_CELLS)] = []
    twins: Annotated[list[Benchmark], Field(max_length=MAX_CELLS)] = []

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        asked = each_once("cells", [cell.id for cell in self.cells])
        timed = each_once("benchmarks", [entry.extra_info.cell for entry in self.benchmarks])
        if lost := sorted(timed - asked):
            raise ValueError(f"benchmarks: a cell of the file's cells expected, got {lost[0]!r}")
        return self

    @model_validator(mode="after")
    def _judged(self) -> Self:
        timed = {entry.extra_info.cell: entry.extra_info for entry in self.benchmarks}
        self.cells[:] = [cell.judged(timed.get(cell.id)) for cell in self.cells]
        return self
