"""A rank's attempt: it starts a fresh process for each visit, watches it, and watches other ranks.

This process computes nothing. It forks the process of a visit (`bench.scaling.child`), shows the
other ranks that it is alive, and sees what no rank can see of itself: that its process was killed,
stopped, or does not get on. A fault is reported on the board, rank 0 writes it to the file, and all
ranks exit. Then torchrun's agent starts the group anew, and the next attempt goes on with the next
point.
"""

import contextlib
import os
import signal
import sys
import time
from dataclasses import astuple
from typing import Any, NoReturn

import torch

from bench.machine import affinity
from bench.machine.processes import ENDINGS, STOPPED, alive, machine, parent_mark, stopped
from bench.scaling import nodes
from bench.scaling.blame import ENDED, LOST, TIMEOUT, Report
from bench.scaling.board import START_S, STORE_ERRORS, Board
from bench.scaling.book import Book, begun
from bench.scaling.child import Child
from bench.scaling.inquiry import judged, wait_for_reports
from bench.scaling.member import Visit
from bench.scaling.options import COMMAND, Options, Rank
from bench.scaling.planning import planned
from bench.scaling.point import Group, agreed, points, rank_counts

LOOK_S = 0.25  # between two looks at the process of a visit
PAUSE_S = 0.05
REFUSED_S = 2.0  # until the ranks of other nodes have read why
STOPPED_S, AWAY_S = 2.0, 10.0  # without a beat: of a rank that is stopped, or on another machine


class AttemptError(Exception):
    """The attempt is over: torchrun is to start the group anew, or to end."""


class RefusedError(Exception):
    """No attempt can succeed; the message says why."""


