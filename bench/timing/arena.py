"""Puts the contenders of a case against each other, block by block, each in its own process.

A visit is one stay of a case: its contenders place their inputs anew, compute once and are held
against the reference, then take blocks in turn, a few at a time (A A A A B B B B A A A A ...). The
first block of a turn finds the caches as another contender left them, so nobody takes two turns in
a row, as at the ends of A B C C B A: that would favour it, by up to a quarter where two contenders
fill the cache that one fits. A case is visited several times in a run, each time by another
generation of processes, so that what a process or a placement in memory adds is seen too; each
second visit goes the other way round, so that a drift of the machine meets all alike.

One-core contenders share one core, and leave it together when something else wants it. A contender
with threads is frozen between its turns: idle threads that spin would steal the other's cores.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender
from bench.machine import affinity
from bench.outcomes.outcome import Outcome, Visit
from bench.timing.device import NOT_TIMED
from bench.timing.peaks import Peaks, merged, name_of
from bench.timing.process import START_S, Nursery, WorkerError, WorkerProcess
from bench.timing.reference import References, Stage
from bench.timing.worker import BLOCK_S, LONG_S, Block, Confirmation, First

TURN_S, MOST_BLOCKS = 0.02, 4  # of a turn: blocks in a row
FEWEST_ROUNDS = 2  # turns of each contender in a visit; one where a block is so long:
MEAN_OF_ITSELF_S = 0.1
COMPILE_S = 60.0  # more than for others, torch.compile may take for its first call
BLOCKS_PATIENCE = 3  # times as long as expected, blocks may take

Entries = Mapping[Contender, Outcome]
Key = tuple[Contender, int]  # who, on so many threads


def twin(contender: Contender) -> Contender:
    """Return the contender that is a second worker of the same code."""
    return replace(contender, twin=True)


class Arena:
    """The processes of a run, and what they know of its cases.

    Parameters
    ----------
    keys : every contender and thread setting of the run.
    limit_s : a worker that does not answer for so long has hung.
    large_s : for so long NumPy may take to compute a case of a large size.
    imports : modules that workers have from the start, so that none imports them at a first call.

    """

    def __init__(
        self,
        keys: Sequence[Key],
        limit_s: float,
        large_s: float = 5.0,
        imports: Sequence[str] = (),
    ) -> None:
        self.keys = keys
        self.limit_s = limit_s
        self.large_s = large_s
        self.generation = 0
        self._imports = imports
        self.observed: dict[str, Mapping[str, Any]] = {}
        self._nurseries: dict[int, Nursery] = {}  # by threads
        self._processes: dict[Key, WorkerProcess] = {}
        self._misfits: dict[Key, str] = {}
        most = max((threads for _, threads in keys), default=1)
        self._references = References(self._call, [who for who, _ in keys], most)
        self._cores = affinity.cores()
        self._folder = TemporaryDirectory(prefix="numpy-vs-pytorch-")
        self._stages: dict[str, Stage] = {}

    def preload(self, imports: Sequence[str]) -> None:
        """Import further modules in the nurseries that are started from now on."""
        self._imports = tuple(dict.fromkeys((*self._imports, *imports)))

    def renew(self, keys: Sequence[Key], *, nurseries: bool = True) -> None:
        """End all processes and start a fresh one for each of some contenders and threads.

        They are forked from fresh nurseries, whose layout of memory is another, or from those that
        are there, which takes a tenth of the time.
        """
        self._end_processes(nurseries=nurseries)
        self.generation += 1
        for number in {number for _, number in keys} - self._nurseries.keys():
            self._nurseries[number] = Nursery(number, self._imports)
        for key in keys:
            with suppress(WorkerError):  # it is started anew, and its cells say why, when needed
                self._start(key)
        for key in list(self._processes):
            try:
                self._observe(key)
            except WorkerError:
                self._processes.pop(key).end()

    def _start(self, key: Key) -> None:
        who, threads = key
        if threads not in self._nurseries or self._nurseries[threads].spent:
            self._nurseries[threads] = Nursery(threads, self._imports)
        try:
            self._processes[key] = self._nurseries[threads].start(who)
        except WorkerError:
            self._nurseries.pop(threads).end()
            raise

    def peaks(
        self,
        probe_s: float,
        precisions: Collection[str],
        known: Mapping[str, Peaks],
        only: str = "",
    ) -> dict[str, Peaks]:
        """Measure what each device can do, of all libraries there, and keep the larger of both.

        `known` are peaks measured before; with `only`, those of one device are measured again.
        """
        found = dict(known)
        for who, threads in self.keys:
            name = name_of(who, threads)
            if who == who.usual and only in ("", name):
                with suppress(WorkerError):  # a device without peaks has no roof
                    aside = replace(who, checks=True)
                    more = self._ask(aside, threads, self.limit_s, "peaks", probe_s, precisions)
                    found = merged(found, name, more)
        return found

    def end(self) -> None:
        """End all processes, and remove what they shared."""
        self._end_processes()
        self._folder.cleanup()

    def _end_processes(self, *, nurseries: bool = True) -> None:
        while self._processes:
            self._processes.popitem()[1].end()
        while nurseries and self._nurseries:
            self._nurseries.popitem()[1].end()

    def visit(
        self, case: Case, everyone: Entries, stay: Sequence[Contender], visit_s: float
    ) -> None:
        """Verify and time some contenders of a case once more, `visit_s` seconds of blocks each.

        Outcomes change in place; whatever goes wrong with one contender costs its own outcome
        alone. The case's inputs stay on disk until `put_away`.
        """
        stage = self._stage(case)
        number = 1 + max((v.number for o in everyone.values() for v in o.visits), default=0)
        entries = {who: everyone[who] for who in stay if who in everyone}
        counts = NUMPY in entries and entries[NUMPY].open
        ready = {who: o for who, o in entries.items() if self._begun(case, who, o, stage)}
        if counts and entries[NUMPY].status == "mismatch":
            reason = f"NumPy and PyTorch disagree: {entries[NUMPY].reason}"
            for who in list(ready):
                ready.pop(who).fail("mismatch", reason)
        sampled = self._sampled(case, ready, number, visit_s)
        for who, blocks in sampled.items():
            visit = Visit(number=number, worker=self.generation, blocks=tuple(blocks))
            ready[who].visits.append(visit)
            if len(ready[who].visits) == 1 and not _costly(case, who, ready[who]):
                self._confirm(case, who, ready[who])
            elif "quality" not in ready[who].facts:
                self._judge_quality(case, who, ready[who], stage)
        for who, outcome in entries.items():
            if (who, case.threads) in self._processes:
                self._attempt(case, who, outcome, "release")
        if case.threads == 1:
            marks = [block.disturbed for blocks in sampled.values() for block in blocks]
            if 2 * sum(marks) > len(marks):
                self._cores = self._cores[1:] + self._cores[:1]

    def _stage(self, case: Case) -> Stage:
        name = f"{case.workload.name}-{case.size.label}-{case.dtype}"
        if name not in self._stages:
            self._stages[name] = Stage(Path(mkdtemp(dir=self._folder.name)))
        return self._stages[name]

    def put_away(self, case: Case) -> None:
        """Remove what the contenders of a case shared, but for inputs that are small."""
        self._stage(case).strike()

    def _sampled(
        self, case: Case, ready: Entries, number: int, visit_s: float
    ) -> dict[Contender, list[Block]]:
        """Take blocks in turn; return those of the contenders that got to the end."""
        taken: dict[Contender, list[Block]] = {who: [] for who in ready}
        self._wake(case, ready, number)
        done = 0
        if any(unsure(outcome) for outcome in ready.values()):
            self._take(case, ready, taken, order_of_turns(list(ready), number, 1), 1)
            short = [who for who, blocks in taken.items() if too_short(ready[who], blocks)]
            for who in short:
                self._calibrate(case, who, ready[who])
            if short:  # all lose their first block, so that blocks stay paired
                taken = {who: [] for who in taken if ready[who].open}
            else:
                done = 1
        count, rounds = turns({who: ready[who] for who in taken}, visit_s)
        order = order_of_turns(list(taken), number, rounds - done)
        self._take(case, ready, taken, order, count)
        return taken

    def _wake(self, case: Case, ready: Entries, number: int) -> None:
        """Run one untimed turn, since a core is slow just after a pause."""
        first = next(order_of_turns(list(ready), number, 1), None)
        if first is not None and ready[first].block_s < TURN_S:
            count = min(MOST_BLOCKS, round(TURN_S / ready[first].block_s))
            self._take(case, ready, {first: []}, [first], count)

    def _take(
        self,
        case: Case,
        ready: Entries,
        taken: dict[Contender, list[Block]],
        order: Iterable[Contender],
        count: int,
    ) -> None:
        """Have contenders take turns of `count` blocks; one that cannot go on is taken out."""
        core = self._cores[-1] if case.threads == 1 and self._cores else None
        for who in order:
            if who in taken:
                outcome = ready[who]
                iterations = outcome.facts["iterations_per_block"]
                limit_s = self.limit_s + BLOCKS_PATIENCE * count * outcome.block_s
                blocks = self._attempt(
                    case, who, outcome, "blocks", count, iterations, core, limit_s=limit_s
                )
                if blocks is None:
                    del taken[who]
                else:
                    taken[who].extend(blocks)

    def _calibrate(self, case: Case, who: Contender, outcome: Outcome) -> None:
        """Choose the iterations of a block."""
        answer = self._attempt(case, who, outcome, "calibrate")
        if answer is not None:
            outcome.facts["iterations_per_block"], outcome.block_s = answer

    def _begun(self, case: Case, who: Contender, outcome: Outcome, stage: Stage) -> bool:
        """Have a contender compute the case once; tell whether it can be timed."""
        if not outcome.open:
            return False
        new = not outcome.facts
        try:
            if new and (reason := self._references.disagreement(case, who)):
                raise WorkerError("mismatch", reason)
            source, expected, path = self._references.expected(case, who, stage)
            limit_s = self._first_limit_s(case, who)
            first: First = self._call(
                case, who, "begin", case, stage.inputs, expected, path, limit_s=limit_s
            )
            verification = first.verification
            if new:
                outcome.facts |= {
                    "reference": source,
                    "rel_error": verification.rel_error,
                    "tolerance": verification.tolerance,
                    "first_call_s": first.first_call_s,
                }
            if verification.reason:
                outcome.facts["rel_error"] = verification.rel_error
                raise WorkerError("mismatch", verification.reason)
            if new:
                self._calibrate(case, who, outcome)
                outcome.facts |= NOT_TIMED
                if who.device != "cpu" and who == who.usual and case.landmark:
                    outcome.facts |= self._call(case, who, "device_times", stage.inputs)
        except WorkerError as error:
            reason = error.reason
            if case.size.large and who == NUMPY and error.status == "timeout":
                reason = f"NumPy did not finish in {self.large_s:g} s"
            outcome.fail(error.status, reason)
            if (who, case.threads) in self._processes:
                self._attempt(case, who, outcome, "release")
        return outcome.open

    def _first_limit_s(self, case: Case, who: Contender) -> float:
        """Return for how long a first call is waited for."""
        if case.size.large and who == NUMPY:
            return self.large_s
        return self.limit_s + COMPILE_S * (who.way == "compile")

    def _confirm(self, case: Case, who: Contender, outcome: Outcome) -> None:
        """After the blocks of its first visit, ask a contender whether it still computes."""
        answer: Confirmation | None = self._attempt(case, who, outcome, "confirm")
        if answer is None:
            return
        outcome.facts |= answer.peaks
        if answer.status == "implausible":
            outcome.doubt(answer.reason)
        elif answer.status:
            outcome.fail(answer.status, answer.reason)

    def _judge_quality(self, case: Case, who: Contender, outcome: Outcome, stage: Stage) -> None:
        """Ask once what a workload measures beside time; more threads compute the same.

        Where an iteration is long, only at the smallest size: training takes many of them.
        """
        passed = who.rung and not case.workload.quality_of_rungs
        first = who.name not in stage.judged
        stage.judged.add(who.name)
        long = (
            outcome.block_s > LONG_S / 2 and case.axis_value > case.smallest(case.dtype).axis_value
        )
        asked = first and not (passed or long or who.way or who.twin or case.size.large)
        quality = self._attempt(case, who, outcome, "quality", stage.inputs) if asked else {}
        if quality is not None:
            outcome.facts["quality"] = quality

    def _attempt(
        self,
        case: Case,
        who: Contender,
        outcome: Outcome,
        step: str,
        *arguments: Any,
        limit_s: float = 0.0,
    ) -> Any:
        """Have a worker do a step; return None, and take its cell for lost, if it cannot."""
        try:
            return self._call(case, who, step, *arguments, limit_s=limit_s)
        except WorkerError as error:
            outcome.fail(error.status, error.reason)
            return None

    def _call(
        self, case: Case, who: Contender, step: str, *arguments: Any, limit_s: float = 0.0
    ) -> Any:
        """Have a contender's worker do a step for a case."""
        return self._ask(who, case.threads, limit_s or self.limit_s, step, *arguments)

    def _ask(self, who: Contender, threads: int, limit_s: float, step: str, *arguments: Any) -> Any:
        """Have a contender's worker do a step, in a fresh process if there is none."""
        key = (who, threads)
        try:
            if key not in self._processes:
                self._start(key)
                self._observe(key)
            if key in self._misfits:
                raise WorkerError("skipped", self._misfits[key])
            process = self._processes[key]
            answer = process.call(step, *arguments, limit_s=limit_s)
        except WorkerError:
            if key in self._processes and not self._processes[key].alive:
                self._processes.pop(key).end()
            raise
        if threads > 1:
            process.freeze()
        return answer

    def _observe(self, key: Key) -> None:
        """Hold what a process reads back against what it was given."""
        who, threads = key
        process = self._processes[key]
        seen = process.observed(START_S)
        wrong: dict[str, Any] = {k: n for k, n in seen["threads"].items() if n != threads}
        if any(len(cores) != 1 for cores in seen["cores"]):
            wrong["cores"] = seen["cores"]
        if set(seen["float32_precision"].values()) != {who.runs.float32}:
            wrong["float32_precision"] = seen["float32_precision"]
        if wrong:
            self._misfits[key] = (
                f"asked for {threads} threads, each on a core, and float32 as {who.runs.float32}; "
                f"observed {wrong}"
            )
        if not who.checks:
            self.observed[f"{who.name}/threads={threads}"] = seen
        if threads > 1:
            process.freeze()


