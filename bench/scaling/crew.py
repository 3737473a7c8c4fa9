"""NumPy's ranks: processes that share memory, as a user of `multiprocessing` writes them.

They are forked before the rank joins a group, because a process with threads must not fork. Shared
memory is anonymous, so nothing is left behind however they end.
"""

import math
import mmap
import multiprocessing
import signal
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, wait
from threading import BrokenBarrierError
from typing import Any

import numpy as np

from bench.machine import affinity
from bench.machine.processes import STOPPED, die_with_parent, exit_reason, stopped
from bench.scaling.point import Point
from bench.scaling.runs import Run, inputs_of
from bench.scaling.workload import Array, Crew

ALIGN = 64  # bytes
LOOK_S = 0.5
PATIENCE = 1.5  # times the limit, in which those answer that wait for one that has hung


class CrewError(Exception):
    """A NumPy process failed: its rank, the status of the point, and the reason."""

    def __init__(self, rank: int, status: str, reason: str) -> None:
        super().__init__(rank, status, reason)
        self.rank, self.status, self.reason = rank, status, reason


class Processes:
    """NumPy's processes, each bound to a core, as rank 0 commands them.

    Parameters
    ----------
    counts : numbers of ranks that will be asked for.
    shared_bytes : of the shared arrays of the largest point.
    limit_s : a process that keeps the others waiting for longer has hung.

    """

    def __init__(self, counts: Sequence[int], shared_bytes: int, limit_s: float) -> None:
        context = multiprocessing.get_context("fork")
        self._limit_s = limit_s
        self._memory = mmap.mmap(-1, max(shared_bytes, ALIGN))
        barriers = {count: context.Barrier(count, timeout=limit_s) for count in counts}
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
        """Send a step to each process of a point, and return the answers by rank.

        Raises
        ------
        CrewError : a process failed, ended or hung.

        """
        pipes = self._pipes[: point.ranks]
        for rank, pipe in enumerate(pipes):
            try:
                pipe.send((point, step, arguments))
            except OSError as error:
                raise self._ended(rank) from error
        answers: dict[int, Any] = {}
        ends_s = time.monotonic() + self._limit_s * PATIENCE
        while len(answers) < len(pipes):
            ready = wait([pipe for rank, pipe in enumerate(pipes) if rank not in answers], LOOK_S)
            answers |= {
                rank: self._answer(rank) for rank, pipe in enumerate(pipes) if pipe in ready
            }
            silent = [rank for rank in range(len(pipes)) if rank not in answers]
            if not ready and (time.monotonic() > ends_s or self._stopped(silent)):
                raise self._hung(silent)
        late = [rank for rank, answer in answers.items() if isinstance(answer, BrokenBarrierError)]
        if late:  # each waited for another that came too late
            raise CrewError(late[0], "timeout", f"waited {self._limit_s:g} s for the others")
        return [answers[rank] for rank in range(len(pipes))]

    def _answer(self, rank: int) -> Any:
        """Return what a process answers, which may be that it waited in vain."""
        try:
            answer = self._pipes[rank].recv()
        except (EOFError, OSError) as error:
            raise self._ended(rank) from error
        if isinstance(answer, Exception) and not isinstance(answer, BrokenBarrierError):
            status = "oom" if isinstance(answer, MemoryError) else "crashed"
            raise CrewError(rank, status, f"{type(answer).__name__}: {answer}")
        return answer

    def _ended(self, rank: int) -> CrewError:
        self._processes[rank].join(1)
        return CrewError(rank, *exit_reason(self._processes[rank].exitcode))

    def _hung(self, silent: Sequence[int]) -> CrewError:
        """Return the error of the first process that is stopped, or else does not answer."""
        for rank in self._stopped(silent):
            return CrewError(rank, "timeout", STOPPED)
        reason = f"no answer within {self._limit_s * PATIENCE:.0f} s"
        return CrewError(silent[0], "timeout", reason)

    def _stopped(self, ranks: Sequence[int]) -> list[int]:
        return [rank for rank in ranks if stopped(self._processes[rank].pid or 0)]

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
    die_with_parent(signal.SIGKILL)
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
                runs.clear()
                answer = None
            else:
                answer = getattr(runs[point.id], step)(*arguments)
        except Exception as error:  # noqa: BLE001 - a body may raise anything
            answer = error
        pipe.send(answer)
