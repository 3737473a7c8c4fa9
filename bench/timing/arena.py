"""Visits: the contenders of a case take blocks in turn, each in its own process.

In a visit the contenders place their inputs anew, compute once and are compared with the reference,
then take blocks in turn, a few at a time (A A A A B B B B A A A A ...). The first block of a turn
finds the caches as another contender left them. So nobody takes two turns in a row, as at the ends
of A B C C B A: that would favour it, by up to a quarter where two contenders fill the cache that
one fits. A case is visited several times in a run, each time by another generation of processes,
since a process and its place in memory change times too. Every second visit goes the other way
round, so that a drift of the machine affects all alike.

One-core contenders share one core. They move to another together when something else wants it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, TypeVar

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender
from bench.machine import affinity
from bench.timing.fork_server import WorkerError
from bench.timing.reference import CaseFiles, References
from bench.timing.visits import (
    Block,
    Confirmation,
    DeviceTimes,
    Failure,
    FirstCall,
    Known,
    Observation,
    Observed,
    Visit,
)
from bench.timing.worker import BLOCK_S, LONG_S
from bench.timing.workers import Key, Workers

T = TypeVar("T")

TURN_S, MOST_BLOCKS = 0.02, 4  # of a turn: blocks in a row
FEWEST_ROUNDS = 2  # turns of each contender in a visit; one where a block is longer than this:
MEAN_OF_ITSELF_S = 0.1
COMPILE_S = 60.0  # that a first call may take longer than others if it compiles
BLOCKS_PATIENCE = 3  # times its expected length, that a worker's blocks may take


@dataclass
class Part:
    """One contender's part in a visit, while the visit lasts."""

    contender: Contender
    first: bool  # whether it is its first visit in this case
    observed: Observed
    blocks: list[Block] = field(default_factory=list)
    failure: Failure | None = None
    ended: bool = False  # whether it took all of its blocks

    @property
    def block_s(self) -> float:
        """Seconds that a block takes."""
        return self.observed.block_s

    @property
    def uncertain(self) -> bool:
        """Whether the length of a block rests on a first call alone."""
        return self.first and self.observed.iterations == 1

    @property
    def too_short(self) -> bool:
        """Whether the first call was slow and the calls after it are not."""
        return self.uncertain and min(block.time_s for block in self.blocks) < BLOCK_S / 2

    def observation(self, number: int, worker: int) -> Observation:
        """Return what the visit showed."""
        visit = Visit(number=number, worker=worker, blocks=tuple(self.blocks))
        timed = visit if self.ended else None
        return Observation(observed=self.observed, visit=timed, failure=self.failure)


