"""Plants faults into real runs of bench.scaling: each must cost one point and leave nothing.

    python -m tests.scaling_faults [--ranks 8] [--kinds kill stop] [--at 0 1] [--contender numpy]

starts torchrun once for each kind and rank, with more ranks than cores if need be, and prints a
line for each case. A case holds if the run ends, its file is readable, the faulty point alone has
the status that fits with a reason that names the rank, the other points are measured, and neither
a process nor a file is left. Exit 1 if a case does not hold. A `slow` rank is seen only
where each has a core, and in its work: --ranks 2 --workload train_data_parallel --only hidden=32.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine.affinity import usable_cores
from bench.results.scaling import Scaling, ScalingPoint
from bench.results.schema import ResultFile
from tests.scaling_faulty import KINDS
from tests.signals import ROOT, left_behind

STATUS = {
    "kill": "oom",  # the system kills so when it is out of memory
    "stop": "timeout",
    "raise": "crashed",
    "wrong": "mismatch",
    "kill-rank": "crashed",
    "stop-rank": "timeout",
    "oom": "oom",
    "slow": "straggler",
    "hang": "timeout",
}
DEMANDED = ("kill", "stop", "raise", "wrong")
LIMIT_S = 180.0
TORCH_OWN = ("torchelastic_", "torchinductor_")  # torchrun and the compiler leave these
MEMORY = Path("/dev/shm")  # noqa: S108 - looked at, not written


@dataclass
class Ended:
    """How a run ended, and what it left."""

    seconds: float
    code: int | None
    output: str
    scaling: Scaling | None
    faults: list[str] = field(default_factory=list)


def torchrun(ranks: int, module: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that starts ranks on this machine."""
    agent = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--max-restarts=9"]
    return [*agent, f"--nproc-per-node={ranks}", "-m", module, *arguments]


def scaling_of(folder: Path) -> Scaling | None:
    """Return what the newest result file in a folder says; None if there is no readable one."""
    files = sorted(folder.rglob("*.json"))
    if not files:
        return None
    return ResultFile.model_validate(json.loads(files[-1].read_text(encoding="utf-8"))).scaling


def run(folder: Path, command: Sequence[str]) -> Ended:
    """Run a command to its end; tell what it left of processes, files and shared memory."""
    mark = uuid.uuid4().hex
    own = folder / "tmp"
    own.mkdir(exist_ok=True)
    before = _shared_memory()
    begun_s = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"RUN_MARK": mark, "TMPDIR": str(own)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.terminate()
        output, _ = process.communicate()
        output += "\ntests.scaling_faults: it did not end"
    seconds = time.monotonic() - begun_s
    ended = Ended(seconds, process.returncode, output, scaling_of(folder / "results"))
    time.sleep(0.5)
    for each in left_behind(mark):
        ended.faults.append(f"left a process: {' '.join(each.cmdline()[-4:])}")
        each.kill()
    files = [path.name for path in own.iterdir() if not path.name.startswith(TORCH_OWN)]
    ended.faults += [f"left a file: {name}" for name in [*files, *(_shared_memory() - before)]]
    ended.faults += [f"left a file: {path}" for path in (folder / "results").rglob("*.partial")]
    return ended


def _shared_memory() -> set[str]:
    return {path.name for path in MEMORY.iterdir()} if MEMORY.exists() else set()


def judged(ended: Ended, kind: str, rank: int) -> ScalingPoint | None:
    """Return the faulty point, after noting what does not hold."""
    faults, scaling = ended.faults, ended.scaling
    if ended.code != 0:
        faults.append(f"exit code {ended.code}")
    if scaling is None:
        faults.append("no result file")
        return None
    if not scaling.complete:
        faults.append("not complete")
    bad = [p for p in scaling.points if p.status not in ("ok", "skipped")]
    faults += [f"{p.id}: {p.reason}" for p in scaling.points if p.status == "skipped"]
    if kind == "stop-rank" and not bad:  # whatever its process was measuring went on
        if not any(f"rank {rank}: its process is stopped" in line for line in scaling.faults):
            faults.append(f"rank {rank} expected in {scaling.faults}")
        return None
    if len(bad) != 1:
        faults.append(f"{len(bad)} faulty points: {[(p.id, p.status, p.reason) for p in bad]}")
        return None
    if bad[0].status != STATUS[kind]:
        faults.append(f"status {STATUS[kind]} expected, got {bad[0].status}")
    if not bad[0].reason.startswith(f"rank {rank}:"):
        faults.append(f"rank {rank} expected")
    return bad[0]


def main() -> int:
    """Run the cases; return 1 if one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, default=8)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=DEMANDED)
    parser.add_argument("--at", nargs="+", type=int, help="ranks to plant it in; all if not given")
    parser.add_argument("--contender", choices=("numpy", "torch"), default="torch")
    parser.add_argument("--workload", default="all_reduce")
    parser.add_argument("--only", default="bytes=4096")
    parser.add_argument("--budget", default="40")
    parser.add_argument("--limit", default="5")
    parser.add_argument("--show", action="store_true", help="what torchrun printed")
    given = parser.parse_args()
    if "slow" in given.kinds and given.ranks > usable_cores():
        parser.error(f"slow expects a core for each of {given.ranks} ranks, got {usable_cores()}")
    failed = 0
    print(f"{'kind':<10} rank  seconds  status     reason", flush=True)
    for kind in given.kinds:
        for rank in given.at or range(given.ranks):
            with tempfile.TemporaryDirectory(prefix="scaling-faults-") as name:
                folder = Path(name)
                arguments = [
                    *(kind, str(rank), "--marker", str(folder / "marker")),
                    *("--workload", given.workload, "--contender", given.contender),
                    *("--results", str(folder / "results"), "--machine", "box"),
                    *("--device", "cpu", "--oversubscribe", "--only", given.only),
                    *("--budget", given.budget, "--limit", given.limit),
                ]
                signal.signal(signal.SIGINT, signal.default_int_handler)
                ended = run(folder, torchrun(given.ranks, "tests.scaling_faulty", arguments))
                point = judged(ended, kind, rank)
            status, reason = (point.status, point.reason) if point else ("no point", "")
            print(f"{kind:<10} {rank:>4}  {ended.seconds:>7.1f}  {status:<10} {reason}", flush=True)
            for fault in ended.faults:
                print(f"{'':<17}FAILED: {fault}", flush=True)
            failed += bool(ended.faults)
            if given.show or ended.faults:
                print(ended.output, flush=True)
    print(f"{failed} cases failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
