"""The machine of a run: processor, GPUs, libraries, measured peaks, self-test, commit."""

from pydantic import field_validator

from bench.results.fields import Count, Model, NotNegative, Number, Text
from bench.results.ratio import Ratio

SET_BY_IMPORTS = {"KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"}  # of threadpoolctl, scikit-learn


class Cpu(Model):
    """The processor, as this suite or pytest-benchmark (py-cpuinfo) describes it."""

    model: Text = ""
    brand_raw: Text = ""
    brand: Text = ""
    usable_cores: Count = 0
    count: Count = 0


class PromisedPeaks(Model):
    """Peaks from the data sheet of a GPU."""

    flop_s: dict[Text, NotNegative] = {}
    bytes_s: NotNegative
    source: Text = ""


class Gpu(Model):
    """An NVIDIA GPU."""

    name: Text
    driver: Text = ""
    promise: PromisedPeaks | None = None


class GpuState(Model):
    """The state of a GPU at one moment; `held_back` holds the reasons why its clock is low."""

    name: Text
    clock_hz: NotNegative | None = None
    most_clock_hz: NotNegative | None = None
    temperature_c: Number | None = None
    power_w: NotNegative | None = None
    held_back: list[Text] = []
    used_bytes: Count | None = None
    processes: Count | None = None


class GpuStates(Model):
    """The states of all GPUs before the first visit of the run and just after the last."""

    begin: list[GpuState] = []
    end: list[GpuState] = []


class Peaks(Model):
    """The measured peaks of a device: FLOP/s by precision, bytes/s through its memory."""

    flop_s: dict[Text, NotNegative] = {}
    copy_bytes_s: NotNegative = 0.0
    read_bytes_s: NotNegative = 0.0
    cache_bytes: Count | None = None
    launch_s: NotNegative | None = None
    replay_s: NotNegative | None = None


class Pool(Model):
    """A BLAS library."""

    internal_api: Text = ""
    library: Text = ""
    version: Text | None = None
    architecture: Text | None = None


class Blas(Model):
    """The BLAS libraries of NumPy and of PyTorch."""

    numpy: list[Pool] = []
    torch: Pool = Pool()


class Settings(Model):
    """Settings of the run that are the same for all contenders."""

    float32_precision: dict[Text, Text] = {}
    environment: dict[Text, Text] = {}

    @field_validator("environment")
    @classmethod
    def _by_the_user(cls, environment: dict[str, str]) -> dict[str, str]:
        """Drop what earlier versions kept though an import had set it."""
        return {name: environment[name] for name in environment if name not in SET_BY_IMPORTS}


class SelfTestRow(Ratio):
    """The ratio of a contender's two workers; it should be 1."""

    cell: Text


class SelfTest(Model):
    """Results of the self-test, which compares each contender with a second worker of itself.

    Attributes
    ----------
    excluding_1 : how many intervals do not contain 1, though the true ratio is 1.
    furthest : the largest absolute logarithm of a ratio, which should be 0.

    """

    comparisons: Count
    excluding_1: Count
    widest_half_width: NotNegative | None = None
    furthest: NotNegative | None = None
    rows: list[SelfTestRow] = []


class Machine(Model):
    """The machine of a run; fields that a file does not have stay empty."""

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
    python_implementation: Text = ""
    python_implementation_version: Text = ""

    @property
    def processor(self) -> str:
        """The processor's name, from the first field that has it."""
        return self.cpu.model or self.cpu.brand_raw or self.cpu.brand


class Commit(Model):
    """The commit of the project at the time of the run."""

    id: Text = "unknown"
    dirty: bool = False


class Head(Model):
    """The fields that result files of this suite and foreign files share."""

    datetime: Text
    machine_info: Machine = Machine()
    commit_info: Commit = Commit()
