"""Where a run was made: processor, GPUs, libraries, measured peaks, self-test, commit."""

from bench.results.fields import Count, Model, NotNegative, Number, Text
from bench.results.ratio import Ratio


class Cpu(Model):
    """The processor, as the run found it, or as py-cpuinfo did."""

    model: Text = ""
    brand_raw: Text = ""
    brand: Text = ""
    usable_cores: Count = 0
    count: Count = 0


class PromisedPeaks(Model):
    """What a maker promises of a device."""

    flop_s: dict[Text, NotNegative] = {}
    bytes_s: NotNegative
    source: Text = ""


class Gpu(Model):
    """An NVIDIA GPU."""

    name: Text
    driver: Text = ""
    promise: PromisedPeaks | None = None


class GpuState(Model):
    """What a GPU does at one moment, as far as it tells; `held_back` says why its clock is low."""

    name: Text
    clock_hz: NotNegative | None = None
    most_clock_hz: NotNegative | None = None
    temperature_c: Number | None = None
    power_w: NotNegative | None = None
    held_back: list[Text] = []
    used_bytes: Count | None = None
    processes: Count | None = None


class GpuStates(Model):
    """What the GPUs did before the run computed on them, and just after its last visit."""

    begin: list[GpuState] = []
    end: list[GpuState] = []


class Peaks(Model):
    """What a device was measured to do at most: by precision, and through its memory."""

    flop_s: dict[Text, NotNegative] = {}
    copy_bytes_s: NotNegative = 0.0
    read_bytes_s: NotNegative = 0.0
    cache_bytes: Count | None = None
    launch_s: NotNegative | None = None
    replay_s: NotNegative | None = None


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
    gpu_states: GpuStates = GpuStates()
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
