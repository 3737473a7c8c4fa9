"""Visits: the contenders of a case run blocks in turn, each in its own process.

In a visit each contender places its inputs, computes once, and its result is compared with the
reference. Then the contenders take turns of a few blocks: A A A A B B B B A A A A ...

- No contender has two turns in a row, as it would in the order A B C C B A. The first block of a
  turn starts with the caches that another contender filled. A contender whose data fits a cache
  alone, but not beside another's, would gain up to a quarter from a second turn in a row.
- A run visits a case several times, with another generation of processes each time, because times
  also depend on the process and on its place in memory.
- Every second visit has the reverse order, so that a drift of the machine affects all alike.

One-core contenders share one core. If another process wants that core, they all move to the next.
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
    History,
    Observed,
    Visit,
    VisitResult,
)
from bench.timing.worker import BLOCK_S, LONG_S
from bench.timing.workers import Key, Workers

T = TypeVar("T")

TURN_S, MAX_BLOCKS = 0.02, 4  # limits of a turn
MIN_ROUNDS = 2  # turns of each contender in a visit
LONG_BLOCK_S = 0.1  # one round is enough if a block is longer
COMPILE_S = 60.0  # a first call that compiles may take this much longer than others
BLOCKS_PATIENCE = 3  # blocks may take 3 times their expected seconds before the worker has hung


@dataclass
class Participant:
    """One contender during a visit.

    Attributes
    ----------
    first : whether this is its first visit in the case.
    observed : all that its visits showed beside blocks, this one included.
    complete : whether it has run all its blocks.

    """

    contender: Contender
    first: bool
    observed: Observed
    blocks: list[Block] = field(default_factory=list)
    failure: Failure | None = None
    complete: bool = False

    @property
    def block_s(self) -> float:
        """Seconds that a block takes."""
        return self.observed.block_s

    @property
    def uncertain(self) -> bool:
        """Whether the length of a block was chosen from the first call only."""
        return self.first and self.observed.iterations == 1

    @property
    def too_short(self) -> bool:
        """Whether blocks are too short, because the first call was slower than later ones."""
        return self.uncertain and min(block.time_s for block in self.blocks) < BLOCK_S / 2

    def result(self, number: int, worker: int) -> VisitResult:
        """Return the result of the visit."""
        visit = Visit(number=number, worker=worker, blocks=tuple(self.blocks))
        timed = visit if self.complete else None
        return VisitResult(observed=self.observed, visit=timed, failure=self.failure)


class Arena:
    """Visits cases with the workers of a run.

    Parameters
    ----------
    keys : every contender and thread setting of the run.
    workers : their processes.
    large_s : time limit for NumPy on a large case.

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
        """Remove the files that the workers shared."""
        self._folder.cleanup()

    def visit(
        self, case: Case, contenders: Mapping[Contender, History], number: int, visit_s: float
    ) -> dict[Contender, VisitResult]:
        """Visit a case: verify and time some contenders, with `visit_s` seconds of blocks each.

        `number` counts the case's visits. A failure of one contender is in its own result. The
        case's files stay on disk until `remove_files`.
        """
        files = self._files_of(case)
        participants = [
            Participant(contender=contender, first=not history.visits, observed=history.observed)
            for contender, history in contenders.items()
        ]
        for participant in participants:
            self._begin(case, participant, files)
        _fail_all_on_disagreement(participants)
        ready = [participant for participant in participants if participant.failure is None]
        for participant in self._sample(case, ready, number, visit_s):
            participant.complete = True
            if participant.first and not _too_long_to_repeat(case, participant):
                self._confirm(case, participant)
            elif participant.observed.quality is None:
                self._measure_quality(case, participant, files)
        for participant in participants:
            if (participant.contender, case.threads) in self.workers:
                self._attempt(case, participant, "release")
        if case.threads == 1:
            self._leave_a_busy_core(participants)
        worker = self.workers.generation
        return {
            participant.contender: participant.result(number, worker)
            for participant in participants
        }

    def remove_files(self, case: Case) -> None:
        """Remove the files of a case, except small inputs."""
        self._files_of(case).remove()

    def _files_of(self, case: Case) -> CaseFiles:
        name = f"{case.workload.name}-{case.size.label}-{case.dtype}"
        if name not in self._files:
            self._files[name] = CaseFiles(Path(mkdtemp(dir=self._folder.name)))
        return self._files[name]

    def _begin(self, case: Case, participant: Participant, files: CaseFiles) -> None:
        """Make a contender's first call of the visit, verify it, and choose the length of a block.

        Only a first visit chooses the length, and asks an accelerator for its times of one call.
        """
        contender = participant.contender
        try:
            if participant.first and (reason := self._references.disagreement(case, contender)):
                raise WorkerError("mismatch", reason)
            source, expected, path = self._references.expected(case, contender, files)
            limit_s = self._first_limit_s(case, contender)
            call: FirstCall = self._call(
                case, contender, "begin", case, files.inputs, expected, path, limit_s=limit_s
            )
            verification = call.verification
            if participant.first:
                participant.observed = Observed(
                    reference=source,
                    rel_error=verification.rel_error,
                    tolerance=verification.tolerance,
                    first_call_s=call.first_call_s,
                )
            if verification.reason:
                raise WorkerError("mismatch", verification.reason)
            if participant.first:
                iterations, block_s = self._call(case, contender, "calibrate")
                participant.observed = participant.observed.but(
                    iterations=iterations, block_s=block_s
                )
                if contender.device != "cpu" and contender == contender.plain and case.landmark:
                    times: DeviceTimes = self._call(case, contender, "device_times", files.inputs)
                    participant.observed = participant.observed.but(device=times)
        except WorkerError as error:
            reason = error.reason
            if case.size.large and contender == NUMPY and error.status == "timeout":
                reason = f"NumPy did not finish in {self.large_s:g} s"
            participant.failure = Failure(status=error.status, reason=reason)
            if (contender, case.threads) in self.workers:
                self._attempt(case, participant, "release")  # the others need its memory

    def _first_limit_s(self, case: Case, contender: Contender) -> float:
        """Return the time limit of a first call."""
        if case.size.large and contender == NUMPY:
            return self.large_s
        return self.workers.limit_s + COMPILE_S * contender.variant.compiles

    def _calibrate_again(self, case: Case, participant: Participant) -> None:
        """Choose the iterations of a block again, from later calls than the first."""
        answer = self._attempt(case, participant, "calibrate")
        if answer is not None:
            iterations, block_s = answer
            participant.observed = participant.observed.but(iterations=iterations, block_s=block_s)

    def _sample(
        self, case: Case, ready: Sequence[Participant], number: int, visit_s: float
    ) -> Sequence[Participant]:
        """Run all blocks of the visit in turn; return the participants that did not fail.

        If the length of a block is uncertain, the first round is a trial. If its blocks are too
        short, all participants drop them, so that the remaining blocks stay paired.
        """
        ready = self._warm_up(case, ready, number)
        done = 0
        if any(participant.uncertain for participant in ready):
            ready = self._take_turns(case, ready, order_of_turns(ready, number, 1), 1)
            short = [participant for participant in ready if participant.too_short]
            for participant in short:
                self._calibrate_again(case, participant)
            if short:
                ready = [participant for participant in ready if participant.failure is None]
                for participant in ready:
                    participant.blocks.clear()
            else:
                done = 1
        count, rounds = plan_turns([participant.block_s for participant in ready], visit_s)
        return self._take_turns(case, ready, order_of_turns(ready, number, rounds - done), count)

    def _warm_up(
        self, case: Case, ready: Sequence[Participant], number: int
    ) -> Sequence[Participant]:
        """Run an untimed turn of the first participant: a core is slow just after a pause.

        Return the participants that did not fail.
        """
        first = next(order_of_turns(ready, number, 1), None)
        if first is not None and first.block_s < TURN_S:
            count = min(MAX_BLOCKS, round(TURN_S / first.block_s))
            self._take_turns(case, [first], [first], count)
            first.blocks.clear()
        return [participant for participant in ready if participant.failure is None]

    def _take_turns(
        self, case: Case, ready: Sequence[Participant], order: Iterable[Participant], count: int
    ) -> list[Participant]:
        """Run turns of `count` blocks in an order; return the participants that did not fail."""
        core = self._cores[-1] if case.threads == 1 and self._cores else None
        for participant in order:
            if participant.failure is None:
                limit_s = self.workers.limit_s + BLOCKS_PATIENCE * count * participant.block_s
                blocks = self._attempt(
                    case,
                    participant,
                    "blocks",
                    count,
                    participant.observed.iterations,
                    core,
                    limit_s=limit_s,
                )
                participant.blocks.extend(blocks or ())
        return [participant for participant in ready if participant.failure is None]

    def _leave_a_busy_core(self, participants: Sequence[Participant]) -> None:
        """Move one-core contenders to another core if most of their blocks were disturbed."""
        marks = [
            block.disturbed
            for participant in participants
            if participant.complete
            for block in participant.blocks
        ]
        if 2 * sum(marks) > len(marks):
            self._cores = self._cores[1:] + self._cores[:1]

    def _confirm(self, case: Case, participant: Participant) -> None:
        """Verify a contender again after the blocks of its first visit."""
        answer: Confirmation | None = self._attempt(case, participant, "confirm")
        if answer is not None:
            participant.observed = participant.observed.but(
                peak_memory_bytes=answer.peak_memory_bytes,
                peak_device_memory_bytes=answer.peak_device_memory_bytes,
            )
            participant.failure = answer.failure

    def _measure_quality(self, case: Case, participant: Participant, files: CaseFiles) -> None:
        """Measure the quality of a contender's results, once for all thread settings.

        Each setting computes the same. If an iteration is long, quality is measured only at the
        smallest size, because training takes many iterations.
        """
        contender, variant = participant.contender, participant.contender.variant
        first = contender.name not in files.quality_measured
        files.quality_measured.add(contender.name)
        smallest = case.smallest.axis_value
        long = participant.block_s > LONG_S / 2 and case.axis_value > smallest
        computes = variant.name == "" or (variant.rewritten and case.workload.quality_of_rewritten)
        if not first or long or contender.twin or case.size.large or not computes:
            participant.observed = participant.observed.but(quality={})
            return
        quality = self._attempt(case, participant, "quality", files.inputs)
        participant.observed = participant.observed.but(quality=quality)

    def _attempt(
        self, case: Case, participant: Participant, step: str, *arguments: Any, limit_s: float = 0.0
    ) -> Any:
        """Have a worker do a step; if it fails, keep the first failure and return None."""
        try:
            return self._call(case, participant.contender, step, *arguments, limit_s=limit_s)
        except WorkerError as error:
            if participant.failure is None:
                participant.failure = Failure(status=error.status, reason=error.reason)
            return None

    def _call(
        self, case: Case, contender: Contender, step: str, *arguments: Any, limit_s: float = 0.0
    ) -> Any:
        """Have a contender's worker do a step for a case."""
        return self.workers.ask((contender, case.threads), step, *arguments, limit_s=limit_s)


