"""What a result file holds, as models that check it. Numbers are finite, texts are bounded."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal[
    "ok", "unstable", "mismatch", "skipped", "oom", "crashed", "timeout", "implausible"
]
Text = Annotated[str, Field(max_length=500)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Model(BaseModel):
    """Reads what it knows and leaves out what it does not."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Ratio(Model):
    """A speedup and its 95 % interval."""

    ratio: Seconds
    low: Seconds
    high: Seconds


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
    starts_s: list[Annotated[float, Field(allow_inf_nan=False)]] = []
    disturbed: list[Count] = []


class Ledger(Model):
    """Where the seconds of one call from the host's memory and back go."""

    host_to_device_s: NotNegative
    launch_s: NotNegative
    kernel_s: NotNegative
    device_to_host_s: NotNegative
    wall_s: Seconds


class Info(Model):
    """What the suite says of a cell beside its samples."""

    cell: Text
    workload: Text
    family: Text
    size: Text
    axis: Text
    axis_value: float
    variant: Text = ""
    dtype: Text
    contender: Text
    device: Text
    threads: Count
    flops: float
    bytes: float
    rel_error: float | None = None
    tolerance: float | None = None
    precision: Text = ""
    first_call_s: float | None = None
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
    speedup: Ratio | None = None
    speedup_best: Ratio | None = None
    bimodal: bool = False
    quality: dict[str, float | list[float]] = {}
    sources: list[Text] = []
    source_sha256: Text = ""
    samples: Samples = Samples()


class Stats(Model):
    """pytest-benchmark's figures, in seconds."""

    min: Seconds
    median: Seconds
    data: list[Seconds] = []


class Benchmark(Model):
    """One entry in pytest-benchmark's form."""

    group: Text | None = None
    name: Text
    fullname: Text
    extra_info: dict[str, Any] = {}
    stats: Stats


class Cpu(Model):
    """The processor, as the run found it."""

    model: Text = ""
    usable_cores: Count = 0


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

    float32_precision: dict[str, Text] = {}
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
    widest_half_width: float | None = None
    furthest: float | None = None
    rows: list[SelfTestRow] = []


class Machine(Model):
    """Where a run was made; a file that says less leaves the rest empty."""

    label: Text = ""
    cpu: Cpu = Cpu()
    ram_bytes: Count = 0
    gpus: list[Gpu] = []
    blas: Blas = Blas()
    versions: dict[str, Text | None] = {}
    settings: Settings = Settings()
    peaks: dict[Text, Peaks] | None = None
    self_test: SelfTest | None = None


class Commit(Model):
    """The commit of this project that was run."""

    id: Text = "unknown"
    dirty: bool = False


class ResultFile(Model):
    """A whole result file."""

    schema_: Text | None = Field(default=None, alias="schema")
    datetime: Text
    machine_info: Machine = Machine()
    commit_info: Commit = Commit()
    cells: list[Cell] = []
    benchmarks: list[Benchmark] = []
