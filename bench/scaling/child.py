"""The process of a visit, as the rank that forked it sees it."""

import multiprocessing
import os
import signal
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from bench.machine.processes import (
    STOPPED,
    die_with_parent,
    exit_reason,
    ignore_endings,
    stopped,
)
from bench.scaling import member
from bench.scaling.options import Rank
from bench.scaling.point import Group

EXIT_S = 1.0  # until a process that has hung up has an exit code
TRACE_S = 0.5  # until a process has written where it is


class Child:
    """A fresh process that makes a visit; `kill` ends it."""

    def __init__(self, own: Rank, group: Group, visit: member.Visit) -> None:
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        self._trace = tempfile.TemporaryFile()  # noqa: SIM115 - closed by kill; it has no name to be left behind
        self._process = context.Process(
            target=_visit, args=(theirs, own, group, visit, self._trace.fileno())
        )
        before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # inherited, until it can answer
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the store's client has ended
            self._process.start()
        signal.signal(signal.SIGUSR1, before)
        theirs.close()

    def message(self, within_s: float) -> tuple[Any, ...] | None:
        """Return what it sends next; None if it sends nothing for a while.

        Raises
        ------
        EOFError : it ended without a word.

        """
        try:
            if self._connection.poll(within_s):
                message: tuple[Any, ...] = self._connection.recv()
                return message
        except OSError as error:
            raise EOFError from error
        if not self._process.is_alive() and not self._connection.poll():
            raise EOFError
        return None

    def exit_reason(self) -> tuple[str, str]:
        """Return the status and the reason of a process that ended without a word."""
        self._process.join(EXIT_S)
        return exit_reason(self._process.exitcode)

    def is_stopped(self) -> bool:
        """Whether it was stopped, as by SIGSTOP."""
        return self._process.pid is not None and stopped(self._process.pid)

    def place(self) -> str:
        """Return where it is in its code, or that it is stopped; "" if that cannot be seen."""
        if self._process.pid is None or not self._process.is_alive():
            return ""
        if self.is_stopped():
            return STOPPED
        os.kill(self._process.pid, signal.SIGUSR1)
        ends_s = time.monotonic() + TRACE_S
        while time.monotonic() < ends_s:
            time.sleep(TRACE_S / 20)
            text = os.pread(self._trace.fileno(), 2**14, 0).decode(errors="replace")
            lines = [line.strip() for line in text.splitlines() if line.strip().startswith("File")]
            if lines:
                file, *rest = lines[0].removeprefix("File ").replace('"', "").split(", ")
                short = file.partition("site-packages/")[2] or Path(file).name
                return ", ".join([f"in {short}", *rest])
        return ""

    def kill(self) -> None:
        """End it, with NumPy's processes."""
        self._process.kill()
        self._process.join()
        self._connection.close()
        self._trace.close()


def _visit(connection: Any, own: Rank, group: Group, visit: member.Visit, trace: int) -> None:
    die_with_parent(signal.SIGKILL)
    ignore_endings()
    member.run(connection, own, group, visit, trace)