def order_of_turns(everyone: Sequence[Contender], number: int, rounds: int) -> Iterator[Contender]:
    """Yield whose turn it is in a visit: each once a round, and nobody twice in a row.

    The second visit of each two goes the other way round, so that whoever came first comes last:
    after a pause the first few milliseconds are slow. Every two visits begin with another one.
    """
    first = (number - 1) // 2 % len(everyone) if everyone else 0
    order = [*everyone[first:], *everyone[:first]]
    for _ in range(rounds):
        yield from order[:: 1 if number % 2 else -1]


def _costly(case: Case, who: Contender, outcome: Outcome) -> bool:
    """Tell whether another call would cost more than it tells: the next visit verifies again."""
    return case.size.large and who == NUMPY and outcome.block_s > MEAN_OF_ITSELF_S


def unsure(outcome: Outcome) -> bool:
    """Tell whether the length of a block rests on a first call alone."""
    return not outcome.visits and outcome.facts["iterations_per_block"] == 1


def too_short(outcome: Outcome, blocks: Sequence[Block]) -> bool:
    """Tell whether a first call was slow, and the calls after it are not."""
    return unsure(outcome) and min(block.time_s for block in blocks) < BLOCK_S / 2


def turns(ready: Entries, visit_s: float) -> tuple[int, int]:
    """Return the blocks of a turn, and how many turns each contender takes in a visit.

    All take as many blocks, so that blocks are paired; together they fill about `visit_s` seconds
    for each contender.
    """
    lengths = [outcome.block_s for outcome in ready.values()]
    longest = max(lengths, default=0.0)
    if not longest:
        return 1, FEWEST_ROUNDS
    fewest = 1 if longest > MEAN_OF_ITSELF_S else FEWEST_ROUNDS
    count = max(1, min(MOST_BLOCKS, round(min(TURN_S, visit_s / FEWEST_ROUNDS) / longest)))
    rounds = int(visit_s * len(lengths) / (count * sum(lengths)))
    return count, max(fewest, rounds)
