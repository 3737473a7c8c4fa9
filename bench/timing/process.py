"""A worker in a process of its own, as the arena sees it: start, call, freeze, end.

A nursery is a process that is started fresh ("spawn") with threads, binding and allocator in its
environment before it imports anything. It computes nothing: it forks workers, one for a contender,
which so are spared the import of PyTorch but not a process of their own. The next generation of
workers has another nursery, and so another layout of memory. Where forking is not safe a nursery
becomes its one worker itself.

No process outlives the run: the kernel ends a worker with its nursery and that with the run, even
if the run is killed. Whatever happens in a worker, a raised exception, a crash, silence, comes out
as a `WorkerError` that names the status of its cell.

What is imported here is imported in a nursery too, and NumPy must come before PyTorch: OpenMP
binds the main thread when PyTorch loads it, and OpenBLAS would then see one core.
"""

import ctypes
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import reduction, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from bench.cases.contenders import Contender
from bench.machine import affinity
from bench.machine.memory import MALLOC
from bench.timing.worker import Worker, failure

PR_SET_PDEATHSIG = 1  # prctl(2)
LINUX = sys.platform == "linux"
FORKS = LINUX  # elsewhere system libraries do not survive it
FREEZES = LINUX  # elsewhere a frozen process would outlive a killed parent
KEPT_FROM_WORKERS = {signal.SIGINT, signal.SIGTERM}  # the run itself ends its workers
START_S = 120.0  # a process that has not started by then never will
GRACE_S = 10.0  # to a process that no longer answers, to be gone
GONE = (EOFError, OSError)  # what a connection raises when there is no process at its other end


