"""Worker processes: a fork server starts them, and the run calls, freezes and ends them.

A fork server is a fresh process ("spawn"). Its environment sets threads, binding and allocator
before it imports anything. It computes nothing; it forks one worker for each contender. So a worker
skips importing PyTorch. A new fork server has another layout of memory, and so have its workers. On
systems where forking is not safe, a fork server becomes its one worker itself.

No process outlives the run: the kernel ends the workers when their fork server ends, and the fork
server when the run ends, even if the run is killed. If a worker raises, crashes or hangs, the run
gets a `WorkerError` with the status of the cell.

A fork server imports what this module imports. NumPy must come before PyTorch: PyTorch loads
OpenMP, which binds the main thread, and OpenBLAS would then see one core.
"""

import atexit
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
from bench.machine.environment import worker_environment
from bench.machine.processes import die_with_parent
from bench.timing.worker import Worker, failure

LINUX = sys.platform == "linux"
FORKS = LINUX  # system libraries of other systems do not survive a fork
FREEZES = LINUX  # on other systems a frozen process would outlive a killed parent
BLOCKED_SIGNALS = {signal.SIGINT, signal.SIGTERM}  # the run itself ends its workers
START_S = 120.0  # time limit to start a process
GRACE_S = 10.0  # time limit for a process that hung up to exit
GONE = (EOFError, OSError)  # a connection raises these if the other process has ended


def kill_all() -> None:
    """Kill every process that this one has started.

    At exit, `multiprocessing` waits for each of them, and they are deaf to SIGTERM. One may be
    unknown to `Workers`: the run can be interrupted between its start and the next statement.
    """
    for process in multiprocessing.active_children():
        process.kill()


atexit.register(kill_all)


class WorkerError(Exception):
    """A worker could not do a step: the status of its cell, and the reason."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class ForkServer:
    """A process that has imported what workers need and forks them, for one thread setting."""

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
        with inherited(worker_environment(threads, cores)):
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
        """Return the exit code of a worker that has hung up, or None if it does not exit.

        In that case, kill it.
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
        """Kill the process; its workers end with it."""
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
        """Take over a process that a fork server has started."""
        self.contender = contender
        self.threads = threads
        self.pid = pid
        self.alive = True
        self._server = server
        self._connection = connection
        self._frozen = False
        connection.send(("observed", ()))

    def observed(self, limit_s: float) -> Mapping[str, Any]:
        """Return the settings that the process has read back. This is its first answer."""
        answer: Mapping[str, Any] = self._answer("start", limit_s)
        return answer

    def call(self, step: str, *arguments: Any, limit_s: float) -> Any:
        """Have the worker do a step; return what it returns.

        Raises
        ------
        WorkerError : the step raised; or the process ended; or it gave no answer in `limit_s`
            seconds and was killed.

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
        """Stop all threads of the process, so that idle ones do not spin."""
        if FREEZES and not self._frozen:
            self._signal(signal.SIGSTOP)
            self._frozen = True

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self) -> None:
        """Kill the process."""
        if self.alive:
            self._signal(signal.SIGKILL)
            self._server.exit_code(self.pid)  # waits until it has ended
            self.alive = False
            self._connection.close()


@contextmanager
def inherited(environment: Mapping[str, str]) -> Iterator[None]:
    """Let processes that are started in this context inherit an environment and blocked signals."""
    before = dict(os.environ)
    resource_tracker.ensure_running()  # starts it now, since its start unblocks signals
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED_SIGNALS)
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
    """Fork workers until the run ends; if this system cannot fork, become a worker."""
    for name in imports:
        importlib.import_module(name)
    gc.freeze()  # skip imported objects in each collection, which would take 0.1 s
    if LINUX:
        die_with_parent(signal.SIGKILL)
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
    """Fork a worker that ends when the fork server does; return 0 in the worker."""
    server = os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # OpenBLAS has ended its threads
        pid = os.fork()
    if pid == 0:
        die_with_parent(signal.SIGKILL)
        if os.getppid() != server:
            os._exit(1)
    return pid


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "a fork server is started by a run"  # noqa: S101 - a bug of ours alone
    parent.join()
    os._exit(1)


def _serve(
    connection: "Connection[Any, Any]", cores: Sequence[int], contender: Contender, threads: int
) -> None:
    """Do the steps that the run asks for until it hangs up, then exit."""
    a = np.ones((256, 256), "float32")
    a @ a  # starts the threads of OpenBLAS, since they do not survive a fork
    affinity.bind(cores)
    worker = Worker(contender, threads)
    with suppress(*GONE):
        while True:
            connection.send(_do(worker, *connection.recv()))
    os._exit(0)


def _do(worker: Worker, step: str, arguments: tuple[Any, ...]) -> Any:
    """Do a step; return its result, or a `WorkerError`."""
    try:
        return getattr(worker, step)(*arguments)
    except BaseException as error:  # noqa: BLE001 - a body may raise anything
        return WorkerError(*failure(error))
