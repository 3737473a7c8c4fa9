"""Ends real runs of bench.scaling from outside: they must end within 5 s and leave nothing.

    python -m tests.scaling_signals [--ranks 2] [--kinds SIGTERM SIGINT SIGKILL] [--moments 3 8 12]

SIGTERM goes to torchrun, SIGINT to all processes as a terminal sends it, SIGKILL to torchrun alone.
After each the file is readable and not complete, or not there yet, and `--resume` completes it.
Exit 1 if that does not hold.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from tests.scaling_faults import scaling_of, torchrun
from tests.signals import ENDS_S, ROOT, left_behind

KINDS = ("SIGTERM", "SIGINT", "SIGKILL")


def ended(kind: str, moment_s: float, ranks: int, folder: Path) -> list[str]:
    """End a run at a moment and go on with it; return what does not hold."""
    arguments = [
        *("--results", str(folder), "--machine", "box", "--device", "cpu", "--oversubscribe"),
        *("--only", "bytes=4096", "--budget", "60"),
    ]
    mark = uuid.uuid4().hex
    with (folder / "log").open("w", encoding="utf-8") as log:
        agent = subprocess.Popen(
            torchrun(ranks, "bench.scaling", arguments),
            cwd=ROOT,
            env=os.environ | {"RUN_MARK": mark, "TMPDIR": str(folder)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        time.sleep(moment_s)
        begun_s = time.monotonic()
        if kind == "SIGINT":
            os.killpg(agent.pid, signal.SIGINT)
        else:
            agent.send_signal(getattr(signal, kind))
        while left_behind(mark) and time.monotonic() < begun_s + 8 * ENDS_S:
            agent.poll()
            time.sleep(0.1)
        took_s = time.monotonic() - begun_s
        faults = [f"it took {took_s:.1f} s"] if took_s > ENDS_S else []
        for each in left_behind(mark):
            faults.append(f"left a process: {' '.join(each.cmdline()[-4:])}")
            each.kill()
        agent.wait()
    before = scaling_of(folder / "box")
    if before is not None:
        faults += ["complete before its end"] if before.complete else []
        faults += before.faults
        command = torchrun(ranks, "bench.scaling", [*arguments, "--resume"])
        subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
        after = scaling_of(folder / "box")
        if after is None or not after.complete or after.visits < before.visits:
            faults.append("not completed by --resume")
    state = "no file yet" if before is None else f"{before.visits} visits"
    print(f"{kind:<8} {moment_s:>6.1f}  {took_s:>7.1f}  {state}", flush=True)
    if faults:
        print((folder / "log").read_text(encoding="utf-8"))
    return faults


def main() -> int:
    """End runs at several moments; return 1 if one did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--moments", nargs="+", type=float, default=[3.0, 8.0, 12.0])
    given = parser.parse_args()
    failed = 0
    print("signal   moment  seconds  file")
    for kind in given.kinds:
        for moment_s in given.moments:
            with tempfile.TemporaryDirectory(prefix="scaling-signals-") as folder:
                faults = ended(kind, moment_s, given.ranks, Path(folder))
            for fault in faults:
                print(f"{'':<17}FAILED: {fault}", flush=True)
            failed += bool(faults)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