class Arena:
    """Visits cases with the workers of a run.

    Parameters
    ----------
    keys : every contender and thread setting of the run.
    workers : their processes.
    large_s : time limit for NumPy's first call in a case of a large size.

    """

    def __init__(self, keys: Sequence[Key], workers: Workers, large_s: float = 5.0) -> None:
        self.large_s = large_s
        self.workers = workers
        most = max((threads for _, threads in keys), default=1)
        self._references = References(self._call, [contender for contender, _ in keys], most)
        self._cores = affinity.cores()
        self._folder = TemporaryDirectory(prefix="numpy-vs-pytorch-")
        self._files: dict[str, CaseFiles] = {}

    def end(self) -> None:
        """Remove what the workers shared."""
        self._folder.cleanup()

    def visit(
        self, case: Case, contenders: Mapping[Contender, Known], number: int, visit_s: float
    ) -> dict[Contender, Observation]:
        """Verify and time some contenders of a case once more, `visit_s` seconds of blocks each.

        `number` counts the case's visits. What goes wrong with one contender is in its own
        observation. The case's inputs stay on disk until `put_away`.
        """
        files = self._files_of(case)
        parts = [
            Part(contender=contender, first=not known.visits, observed=known.observed)
            for contender, known in contenders.items()
        ]
        for part in parts:
            self._begin(case, part, files)
        _distrust_all(parts)
        ready = [part for part in parts if part.failure is None]
        for part in self._sample(case, ready, number, visit_s):
            part.ended = True
            if part.first and not _costly(case, part):
                self._confirm(case, part)
            elif part.observed.quality is None:
                self._measure_quality(case, part, files)
        for part in parts:
            if (part.contender, case.threads) in self.workers:
                self._attempt(case, part, "release")
        if case.threads == 1:
            self._leave_a_busy_core(parts)
        worker = self.workers.generation
        return {part.contender: part.observation(number, worker) for part in parts}

    def put_away(self, case: Case) -> None:
        """Remove what the contenders of a case shared, except for inputs that are small."""
        self._files_of(case).remove()

    def _files_of(self, case: Case) -> CaseFiles:
        name = f"{case.workload.name}-{case.size.label}-{case.dtype}"
        if name not in self._files:
            self._files[name] = CaseFiles(Path(mkdtemp(dir=self._folder.name)))
        return self._files[name]

    def _begin(self, case: Case, part: Part, files: CaseFiles) -> None:
        """Have a contender compute the case once, verify it, and choose the length of a block."""
        contender = part.contender
        try:
            if part.first and (reason := self._references.disagreement(case, contender)):
                raise WorkerError("mismatch", reason)
            source, expected, path = self._references.expected(case, contender, files)
            limit_s = self._first_limit_s(case, contender)
            call: FirstCall = self._call(
                case, contender, "begin", case, files.inputs, expected, path, limit_s=limit_s
            )
            verification = call.verification
            if part.first:
                part.observed = Observed(
                    reference=source,
                    rel_error=verification.rel_error,
                    tolerance=verification.tolerance,
                    first_call_s=call.first_call_s,
                )
            if verification.reason:
                raise WorkerError("mismatch", verification.reason)
            if part.first:
                iterations, block_s = self._call(case, contender, "calibrate")
                part.observed = part.observed.but(iterations=iterations, block_s=block_s)
                if contender.device != "cpu" and contender == contender.plain and case.landmark:
                    times: DeviceTimes = self._call(case, contender, "device_times", files.inputs)
                    part.observed = part.observed.but(device=times)
        except WorkerError as error:
            reason = error.reason
            if case.size.large and contender == NUMPY and error.status == "timeout":
                reason = f"NumPy did not finish in {self.large_s:g} s"
            part.failure = Failure(status=error.status, reason=reason)
            if (contender, case.threads) in self.workers:
                self._attempt(case, part, "release")  # others need its memory

    def _first_limit_s(self, case: Case, contender: Contender) -> float:
        """Return how long to wait for a first call."""
        if case.size.large and contender == NUMPY:
            return self.large_s
        return self.workers.limit_s + COMPILE_S * contender.variant.compiles

    def _calibrate_again(self, case: Case, part: Part) -> None:
        """Choose the iterations of a block once more, now that the first call is over."""
        answer = self._attempt(case, part, "calibrate")
        if answer is not None:
            iterations, block_s = answer
            part.observed = part.observed.but(iterations=iterations, block_s=block_s)

    def _sample(
        self, case: Case, ready: Sequence[Part], number: int, visit_s: float
    ) -> Sequence[Part]:
        """Take blocks in turn; return the parts that got to the end."""
        ready = self._wake(case, ready, number)
        done = 0
        if any(part.uncertain for part in ready):
            ready = self._take(case, ready, order_of_turns(ready, number, 1), 1)
            short = [part for part in ready if part.too_short]
            for part in short:
                self._calibrate_again(case, part)
            if short:  # all lose their first block, so that blocks stay paired
                ready = [part for part in ready if part.failure is None]
                for part in ready:
                    part.blocks.clear()
            else:
                done = 1
        count, rounds = turns([part.block_s for part in ready], visit_s)
        return self._take(case, ready, order_of_turns(ready, number, rounds - done), count)

    def _wake(self, case: Case, ready: Sequence[Part], number: int) -> Sequence[Part]:
        """Run one untimed turn, since a core is slow just after a pause; return who is left."""
        first = next(order_of_turns(ready, number, 1), None)
        if first is not None and first.block_s < TURN_S:
            count = min(MOST_BLOCKS, round(TURN_S / first.block_s))
            self._take(case, [first], [first], count)
            first.blocks.clear()
        return [part for part in ready if part.failure is None]

    def _take(
        self, case: Case, ready: Sequence[Part], order: Iterable[Part], count: int
    ) -> list[Part]:
        """Have contenders take turns of `count` blocks; return those that could."""
        core = self._cores[-1] if case.threads == 1 and self._cores else None
        for part in order:
            if part.failure is None:
                limit_s = self.workers.limit_s + BLOCKS_PATIENCE * count * part.block_s
                blocks = self._attempt(
                    case, part, "blocks", count, part.observed.iterations, core, limit_s=limit_s
                )
                part.blocks.extend(blocks or ())
        return [part for part in ready if part.failure is None]

    def _leave_a_busy_core(self, parts: Sequence[Part]) -> None:
        """Move one-core contenders to another core if most of their blocks were disturbed."""
        marks = [block.disturbed for part in parts if part.ended for block in part.blocks]
        if 2 * sum(marks) > len(marks):
            self._cores = self._cores[1:] + self._cores[:1]

    def _confirm(self, case: Case, part: Part) -> None:
        """Ask a contender after the blocks of its first visit whether it still computes."""
        answer: Confirmation | None = self._attempt(case, part, "confirm")
        if answer is not None:
            part.observed = part.observed.but(
                peak_memory_bytes=answer.peak_memory_bytes,
                peak_device_memory_bytes=answer.peak_device_memory_bytes,
            )
            part.failure = answer.failure

    def _measure_quality(self, case: Case, part: Part, files: CaseFiles) -> None:
        """Measure once what a workload reports beside time; more threads compute the same.

        Where an iteration is long, only at the smallest size: training takes many iterations.
        """
        contender, variant = part.contender, part.contender.variant
        first = contender.name not in files.quality_measured
        files.quality_measured.add(contender.name)
        smallest = case.smallest(case.dtype).axis_value
        long = part.block_s > LONG_S / 2 and case.axis_value > smallest
        computes = variant.name == "" or (variant.rewritten and case.workload.quality_of_rewritten)
        if not first or long or contender.twin or case.size.large or not computes:
            part.observed = part.observed.but(quality={})
            return
        quality = self._attempt(case, part, "quality", files.inputs)
        part.observed = part.observed.but(quality=quality)

    def _attempt(
        self, case: Case, part: Part, step: str, *arguments: Any, limit_s: float = 0.0
    ) -> Any:
        """Have a worker do a step; if it cannot, note the failure and return None."""
        try:
            return self._call(case, part.contender, step, *arguments, limit_s=limit_s)
        except WorkerError as error:
            if part.failure is None:
                part.failure = Failure(status=error.status, reason=error.reason)
            return None

    def _call(
        self, case: Case, contender: Contender, step: str, *arguments: Any, limit_s: float = 0.0
    ) -> Any:
        """Have a contender's worker do a step for a case."""
        return self.workers.ask((contender, case.threads), step, *arguments, limit_s=limit_s)


