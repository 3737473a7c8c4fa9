"""Runs `python -m reports summary` on a result file, in a separate process.

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
class Explanation:
    """What was made of a result file.

    Attributes
    ----------
    headlines : lines for the terminal.
    page : path of the first page, "" without pages.
    warnings : chapters that could not be run, for example.
    error : why headlines or pages are missing, "" if they are not.

    """

    headlines: str
    page: str = ""
    warnings: str = ""
    error: str = ""


def explain(result: Path, site: Path | None, limit_s: float | None = None) -> Explanation:
    """Return the headlines of a result file, and build its pages unless `site` is None.

    After `limit_s` seconds, give up.
    """
    options = ["--build", str(site)] if site else []
    asked = ["summary", str(result), *options]
    command = [*COMMAND, *asked]
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
            text, warnings = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            _kill(process)
            return Explanation(headlines=f"python -m reports summary {result} prints the headlines")
        except BaseException:  # Ctrl-C: the processes that it started must end, too
            _kill(process)
            raise
    if process.returncode:
        named = " ".join(["python -m reports", *asked])
        error = f"{named} ended with {process.returncode}:\n{warnings}"
        return Explanation(headlines=text, error=error)
    headlines, page = text.rstrip().rsplit("\n", 1) if site else (text, "")
    return Explanation(headlines=headlines, page=page, warnings=warnings)


def _kill(process: "subprocess.Popen[str]") -> None:
    """Kill a process and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
