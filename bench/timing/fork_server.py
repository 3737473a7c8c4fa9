"""Worker processes: a fork server starts them, and the run calls, freezes and ends them.

A fork server is a process that is started fresh ("spawn"), with threads, binding and allocator in
its environment before it imports anything. It computes nothing. It forks one worker for each
contender, so that a worker skips importing PyTorch. Each generation of workers has a new fork
server, and so another layout of memory. Where forking is not safe, a fork server becomes its one
worker itself.

No process outlives the run: the kernel ends a worker with its fork server, and that with the run,
even if the run is killed. An exception, a crash or silence of a worker becomes a `WorkerError` with
the status of its cell.

A fork server imports what this module imports. NumPy must come before PyTorch: PyTorch loads
OpenMP, which binds the main thread, and OpenBLAS would then see one core.
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


class ForkServer:
    """A process that has imported all that workers need, and forks them, for one thread setting."""

    def __init__(self, threads: int, imports: Sequence[str] = (), *, forks: bool = FORKS) -> None:
        self.threads = threads
        self.forks = forks
        self.used_up = False  # whether it has become its one worker itself
        cores = affinity.cores()[:threads]
        self._connection, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=_serve_forks, args=(theirs, cores, imports, forks), daemon=True
        )
        with surroundings(environment(threads, cores)):
            self._process.start()
        theirs.close()

    def start(self, contender: Contender) -> "WorkerProcess":
        """Start a contender's worker.

        Raises
        ------
        WorkerError : the fork server has ended.

        """
        self.used_up = not self.forks
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
        """Return the exit code of a worker, or None if it cannot be known.

        Kill a worker that still runs though nothing can reach it any more.
        """
        if self.used_up:
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
        """End the process, and with it its workers."""
        self._process.kill()
        self._process.join()
        self._connection.close()


class WorkerProcess:
    """A process of one contender, for one thread setting."""

    def __init__(
        self,
        contender: Contender,
        threads: int,
        server: ForkServer,
        connection: "Connection[Any, Any]",
        pid: int,
    ) -> None:
        """Take charge of a process that a fork server started."""
        self.contender = contender
        self.threads = threads
        self.pid = pid
        self.alive = True
        self._server = server
        self._connection = connection
        self._frozen = False
        connection.send(("observed", ()))

    def observed(self, limit_s: float) -> Mapping[str, Any]:
        """Return the threads and cores that the process reads back; its first answer."""
        answer: Mapping[str, Any] = self._answer("start", limit_s)
        return answer

    def call(self, step: str, *arguments: Any, limit_s: float) -> Any:
        """Have the worker do a step; return what it returns.

        Raises
        ------
        WorkerError : the step raised, or the process ended, or there was no answer in `limit_s`
            seconds. In the latter two cases the process has ended.

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
        """Return the error that says how the process ended."""
        code = self._server.exit_code(self.pid)
        self.alive = False
        self._connection.close()
        if code == -signal.SIGKILL:
            return WorkerError("oom", f"{step}: killed, as a system does that is out of memory")
        how = "hung up" if code is None else f"exited with code {code}"
        if code is not None and code < 0:
            how = f"ended by {signal.Signals(-code).name}"
        return WorkerError("crashed", f"{step}: the process {how}")

    def freeze(self) -> None:
        """Stop all threads of the process, also those that spin while they wait for work."""
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
            self._server.exit_code(self.pid)  # which waits for it
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
    """Within this context, a new process inherits an environment and blocked signals."""
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


def _serve_forks(
    connection: "Connection[Any, Any]",
    cores: Sequence[int],
    imports: Sequence[str],
    forks: bool,  # noqa: FBT001 - one process to another
) -> None:
    """Fork workers until the run ends, or become one."""
    for name in imports:
        importlib.import_module(name)
    gc.freeze()  # skip imported objects in each collection, which would take 0.1 s
    if LINUX:
        _end_with_parent()
        Path("/proc/self/oom_score_adj").write_text("1000")  # to be killed before the run
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
    """Fork; make sure that the worker, which gets 0, ends with the fork server."""
    server = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # OpenBLAS has ended its threads
        pid = os.fork()
    if pid == 0:
        _end_with_parent()
        if os.getppid() != server:
            os._exit(1)
    return pid


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a fork server is started by a run"  # noqa: S101 - a bug of ours alone
    parent.join()
    os._exit(1)


def _serve(
    connection: "Connection[Any, Any]", cores: Sequence[int], contender: Contender, threads: int
) -> None:
    """Do the steps that the run asks for until it hangs up; never return."""
    a = np.ones((256, 256), "float32")
    a @ a  # OpenBLAS starts its threads, which do not survive a fork
    affinity.bind(cores)
    worker = Worker(contender, threads)
    with suppress(*GONE):
        while True:
            connection.send(_act(worker, *connection.recv()))
    os._exit(0)


def _act(worker: Worker, step: str, arguments: tuple[Any, ...]) -> Any:
    """Do a step; return its result, or a `WorkerError`."""
    try:
        return getattr(worker, step)(*arguments)
    except BaseException as error:  # noqa: BLE001 - a body may raise anything; its cell says what
        return WorkerError(*failure(error))
