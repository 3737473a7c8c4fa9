"""Has a result file explained: `python -m reports` in a process of its own.

That process has no PyTorch in it, so it can fork to draw charts on all cores; and whatever goes
wrong in it, the result file is safe.
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
    """What a command of `reports` printed, its warnings, and its error ("" if there was none)."""

    text: str = ""
    warnings: str = ""
    error: str = ""


def reports(*arguments: str) -> Printed:
    """Run a command of `reports`.

    Each prints what it made once that is done, so one that printed nothing has failed. A chapter
    that could not be run is a warning: the pages are there.
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
    named = " ".join(["python -m reports", *arguments])
    return Printed(error=f"{named} ended with {process.returncode}:\n{warnings}")
