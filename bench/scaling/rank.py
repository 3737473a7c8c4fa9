"""One rank as torchrun starts it: it starts a fresh process for each visit, and watches it.

This process computes nothing. It forks the process of a visit (`bench.scaling.member`), shows the
other ranks that it is alive, and sees what no rank can see of itself: that its process was killed,
stopped, or does not get on. A fault is reported on the board, rank 0 writes it to the file, and all
ranks exit. Then torchrun's agent starts the group anew, and the next attempt goes on with the next
point.
"""

import contextlib
import ctypes
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from bench.machine import affinity, facts
from bench.options import ROOT
from bench.results.places import writable_folder
from bench.scaling import member, nodes
from bench.scaling.board import ENDED, Board, Report, blame, store_errors
from bench.scaling.book import Book, new_path, unfinished
from bench.scaling.options import COMMAND, Options, Rank, parse, rank
from bench.scaling.point import Group, points, rank_counts
from bench.scaling.workload import NAMES

PR_SET_PDEATHSIG = 1  # prctl(2)
LOOK_S = 0.25  # between two looks at the process of a visit
REPORT_S = 1.5  # until all ranks have reported a fault
VISITS = (2, 5)  # fewest and most
WRONG_USE, FAILED = 2, 1


class AttemptError(Exception):
    """This attempt is over: torchrun is to start the group anew, or to end."""


class TerminatedError(Exception):
    """SIGTERM came."""


def main(arguments: Sequence[str]) -> int:
    """Measure as one rank; return the exit status."""
    try:
        options, own = parse(arguments), rank()
        if own.number == 0:
            writable_folder(options.results, "--results")
    except ValueError as error:
        print(f"bench.scaling: {error}", file=sys.stderr)
        return WRONG_USE
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # torchrun gets it too, and sends SIGTERM
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    supervisor = None
    try:
        supervisor = Supervisor(options, own)
        supervisor.run()
    except TerminatedError:
        if supervisor is not None:
            supervisor.terminated()
        return FAILED
    except AttemptError as error:
        print(f"bench.scaling: rank {own.number}: {error}", file=sys.stderr)
        return FAILED
    except ValueError as error:
        print(f"bench.scaling: {error}", file=sys.stderr)
        return WRONG_USE
    return 0


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise TerminatedError


