"""Ctrl-C and SIGTERM: whatever the moment, they end a run within seconds, with all its processes.

Python turns a signal into a `KeyboardInterrupt`, which can be lost: the interpreter prints and
ignores it if it comes in a destructor or a callback. So a watchdog also counts the seconds. This
module imports neither NumPy nor PyTorch, because a signal can come while they are imported.
"""

import contextlib
import os
import signal
import threading
import time

import psutil

ENDS_S = 3.5  # an interrupted run ends by then; on a busy machine that takes 1 s more
INTERRUPTED = 2  # pytest's exit status
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """The handler of the signals that end a run."""

    def __init__(self) -> None:
        self._ends_s: float | None = None

    def install(self) -> None:
        """Handle both signals from now on."""
        for number in SIGNALS:
            signal.signal(number, self._end)

    def left_s(self) -> float | None:
        """Return the seconds until the end of an interrupted run; None if it is not interrupted."""
        return None if self._ends_s is None else max(0.0, self._ends_s - time.perf_counter())

    def _end(self, *_: object) -> None:
        """End the run: once, and within `ENDS_S`. Further signals do not cut the clean-up short.

        If the clean-up takes longer, the journal still has everything that was measured.

        Raises
        ------
        KeyboardInterrupt : always; pytest ends the session.

        """
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._ends_s = time.perf_counter() + ENDS_S
        watchdog = threading.Timer(ENDS_S, end_at_once)
        watchdog.daemon = True
        watchdog.start()
        raise KeyboardInterrupt


def end_at_once() -> None:
    """End this process at once, with all that it has started."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    os._exit(INTERRUPTED)
