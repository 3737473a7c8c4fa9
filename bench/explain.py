"""Runs `python -m reports` on a result file, in a separate process.

That process does not import PyTorch, so it can fork to draw charts on all cores. If it fails, the
result file is safe.
"""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "reports")


@dataclass(frozen=True, kw_only=True)
class Printed:
    """The output of a command of `reports`, its warnings, and its error ("" without one)."""

    text: str = ""
    warnings: str = ""
    error: str = ""


def reports(*arguments: str) -> Printed:
    """Run a command of `reports`.

    A command prints the path of its result at its end, so a command without output has failed. A
    chapter that could not run is only a warning: the pages are built.
    """
    command = [*COMMAND, *arguments]
    with subprocess.Popen(  # noqa: S603 - this project's own module, in this Python
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    ) as process:
        try:
            text, warnings = process.communicate()
        except BaseException:  # Ctrl-C: the processes that it started must end, too
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if text:
        return Printed(text=text, warnings=warnings)
    shown = " ".join(["python -m reports", *arguments])
    return Printed(error=f"{shown} ended with status {process.returncode}:\n{warnings}")
