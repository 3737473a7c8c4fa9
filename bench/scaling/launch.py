"""Measures scaling within a run of pytest: starts torchrun and reads the file that its ranks write.

It gets a tenth of the run's budget, or all of it if only scaling is selected.
"""

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import torch
import torch.distributed as dist

from bench.machine import affinity
from bench.options import Options
from bench.results.scaling import Scaling, ScalingPoint
from bench.scaling.point import DTYPE, Group, Point, points, rank_counts

SHARE = 0.1  # of the budget
LEAST_S = 10.0  # starting the ranks takes half of that
MOST_RANKS = 8  # in a default run; each rank is a process that imports PyTorch
STARTING_S = 4.0  # until torchrun and the ranks have imported PyTorch
OVERTIME_S = 15.0  # torchrun is ended so long after its time
LEAST_LIMIT_S = 10.0  # a rank that does not get on for longer has hung
LOOK_S = 0.2
END_S = 3.0  # until torchrun must have ended its ranks
WITH_PARENT = """
import os, signal, sys
from bench.machine.processes import die_with_parent
die_with_parent(signal.SIGTERM)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""  # the signal outlasts execv

Json = dict[str, Any]


@dataclass(frozen=True)
class Launch:
    """One start of torchrun on this machine: a group, and the points that it measures."""

    group: Group
    points: tuple[Point, ...]


def groups(options: Options) -> list[Group]:
    """Return the groups of a run on this machine: on cores, and on GPUs if there are several.

    On one core there is still a group, so that its points can say why they are skipped. One GPU
    alone shows only what the wrappers cost; a full run asks for that.
    """
    most = None if options.full else MOST_RANKS
    found = []
    if "cpu" in options.devices:
        cores = affinity.usable_cores()
        world = min(cores, most or cores)
        found.append(Group(world, world, cores))
    if any(device.startswith("cuda") for device in options.devices) and torch.cuda.is_available():
        count = torch.cuda.device_count()
        world = min(count, most or count)
        if count > 1 or options.full:
            found.append(Group(world, world, count, cuda=True))
    return found


def launches(options: Options) -> list[Launch]:
    """Return what a run would measure."""
    return [
        Launch(
            group, tuple(points(group, rank_counts(group, full=options.full), full=options.full))
        )
        for group in groups(options)
    ]


def share_s(budget_s: float) -> float:
    """Return the seconds that scaling gets beside cells; 0 if they are too few to start ranks."""
    seconds = SHARE * budget_s
    return seconds if seconds >= LEAST_S else 0.0


def why_not() -> str:
    """Return why ranks cannot be started here, or ""."""
    if not dist.is_available() or not dist.is_gloo_available():
        return "this PyTorch has no torch.distributed with gloo"
    if "fork" not in multiprocessing.get_all_start_methods():
        return "ranks fork their processes, which this system cannot do"
    return ""


def measure(
    chosen: Sequence[Launch], options: Options, seconds: float, keep: Callable[[Json], None]
) -> None:
    """Measure the points; `keep` gets the scaling part of the result file whenever it has grown."""
    done: list[Json] = []
    ends_s = time.perf_counter() + seconds
    for number, launch in enumerate(chosen):
        left_s = (ends_s - time.perf_counter()) / (len(chosen) - number)
        last: Json = {}
        for scaling in _launched(launch, options, left_s):
            last = scaling
            keep(_joined([*done, scaling]))
        done.append(last)


def _launched(launch: Launch, options: Options, seconds: float) -> Iterator[Json]:
    """Start torchrun and yield the scaling part of its file as it grows.

    Whatever happens to the ranks, the last one has a reason for each point without a time.
    """
    if all(point.refused(launch.group, oversubscribe=False) for point in launch.points):
        yield _skipped(launch, "")
        return
    with TemporaryDirectory(prefix="numpy-vs-pytorch-scaling-") as folder:
        file, log = Path(folder, "scaling.json"), Path(folder, "log")
        wanted = Path(folder, "points.json")
        wanted.write_text(json.dumps([point.id for point in launch.points]), encoding="utf-8")
        command = [
            *("-m", "torch.distributed.run", "--standalone", "--max-restarts=9"),
            *(f"--nproc-per-node={launch.group.per_node}", "-m", "bench.scaling"),
            *("--out", str(file), "--results", folder, "--machine", options.label),
            *("--budget", f"{max(1.0, seconds - STARTING_S):.1f}"),
            *("--limit", f"{max(LEAST_LIMIT_S, seconds / 3):.1f}"),
            *("--device", "cuda" if launch.group.cuda else "cpu", "--points", str(wanted)),
            *(["--full"] if options.full else []),
        ]
        scaling: Json = {}
        seen = 0.0
        with (
            log.open("w", encoding="utf-8") as output,
            _running(command, output, folder) as torchrun,
        ):
            ends_s = time.perf_counter() + seconds + OVERTIME_S
            while True:
                ended = torchrun.poll() is not None or time.perf_counter() > ends_s
                if file.exists() and file.stat().st_mtime != seen:
                    seen = file.stat().st_mtime
                    scaling = json.loads(file.read_text(encoding="utf-8"))["scaling"]
                    yield scaling
                if ended:
                    break
                time.sleep(LOOK_S)
        if not scaling:
            yield _skipped(launch, _last_line(log))


@contextlib.contextmanager
def _running(
    command: Sequence[str], output: Any, folder: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start Python as torchrun. When the context ends, it and its ranks have ended.

    They also end if this process is killed. torchrun keeps files in `folder`: it would leave them
    behind elsewhere when it is killed.
    """
    root = Path(__file__).resolve().parent.parent.parent
    environment = os.environ | {"TMPDIR": folder}
    process = subprocess.Popen(  # noqa: S603 - the command is built here
        [sys.executable, "-c", WITH_PARENT, *command],
        cwd=root,
        stdout=output,
        stderr=output,
        env=environment,
    )
    try:
        yield process
    finally:
        family = []
        if process.poll() is None:
            with contextlib.suppress(psutil.Error):  # it may have ended just now
                family = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
            for member in family:
                with contextlib.suppress(psutil.Error):
                    member.kill()
            process.kill()
            process.wait()


