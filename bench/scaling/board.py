"""The board: what ranks tell each other through torchrun's store, beside their process group.

The store belongs to torchrun's agent, so it outlives a rank that dies. Each start of the group is an
attempt with keys of its own. Rank 0 announces it, and shows by its beat that it is alive: an attempt
whose rank 0 does not beat is over.
"""

import json
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from torch.distributed import DistError, PrefixStore, TCPStore

from bench.scaling.options import Rank

START_S = 120.0  # until all ranks of an attempt must have come
PAUSE_S = 0.1
PEER_S = 5.0  # a rank whose beat stands still for longer has gone
ENDED = "ended"  # of a report: torchrun told the rank to end


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a rank says when its attempt ends before it should.

    Attributes
    ----------
    status : of the point; "ended" if torchrun told the rank to end, "lost" if it only lost others.
    point : the id of the point that it was measuring.
    gone : the number of a rank that has gone silent; -1 for none.

    """

    rank: int
    status: str
    reason: str = ""
    point: str = ""
    gone: int = -1


class Board:
    """The keys of one attempt."""

    def __init__(self, rank: Rank) -> None:
        self.rank = rank
        limit = timedelta(seconds=START_S)
        store = TCPStore(rank.address, rank.port, is_master=False, timeout=limit)
        self._store = PrefixStore(f"bench.scaling/{rank.run}", store)
        self._beats = 0
        self._beat_s = 0.0
        self._seen: dict[int, tuple[bytes, float]] = {}
        self.before = self._read("attempt")
        self.attempt = self._announce() if rank.number == 0 else self._follow()

    def _announce(self) -> str:
        attempt = secrets.token_hex(4)
        self._store.set(f"{attempt}/beat/0", "0")
        self._store.set("attempt", attempt)
        return attempt

    def _follow(self) -> str:
        """Return the attempt whose rank 0 beats."""
        ends_s = time.monotonic() + START_S
        before = ("", "")
        while time.monotonic() < ends_s:
            attempt = self._read("attempt")
            beat = self._read(f"{attempt}/beat/0") if attempt else ""
            if before[0] == attempt and beat not in ("", before[1]):
                return attempt
            before = (attempt, beat) if before[0] != attempt or not before[1] else before
            time.sleep(PAUSE_S)
        raise TimeoutError(f"no rank 0 within {START_S:g} s")

    def _key(self, name: str) -> str:
        return f"{self.attempt}/{name}"

    def _read(self, key: str) -> str:
        return self._store.get(key).decode() if self._store.check([key]) else ""

    def put(self, name: str, value: Any) -> None:
        """Put a value up for all ranks of this attempt."""
        self._store.set(self._key(name), json.dumps(value))

    def read(self, name: str) -> Any:
        """Return a value of this attempt, or None."""
        text = self._read(self._key(name))
        return json.loads(text) if text else None

    def keep(self, name: str, value: Any) -> None:
        """Put a value up for later attempts too."""
        self._store.set(name, json.dumps(value))

    def kept(self, name: str) -> Any:
        """Return a value of this run's attempts, or None."""
        text = self._read(name)
        return json.loads(text) if text else None

    def beat(self, every_s: float = 1.0) -> None:
        """Show that this rank is alive."""
        if time.monotonic() - self._beat_s >= every_s:
            self._beats += 1
            self._beat_s = time.monotonic()
            self._store.set(self._key(f"beat/{self.rank.number}"), str(self._beats))

    def silent(self) -> int:
        """Return a rank that this one watches and whose beat stands still; -1 for none.

        Each rank watches the next, and rank 0 watches all.
        """
        world, own = self.rank.world, self.rank.number
        watched = range(1, world) if own == 0 else [(own + 1) % world]
        for number in watched:
            beat = self._read(self._key(f"beat/{number}")).encode()
            before, since_s = self._seen.get(number, (b"", time.monotonic()))
            if beat != before:
                since_s = time.monotonic()
            self._seen[number] = beat, since_s
            if beat and time.monotonic() - since_s > PEER_S:
                return number
        return -1

    def report(self, report: Report) -> None:
        """Put up why this rank ends its attempt; the others then end it too."""
        self.put(f"report/{report.rank}", asdict(report))
        if report.status != ENDED:
            self.put("fault", True)

    def fault(self) -> bool:
        """Whether a rank has ended this attempt."""
        return bool(self._store.check([self._key("fault")]))

    def reports(self, attempt: str = "") -> list[Report | None]:
        """Return the report of each rank of an attempt; None where there is none."""
        prefix = attempt or self.attempt
        texts = (self._read(f"{prefix}/report/{number}") for number in range(self.rank.world))
        return [Report(**json.loads(text)) if text else None for text in texts]

    def all_reported(self, within_s: float) -> list[Report | None]:
        """Wait until all ranks have reported, and return their reports."""
        ends_s = time.monotonic() + within_s
        reports = self.reports()
        while None in reports and time.monotonic() < ends_s:
            time.sleep(PAUSE_S / 2)
            reports = self.reports()
        return reports


def blame(reports: Sequence[Report | None]) -> tuple[str, str, str] | None:
    """Return the point that a fault costs, the status and the reason; None if there was no fault.

    The rank to blame failed by itself. Others only lost it. A rank without a report was killed.
    """
    there = [report for report in reports if report is not None]
    points = [report.point for report in there if report.point]
    missing = [number for number, report in enumerate(reports) if report is None]
    own = [r for r in there if r.status not in (ENDED, "lost") and r.gone < 0]
    hung = [r for r in own if r.status == "timeout"]
    failed = [r for r in own if r.status != "timeout"]
    for report in failed[:1]:
        return report.point, report.status, f"rank {report.rank}: {report.reason}"
    gone = [r for r in there if r.gone >= 0]
    if missing and there:
        names = ", ".join(map(str, missing))
        reason = f"rank {names}: the process was killed, or its machine has gone"
        return (points or [""])[0], "crashed", reason
    for report in gone[:1]:
        return (points or [""])[0], "timeout", f"rank {report.gone}: {report.reason}"
    if hung:
        stopped = [r for r in hung if not waits(r)] or hung
        names = ", ".join(str(r.rank) for r in stopped)
        return stopped[0].point, "timeout", f"rank {names}: {stopped[0].reason}"
    lost = [r for r in there if r.status == "lost"]
    for report in lost[:1]:
        return report.point, "crashed", f"rank {report.rank} lost the others: {report.reason}"
    return None


WAITING = ("torch/distributed", "torch/autograd", "multiprocessing", "threading")


def waits(report: Report) -> bool:
    """Whether a rank without progress was waiting for the others."""
    return any(place in report.reason for place in WAITING)


def store_errors() -> tuple[type[BaseException], ...]:
    """Return what a call raises when torchrun's store has gone."""
    return DistError, RuntimeError, OSError