class Supervisor:
    """One rank, from its start to its end."""

    def __init__(self, options: Options, own: Rank) -> None:
        self._started_s = time.monotonic()
        self._options, self._rank = options, own
        self._process: Any = None
        self._point = ""
        self.book: Book | None = None
        self._group = _group(options, own)
        self.board = Board(own)
        self._board_facts()
        if own.number == 0:
            self.book = self._begun()

    def _board_facts(self) -> None:
        """Put up the facts of this node, once for each node."""
        self.board.put(f"pid/{self._rank.number}", [_machine(), os.getpid()])
        if self._rank.local == 0:
            alone = self._rank.world == self._rank.per_node
            found = nodes.node(self._rank.address, alone=alone)
            ranks = {"ranks": self._rank.per_node}
            self.board.put(f"node/{self._rank.number // self._rank.per_node}", found | ranks)

    def _begun(self) -> Book:
        """Return the book of this run: a new one, or that of an earlier attempt."""
        options, group = self._options, self._group
        counts = rank_counts(group, full=options.full)
        chosen = [p for p in points(group, counts, full=options.full) if options.only in p.id]
        if options.points is not None:
            wanted = json.loads(options.points.read_text(encoding="utf-8"))
            chosen = [point for point in chosen if point.id in wanted]
        if not chosen:
            raise ValueError(f"--only {options.only!r} leaves no point")
        count = -(-group.world // group.per_node)
        suffix = f"-{count}-nodes" if count > 1 else ""
        label = options.label or (facts.default_label()[: 64 - len(suffix)] + suffix)
        folder = options.results / label
        header = {
            "datetime": _now(),
            "machine_info": facts.facts(label=label),
            "commit_info": _commit(),
            "run": {"budget_s": options.budget_s},
        }
        path = self.board.kept("path")
        content = self.board.kept("content")
        if path is None and options.resume:
            found, content = unfinished(folder)
            path = str(found)
            _refuse_changed(content, header, group)
        book = Book(Path(path) if path else options.out or new_path(folder), header, group, chosen)
        book.refuse(oversubscribe=options.oversubscribe)
        if content is not None:
            book.header["datetime"] = content["datetime"]
            book.restore(content)
            book.scaling["restarts"] += 1
            self._blame_last(book)
        self.board.keep("path", str(book.path))
        book.scaling["nodes"] = self._nodes(count)
        return book

    def _blame_last(self, book: Book) -> None:
        """Write down why the attempt before this one ended, if its rank 0 could not."""
        if self.board.before and not self.board.kept(f"{self.board.before}/blamed"):
            self._blame(book, self.board.reports(self.board.before))

    def _blame(self, book: Book, reports: Sequence[Report | None]) -> None:
        fault = blame(reports)
        if fault is not None:
            book.fail(*fault)
            print(f"bench.scaling: {fault[0]}: {fault[2]}", file=sys.stderr)

    def _nodes(self, count: int) -> list[Any]:
        """Wait for the facts of all nodes."""
        ends_s = time.monotonic() + 60
        while time.monotonic() < ends_s:
            self.board.beat(0.05)
            found = [self.board.read(f"node/{number}") for number in range(count)]
            if None not in found:
                return found
            time.sleep(LOOK_S / 5)
        raise AttemptError("a node did not come")

    def run(self) -> None:
        """Make visits until the time is spent, then write the file."""
        number = 0
        while True:
            visit = self._next_visit(number)
            if visit is None:
                break
            self._make(visit)
            number += 1
        if self.book is not None:
            self.book.end()
            self._write()
            print(f"result  {self.book.path}")

    def _next_visit(self, number: int) -> member.Visit | None:
        """Return the next visit, which rank 0 plans; None if there is none."""
        if self.book is not None:
            self.board.put(f"visit/{number}", self._planned())
        while (planned := self.board.read(f"visit/{number}")) is None:
            self._look_round()
            time.sleep(LOOK_S / 5)
        if not planned:
            return None
        known = {
            point.id: point
            for point in points(
                self._group,
                rank_counts(self._group, full=self._options.full),
                full=self._options.full,
            )
        }
        return member.Visit(
            number=planned["number"],
            name=f"{self.board.attempt}/{number}",
            points=tuple(known[each] for each in planned["points"]),
            seconds=planned["seconds"],
            limit_s=self._options.limit_s,
        )

    def _planned(self) -> dict[str, Any]:
        """Plan a visit: the points, its number and its seconds; nothing if the run is over."""
        assert self.book is not None, "rank 0 plans"  # noqa: S101 - a bug of ours alone
        book, options = self.book, self._options
        left_s = options.budget_s - book.scaling["spent_s"] - self._spent_s()
        done = book.scaling["visits"]
        open_points = book.open_points()
        if not open_points or done >= VISITS[1] or (left_s < options.budget_s / 4 and done):
            return {}
        if left_s <= 0:
            return {}
        share = left_s / max(1, VISITS[0] - done)
        return {"number": done + 1, "points": [p.id for p in open_points], "seconds": share}

    def _spent_s(self) -> float:
        return time.monotonic() - self._started_s

    def _make(self, visit: member.Visit) -> None:
        """Fork the process of a visit and watch it until it is done."""
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        stack = Path(tempfile.mkstemp(prefix="bench-scaling-")[1])
        try:
            self._process = context.Process(
                target=_member, args=(theirs, self._rank, self._group, visit, stack)
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # the store's client has ended
                self._process.start()
            theirs.close()
            self._watch(ours, stack, visit.limit_s)
        finally:
            self._kill()
            ours.close()
            stack.unlink()

    def _watch(self, connection: "Connection[Any, Any]", stack: Path, limit_s: float) -> None:
        """Take what the process sends until it is done; raise if it or another rank fails."""
        heard_s = time.monotonic()
        while True:
            try:
                message = connection.recv() if connection.poll(LOOK_S) else None
            except (EOFError, OSError):
                self._fail(*self._exit_reason())
            if message is None:
                self._look_round()
                if time.monotonic() - heard_s > limit_s:
                    self._fail("timeout", self._stuck(stack, limit_s))
                continue
            heard_s = time.monotonic()
            if message[0] == "done":
                self._write()
                return
            if message[0] == "failed":
                status, reason, lost = message[1:]
                self._fail("lost" if lost else status, reason)
            self._take(message)
            self.board.beat()

    def _take(self, message: tuple[Any, ...]) -> None:
        """Keep what the process of a visit sends."""
        kind, *rest = message
        if kind == "at":
            if rest[0] != self._point and self.book is not None and rest[0]:
                self._write()
            self._point = rest[0]
        elif self.book is not None and kind == "seen":
            self.book.add(rest[0])
        elif self.book is not None and kind == "mismatch":
            self.book.fail(rest[0], "mismatch", rest[1])
        elif self.book is not None and kind == "observed":
            seen, copied = rest
            self.book.scaling |= {
                "threads": [threads for threads, _ in seen],
                "cores": [cores for _, cores in seen],
                "copy_bytes_s": copied,
            }

    def _exit_reason(self) -> tuple[str, str]:
        """Return the status and the reason of a process that ended without a word."""
        self._process.join(LOOK_S * 4)
        code = self._process.exitcode
        if code == -signal.SIGKILL:
            return "oom", "its process was killed, as a system does that is out of memory"
        if code is not None and code < 0:
            return "crashed", f"its process ended by {signal.Signals(-code).name}"
        return "crashed", f"its process exited with code {code}"

    def _stuck(self, stack: Path, limit_s: float) -> str:
        """Return where the process of a visit is stuck."""
        said = f"no progress within {limit_s:g} s"
        with contextlib.suppress(OSError, IndexError):
            state = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")
            if state.rpartition(")")[2].split()[0] in "Tt":
                return f"{said}: its process is stopped"
        with contextlib.suppress(OSError):
            os.kill(self._process.pid, signal.SIGUSR1)
            time.sleep(LOOK_S)
            lines = stack.read_text(encoding="utf-8").splitlines()
            where = next((line for line in lines if line.strip().startswith("File")), "")
            file = where.strip().removeprefix("File ").replace('"', "")
            short = file.partition("site-packages/")[2] or Path(file).name
            return f"{said}, in {short}" if where else said
        return said

    def _look_round(self) -> None:
        """Show that this rank is alive; end the attempt if another has gone or failed."""
        try:
            self.board.beat()
            if self.board.fault():
                self._fail("lost", "another rank failed")
            silent = self.board.silent()
        except store_errors() as error:
            self._kill()
            raise AttemptError(f"the group's store has gone: {error}") from error
        if silent >= 0:
            self._end_sibling(silent)
            self._fail("timeout", "it gave no sign of life", gone=silent)

    def _end_sibling(self, number: int) -> None:
        """Kill a silent rank of this machine: torchrun waits half a minute for a stopped one."""
        machine, pid = self.board.read(f"pid/{number}") or ("", 0)
        if machine == _machine() and pid:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def _fail(self, status: str, reason: str, gone: int = -1) -> None:
        """End the attempt: report, and as rank 0 write down who is to blame.

        Raises
        ------
        AttemptError : always.

        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun sends it as soon as a rank exits
        self._kill()
        with contextlib.suppress(*store_errors()):
            self._report(
                Report(
                    rank=self._rank.number,
                    status=status,
                    reason=reason[:300],
                    point=self._point,
                    gone=gone,
                )
            )
        raise AttemptError(reason)

    def _report(self, report: Report) -> None:
        self.board.report(report)
        reports = self.board.all_reported(REPORT_S)
        if self.book is None:
            return
        self._blame(self.book, reports)
        self.board.keep(f"{self.board.attempt}/blamed", value=True)
        self._write()
        if self._rank.restarts >= self._rank.most_restarts:
            print(
                "bench.scaling: torchrun may start the group no more; --max-restarts=9 lets it, "
                "and --resume goes on",
                file=sys.stderr,
            )

    def terminated(self) -> None:
        """End this rank within seconds, because torchrun said so."""
        self._kill()
        report = Report(rank=self._rank.number, status=ENDED, point=self._point)
        with contextlib.suppress(*store_errors()):
            self._report(report)
        if self.book is not None:
            self._write()

    def _write(self) -> None:
        """Write the file, and put its content up for the next attempt."""
        if self.book is None:
            return
        spent_s = self.book.scaling["spent_s"]
        self.book.scaling["spent_s"] = round(spent_s + self._spent_s(), 3)
        content = self.book.write()
        self.book.scaling["spent_s"] = spent_s
        with contextlib.suppress(*store_errors()):
            self.board.keep("content", content)

    def _kill(self) -> None:
        """End the process of a visit, with NumPy's processes."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def _member(
    connection: "Connection[Any, Any]",
    own: Rank,
    group: Group,
    visit: member.Visit,
    stack: Path,
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    member.run(connection, own, group, visit, stack)


def _group(options: Options, own: Rank) -> Group:
    """Return the group, and what its ranks compute on.

    Raises
    ------
    ValueError : --device cuda, and there are not enough GPUs.

    """
    count = torch.cuda.device_count() if options.device != "cpu" else 0
    if options.device == "cuda" and count < own.per_node:
        raise ValueError(
            f"--device cuda expects a GPU for each of {own.per_node} ranks of a node; this node "
            f"has {count}. Start with: {COMMAND}"
        )
    cuda = count >= own.per_node
    places = count if cuda else affinity.usable_cores()
    return Group(own.world, own.per_node, places, cuda)


def _refuse_changed(content: Mapping[str, Any], header: Mapping[str, Any], group: Group) -> None:
    """Check that an interrupted run had the same machine, versions and ranks.

    Raises
    ------
    ValueError : something has changed; the message lists what.

    """
    was, now = content["machine_info"], header["machine_info"]
    changes = [
        f"{name}: {was.get(name)}, now {now.get(name)}"
        for name in ("cpu", "gpus", "versions")
        if was.get(name) != now.get(name)
    ]
    if content["scaling"]["world"] != group.world:
        changes.append(f"ranks: {content['scaling']['world']}, now {group.world}")
    if changes:
        raise ValueError(f"--resume cannot mix two runs; changed since: {'; '.join(changes)}")


def _machine() -> str:
    """Return what tells this machine from the others of the group; it is never written to a file."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return ""


def _now() -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.now(UTC).isoformat()


def _commit() -> dict[str, Any]:
    """Return the commit of the project, as pytest-benchmark finds it."""
    from pytest_benchmark.utils import get_commit_info  # noqa: PLC0415 - imports pytest

    return dict(get_commit_info())
