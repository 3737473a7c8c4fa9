"""What a result file holds, as models that check it.

Numbers are numbers and finite, texts are bounded and free of control characters, a ratio lies in
its interval, and a cell has one time at most. Two forms: this suite's, and any other file that
pytest-benchmark wrote (2.5 to 5.3), which has names and times.
"""

import unicodedata
from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

SCHEMA = "numpy-vs-pytorch/1"
MAX_CELLS = 100_000
LEAST, MOST = 1e-50, 1e50  # so that what is made of a few numbers is a number too
MAX_NAME = 2000  # a foreign test's id may spell out its parameters
Status = Literal[
    "ok", "unstable", "mismatch", "skipped", "oom", "crashed", "timeout", "implausible"
]


def _plain(text: str) -> str:
    """Refuse what could steer a terminal or turn a line around; a reason may have several lines."""
    if not text.isprintable():
        for sign in text:
            if unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign not in "\n\t":
                raise ValueError(f"no control characters expected, got {sign!a}")
    return text


def _usual(value: float) -> float:
    """Refuse what would become 0 or infinite when it is multiplied or divided by its like."""
    if value and not LEAST <= value <= MOST:
        raise ValueError(f"0 or a number from {LEAST:g} to {MOST:g} expected, got {value!r}")
    return value


Text = Annotated[str, Field(max_length=500), AfterValidator(_plain)]
Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_plain)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False), AfterValidator(_usual)]
NotNegative = Annotated[
    float, Field(strict=True, ge=0, allow_inf_nan=False), AfterValidator(_usual)
]
Count = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]


class Model(BaseModel):
    """Reads what it knows and leaves out what it does not."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Ratio(Model):
    """A speedup and its 95 % interval."""

    ratio: Seconds
    low: Seconds
    high: Seconds

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if not self.low <= self.ratio <= self.high:
            raise ValueError(
                f"low <= ratio <= high expected, got {self.low}, {self.ratio}, {self.high}"
            )
        return self


class Cell(Model):
    """One cell that was asked for, measured or not."""

    id: Text
    status: Status
    reason: Text = ""


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


class Ledger(Model):
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


class Info(Model):
    """What the suite says of a cell beside its samples."""

    cell: Text
    workload: Text
    family: Text
    size: Text
    axis: Text
    axis_value: Seconds
    variant: Text = ""
    dtype: Text
    contender: Text
    device: Text
    threads: Count
    flops: NotNegative
    bytes: NotNegative
    rel_error: NotNegative | None = None
    tolerance: NotNegative | None = None
    precision: Text = ""
    first_call_s: NotNegative | None = None
    device_time_s: NotNegative | None = None
    latency_s: NotNegative | None = None
    cold_s: NotNegative | None = None
    ledger: Ledger | None = None
    peak_memory_bytes: Count | None = None
    peak_device_memory_bytes: Count | None = None
    blocks: Count
    disturbed_blocks: Count
    visits: Count | None = None
    workers: Count = 1
    best_s: Seconds
    typical_s: Seconds
    typical_low_s: Seconds | None = None
    typical_high_s: Seconds | None = None
    speedup: Ratio | None = None
    speedup_best: Ratio | None = None
    bimodal: bool = False
    quality: Quality = Quality()
    code_lines: Count | None = None
    sources: list[Text] = []
    source_sha256: Text = ""
    samples: Samples = Samples()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        case = f"{self.workload}/{self.size}/{self.dtype}/threads={self.threads}"
        if self.cell != f"{case}/{self.contender}":
            raise ValueError(
                f"cell: the id of what its fields say expected, {case}/{self.contender}; "
                f"got {self.cell}"
            )
        low, high = self.typical_low_s or self.typical_s, self.typical_high_s or self.typical_s
        if not low <= self.typical_s <= high:
            raise ValueError(
                "typical_low_s <= typical_s <= typical_high_s expected, got "
                f"{low}, {self.typical_s}, {high}"
            )
        return self


class Data(Model):
    """pytest-benchmark's figures of a cell of this suite: seconds, one a block."""

    data: list[Seconds] = []


class Benchmark(Model):
    """One entry of this suite in pytest-benchmark's form."""

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


class ForeignStats(Model):
    """pytest-benchmark's figures of any test, in seconds; a coarse clock may have told 0."""

    min: NotNegative
    median: NotNegative
    iqr: NotNegative | None = None
    rounds: Count | None = None


class ForeignBenchmark(Model):
    """One entry of anyone's file."""

    group: Name | None = None
    name: Name
    fullname: Name
    stats: ForeignStats


