"""One visit: a fresh process of each rank joins the group and measures the points in turn.

All ranks do the same in lockstep: rank 0 decides and tells the others. Ranks that a point does not
need wait in a barrier, which takes no core. In a turn, each member of a point waits for the others,
times a few blocks, and then all exchange their times: the slowest rank counts.
"""

import contextlib
import faulthandler
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection  # noqa: TC003 - quoted annotations name it
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from bench.machine import affinity
from bench.machine.precision import set_float32
from bench.scaling.blame import LOST
from bench.scaling.collectives import profiled_share
from bench.scaling.crew import CrewError, Processes, shared_bytes
from bench.scaling.figures import BLOCK_S, Observation, block_of
from bench.scaling.lockstep import Lockstep
from bench.scaling.options import Rank
from bench.scaling.point import ALONE, CPU, CUDA, FSDP, NUMPY, THREADS, Group, Point
from bench.scaling.runs import Run, expected, forget, inputs_of, tolerance
from bench.scaling.workload import Team

POINT_S = (0.03, 0.3)  # least and most seconds of blocks of a point in a visit
BLOCKS_SHARE = {False: 1 / 3, True: 1 / 2}  # of a visit; less while points are new to the run
LIGHTER = 0.5  # than the cases before: the first are the largest
ROUNDS = (2, 8)  # fewest and most: turns that are near in time see the same machine
TURN = 2  # blocks, at least if there are several turns: the first finds the caches cold
COPY_BYTES = 2**26
LOST_WORDS = ("gloo", "nccl", "connection", "socket", "broken pipe", "timed out", "store", "abort")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What all ranks know of a visit before it begins.

    Attributes
    ----------
    name : tells its keys in the store from those of other visits.
    profiled : ids of the points whose collectives the profiler is to see.
    plans : iterations and seconds of a block, by the id of each point that was measured before.
    seconds : time limit.
    limit_s : a rank that does not get on for longer has hung.

    """

    number: int
    name: str
    points: tuple[Point, ...]
    profiled: frozenset[str]
    plans: Mapping[str, tuple[int, float]]
    seconds: float
    limit_s: float


def run(
    connection: "Connection[Any, Any]", rank: Rank, group: Group, visit: Visit, trace: int
) -> None:
    """Make a visit in this process and send what comes of it; the process then ends.

    At SIGUSR1 it writes to the file descriptor `trace` where it is in its code.
    """
    faulthandler.register(signal.SIGUSR1, trace, all_threads=False)
    try:
        member = Member(connection, rank, group, visit)
        member.measure()
        member.leave()
        connection.send(("done",))
    except BaseException as error:  # noqa: BLE001 - a body may raise anything
        with contextlib.suppress(OSError):
            connection.send(("failed", *described(error)))
    os._exit(0)


def described(error: BaseException) -> tuple[str, str, int]:
    """Return a point's status after an error, the reason, and the rank at fault (-1: this one)."""
    if isinstance(error, CrewError):
        return error.status, error.reason, error.rank
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return "oom", text, -1
    if isinstance(error, dist.DistError) or (
        isinstance(error, RuntimeError) and any(word in str(error).lower() for word in LOST_WORDS)
    ):
        return LOST, text, -1
    return "crashed", text, -1


