"""Measures scaling on two nodes: two agents of torchrun in network namespaces that a link joins.

    python -m tests.two_nodes [--checks meet late leave rates] [--ranks 1] [--rates 200mbit 1gbit]

`meet`: both agents give one file. `late`: one comes 10 s after the other. `leave`: one is killed
with its ranks, and starts again. `rates`: the link is slowed to each rate, and a line through the
measured times of all_reduce must have its bandwidth, which only a quiet machine shows. Exit 1 if a
check does not hold. It needs root on Linux for namespaces; without, the agents have two loopback
addresses, and there are no rates.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.results.scaling import Scaling, ScalingPoint
from tests.scaling_faults import scaling_of
from tests.signals import ROOT, left_behind

CHECKS = ("meet", "late", "leave", "rates")
LATE_S = 10.0
LIMIT_S = 240.0
TOLERANCE = 0.2  # of a fitted bandwidth
UNITS = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
BURST, QUEUE = "16kb", "50ms"  # tbf lets a burst pass at full speed, so it must be small


@dataclass(frozen=True)
class Place:
    """Where a node's agent runs: its address, and the command that leads there."""

    address: str
    enter: tuple[str, ...] = ()


class Link:
    """Two nodes joined by a link; `entered` makes it and takes it away again."""

    def __init__(self) -> None:
        self.namespaced = os.geteuid() == 0 and all(map(shutil.which, ("ip", "tc", "unshare")))
        self._names = [f"bench-{os.getpid()}-{side}" for side in "ab"]
        self._ends = [f"be{os.getpid()}{side}" for side in "ab"]
        self.places = [Place("127.0.0.1"), Place("127.0.0.2")]
        if self.namespaced:
            alone = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
            self.places = [
                Place(f"10.77.0.{number}", ("ip", "netns", "exec", name, *alone))
                for number, name in enumerate(self._names, 1)
            ]

    @contextlib.contextmanager
    def entered(self) -> Iterator["Link"]:
        """Join the nodes for a while."""
        if not self.namespaced:
            print("no root: two agents on loopback addresses, and no rates")
            yield self
            return
        try:
            for name in self._names:
                _ip("netns", "add", name)
            _ip("link", "add", self._ends[0], "type", "veth", "peer", "name", self._ends[1])
            for name, end, place in zip(self._names, self._ends, self.places, strict=True):
                _ip("link", "set", end, "netns", name)
                _ip("-n", name, "address", "add", f"{place.address}/24", "dev", end)
                _ip("-n", name, "link", "set", end, "up")
                _ip("-n", name, "link", "set", "lo", "up")
            yield self
        finally:
            for name in self._names:
                subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)  # noqa: S607 - ip is where this system has it

    def slow_down(self, rate: str) -> None:
        """Limit the rate in both directions."""
        for name, end in zip(self._names, self._ends, strict=True):
            bucket = ["tbf", "rate", rate, "burst", BURST, "latency", QUEUE]
            command = ["tc", "-n", name, "qdisc", "replace", "dev", end, "root", *bucket]
            subprocess.run(command, check=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)  # noqa: S607 - ip is where this system has it