def _fail_all_on_disagreement(participants: Sequence[Participant]) -> None:
    """Mark all contenders failed if NumPy and PyTorch disagree, so that none is timed."""
    for participant in participants:
        if (
            participant.contender == NUMPY
            and participant.failure
            and participant.failure.status == "mismatch"
        ):
            reason = f"NumPy and PyTorch disagree: {participant.failure.reason}"
            for other in participants:
                other.failure = other.failure or Failure(status="mismatch", reason=reason)


def order_of_turns(contenders: Sequence[T], number: int, rounds: int) -> Iterator[T]:
    """Yield the contenders in the order of their turns in a visit: each once a round.

    Every second visit reverses the order, so that the contender that was first is last. The first
    turn of a visit may be slow, because it follows a pause. Each pair of visits starts with another
    contender.
    """
    first = (number - 1) // 2 % len(contenders) if contenders else 0
    order = [*contenders[first:], *contenders[:first]]
    for _ in range(rounds):
        yield from order[:: 1 if number % 2 else -1]


def _too_long_to_repeat(case: Case, participant: Participant) -> bool:
    """Return whether NumPy takes too long for another call; the next visit verifies it again."""
    return case.size.large and participant.contender == NUMPY and participant.block_s > LONG_BLOCK_S


def plan_turns(block_lengths_s: Sequence[float], visit_s: float) -> tuple[int, int]:
    """Return the number of blocks in a turn, and of turns of each contender in a visit.

    `block_lengths_s` has the seconds of a block of each contender. All contenders run the same
    number of blocks, so that blocks are paired. On average they take `visit_s` seconds each.
    """
    longest = max(block_lengths_s, default=0.0)
    if not longest:
        return 1, MIN_ROUNDS
    fewest = 1 if longest > LONG_BLOCK_S else MIN_ROUNDS
    count = max(1, min(MAX_BLOCKS, round(min(TURN_S, visit_s / MIN_ROUNDS) / longest)))
    rounds = int(visit_s * len(block_lengths_s) / (count * sum(block_lengths_s)))
    return count, max(fewest, rounds)
