"""The points of a run: a contender with a number of ranks on one size. Some cannot be measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bench.results.scaling import STRONG, WEAK, point_id
from bench.scaling.workload import Amount, ScalingWorkload, workloads
from bench.workload import Size

NUMPY, CPU, CUDA, THREADS = "numpy", "torch-cpu", "torch-cuda", "torch-threads"
GLOO, NCCL, FSDP = "torch-gloo", "torch-nccl", "torch-nccl-fsdp"
ALONE = {CPU, CUDA, THREADS}  # one process
BACKENDS = {NUMPY: "shared memory", GLOO: "gloo", NCCL: "nccl", FSDP: "nccl"}
BASELINES = {NUMPY: NUMPY, CPU: CPU, THREADS: CPU, GLOO: CPU, CUDA: CUDA, NCCL: CUDA, FSDP: CUDA}
DTYPE = "float32"
ORDER = ("train_data_parallel", "all_reduce", "matmul_sharded")


@dataclass(frozen=True)
class Group:
    """The ranks that torchrun started.

    Attributes
    ----------
    world : ranks on all nodes.
    per_node : ranks on one node.
    places : cores, or GPUs, on one node.
    cuda : whether the ranks use GPUs.

    """

    world: int
    per_node: int
    places: int
    cuda: bool = False

    @property
    def oversubscribed(self) -> bool:
        """Whether a node has more ranks than cores or GPUs."""
        return self.per_node > self.places

    def nodes(self, ranks: int) -> int:
        """Return how many nodes the first `ranks` ranks lie on."""
        return -(-ranks // self.per_node)


def agreed(groups: Sequence[Group]) -> Group:
    """Return the group that ranks make which see it so; the node with the fewest places counts.

    Raises
    ------
    ValueError : nodes have different numbers of ranks, or only some have GPUs for theirs.

    """
    counts = sorted({group.per_node for group in groups})
    if len(counts) > 1:
        raise ValueError(
            f"as many ranks on each node expected, got nodes with {' and '.join(map(str, counts))}"
            "; start every torchrun with the same --nproc-per-node"
        )
    if len({group.cuda for group in groups}) > 1:
        raise ValueError(
            f"a GPU for each rank expected on all nodes or on none, got nodes with {counts[0]} or "
            "more and nodes with fewer; --device cpu measures without GPUs"
        )
    return replace(groups[0], places=min(group.places for group in groups))


@dataclass(frozen=True)
class Problem:
    """What the ranks compute together; points of several contenders share one."""

    workload: str
    size: Size
    total: int

    def __hash__(self) -> int:
        """Return the hash of its names: sizes hold mappings, which have none."""
        return hash((self.workload, self.size.label, self.total))


@dataclass(frozen=True, kw_only=True)
class Point:
    """One contender with one number of ranks on one size."""

    workload: str
    size: Size
    mode: str
    ranks: int
    contender: str

    def __hash__(self) -> int:
        """Return the hash of its name: sizes hold mappings, which have none."""
        return hash(self.id)

    @property
    def id(self) -> str:
        """Its name in files."""
        return self._id(self.ranks, self.contender, self.mode)

    def _id(self, ranks: int, contender: str, mode: str) -> str:
        return point_id(self.workload, self.size.label, mode, DTYPE, ranks, contender)

    @property
    def of(self) -> ScalingWorkload:
        """The workload."""
        return workloads()[self.workload]

    @property
    def case(self) -> tuple[str, str]:
        """The key of the points that are measured in turn."""
        return self.workload, self.size.label

    @property
    def baseline(self) -> str:
        """The id of the point of one rank that it is compared with; "" if it is one, or has none.

        With one rank, weak scaling is strong scaling.
        """
        if not self.mode:
            return ""
        baseline = self._id(1, BASELINES[self.contender], STRONG)
        return "" if baseline == self.id else baseline

    @property
    def rival(self) -> str:
        """The id of NumPy's point with as many ranks."""
        return "" if self.contender == NUMPY else self._id(self.ranks, NUMPY, self.mode)

    @property
    def processes(self) -> int:
        """How many processes it has."""
        return 1 if self.contender in ALONE else self.ranks

    @property
    def total(self) -> int:
        """How many times the work of one rank all ranks do."""
        return self.ranks if self.mode != STRONG else 1

    @property
    def problem(self) -> Problem:
        """What its ranks compute together."""
        return Problem(self.workload, self.size, self.total)

    @property
    def shared(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of NumPy's shared arrays."""
        return self.of.shared(self.ranks, self.total, **self.size.params)

    @cached_property
    def amount(self) -> Amount:
        """How much one iteration is."""
        return self.of.amount(self.ranks, self.total, **self.size.params)

    def refused(self, group: Group, *, oversubscribe: bool) -> str:
        """Return why this group cannot measure it, or ""."""
        kind = "GPU" if group.cuda else "core"
        count = self.of.divided(**self.size.params)
        if self.ranks > group.world:
            return (
                f"{self.ranks} ranks expected, the group has {group.world}"
                if group.world > 1 or group.places > 1
                else f"this machine has one {kind}; {self.ranks} ranks would share it"
            )
        if count % self.ranks and self.mode != WEAK:
            return f"{count} rows do not divide among {self.ranks} ranks"
        here = min(self.ranks, group.per_node)
        if here > group.places and not oversubscribe:
            return (
                f"{here} ranks on {group.places} {kind}s would measure the scheduler; "
                f"start at most {group.places} ranks on a node"
            )
        if self.contender in (NUMPY, THREADS) and group.nodes(self.ranks) > 1:
            return (
                f"{self.ranks} ranks lie on {group.nodes(self.ranks)} nodes; shared memory on one"
            )
        return ""


def points(group: Group, counts: Sequence[int], *, full: bool) -> list[Point]:
    """Return the points of a run: those of one case together, the most telling case first.

    A default run measures the telling sizes, and PyTorch's weak scaling alone at the largest.
    """
    cases = [
        (w, size)
        for w in workloads().values()
        for size in reversed(w.sizes)
        if full or size.telling
    ]
    chosen: list[Point] = []
    for workload, size in sorted(cases, key=lambda case: ORDER.index(case[0].name)):
        last = size == workload.sizes[-1]
        chosen += [
            point
            for point in _of(workload, size, group, counts)
            if full or point.mode != WEAK or (last and point.contender != NUMPY)
        ]
    return list(dict.fromkeys(chosen))


def _of(
    workload: ScalingWorkload, size: Size, group: Group, counts: Sequence[int]
) -> Iterator[Point]:
    communicating = (NCCL, FSDP) if group.cuda else (NUMPY, GLOO)
    for ranks in counts:
        for mode in workload.modes:
            weak = mode == WEAK
            for contender in communicating:
                if contender == FSDP and (not workload.sharded or ranks < group.world):
                    continue
                alone = ranks == 1 and mode and not group.cuda
                if (ranks == 1 and weak) or (ranks == 1 and not mode and contender != NCCL):
                    continue
                name = CPU if alone and contender == GLOO else contender
                yield _point(workload, size, mode, ranks, name)
            if group.cuda and ranks == 1 and mode == STRONG:
                yield _point(workload, size, mode, 1, CUDA)
            if not group.cuda and ranks > 1 and workload.threads and mode == STRONG:
                yield _point(workload, size, mode, ranks, THREADS)


def _point(workload: ScalingWorkload, size: Size, mode: str, ranks: int, contender: str) -> Point:
    return Point(workload=workload.name, size=size, mode=mode, ranks=ranks, contender=contender)


def rank_counts(group: Group, *, full: bool) -> list[int]:
    """Return the numbers of ranks to measure: 1, 2 and all; with `full`, all powers of 2 too.

    Where all ranks would not divide 240 rows, the largest number that does is taken too.
    """
    world = group.world
    dividing = next(count for count in range(min(world, 240), 0, -1) if 240 % count == 0)
    powers = [2**k for k in range(1, world.bit_length()) if 2**k <= world] if full else []
    across = [group.per_node] if group.per_node < world else []
    return sorted({1, 2, *powers, *across, dividing, world})
