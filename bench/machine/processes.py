"""What can be seen of a process from outside, and how it ends with its parent."""

import contextlib
import ctypes
import hashlib
import os
import signal
import sys
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1  # prctl(2)
STOPPED = "its process is stopped"
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)  # torchrun passes them on


def die_with_parent(number: int) -> None:
    """Have this process get a signal when its parent ends, on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def ignore_endings() -> None:
    """Leave it to the parent to end this process: Ctrl-C in a terminal goes to all."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def alive(pid: int) -> bool:
    """Whether a process runs or could run on."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return False


def parent_mark() -> str:
    """Return what tells this process's parent from all others; it says nothing about it."""
    number = os.getppid()
    began_s = 0.0
    with contextlib.suppress(psutil.Error):
        began_s = psutil.Process(number).create_time()
    return hashlib.sha256(f"{machine()} {number} {began_s}".encode()).hexdigest()[:16]


def stopped(pid: int) -> bool:
    """Whether a process was stopped, as by SIGSTOP."""
    try:
        status = psutil.Process(pid).status()
    except psutil.Error:
        return False
    return status in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)


def exit_reason(code: int | None) -> tuple[str, str]:
    """Return the status of a point whose process exited so, and the reason."""
    if code == -signal.SIGKILL:
        return "oom", "its process was killed, as a system does that is out of memory"
    if code is not None and code < 0:
        return "crashed", f"its process ended by {signal.Signals(-code).name}"
    return "crashed", f"its process exited with code {code}"


def machine() -> str:
    """Return what tells apart machines, and containers with process numbers of their own.

    It is never written to a file.
    """
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return ""
