"""The board: what ranks tell each other through torchrun's store, beside their process group.

The store belongs to torchrun's agent, so it outlives a rank that dies (but where
TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 is set, rank 0 hosts it). Each start of the group is
an attempt with keys of its own. Rank 0 announces it, and shows by its beat that it is alive: an
attempt whose rank 0 does not beat is over.
"""

import json
import secrets
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from torch.distributed import DistError, PrefixStore, TCPStore  # type: ignore[attr-defined]  # public, not in __all__

from bench.scaling.blame import ENDED, Report
from bench.scaling.options import Rank

START_S = 120.0  # until all ranks of an attempt must have come
PAUSE_S = 0.1
BEAT_S = 1.0
LEAVE_S = 10.0  # until the other ranks must have seen that the run is over
STORE_ERRORS = (DistError, OSError)  # of a call, when torchrun's store has gone


class Board:
    """The keys of one attempt.

    Attributes
    ----------
    before : the attempt before this one; "" if this is the first.

    """

    def __init__(self, rank: Rank) -> None:
        self.rank = rank
        limit = timedelta(seconds=START_S)
        store = TCPStore(
            rank.address,
            rank.port,
            is_master=rank.hosts,
            timeout=limit,
            wait_for_workers=False,
        )
        self._store = PrefixStore(f"bench.scaling/{rank.run}", store)
        self._beats = 0
        self._beat_s = 0.0
        self._seen: dict[int, tuple[str, float]] = {}
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
        seen = ("", "")
        while time.monotonic() < ends_s:
            attempt = self._read("attempt")
            beat = self._read(f"{attempt}/beat/0") if attempt else ""
            if attempt and attempt == seen[0] and beat != seen[1]:
                return attempt
            seen = attempt, beat
            time.sleep(PAUSE_S)
        raise TimeoutError(f"no rank 0 within {START_S:g} s")

    def _read(self, key: str) -> str:
        return self._store.get(key).decode() if self._store.check([key]) else ""

    def put(self, name: str, value: Any) -> None:
        """Put a value up for all ranks of this attempt."""
        self.keep(f"{self.attempt}/{name}", value)

    def read(self, name: str, attempt: str = "") -> Any:
        """Return a value of this attempt, or of another one; None if there is none."""
        return self.kept(f"{attempt or self.attempt}/{name}")

    def keep(self, name: str, value: Any) -> None:
        """Put a value up for later attempts too."""
        self._store.set(name, json.dumps(value))

    def kept(self, name: str) -> Any:
        """Return a value of this run's attempts, or None."""
        text = self._read(name)
        return json.loads(text) if text else None

    def beat(self, every_s: float = BEAT_S) -> bool:
        """Show that this rank is alive, if it is time to; return whether it was."""
        due = time.monotonic() - self._beat_s >= every_s
        if due:
            self._beats += 1
            self._beat_s = time.monotonic()
            self._store.set(f"{self.attempt}/beat/{self.rank.number}", str(self._beats))
        return due

    def silent(self) -> tuple[int, float]:
        """Return which of the ranks that this one watches has not beaten longest, and the seconds.

        Each rank watches the next, and rank 0 watches all. Without any, it is rank -1.
        """
        world, own = self.rank.world, self.rank.number
        longest = (-1, 0.0)
        for number in range(1, world) if own == 0 else [(own + 1) % world]:
            beat = self._read(f"{self.attempt}/beat/{number}")
            if not beat or beat != self._seen.get(number, ("", 0.0))[0]:
                self._seen[number] = beat, time.monotonic()
            silent_s = time.monotonic() - self._seen[number][1]
            longest = max(longest, (number, silent_s), key=lambda each: each[1])
        return longest

    def report(self, report: Report) -> None:
        """Put up why this rank ends its attempt; the others then end it too."""
        order = self._store.add(f"{self.attempt}/order", 1)
        self.put(f"report/{report.rank}", asdict(report) | {"order": order})
        if report.status != ENDED and not self.fault():
            self.put("fault", report.status)

    def fault(self) -> str:
        """Return the status of the first report of a fault, or ""."""
        return self.read("fault") or ""

    def reports(self, attempt: str = "") -> list[Report | None]:
        """Return the report of each rank of an attempt; None where there is none."""
        known = (self.read(f"report/{number}", attempt) for number in range(self.rank.world))
        return [Report(**report) if report else None for report in known]

    def leave(self) -> None:
        """Say that this rank needs the board no more; who hosts it stays until the others do so."""
        self.put(f"left/{self.rank.number}", value=True)
        ends_s = time.monotonic() + (LEAVE_S if self.rank.hosts else 0)
        while time.monotonic() < ends_s:
            if all(self.read(f"left/{number}") for number in range(self.rank.world)):
                return
            self.beat()
            time.sleep(PAUSE_S)