def _distrust_all(parts: Sequence[Part]) -> None:
    """Time nobody where NumPy and PyTorch disagree."""
    for part in parts:
        if part.contender == NUMPY and part.failure and part.failure.status == "mismatch":
            reason = f"NumPy and PyTorch disagree: {part.failure.reason}"
            for other in parts:
                other.failure = other.failure or Failure(status="mismatch", reason=reason)


def order_of_turns(contenders: Sequence[T], number: int, rounds: int) -> Iterator[T]:
    """Yield whose turn it is in a visit: each once a round, and nobody twice in a row.

    The second visit of each two goes the other way round, so that whoever came first comes last:
    after a pause the first few milliseconds are slow. Every two visits begin with another one.
    """
    first = (number - 1) // 2 % len(contenders) if contenders else 0
    order = [*contenders[first:], *contenders[:first]]
    for _ in range(rounds):
        yield from order[:: 1 if number % 2 else -1]


def _costly(case: Case, part: Part) -> bool:
    """Tell whether one more call is too long: the next visit verifies again anyway."""
    return case.size.large and part.contender == NUMPY and part.block_s > MEAN_OF_ITSELF_S


def turns(lengths_s: Sequence[float], visit_s: float) -> tuple[int, int]:
    """Return the blocks of a turn, and how many turns each contender takes in a visit.

    `lengths_s` is how long a block of each contender takes. All take as many blocks, so that blocks
    are paired; together they fill about `visit_s` seconds for each contender.
    """
    longest = max(lengths_s, default=0.0)
    if not longest:
        return 1, FEWEST_ROUNDS
    fewest = 1 if longest > MEAN_OF_ITSELF_S else FEWEST_ROUNDS
    count = max(1, min(MOST_BLOCKS, round(min(TURN_S, visit_s / FEWEST_ROUNDS) / longest)))
    rounds = int(visit_s * len(lengths_s) / (count * sum(lengths_s)))
    return count, max(fewest, rounds)