def _skipped(launch: Launch, reason: str) -> Json:
    """Return a scaling part without times; a point that its group cannot measure says why."""
    points = [
        _absent(point, point.refused(launch.group, oversubscribe=False) or reason)
        for point in launch.points
    ]
    return {"world": launch.group.world, "points": points}


def _absent(point: Point, reason: str) -> Json:
    return ScalingPoint(
        id=point.id,
        workload=point.workload,
        size=point.size.label,
        mode=point.mode,
        dtype=DTYPE,
        ranks=point.ranks,
        contender=point.contender,
        status="skipped",
        reason=reason[:500],
    ).model_dump(mode="json", exclude_defaults=True)


def absent(chosen: Sequence[Launch], reason: str) -> Json:
    """Return a scaling part in which all points were skipped for one reason."""
    return _joined([_skipped(launch, reason) for launch in chosen])


def _last_line(log: Path) -> str:
    lines = [
        line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line
    ]
    own = [line for line in lines if line.startswith("bench.scaling")]
    return f"the ranks did not start: {(own or lines or ['no output'])[-1]}"


def _joined(parts: Sequence[Mapping[str, Any]]) -> Json:
    """Return the scaling parts of several launches as one."""
    first, *others = parts
    joined = dict(first)
    for other in others:
        joined["world"] = max(joined["world"], other["world"])
        joined["complete"] = joined.get("complete", False) and other.get("complete", False)
        joined["visits"] = max(joined.get("visits", 0), other.get("visits", 0))
        for name in ("points", "faults", "backends"):
            joined[name] = [*joined.get(name, []), *other.get(name, [])]
        for name in ("restarts", "spent_s"):
            joined[name] = joined.get(name, 0) + other.get(name, 0)
        joined = {**other, **joined}  # of what is known of one group, the first that tells
    return Scaling.model_validate(joined).model_dump(mode="json", exclude_defaults=True) | {
        "world": joined["world"]
    }