class WorkerError(Exception):
    """A worker could not do what it was asked; the status of its cell, and why."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class Nursery:
    """A process that has imported all that workers need, and starts them, on so many threads."""

    def __init__(self, threads: int, imports: Sequence[str] = (), *, forks: bool = FORKS) -> None:
        self.threads = threads
        self.forks = forks
        self.spent = False  # whether it has become its one worker
        cores = affinity.cores()[:threads]
        self._connection, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=_nurse, args=(theirs, cores, imports, forks), daemon=True
        )
        with surroundings(environment(threads, cores)):
            self._process.start()
        theirs.close()

    def start(self, contender: Contender) -> "WorkerProcess":
        """Start a contender's worker.

        Raises
        ------
        WorkerError : the nursery is no more.

        """
        self.spent = not self.forks
        ours, theirs = multiprocessing.Pipe()
        try:
            self._connection.send((contender, self.threads))
            reduction.send_handle(self._connection, theirs.fileno(), self._process.pid)
            if not self._connection.poll(START_S):
                raise WorkerError("timeout", f"start: not begun within {START_S:g} s")
            pid = self._connection.recv()
        except GONE as error:
            raise WorkerError("crashed", "start: the process that starts workers ended") from error
        finally:
            theirs.close()
        return WorkerProcess(contender, self.threads, self, ours, pid)

    def exit_code(self, pid: int) -> int | None:
        """Return how a worker ended, or None if that cannot be known.

        One that does not end, though nobody can reach it any more, is ended.
        """
        if self.spent:
            self._process.join(GRACE_S)
            code = self._process.exitcode
            self._process.kill()
            self._process.join()
            return code
        with suppress(*GONE):
            self._connection.send(pid)
            if self._connection.poll(GRACE_S):
                return int(self._connection.recv())
            os.kill(pid, signal.SIGKILL)
            self._connection.recv()
        return None

    def end(self) -> None:
        """End the process, and with it those that it has started."""
        self._process.kill()
        self._process.join()
        self._connection.close()


class WorkerProcess:
    """A process in which one contender lives, on so many threads."""

    def __init__(
        self,
        contender: Contender,
        threads: int,
        nursery: Nursery,
        connection: "Connection[Any, Any]",
        pid: int,
    ) -> None:
        """Take charge of a process that a nursery has started."""
        self.contender = contender
        self.threads = threads
        self.pid = pid
        self.alive = True
        self._nursery = nursery
        self._connection = connection
        self._frozen = False
        connection.send(("observed", ()))

    def observed(self, limit_s: float) -> Mapping[str, Any]:
        """Return the threads and cores that the process reads back, which it does first of all."""
        answer: Mapping[str, Any] = self._answer("start", limit_s)
        return answer

    def call(self, step: str, *arguments: Any, limit_s: float) -> Any:
        """Have the worker do a step; return what it returns.

        Raises
        ------
        WorkerError : the step raised, or the process ended, or there was no answer in `limit_s`
            seconds; in the latter two cases the process is no more.

        """
        if self._frozen:
            self._signal(signal.SIGCONT)
            self._frozen = False
        try:
            self._connection.send((step, arguments))
        except GONE as error:
            raise self._ended(step) from error
        return self._answer(step, limit_s)

    def _answer(self, step: str, limit_s: float) -> Any:
        try:
            if not self._connection.poll(limit_s):
                self.end()
                raise WorkerError("timeout", f"{step}: no answer within {limit_s:g} s")
            answer = self._connection.recv()
        except GONE as error:
            raise self._ended(step) from error
        if isinstance(answer, WorkerError):
            raise answer
        return answer

    def _ended(self, step: str) -> WorkerError:
        """Say how the process came to its end."""
        code = self._nursery.exit_code(self.pid)
        self.alive = False
        self._connection.close()
        if code == -signal.SIGKILL:
            return WorkerError("oom", f"{step}: killed, as a system does that is out of memory")
        how = "hung up" if code is None else f"exited with code {code}"
        if code is not None and code < 0:
            how = f"ended by {signal.Signals(-code).name}"
        return WorkerError("crashed", f"{step}: the process {how}")

    def freeze(self) -> None:
        """Stop all threads of the process, those that spin in wait of work too."""
        if FREEZES and not self._frozen:
            self._signal(signal.SIGSTOP)
            self._frozen = True

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self) -> None:
        """End the process, whatever it does."""
        if self.alive:
            self._signal(signal.SIGKILL)
            self._nursery.exit_code(self.pid)  # which waits for it
            self.alive = False
            self._connection.close()


def environment(threads: int, cores: Sequence[int]) -> dict[str, str]:
    """Return the settings that a process reads when it starts, the same for all contenders."""
    pools = ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")
    counts = {
        f"{pool}_{'MAXIMUM' if pool == 'VECLIB' else 'NUM'}_THREADS": threads for pool in pools
    }
    counts["TORCHINDUCTOR_COMPILE_THREADS"] = 1  # no processes of a worker's own
    binding = {}
    if threads > 1 and cores:
        places = ",".join(f"{{{core}}}" for core in cores)
        binding = {"OMP_PROC_BIND": "true", "OMP_PLACES": places}
    return {name: str(count) for name, count in counts.items()} | binding | MALLOC


@contextmanager
def surroundings(environment: Mapping[str, str]) -> Iterator[None]:
    """Let a process that is started here inherit an environment and blocked signals."""
    before = dict(os.environ)
    resource_tracker.ensure_running()  # it unblocks signals when it starts
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, KEPT_FROM_WORKERS)
    try:
        os.environ.update(environment)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _nurse(
    connection: "Connection[Any, Any]",
    cores: Sequence[int],
    imports: Sequence[str],
    forks: bool,  # noqa: FBT001 - one process to another
) -> None:
    """Start workers until the run is over, or become one."""
    for name in imports:
        importlib.import_module(name)
    gc.freeze()  # what was imported stays; looking through it at each collection takes 0.1 s
    if LINUX:
        _end_with_parent()
        Path("/proc/self/oom_score_adj").write_text("1000")  # it is taken first, not the run
    with suppress(*GONE):
        while True:
            request = connection.recv()
            if isinstance(request, int):
                connection.send(os.waitstatus_to_exitcode(os.waitpid(request, 0)[1]))
                continue
            handle = reduction.recv_handle(connection)
            if not forks:
                connection.send(os.getpid())
                threading.Thread(target=_watch_parent, daemon=True).start()
            elif pid := _fork():
                os.close(handle)
                connection.send(pid)
                continue
            else:
                connection.close()
            _serve(Connection(handle), cores, *request)


def _fork() -> int:
    """Fork; in the worker, which gets 0, see to it that it ends with the nursery."""
    nursery = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # OpenBLAS ends its threads before
        pid = os.fork()
    if pid == 0:
        _end_with_parent()
        if os.getppid() != nursery:
            os._exit(1)
    return pid


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a nursery is started by a run"  # noqa: S101 - a bug of ours alone
    parent.join()
    os._exit(1)


def _serve(
    connection: "Connection[Any, Any]", cores: Sequence[int], contender: Contender, threads: int
) -> None:
    """Do the steps that are asked for, until nobody can ask any more; never return."""
    a = np.ones((256, 256), "float32")
    a @ a  # OpenBLAS starts its threads, which do not survive a fork
    affinity.bind(cores)
    worker = Worker(contender, threads)
    with suppress(*GONE):
        while True:
            connection.send(_act(worker, *connection.recv()))
    os._exit(0)


def _act(worker: Worker, step: str, arguments: tuple[Any, ...]) -> Any:
    """Do a step; return its result or what became of it."""
    try:
        return getattr(worker, step)(*arguments)
    except BaseException as error:  # noqa: BLE001 - a body may raise anything; its cell says what
        return WorkerError(*failure(error))
