"""A worker in a process of its own, as the arena sees it: start, call, freeze, end.

The process is a standard-library executor of one, started fresh ("spawn"). Threads, binding and
allocator are set in its environment before it imports anything, and it lives no longer than the
run: the kernel ends it with its parent, even if the parent is killed. Whatever happens in it, a
raised exception, a crash, silence, comes out as a `WorkerError` that names the status of its cell.

What is imported here is imported in the worker too, and NumPy must come before PyTorch: OpenMP
binds the main thread when PyTorch loads it, and OpenBLAS would then see one core.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from bench import machine
from bench.contenders import Contender
from bench.memory import MALLOC
from bench.worker import Worker, failure

PR_SET_PDEATHSIG = 1  # prctl(2)
FREEZES = sys.platform == "linux"  # elsewhere a frozen process would outlive a killed parent
KEPT_FROM_WORKERS = {signal.SIGINT, signal.SIGTERM}  # the run itself ends its workers


class WorkerError(Exception):
    """A worker could not do what it was asked; the status of its cell, and why."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class WorkerProcess:
    """A process in which one contender lives, on so many threads."""

    def __init__(self, contender: Contender, threads: int) -> None:
        """Start the process; what it answers first is asked for by `observed`."""
        self.contender = contender
        self.threads = threads
        self._frozen = False
        cores = machine.cores()
        known = set(multiprocessing.active_children())
        self._executor = ProcessPoolExecutor(
            1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(cores[:threads],),
        )
        with _surroundings(_environment(threads, cores[:threads])):
            self._first = self._executor.submit(_act, contender, threads, "observed", ())
        (self._process,) = set(multiprocessing.active_children()) - known

    def observed(self, limit_s: float) -> Mapping[str, Any]:
        """Return the threads and cores that the process reads back."""
        answer: Mapping[str, Any] = self._answer(self._first, "start", limit_s)
        return answer

    def call(self, step: str, *arguments: Any, limit_s: float) -> Any:
        """Have the worker do a step; return what it returns.

        Raises
        ------
        WorkerError : the step raised, or the process ended, or there was no answer in `limit_s`
            seconds; in the latter two cases the process is no more.

        """
        if self._frozen:
            self._process_signal("SIGCONT")
        try:
            future = self._executor.submit(_act, self.contender, self.threads, step, arguments)
        except BrokenProcessPool as error:
            raise self._ended(step) from error
        return self._answer(future, step, limit_s)

    def _answer(self, future: Any, step: str, limit_s: float) -> Any:
        try:
            answer = future.result(timeout=limit_s)
        except TimeoutError:
            self.end()
            raise WorkerError("timeout", f"{step}: no answer within {limit_s:g} s") from None
        except BrokenProcessPool as error:
            raise self._ended(step) from error
        if isinstance(answer, WorkerError):
            raise answer
        return answer

    def _ended(self, step: str) -> WorkerError:
        """Say how the process came to its end."""
        self._executor.shutdown()  # its thread waits for the process too; only one learns the code
        code = self._process.exitcode
        self.end()
        if code == -signal.SIGKILL:
            return WorkerError("oom", f"{step}: killed, as a system does that is out of memory")
        how = f"exited with code {code}"
        if code is not None and code < 0:
            how = f"ended by {signal.Signals(-code).name}"
        return WorkerError("crashed", f"{step}: the process {how}")

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.is_alive()

    def freeze(self) -> None:
        """Stop all threads of the process, those that spin in wait of work too."""
        if FREEZES and not self._frozen:
            self._process_signal("SIGSTOP")

    def _process_signal(self, name: str) -> None:
        self._frozen = name == "SIGSTOP"
        if self.alive and self._process.pid is not None:
            os.kill(self._process.pid, getattr(signal, name))

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._executor.shutdown(cancel_futures=True)


def _environment(threads: int, cores: Sequence[int]) -> dict[str, str]:
    """Return the settings that a process reads when it starts, the same for all contenders."""
    pools = ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")
    counts = {
        f"{pool}_{'MAXIMUM' if pool == 'VECLIB' else 'NUM'}_THREADS": threads for pool in pools
    }
    binding = {}
    if threads > 1 and cores:
        places = ",".join(f"{{{core}}}" for core in cores)
        binding = {"OMP_PROC_BIND": "true", "OMP_PLACES": places}
    return {name: str(count) for name, count in counts.items()} | binding | MALLOC


@contextmanager
def _surroundings(environment: Mapping[str, str]) -> Iterator[None]:
    """Let a process that is started here inherit an environment and blocked signals."""
    before = dict(os.environ)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, KEPT_FROM_WORKERS)
    try:
        os.environ.update(environment)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _start(cores: Sequence[int]) -> None:
    """Begin a worker process: it ends with its parent, and its threads stay on these cores."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker is started by a run"  # noqa: S101 - a bug of ours alone
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        Path("/proc/self/oom_score_adj").write_text("1000")  # it is taken first, not the run
    machine.bind(cores)
    gc.freeze()  # what was imported stays; looking through it at each collection takes 0.1 s
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


@cache
def _worker(contender: Contender, threads: int) -> Worker:
    """Return this process's one worker."""
    return Worker(contender, threads)


def _act(contender: Contender, threads: int, step: str, arguments: tuple[Any, ...]) -> Any:
    """Do a step in the worker's process; return its result or what became of it."""
    try:
        return getattr(_worker(contender, threads), step)(*arguments)
    except BaseException as error:  # noqa: BLE001 - a body may raise anything; its cell says what
        return WorkerError(*failure(error))
