"""Measures scaling on several nodes: agents of torchrun in network namespaces joined by a bridge.

    python -m tests.nodes [--checks meet late leave rates model] [--rates 200mbit 1gbit]

`meet`: two agents give one file. `late`: one comes 10 s after the other. `leave`: one is killed
with its ranks, and starts again. `rates`: the link is slowed to each rate; the fitted bandwidth
must be within 20 % of it, and the smallest message take what the model says, within 20 % or an
interval that says something. `model`: eight nodes over a slow link, where the alpha-beta model that
is fitted to 2 and 4 ranks must predict 8 within the error it states. Only a quiet machine shows the
last two. Exit 1 if a check does not hold. It needs root on Linux for namespaces; without, the
agents have loopback addresses, and the links have no rates.
"""

import argparse
import contextlib
import json
import math
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

from bench.results.scaling import Scaling, ScalingPoint
from bench.scaling.point import Group, points, rank_counts
from reports.findings.alpha_beta import NORMAL, Fit, all_reduce_s
from reports.findings.scaling_model import models
from reports.read.load import load
from tests.scaling_faults import scaling_of
from tests.signals import ROOT, left_behind

CHECKS = ("meet", "late", "leave", "rates", "model")
LATE_S = 10.0
LIMIT_S = 600.0
TOLERANCE = 0.2  # of a fitted bandwidth, and of the smallest message
NOISY = 4.0  # the ends of an interval whose ratio is larger show nothing
UNITS = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
BURST_S = 5e-4  # tbf lets a burst pass at full speed; a timer that is late must not cost more
FAST_BYTES_S, PACKETS_BYTES = 5e7, (1500, 9000)  # above it, packets are the larger ones
QUEUE = "100mb"  # none is dropped: TCP would wait for it
MOST, MODEL_RATE = 8, "4mbit"  # so slow that the cores do not count
LONGEST_S = 0.6  # that a message takes at a rate
MEASURED_S = "240"


@dataclass(frozen=True)
class Place:
    """Where a node's agent runs: its address, and the command that leads there."""

    address: str
    enter: tuple[str, ...] = ()


class Network:
    """Nodes that a bridge joins; `entered` makes it and takes it away again.

    Each node has one of this machine's cores, as far as there are enough.
    """

    def __init__(self, nodes: int) -> None:
        self.namespaced = os.geteuid() == 0 and all(map(shutil.which, ("ip", "tc", "unshare")))
        prefix = f"bench-{os.getpid()}"
        self._bridge = f"{prefix}-bridge"
        self._names = [f"{prefix}-{number}" for number in range(nodes)]
        cores = sorted(os.sched_getaffinity(0))
        self.places = []
        for number, name in enumerate(self._names, 1):
            enter: tuple[str, ...] = ("taskset", "-c", str(cores[number % len(cores)]))
            if self.namespaced:
                alone = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
                enter = ("ip", "netns", "exec", name, *enter, *alone)
            address = f"10.77.0.{number}" if self.namespaced else f"127.0.0.{number}"
            self.places.append(Place(address, enter))

    @contextlib.contextmanager
    def entered(self) -> Iterator["Network"]:
        """Join the nodes for a while."""
        if not self.namespaced:
            print("no root: agents on loopback addresses, and no rates")
            yield self
            return
        try:
            _ip(f"netns add {self._bridge}")
            _ip(f"-n {self._bridge} link add bridge mtu {PACKETS_BYTES[1]} type bridge")
            _ip(f"-n {self._bridge} link set bridge up")
            for name, place in zip(self._names, self.places, strict=True):
                self._join(name, place.address)
            yield self
        finally:
            for name in (*self._names, self._bridge):
                subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)  # noqa: S607 - ip has no fixed path

    def _join(self, name: str, address: str) -> None:
        """Make a node, and a pair of interfaces between it and the bridge."""
        port = f"p{address.rpartition('.')[2]}"
        _ip(f"netns add {name}")
        _ip(f"-n {name} link add eth0 type veth peer name {port} netns {self._bridge}")
        _ip(f"-n {self._bridge} link set {port} mtu {PACKETS_BYTES[1]} master bridge up")
        _ip(f"-n {name} address add {address}/24 dev eth0")
        for interface in ("eth0", "lo"):
            _ip(f"-n {name} link set {interface} up")

    def slow_down(self, rate: str) -> None:
        """Limit how many bits a second each node may send."""
        packet_bytes = PACKETS_BYTES[bytes_of(rate) > FAST_BYTES_S]
        burst_bytes = max(1.1 * packet_bytes, BURST_S * bytes_of(rate))
        bucket = f"tbf rate {rate} burst {burst_bytes:.0f}b limit {QUEUE}"
        for name in self._names:
            _ip(f"-n {name} link set eth0 mtu {packet_bytes}")
            command = f"tc -n {name} qdisc replace dev eth0 root {bucket}"
            subprocess.run(command.split(), check=True)


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)  # noqa: S607 - ip has no fixed path


