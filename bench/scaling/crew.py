"""NumPy's ranks: processes that share memory, as a user of `multiprocessing` writes them.

They are forked before the rank joins a group, because a process with threads must not fork. Shared
memory is anonymous, so nothing is left behind however they end.
"""

import math
import mmap
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from bench.machine import affinity
from bench.scaling.point import Point
from bench.scaling.runs import Run, inputs_of
from bench.scaling.workload import Array, Crew

ALIGN = 64  # bytes


class CrewError(Exception):
    """A NumPy process failed; the message names its rank."""


class Processes:
    """NumPy's processes, each bound to a core, as rank 0 commands them.

    Parameters
    ----------
    counts : numbers of ranks that will be asked for.
    shared_bytes : of the shared arrays of the largest point.
    limit_s : a process that is silent for longer has hung.

    """

    def __init__(self, counts: Sequence[int], shared_bytes: int, limit_s: float) -> None:
        context = multiprocessing.get_context("fork")
        self._limit_s = limit_s
        self._memory = mmap.mmap(-1, max(shared_bytes, ALIGN))
        barriers = {count: context.Barrier(count) for count in counts}
        cores = affinity.cores()
        self._pipes: list[Connection[Any, Any]] = []
        self._processes = []
        for rank in range(max(counts)):
            ours, theirs = context.Pipe()
            core = [cores[rank % len(cores)]] if cores else []
            process = context.Process(
                target=_serve, args=(theirs, self._memory, barriers, rank, core), daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def ask(self, point: Point, step: str, *arguments: Any) -> list[Any]:
        """Have each process of a point do a step; return their answers in the order of ranks.

        Raises
        ------
        CrewError : a process failed, ended or hung.

        """
        pipes = self._pipes[: point.ranks]
        for pipe in pipes:
            pipe.send((point, step, arguments))
        return [self._answer(rank, pipe) for rank, pipe in enumerate(pipes)]

    def _answer(self, rank: int, pipe: "Connection[Any, Any]") -> Any:
        try:
            if not pipe.poll(self._limit_s):
                raise CrewError(f"rank {rank} of NumPy gave no answer within {self._limit_s:g} s")
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            raise CrewError(f"rank {rank} of NumPy ended") from error
        if isinstance(answer, Exception):
            raise CrewError(f"rank {rank} of NumPy: {type(answer).__name__}: {answer}")
        return answer

    def end(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()


def shared_bytes(points: Sequence[Point]) -> int:
    """Return how much memory the shared arrays of the largest of these points need."""
    return max(
        (sum(4 * math.prod(shape) + ALIGN for shape in point.shared.values()) for point in points),
        default=0,
    )


def placed(memory: mmap.mmap, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Return float32 arrays of these shapes, one after the other in shared memory."""
    arrays, start = {}, 0
    for name, shape in shapes.items():
        count = math.prod(shape)
        arrays[name] = np.frombuffer(memory, "float32", count, start).reshape(shape)
        start += -(-4 * count // ALIGN) * ALIGN
    return arrays


def _serve(
    pipe: "Connection[Any, Any]",
    memory: mmap.mmap,
    barriers: Mapping[int, Any],
    rank: int,
    cores: Sequence[int],
) -> None:
    """Do the steps that rank 0 asks for until it hangs up."""
    if cores:
        affinity.bind(cores)
    runs: dict[str, Run] = {}
    while True:
        try:
            point, step, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            if step == "begin":
                inputs = inputs_of(point)
                shared = placed(memory, point.shared)
                crew = Crew(
                    rank=rank, ranks=point.ranks, shared=shared, barrier=barriers[point.ranks]
                )
                runs[point.id] = Run(point.of.numpy(crew, **inputs), crew.barrier.wait)
                answer: Any = None
            elif step == "end":
                answer = runs.clear()
            else:
                answer = getattr(runs[point.id], step)(*arguments)
        except Exception as error:  # noqa: BLE001 - a body may raise anything
            answer = error
        pipe.send(answer)