class Supervisor:
    """One rank, from its start to its end."""

    def __init__(self, options: Options, own: Rank) -> None:
        self._started_s = time.monotonic()
        self._options, self._rank = options, own
        self._group = _group(options, own)
        counts = rank_counts(self._group, full=options.full)
        self._points = points(self._group, counts, full=options.full)
        self._child: Child | None = None
        self._book: Book | None = None
        self._point = ""  # that the process of the visit is at
        self._ending = False
        self._board = Board(own)
        for number in ENDINGS:
            signal.signal(number, self._end)
        self._put_facts()
        if own.number == 0:
            self._book = self._begun()

    def _end(self, *_: object) -> None:
        self._ending = True

    def _put_facts(self) -> None:
        """Put up this rank's process, and the facts of its node, once for each node."""
        if self._rank.local == 0:
            alone = self._rank.world == self._rank.per_node
            found = nodes.node(self._rank.address, alone=alone) | {"ranks": self._rank.per_node}
            self._board.put(f"node/{self._rank.number // self._rank.per_node}", found)
        self._board.put(f"group/{self._rank.number}", astuple(self._group))
        self._board.put(f"process/{self._rank.number}", [machine(), os.getpid()])

    def _begun(self) -> Book:
        """Return the book of this run: a new one, or that of an earlier attempt."""
        found = self._nodes()
        kept = self._board.kept("book")
        ranks = range(self._group.world)
        try:
            self._group = agreed([Group(*self._board.read(f"group/{rank}")) for rank in ranks])
            book = begun(self._options, self._group, self._points, kept, parent_mark())
        except ValueError as error:
            self._refuse(str(error), error)
        book.scaling["nodes"] = found
        if kept and not self._board.kept(f"{self._board.before}/blamed"):
            self._blame(book, self._board.before)  # its rank 0 could not
        return book

    def _refuse(self, reason: str, error: Exception) -> NoReturn:
        """Put the reason on the board, where all nodes read it and end, and raise RefusedError."""
        several = self._group.world > self._group.per_node
        ends_s = time.monotonic() + (REFUSED_S if several else 0)
        with contextlib.suppress(*STORE_ERRORS):
            self._board.put("refused", reason)
            while time.monotonic() < ends_s:
                self._board.beat(PAUSE_S)
                time.sleep(PAUSE_S)
        raise RefusedError(reason) from error

    def _nodes(self) -> list[Any]:
        """Wait until all ranks have come; return the facts of their nodes."""
        ends_s = time.monotonic() + START_S
        absent = list(range(self._group.world))
        while time.monotonic() < ends_s:
            self._board.beat(PAUSE_S)
            self._look_round()
            absent = [number for number in absent if not self._board.read(f"process/{number}")]
            if not absent:
                count = self._group.nodes(self._group.world)
                return [self._board.read(f"node/{number}") for number in range(count)]
            time.sleep(PAUSE_S)
        raise AttemptError(f"ranks {absent} did not come within {START_S:g} s")

    def run(self) -> None:
        """Make visits until the time is spent, then write the file.

        Raises
        ------
        AttemptError : a rank failed, or torchrun told this rank to end.
        RefusedError : rank 0 refuses the options.

        """
        self._write()
        number = 0
        while (visit := self._next_visit(number)) is not None:
            self._make(visit)
            number += 1
        if self._book is not None:
            self._book.complete = True
            self._write()
            print(f"result  {self._book.path}")
        with contextlib.suppress(*STORE_ERRORS):  # the run is over
            self._board.leave()

    def _next_visit(self, number: int) -> Visit | None:
        """Return the next visit, which rank 0 plans; None if there is none."""
        name = f"visit/{number}"
        if self._book is not None:
            budget_s = self._options.budget_s
            left_s = budget_s - self._spent_s(self._book)
            self._board.put(name, planned(self._book, budget_s, left_s))
        while (plan := self._board.read(name)) is None:
            self._look_round()
            time.sleep(PAUSE_S)
        if not plan:
            return None
        by_id = {point.id: point for point in self._points}
        return Visit(
            number=plan["number"],
            name=f"{self._board.attempt}/{number}",
            points=tuple(by_id[name] for name in plan["points"]),
            profiled=frozenset(plan["profiled"]),
            plans={name: tuple(each) for name, each in plan["plans"].items()},
            seconds=plan["seconds"],
            limit_s=self._options.limit_s,
        )

    def _spent_s(self, book: Book) -> float:
        """Return the seconds that all attempts have spent."""
        return float(book.spent_before_s) + time.monotonic() - self._started_s

    def _make(self, visit: Visit) -> None:
        """Make a visit in a process of its own."""
        self._child = Child(self._rank, self._group, visit)
        try:
            self._watch(self._child, visit.limit_s)
        finally:
            self._kill()

    def _kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _watch(self, child: Child, limit_s: float) -> None:
        """Take what the process sends until it is done; raise if it or another rank fails."""
        heard_s = looked_s = time.monotonic()
        while True:
            message = self._message(child, LOOK_S)
            if message is not None:
                heard_s = time.monotonic()
                self._take(*message)
                if message[0] == "done":
                    return
            if time.monotonic() - looked_s > LOOK_S:
                looked_s = time.monotonic()
                self._look_round()
            silent_s = time.monotonic() - heard_s
            if silent_s > (STOPPED_S if child.is_stopped() else limit_s):
                self._fail(TIMEOUT, f"no progress for {silent_s:.0f} s")

    def _message(self, child: Child, within_s: float) -> tuple[Any, ...] | None:
        """Return what the process sends next, if anything; raise if it has ended."""
        try:
            return child.message(within_s)
        except EOFError:
            self._fail(*child.exit_reason())

    def _take(self, kind: str, *values: Any) -> None:
        """Keep what the process of a visit sends; raise if it has failed."""
        if kind == "failed":
            self._fail(*values)
        if kind == "at":
            self._point = values[0]
        if self._book is None:
            return
        if kind in ("case", "done"):
            self._write()
        elif kind == "seen":
            self._book.add(values[0])
        elif kind == "mismatch":
            self._book.fail(values[0], "mismatch", values[1])
        elif kind == "observed":
            self._book.observe(*values)

    def _take_rest(self) -> None:
        """Take what the process has sent already: whether it failed, its point, what it saw."""
        message: tuple[Any, ...] | None = ("",)
        while self._child is not None and message is not None and message[0] != "done":
            message = self._message(self._child, 0)
            if message is not None:
                self._take(*message)

    def _look_round(self) -> None:
        """Show that this rank is alive; end the attempt if there is a reason to."""
        refused, fault = self._board.read("refused"), self._board.fault()
        silent, silent_s = self._board.silent() if self._board.beat() else (-1, 0.0)
        if refused:
            raise RefusedError(refused)
        if fault:
            self._take_rest()
            self._fail(LOST, "another rank failed", others=fault)
        if self._ending:
            self._take_rest()
            self._fail(ENDED, "torchrun ends it")
        if silent >= 0:
            self._judge_silence(silent, silent_s)

    def _judge_silence(self, number: int, silent_s: float) -> None:
        """End the attempt if a rank without a beat has gone, but not if it only had no core.

        A stopped rank of this machine is killed, because torchrun waits half a minute for it.
        """
        where, pid = self._board.read(f"process/{number}") or ("", 0)
        here = where == machine() and alive(pid)
        is_stopped = here and stopped(pid)
        patience_s = STOPPED_S if is_stopped else self._options.limit_s if here else AWAY_S
        if silent_s < patience_s:
            return
        self._take_rest()
        if is_stopped:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        reason = STOPPED if is_stopped else f"no sign of life for {silent_s:.0f} s"
        self._fail(TIMEOUT, reason, number)

    def _fail(self, status: str, reason: str, culprit: int = -1, *, others: str = "") -> NoReturn:
        """End the attempt: report, and as rank 0 write down who is to blame.

        If a rank has hung, whoever noticed, the report says where this one's process is.

        Parameters
        ----------
        culprit : the rank at fault, if it is not this one.
        others : the status that another rank has reported.

        """
        place = ""
        if self._child is not None and TIMEOUT in (status, others):
            place = self._child.place()
        self._kill()
        report = Report(
            rank=self._rank.number,
            status=status,
            reason=reason[:300],
            point=self._point,
            culprit=culprit,
            place=place,
        )
        with contextlib.suppress(*STORE_ERRORS):
            self._board.report(report)
            if self._book is not None:
                wait_for_reports(self._board)
                self._blame(self._book, self._board.attempt)
                self._board.keep(f"{self._board.attempt}/blamed", value=True)
        self._write()
        if self._book is not None and self._rank.restarts >= self._rank.most_restarts:
            print("bench.scaling: torchrun ends; --resume goes on", file=sys.stderr)
        raise AttemptError(reason)

    def _blame(self, book: Book, attempt: str) -> None:
        """Write down why an attempt ended before it should."""
        fault = judged(self._board, attempt)
        if fault is not None:
            book.fail(*fault)
            print(f"bench.scaling: {fault[0]}: {fault[2]}", file=sys.stderr)

    def _write(self) -> None:
        """Write the file, and put its content up for the next attempt."""
        if self._book is None:
            return
        self._book.scaling["spent_s"] = round(self._spent_s(self._book), 3)
        try:
            content = self._book.write()
        except OSError as error:  # a full disk, or a folder that has gone
            reason = f"the result file cannot be written: {error}; --results names its folder"
            self._refuse(reason, error)
        with contextlib.suppress(*STORE_ERRORS):
            kept = {"path": str(self._book.path), "content": content, "at_s": time.time()}
            self._board.keep("book", kept)


def _group(options: Options, own: Rank) -> Group:
    """Return the group, and what its ranks compute on.

    Raises
    ------
    RefusedError : --device cuda, and there are not enough GPUs.

    """
    count = torch.cuda.device_count() if options.device != "cpu" else 0
    if options.device == "cuda" and count < own.per_node:
        raise RefusedError(
            f"--device cuda expects a GPU for each of {own.per_node} ranks of a node; this node "
            f"has {count}. Start with: {COMMAND}"
        )
    cuda = count >= own.per_node
    places = count if cuda else affinity.usable_cores()
    return Group(own.world, own.per_node, places, cuda)