class Member:
    """One rank in one visit."""

    def __init__(
        self, connection: "Connection[Any, Any]", rank: Rank, group: Group, visit: Visit
    ) -> None:
        self._connection, self._visit, self._group = connection, visit, group
        self.rank = rank.number
        self._ends_s = time.perf_counter() + visit.seconds
        self._say("")
        self._crew = self._begun_crew()
        self._core(rank)
        counts = {point.ranks for point in visit.points if point.contender != NUMPY}
        self._ranks = Lockstep(rank, visit.name, counts, cuda=group.cuda, limit_s=visit.limit_s)

    def _begun_crew(self) -> Processes | None:
        """Fork NumPy's processes, before this one has threads."""
        numpy = [point for point in self._visit.points if point.contender == NUMPY]
        if self.rank or not numpy:
            return None
        counts = sorted({point.ranks for point in numpy})
        return Processes(counts, shared_bytes(numpy), self._visit.limit_s / 2)  # seen here first

    def _core(self, rank: Rank) -> None:
        """Bind this rank to its core, with one thread."""
        cores = affinity.cores()
        self._cores = cores
        if cores and not self._group.cuda:
            affinity.bind([cores[rank.local % len(cores)]])
        torch.set_num_threads(1)
        set_float32("ieee")

    def leave(self) -> None:
        """Leave the group, when all are done."""
        self._ranks.meet()
        if self._crew is not None:
            self._crew.end()
        self._ranks.leave()

    def _say(self, point: str) -> None:
        """Send which point this rank is at, which shows that it gets on."""
        self._connection.send(("at", point))

    def measure(self) -> None:
        """Measure the cases in turn while there is time."""
        self._observe()
        cases: dict[tuple[str, str], list[Point]] = {}
        for point in self._visit.points:
            cases.setdefault(point.case, []).append(point)
        all_points = left = len(self._visit.points)
        begun_s = time.perf_counter()
        for points in cases.values():
            left_s = self._ends_s - time.perf_counter()
            share_s = left_s / left
            spent_s = (time.perf_counter() - begun_s) / max(1, all_points - left)  # of a point
            fits = left_s > LIGHTER * spent_s * len(points)
            if not self._ranks.of_rank_0(fits):
                return
            known = all(point.id in self._visit.plans for point in points)
            point_s = self._ranks.of_rank_0(BLOCKS_SHARE[known] * share_s)
            self._case(points, min(POINT_S[1], max(POINT_S[0], point_s)))
            left -= len(points)

    def _observe(self) -> None:
        """Send rank 0's parent the settings that each rank reads back, and its copy bandwidth."""
        bound = sorted({core for cores in affinity.bound_cores() for core in cores})
        seen = self._ranks.gathered((torch.get_num_threads(), bound))
        if self.rank == 0:
            copied = None if self._visit.plans else copy_bandwidth()
            self._connection.send(("observed", seen, copied))

    def _case(self, points: Sequence[Point], point_s: float) -> None:
        """Measure the points of a case, which take turns; each is verified before and after.

        A point that was measured in an earlier visit is verified after its turns alone.
        """
        ready, plans = [], []
        for point in points:
            self._say(point.id)
            run = self._begun(point)
            plan = self._visit.plans.get(point.id)
            if plan is not None:
                self._each(point, run, "block", 1)  # warms up
            elif self._verified(point, run) is not None:
                plan = self._calibrated(point, run)
            if plan is not None:
                ready.append((point, run))
                plans.append(self._ranks.of_rank_0(within(plan, run)))
        seconds: list[list[float]] = [[] for _ in ready]
        rounds = _rounds(point_s, [block_s for _, block_s in plans])
        for _ in range(rounds):
            for index, (point, run) in enumerate(ready):
                self._say(point.id)
                iterations, block_s = plans[index]
                count = max(1, round(point_s / rounds / block_s))
                seconds[index] += self._turn(point, run, iterations, count)
        for (point, run), (iterations, _), times in zip(ready, plans, seconds, strict=True):
            self._confirm(point, run, iterations, times)
        of_crew = [point for point in points if point.contender == NUMPY]
        if self._crew is not None and of_crew:
            self._crew.ask(max(of_crew, key=lambda point: point.ranks), "end")
        forget()
        self._connection.send(("case",))

    def _begun(self, point: Point) -> Run | None:
        """Return this rank's run of a point; None if it has no part in it, or NumPy's processes."""
        if point.contender == NUMPY and self._crew is not None:
            self._crew.ask(point, "begin")
        if point.contender == NUMPY or self.rank >= point.processes:
            return None
        group = None if point.contender in ALONE else self._ranks.groups[point.ranks]
        team = Team(
            rank=self.rank,
            ranks=point.processes,
            group=group,
            device=self._ranks.device,
            sharded=point.contender == FSDP,
        )
        with self._threads(point):
            step = point.of.torch(team, **inputs_of(point))
        meet = (lambda: None) if group is None else (lambda: dist.barrier(group=group))
        wait = torch.cuda.synchronize if self._group.cuda else (lambda: None)
        return Run(step, meet, wait)

    @contextlib.contextmanager
    def _threads(self, point: Point) -> Iterator[None]:
        """Give one process the threads and cores of a point with several threads."""
        if point.contender != THREADS:
            yield
            return
        mine = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, set(self._cores[: point.ranks]))
            torch.set_num_threads(point.ranks)
            yield
        finally:
            torch.set_num_threads(1)
            os.sched_setaffinity(0, mine)

    def _each(self, point: Point, run: Run | None, step: str, *arguments: Any) -> list[Any]:
        """Have all ranks of a point do a step; return their answers on every rank."""
        answer: Any = None
        if run is not None:
            with self._threads(point):
                answer = getattr(run, step)(*arguments)
        if point.contender == NUMPY:
            of_crew = None if self._crew is None else self._crew.ask(point, step, *arguments)
            answers: list[Any] = self._ranks.of_rank_0(of_crew)
            return answers
        return self._ranks.gathered(answer)[: point.processes]

    def _verified(self, point: Point, run: Run | None) -> tuple[float, float] | None:
        """Return the largest relative error and its bound; None if a rank's result is wrong."""
        samples = self._ranks.of_rank_0(expected(point) if self.rank == 0 else None)
        bound = tolerance(point)
        errors = self._each(point, run, "verify", samples, bound)
        wrong = [number for number, error in enumerate(errors) if isinstance(error, str)]
        if not wrong:
            return max(errors), bound
        if self.rank == 0:
            whose = "every rank" if len(wrong) == point.processes > 1 else f"rank {wrong[0]}"
            self._connection.send(("mismatch", point.id, f"{whose}: {errors[wrong[0]]}"))
        return None

    def _calibrated(self, point: Point, run: Run | None) -> tuple[int, float]:
        """Return the iterations of a block, and its seconds."""
        self._say(point.id)
        first_s = max(self._each(point, run, "block", 1))
        second_s = max(self._each(point, run, "block", max(1, min(10, int(BLOCK_S / first_s)))))
        plan: tuple[int, float] = self._ranks.of_rank_0(block_of(second_s))
        return plan

    def _turn(self, point: Point, run: Run | None, iterations: int, count: int) -> list[float]:
        """Time blocks; return the seconds of an iteration of the slowest rank, by block."""
        self._ranks.meet()
        times = []
        with self._threads(point):
            for _ in range(count):
                if run is not None:
                    times.append(run.block(iterations))
                elif point.contender == NUMPY and self._crew is not None:
                    times.append(max(self._crew.ask(point, "block", iterations)))
        return [
            max(block) for block in zip(*filter(None, self._ranks.gathered(times)), strict=True)
        ]

    def _confirm(
        self,
        point: Point,
        run: Run | None,
        iterations: int,
        seconds: list[float],
    ) -> None:
        """Time the work without communication, verify again, and send what was seen."""
        self._say(point.id)
        alone: list[float] = []
        if point.mode and point.contender != FSDP:
            alone = self._each(point, run, "alone", iterations)
        share = self._profiled(point, run) if point.id in self._visit.profiled else None
        errors = self._verified(point, run)
        if errors is None or self.rank:
            return
        self._connection.send(
            (
                "seen",
                Observation(
                    id=point.id,
                    visit=self._visit.number,
                    seconds=[float(f"{s:.6g}") for s in seconds],
                    compute_s=[float(f"{s:.6g}") for s in alone],
                    share=share,
                    rel_error=errors[0],
                    tolerance=errors[1],
                    iterations=iterations,
                ),
            )
        )

    def _profiled(self, point: Point, run: Run | None) -> float | None:
        """Return the share of an iteration in collectives, of the rank with the least."""
        if point.contender in (NUMPY, CPU, CUDA, THREADS) or not point.mode or point.ranks == 1:
            return None
        share = None
        if run is not None:
            run.step.reset()
            dist.barrier(group=self._ranks.groups[point.ranks])
            share = profiled_share(run.step, cuda=self._group.cuda)
        return min((s for s in self._ranks.gathered(share) if s is not None), default=None)


def copy_bandwidth() -> float:
    """Return how fast NumPy copies on one core, in bytes a second."""
    source = np.ones(COPY_BYTES // 4, "float32")
    target = np.empty_like(source)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - start)
    return COPY_BYTES / min(times)


def within(plan: tuple[int, float], run: Run | None) -> tuple[int, float]:
    """Return the plan of blocks that have no more iterations than the step allows in a row."""
    iterations, block_s = plan
    allowed = iterations if run is None else min(iterations, run.step.most)
    return allowed, block_s * allowed / iterations


def _rounds(point_s: float, blocks_s: Sequence[float]) -> int:
    """Return how many turns each point of a case gets: fewer if some blocks are long."""
    turn_s = TURN * max(blocks_s, default=point_s)
    return min(ROUNDS[1], max(ROUNDS[0], round(point_s / turn_s)))