class Cpu(Model):
    """The processor, as the run found it, or as py-cpuinfo did."""

    model: Text = ""
    brand_raw: Text = ""
    brand: Text = ""
    usable_cores: Count = 0
    count: Count = 0


class Promise(Model):
    """What a maker promises of a device."""

    flop_s: dict[Text, NotNegative] = {}
    bytes_s: NotNegative
    source: Text = ""


class Gpu(Model):
    """An NVIDIA GPU."""

    name: Text
    driver: Text = ""
    promise: Promise | None = None


class Peaks(Model):
    """What a device was measured to do at most: by precision, and through its memory."""

    flop_s: dict[Text, NotNegative] = {}
    copy_bytes_s: NotNegative = 0.0
    read_bytes_s: NotNegative = 0.0
    cache_bytes: Count | None = None
    launch_s: NotNegative | None = None


class Pool(Model):
    """A library that multiplies matrices."""

    internal_api: Text = ""
    library: Text = ""
    version: Text | None = None
    architecture: Text | None = None


class Blas(Model):
    """The library of each side."""

    numpy: list[Pool] = []
    torch: Pool = Pool()


class Settings(Model):
    """What both sides ran under."""

    float32_precision: dict[Text, Text] = {}
    environment: dict[Text, Text] = {}


class SelfTestRow(Ratio):
    """One contender against itself."""

    cell: Text


class SelfTest(Model):
    """What came of comparing every contender with a second worker of itself.

    Attributes
    ----------
    furthest : the largest absolute logarithm of a ratio, which should be 0.

    """

    comparisons: Count
    excluding_1: Count
    widest_half_width: NotNegative | None = None
    furthest: NotNegative | None = None
    rows: list[SelfTestRow] = []


class Machine(Model):
    """Where a run was made; a file that says less leaves the rest empty."""

    label: Text = ""
    cpu: Cpu = Cpu()
    ram_bytes: Count = 0
    gpus: list[Gpu] = []
    blas: Blas = Blas()
    versions: dict[Text, Text | None] = {}
    settings: Settings = Settings()
    peaks: dict[Text, Peaks] | None = None
    self_test: SelfTest | None = None
    system: Text = ""
    release: Text = ""
    machine: Text = ""
    python_version: Text = ""

    @property
    def processor(self) -> str:
        """The processor's name, whoever found it."""
        return self.cpu.model or self.cpu.brand_raw or self.cpu.brand


class Commit(Model):
    """The commit of the project that was run."""

    id: Text = "unknown"
    dirty: bool = False


class Head(Model):
    """What both forms say of a run."""

    datetime: Text
    machine_info: Machine = Machine()
    commit_info: Commit = Commit()


class ResultFile(Head):
    """A whole result file of this suite."""

    cells: Annotated[list[Cell], Field(max_length=MAX_CELLS)] = []
    benchmarks: Annotated[list[Benchmark], Field(max_length=MAX_CELLS)] = []

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        asked = _unique("cells", [cell.id for cell in self.cells])
        timed = _unique("benchmarks", [entry.extra_info.cell for entry in self.benchmarks])
        if lost := sorted(timed - asked):
            raise ValueError(f"benchmarks: a cell of the file's cells expected, got {lost[0]!r}")
        return self


THEIRS = ("label", "system", "release", "machine", "python_version")


class ForeignFile(Head):
    """Any other file that pytest-benchmark wrote."""

    benchmarks: Annotated[list[ForeignBenchmark], Field(max_length=MAX_CELLS)]

    @field_validator("machine_info", mode="before")
    @classmethod
    def _theirs(cls, told: Any) -> Any:
        """Keep what is surely meant as here: py-cpuinfo's `model`, for one, is a number."""
        if not isinstance(told, dict):
            return told
        cpu = told.get("cpu")
        known = {key: told[key] for key in THEIRS if key in told}
        if isinstance(cpu, dict):
            known["cpu"] = {key: cpu[key] for key in ("brand_raw", "brand", "count") if key in cpu}
        return known

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _unique("benchmarks", [entry.fullname for entry in self.benchmarks])
        return self


def _unique(field: str, names: list[str]) -> set[str]:
    found = set(names)
    if len(found) < len(names):
        counts = Counter(names)
        twice = next(name for name in counts if counts[name] > 1)
        raise ValueError(f"{field}: each once expected, got {twice!r} twice")
    return found


def model_of(content: Any) -> type[ResultFile | ForeignFile]:
    """Return the form that a file claims to have."""
    ours = isinstance(content, dict) and content.get("schema") is not None
    return ResultFile if ours else ForeignFile
