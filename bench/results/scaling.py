"""What a result file says of scaling: how fast several processes, devices or machines were.

A point is one contender with one number of ranks on one size of a workload. A rank is a process of
`torch.distributed`; of NumPy, a process of `multiprocessing`. On a CPU each rank has one core, on
GPUs each rank has one device. Times are those of the slowest rank.
"""

from typing import Literal, Self

from pydantic import model_validator

from bench.results.fields import Count, Model, NotNegative, Seconds, Text, each_once
from bench.results.machine import Cpu, Gpu
from bench.results.ratio import Ratio

STRONG, WEAK = "strong", "weak"
Mode = Literal["", "strong", "weak"]
Status = Literal[
    "ok", "mismatch", "skipped", "oom", "crashed", "timeout", "straggler", "implausible"
]


def point_id(workload: str, size: str, mode: str, dtype: str, ranks: int, contender: str) -> str:
    """Return a point's id: `train_data_parallel/n=512/weak/float32/ranks=2/torch-gloo`."""
    parts = (workload, size, mode, dtype, f"ranks={ranks}", contender)
    return "/".join(filter(None, parts))


class Samples(Model):
    """The seconds of one iteration in each block of each visit, and the numbers of the visits."""

    numbers: list[Count] = []
    visits: list[list[Seconds]] = []


class ScalingPoint(Model):
    """One contender with one number of ranks on one size.

    Attributes
    ----------
    mode : "strong" if the ranks share the work of one, "weak" if each has as much as one; "" where
        the ranks only communicate.
    ranks : processes that take part; of `torch-threads`, threads of one process.
    nodes : machines that these ranks lie on.
    contender : "numpy" (processes with shared memory), "torch-cpu" and "torch-cuda" (one process
        that communicates with none), "torch-threads", "torch-gloo", "torch-nccl",
        "torch-nccl-fsdp".
    backend : "gloo", "nccl", "shared memory" or "".
    baseline : the id of the point with one rank whose time `speedup` compares.
    message_bytes : of the array that is all-reduced or gathered in one iteration.
    flops : of all ranks together, in one iteration.
    examples : of all ranks together, in one step of training.
    time_s : seconds of one iteration, from the fastest block of each visit, with its interval.
    typical_s : the same from the median blocks.
    algorithm_bytes_s : message_bytes divided by time_s (NCCL tests, PERFORMANCE.md).
    bus_bytes_s : of an all-reduce, the bytes a second that each link must carry at least:
        2 (n - 1) / n times algorithm_bytes_s.
    speedup : work done a second, relative to one rank: of weak scaling with n ranks, n times the
        ratio of the times.
    efficiency : speedup divided by ranks.
    against_numpy : NumPy's time with as many ranks, divided by this time.
    compute_s : seconds of an iteration's work without communication, of the slowest rank.
    rank_compute_s : the same of each rank.
    communication_share : the share of an iteration in which the profiler saw a collective, of the
        rank that saw least: the others wait for it.
    rel_error, tolerance : of the result, relative to the largest value of the float64 result of
        one process.

    """

    id: Text
    workload: Text
    size: Text
    mode: Mode = ""
    dtype: Text
    ranks: Count
    nodes: Count = 1
    contender: Text
    backend: Text = ""
    device: Text = "cpu"
    baseline: Text = ""
    status: Status
    reason: Text = ""
    message_bytes: NotNegative | None = None
    flops: NotNegative | None = None
    examples: Count | None = None
    time_s: Seconds | None = None
    time_low_s: Seconds | None = None
    time_high_s: Seconds | None = None
    typical_s: Seconds | None = None
    algorithm_bytes_s: NotNegative | None = None
    bus_bytes_s: NotNegative | None = None
    speedup: Ratio | None = None
    efficiency: Ratio | None = None
    against_numpy: Ratio | None = None
    compute_s: Seconds | None = None
    rank_compute_s: list[Seconds] = []
    communication_share: NotNegative | None = None
    rel_error: NotNegative | None = None
    tolerance: NotNegative | None = None
    iterations_per_block: Count | None = None
    samples: Samples = Samples()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        expected = point_id(
            self.workload, self.size, self.mode, self.dtype, self.ranks, self.contender
        )
        if self.id != expected:
            raise ValueError(f"id: {expected} expected from its fields, got {self.id}")
        if self.time_s is not None:
            low, high = self.time_low_s or self.time_s, self.time_high_s or self.time_s
            if not low <= self.time_s <= high:
                raise ValueError(
                    f"time_low_s <= time_s <= time_high_s expected, got "
                    f"{low}, {self.time_s}, {high}"
                )
        return self


class Node(Model):
    """One machine of the group; never its host name.

    Attributes
    ----------
    ranks : how many ranks it held.
    interface : the network interface of its address; "" if that is not known.
    interface_bits_s : the speed that its driver reports.

    """

    cpu: Cpu = Cpu()
    ram_bytes: Count = 0
    gpus: list[Gpu] = []
    ranks: Count = 0
    interface: Text = ""
    interface_bits_s: NotNegative | None = None


class Scaling(Model):
    """What a run measured of several ranks.

    Attributes
    ----------
    world : the ranks of the whole group.
    backends : what the ranks communicated with.
    oversubscribed : more ranks than cores or devices: the times show nothing.
    copy_bytes_s : bytes a second that one rank copies in its memory, each byte counted once.
    threads : of each rank, as it read them back.
    cores : the cores that each rank was bound to.
    restarts : how often torchrun started the group anew.
    faults : one line for each.
    visits : of every point, each by processes of its own.
    complete : the measurement was not interrupted.

    """

    world: Count
    backends: list[Text] = []
    nodes: list[Node] = []
    oversubscribed: bool = False
    copy_bytes_s: NotNegative | None = None
    threads: list[Count] = []
    cores: list[list[Count]] = []
    restarts: Count = 0
    faults: list[Text] = []
    visits: Count = 0
    spent_s: NotNegative = 0.0
    complete: bool = False
    sources: dict[Text, Text] = {}
    points: list[ScalingPoint] = []

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        each_once("points", [point.id for point in self.points])
        return self