class Pair:
    """The agents of one run on two nodes."""

    def __init__(self, link: Link, ranks: int, folder: Path, arguments: Sequence[str]) -> None:
        self._link, self.folder = link, folder
        self._mark = uuid.uuid4().hex
        port = 20000 + int(self._mark, 16) % 10000
        self._command = [
            *(sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--max-restarts=9"),
            *(f"--nproc-per-node={ranks}", "--rdzv-backend=c10d", f"--rdzv-id={port}"),
            f"--rdzv-endpoint={link.places[0].address}:{port}",
        ]
        self._arguments = ["--machine", "box", "--device", "cpu", "--oversubscribe", *arguments]
        self.environment = os.environ | {"RUN_MARK": self._mark}
        self.agents: dict[int, subprocess.Popen[bytes]] = {}
        self.faults: list[str] = []

    def start(self, number: int) -> None:
        """Start the agent of a node, which has a folder of its own."""
        place = self._link.places[number]
        own = self.folder / f"node{number}"
        own.mkdir(exist_ok=True)
        with (own / "log").open("ab") as log:
            self.agents[number] = subprocess.Popen(
                [
                    *place.enter,
                    *self._command,
                    f"--local-addr={place.address}",
                    f"--rdzv-conf=is_host={1 - number}",  # host names say nothing here
                    *("-m", "bench.scaling"),
                    *("--results", str(own / "results"), *self._arguments),
                ],
                cwd=ROOT,
                env=self.environment | {"TMPDIR": str(own)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, number: int) -> None:
        """End the agent of a node with its ranks at once, as if its machine had gone."""
        agent = self.agents[number]
        if not self._link.namespaced:
            os.killpg(agent.pid, signal.SIGKILL)
        agent.kill()
        agent.wait()

    def end(self) -> Scaling | None:
        """Wait for both agents; return what the one result file says."""
        ends_s = time.monotonic() + LIMIT_S
        for number, agent in self.agents.items():
            try:
                code = agent.wait(max(1.0, ends_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                code = None
                self.faults.append(f"node {number} did not end")
                self.kill(number)
            if code:
                self.faults.append(f"node {number} ended with exit code {code}")
        time.sleep(0.5)
        for each in left_behind(self._mark):
            self.faults.append(f"left a process: {' '.join(each.cmdline()[-4:])}")
            each.kill()
        files = [path.parts[-4] for path in self.folder.glob("node*/results/*/*.json")]
        if files != ["node0"]:
            self.faults.append(f"one file of node 0 expected, got files of {files}")
        scaling = scaling_of(self.folder / "node0" / "results")
        if scaling is None or not scaling.complete:
            self.faults.append("the file is not complete")
        elif len(scaling.nodes) != 2:
            self.faults.append(f"2 nodes expected, got {len(scaling.nodes)}")
        return scaling

    def logs(self) -> str:
        """Return what the agents printed."""
        return "\n".join(
            path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("node*/log"))
        )


@contextlib.contextmanager
def pair(link: Link, ranks: int, *arguments: str) -> Iterator[Pair]:
    """Yield the agents of a run, not yet started; they have ended when the context ends."""
    with tempfile.TemporaryDirectory(prefix="two-nodes-", ignore_cleanup_errors=True) as folder:
        both = Pair(link, ranks, Path(folder), arguments)
        try:
            yield both
        finally:
            for number, agent in both.agents.items():
                if agent.poll() is None:
                    both.kill(number)
        if both.faults:
            print(both.logs())


def meets(link: Link, ranks: int, late_s: float = 0.0) -> list[str]:
    """Start two nodes, the second later; return what does not hold."""
    begun_s = time.monotonic()
    with pair(link, ranks, "--only", "bytes=4096", "--budget", "30") as both:
        both.start(0)
        time.sleep(late_s)
        both.start(1)
        scaling = both.end()
        if scaling is not None:
            both.faults += [f"{p.id}: {p.reason}" for p in across(scaling) if p.status != "ok"]
            both.faults += [] if across(scaling) else ["no point lies on both nodes"]
            names = [f"{node.interface or '?'}, {node.ranks} ranks" for node in scaling.nodes]
            print(f"  {time.monotonic() - begun_s:.0f} s; nodes: {names}; faults: {scaling.faults}")
    return both.faults


def leaves(link: Link, ranks: int) -> list[str]:
    """Kill the second node while it measures, and start it again; return what does not hold."""
    with pair(link, ranks, "--only", "all_reduce", "--full", "--budget", "90") as both:
        # https://github.com/pytorch/pytorch/issues/135712: an agent that comes back waits for an
        # address that nobody sets, if agents share their store
        both.environment["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
        both.start(0)
        both.start(1)
        ends_s = time.monotonic() + LIMIT_S / 2
        while time.monotonic() < ends_s and not _measured(both.folder):
            time.sleep(0.5)
        both.kill(1)
        killed_s = time.monotonic()
        time.sleep(2)
        both.start(1)
        scaling = both.end()
        if scaling is not None:
            bad = [p for p in across(scaling) if p.status not in ("ok", "skipped")]
            print(f"  ended {time.monotonic() - killed_s:.0f} s later; faults: {scaling.faults}")
            both.faults += [] if scaling.restarts else ["the group was not started anew"]
            both.faults += [] if len(bad) <= 1 else [f"{len(bad)} points failed"]
            both.faults += (
                [] if any(p.time_s for p in across(scaling)) else ["nothing was measured"]
            )
    return both.faults


def _measured(folder: Path) -> bool:
    scaling = scaling_of(folder / "node0" / "results")
    return scaling is not None and any(point.time_s for point in scaling.points)


def across(scaling: Scaling) -> list[ScalingPoint]:
    """Return the points whose ranks lie on both nodes."""
    return [p for p in scaling.points if p.nodes == 2 and p.contender == "torch-gloo"]


def rated(link: Link, ranks: int, rates: Sequence[str]) -> list[str]:
    """Fit a line to the times at each rate; return which bandwidths do not follow it."""
    faults = []
    print("  rate       set MB/s  fitted MB/s  ratio  fitted latency  smallest message")
    for rate in rates:
        link.slow_down(rate)
        with pair(link, ranks, "--only", "all_reduce", "--full", "--budget", "120") as both:
            both.start(0)
            both.start(1)
            scaling = both.end()
            faults += both.faults
            if scaling is None:
                continue
        most = max(point.ranks for point in across(scaling))
        points = [p for p in across(scaling) if p.ranks == most and p.time_s and p.message_bytes]
        times = {point.message_bytes: point.time_s for point in points}
        latency_s, bytes_s = fitted(list(times), list(times.values()))
        bus_bytes_s = bytes_s * 2 * (most - 1) / most
        ratio = bus_bytes_s / bytes_of(rate)
        print(
            f"  {rate:<9}  {bytes_of(rate) / 1e6:8.1f}  {bus_bytes_s / 1e6:11.1f}  {ratio:5.2f}  "
            f"{latency_s * 1e3:11.3f} ms  {times[min(times)] * 1e3:13.3f} ms",
            flush=True,
        )
        if abs(ratio - 1) > TOLERANCE:
            faults.append(f"{rate}: the fitted bandwidth is {ratio:.2f} times what was set")
    return faults


def fitted(sizes: Sequence[float], times: Sequence[float]) -> tuple[float, float]:
    """Return the latency and the bandwidth of seconds = latency + bytes / bandwidth.

    Relative errors weigh the same at all sizes.
    """
    slope, start = np.polyfit(sizes, times, 1, w=1 / np.array(times))
    return float(start), float(1 / slope)


def bytes_of(rate: str) -> float:
    """Return the bytes a second of a rate as tc spells it."""
    match = re.fullmatch(r"([\d.]+)([kmg]bit)", rate)
    if match is None:
        raise SystemExit(f"a rate such as 200mbit expected, got {rate}")
    return float(match[1]) * UNITS[match[2]] / 8


def main() -> int:
    """Make the checks; return 1 if one does not hold."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # takes the namespaces away
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", nargs="+", choices=CHECKS, default=CHECKS)
    parser.add_argument("--ranks", type=int, default=1, help="on each node")
    parser.add_argument("--rates", nargs="+", default=["200mbit", "1gbit"])
    given = parser.parse_args()
    faults = []
    with Link().entered() as link:
        for check in given.checks:
            print(f"{check}:", flush=True)
            if check == "meet":
                failed = meets(link, given.ranks)
            elif check == "late":
                failed = meets(link, given.ranks, LATE_S)
            elif check == "leave":
                failed = leaves(link, given.ranks)
            else:
                failed = rated(link, given.ranks, given.rates) if link.namespaced else []
            for fault in failed:
                print(f"  FAILED: {fault}", flush=True)
            faults += failed
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
