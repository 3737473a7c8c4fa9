"""Interrupts a real run at many moments: it must end within 5 s and leave no process.

    python -m tests.signals [--moments 0.25:15:0.25] [--random 10] [--kinds SIGINT SIGTERM]

sends one SIGINT, two of them 10 ms apart, and one SIGTERM, each at every moment, and prints a line
for each moment that failed and the slowest end of each kind. Exit 1 if one failed.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
ENDS_S = 5.0
KINDS = {
    "SIGINT": [signal.SIGINT],
    "SIGINT twice": [signal.SIGINT, signal.SIGINT],
    "SIGTERM": [signal.SIGTERM],
}
RUN = ["-m", "pytest", "--benchmark-only", "bench/", "-p", "tests.faulty", "--threads", "1,all"]
CHOSEN = ["--workloads", "good,slow", "--budget", "60", "--machine", "box"]


def left_behind(mark: str) -> list[psutil.Process]:
    """Return the processes whose environment holds a run's mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("RUN_MARK") == mark and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            continue
    return found


def interrupted(moment_s: float, signals: list[int]) -> tuple[float, list[str]]:
    """Interrupt a run; return the seconds until it ended, and what it left behind."""
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, *RUN, *CHOSEN, "--results", folder],
            cwd=ROOT,
            env=os.environ | {"RUN_MARK": mark},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moment_s)
        begun_s = time.monotonic()
        for number in signals:
            process.send_signal(number)
            time.sleep(0.01)
        try:
            process.wait(timeout=4 * ENDS_S)
            took_s = time.monotonic() - begun_s
        except subprocess.TimeoutExpired:
            took_s = float("inf")
        time.sleep(0.2)
        rest = left_behind(mark)
        names = [" ".join(each.cmdline()[-4:]) for each in rest]
        for each in rest:
            each.kill()
        process.wait()
    return took_s, names


def main() -> int:
    """Sweep over the moments; return 1 if a run outlived its signal."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # runs inherit it from here
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", default="0.25:15:0.25", help="first:last:step, in seconds")
    parser.add_argument("--random", type=int, default=0, help="further random moments up to 40 s")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS], help="what is sent")
    options = parser.parse_args()
    first, last, step = map(float, options.moments.split(":"))
    moments = [first + n * step for n in range(int((last - first) / step + 1.5))]
    moments += [random.uniform(15, 40) for _ in range(options.random)]  # noqa: S311 - moments, no secrets
    failed = 0
    for kind in options.kinds:
        signals = KINDS[kind]
        slowest = (0.0, 0.0)
        for moment_s in moments:
            took_s, names = interrupted(moment_s, signals)
            slowest = max(slowest, (took_s, moment_s))
            if took_s > ENDS_S or names:
                failed += 1
                print(f"{kind} at {moment_s:.2f} s: ended in {took_s:.1f} s, left {names}")
        print(f"{kind}: {len(moments)} moments, the slowest end {slowest[0]:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