class Agents:
    """The agents of one run, one on each node."""

    def __init__(self, network: Network, ranks: int, folder: Path, *arguments: str) -> None:
        self._network, self.folder = network, folder
        self._mark = uuid.uuid4().hex
        port = 20000 + int(self._mark, 16) % 10000
        self._command = [
            *(sys.executable, "-m", "torch.distributed.run", "--max-restarts=9"),
            f"--nnodes={len(network.places)}",
            *(f"--nproc-per-node={ranks}", "--rdzv-backend=c10d", f"--rdzv-id={port}"),
            f"--rdzv-endpoint={network.places[0].address}:{port}",
        ]
        self._arguments = ["--machine", "box", "--device", "cpu", "--oversubscribe", *arguments]
        self.environment = os.environ | {"RUN_MARK": self._mark}
        self.agents: dict[int, subprocess.Popen[bytes]] = {}
        self.faults: list[str] = []

    def start(self, number: int) -> None:
        """Start the agent of a node, which has a folder of its own."""
        place = self._network.places[number]
        own = self.folder / f"node{number}"
        own.mkdir(exist_ok=True)
        with (own / "log").open("ab") as log:
            self.agents[number] = subprocess.Popen(
                [
                    *place.enter,
                    *self._command,
                    f"--local-addr={place.address}",
                    f"--rdzv-conf=is_host={int(not number)}",  # host names say nothing here
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
        if not self._network.namespaced:
            os.killpg(agent.pid, signal.SIGKILL)
        agent.kill()
        agent.wait()

    def end(self) -> Scaling | None:
        """Wait for all agents; return what the one result file says."""
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
        files = [path.parts[-4] for path in self.files()]
        if files != ["node0"]:
            self.faults.append(f"one file of node 0 expected, got files of {files}")
        scaling = scaling_of(self.folder / "node0" / "results")
        if scaling is None or not scaling.complete:
            self.faults.append("the file is not complete")
        elif len(scaling.nodes) != len(self._network.places):
            wanted = len(self._network.places)
            self.faults.append(f"{wanted} nodes expected, got {len(scaling.nodes)}")
        return scaling

    def files(self) -> list[Path]:
        """Return the result files of all nodes."""
        return list(self.folder.glob("node*/results/*/*.json"))

    def logs(self) -> str:
        """Return what the agents printed."""
        return "\n".join(
            path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("node*/log"))
        )


@contextlib.contextmanager
def agents(network: Network, ranks: int, *arguments: str) -> Iterator[Agents]:
    """Yield the agents of a run, not yet started; they have ended when the context ends."""
    with tempfile.TemporaryDirectory(prefix="nodes-", ignore_cleanup_errors=True) as folder:
        each = Agents(network, ranks, Path(folder), *arguments)
        try:
            yield each
        finally:
            for number, agent in each.agents.items():
                if agent.poll() is None:
                    each.kill(number)
        if each.faults:
            print(each.logs())


def meets(network: Network, ranks: int, late_s: float = 0.0) -> list[str]:
    """Start two nodes, the second later; return what does not hold."""
    begun_s = time.monotonic()
    with agents(network, ranks, "--only", "bytes=4096", "--budget", "30") as both:
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


def leaves(network: Network, ranks: int) -> list[str]:
    """Kill the second node during a measurement, and start it again; return what does not hold."""
    with agents(network, ranks, "--only", "all_reduce", "--full", "--budget", "90") as both:
        # https://github.com/pytorch/pytorch/issues/135712: an agent that comes back waits for an
        # address that nobody sets, if agents share their store
        both.environment["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
        both.start(0)
        both.start(1)
        ends_s = time.monotonic() + LIMIT_S / 4
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


def modelled(network: Network, ranks: int, most_bytes: float) -> tuple[Fit | None, list[str]]:
    """Measure the all-reduce on all nodes; return the model's fit to it, and what does not hold.

    `most_bytes` is the largest message.
    """
    group = Group(ranks * len(network.places), ranks, ranks)
    wanted = [
        point.id
        for point in points(group, rank_counts(group, full=True), full=True)
        if point.workload == "all_reduce" and (point.amount.message_bytes or 0) <= most_bytes
    ]
    with tempfile.NamedTemporaryFile("w") as chosen:
        json.dump(wanted, chosen)
        chosen.flush()
        options = ("--full", "--points", chosen.name, "--budget", MEASURED_S)
        with agents(network, ranks, *options) as each:
            for number in range(len(network.places)):
                each.start(number)
            scaling = each.end()
            if scaling is None or each.faults:
                return None, each.faults
            (model,) = models(load(each.files()[0]))
    bad = [f"{p.id}: {p.reason}" for p in scaling.points if p.reason and p.status != "skipped"]
    return model.fit, [*bad, *([] if model.fit else ["no model"])]


def rated(ranks: int, rates: Sequence[str]) -> list[str]:
    """Fit the model at each rate; return the rates and latencies that it does not find again."""
    faults = []
    print(
        "  rate       set MB/s  fitted MB/s  ratio  smallest message, its 95 % interval, modelled"
    )
    with Network(2).entered() as network:
        for rate in rates if network.namespaced else []:
            network.slow_down(rate)
            fit, bad = modelled(network, ranks, LONGEST_S * bytes_of(rate))
            faults += bad
            if fit is None:
                continue
            measured = (*fit.fitted, *(held.point for held in fit.held))
            least = min(measured, key=lambda point: (-point.ranks, point.bytes))
            least_s = all_reduce_s(fit.algorithm, fit.link, least.ranks, least.bytes)
            set_bytes_s, found_bytes_s = bytes_of(rate), fit.link.bandwidth_bytes_s
            ratio = found_bytes_s / set_bytes_s
            factor = math.exp(NORMAL * least.spread)
            low_s, high_s = least.time_s / factor, least.time_s * factor
            print(
                f"  {rate:<9}  {set_bytes_s / 1e6:8.1f}  {found_bytes_s / 1e6:11.1f}  {ratio:5.2f}"
                f"  {least.time_s * 1e3:8.3f} ms ({low_s * 1e3:.3f} to {high_s * 1e3:.3f})"
                f"  {least_s * 1e3:.3f} ms",
                flush=True,
            )
            if abs(ratio - 1) > TOLERANCE:
                faults.append(f"{rate}: the fitted bandwidth is {ratio:.2f} times what was set")
            near = abs(least_s / least.time_s - 1) <= TOLERANCE
            known = high_s <= NOISY * low_s
            if not (near or (known and low_s <= least_s <= high_s)):
                faults.append(f"{rate}: the smallest message is modelled as {least_s} s")
    return faults


def predicts() -> list[str]:
    """Fit the model to 2 and 4 of eight nodes; return where it misses 8 by more than it states."""
    with Network(MOST).entered() as network:
        if not network.namespaced:
            return []
        network.slow_down(MODEL_RATE)
        fit, faults = modelled(network, 1, LONGEST_S * bytes_of(MODEL_RATE))
    if fit is None:
        return faults
    low, high = fit.interval(1)
    print(
        f"  {fit.algorithm}: latency {fit.link.alpha_s * 1e6:.0f} us, bandwidth"
        f" {fit.link.bandwidth_bytes_s / 1e6:.3f} MB/s ({low / 1e6:.3f} to {high / 1e6:.3f})"
        f" of {bytes_of(MODEL_RATE) / 1e6:.3f}"
    )
    print("      bytes  ranks  measured ms  model over measured  stated within")
    for held in fit.held:
        print(
            f"  {held.point.bytes:9.0f}  {held.point.ranks:5}  {held.point.time_s * 1e3:11.3f}"
            f"  {held.ratio:19.3f}  x{math.exp(held.stated):.3f}"
        )
    outside = [held.point.id for held in fit.held if not held.inside]
    if outside:
        faults.append(f"outside of what the model states: {outside}")
    return faults


def bytes_of(rate: str) -> float:
    """Return the bytes a second of a rate as tc spells it."""
    match = re.fullmatch(r"([\d.]+)([kmg]bit)", rate)
    if match is None:
        raise SystemExit(f"a rate such as 200mbit expected, got {rate}")
    return float(match[1]) * UNITS[match[2]] / 8


def joined(check: str, ranks: int) -> list[str]:
    """Make a check of two nodes over a fast link; return what does not hold."""
    with Network(2).entered() as network:
        if check == "leave":
            return leaves(network, ranks)
        return meets(network, ranks, LATE_S if check == "late" else 0.0)


def main() -> int:
    """Make the checks; return 1 if one does not hold."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # takes the namespaces away
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", nargs="+", choices=CHECKS, default=CHECKS)
    parser.add_argument("--ranks", type=int, default=1, help="on each of two nodes")
    parser.add_argument("--rates", nargs="+", default=["200mbit", "1gbit"])
    given = parser.parse_args()
    faults = []
    for check in given.checks:
        print(f"{check}:", flush=True)
        if check == "rates":
            failed = rated(given.ranks, given.rates)
        elif check == "model":
            failed = predicts()
        else:
            failed = joined(check, given.ranks)
        for fault in failed:
            print(f"  FAILED: {fault}", flush=True)
        faults += failed
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
