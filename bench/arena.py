"""Puts the contenders of a case against each other, block by block, each in its own process.

A visit is one stay of a case: its contenders place their inputs anew, compute once and are held
against the reference, then take blocks in turn, forth and back (A B B A ...), so that a slow drift
of the machine meets all alike. A case is visited several times in a run, each time by another
generation of processes, so that what a process or a placement in memory happens to add is seen too.

One-core contenders share one core, and leave it together when something else wants it. A contender
with threads is frozen between its turns: idle threads that spin would steal the other's cores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from bench import machine
from bench.case import Case
from bench.contenders import NUMPY, TORCH_CPU, Contender
from bench.outcome import Outcome, Visit, settle
from bench.process import WorkerError, WorkerProcess
from bench.verify import Sample
from bench.worker import Block, First

ROUNDS = 4  # of A B B A in a visit
KEPT_BYTES = 2**27  # of inputs that stay on disk between the visits of a case
LONG_S = 0.008  # a block that takes longer is of one long iteration
START_S = 120.0  # a process that has not started by then never will

Entries = Mapping[Contender, Outcome]
Key = tuple[Contender, int]  # who, on so many threads


def twin(contender: Contender) -> Contender:
    """Return the contender that is a second worker of the same code."""
    return replace(contender, name=f"{contender.name}-twin", twin=True)


@dataclass
class Stage:
    """Where the inputs of cases lie, and their whole references while they are first visited."""

    folder: Path
    made: bool = False
    references: dict[str, Path] = field(default_factory=dict)
    judged: set[str] = field(default_factory=set)  # contenders, of the quality of their results
    verified: set[str] = field(default_factory=set)  # contenders, against a whole reference

    @property
    def inputs(self) -> Path:
        """The file of the inputs."""
        return self.folder / "inputs"

    def strike(self) -> None:
        """Remove the references, and the inputs too if they are large."""
        for path in self.references.values():
            path.unlink(missing_ok=True)
        self.references.clear()
        if self.inputs.exists() and self.inputs.stat().st_size > KEPT_BYTES:
            self.inputs.unlink()
            self.made = False


class Arena:
    """The processes of a run, and what they know of its cases.

    Parameters
    ----------
    keys : every contender and thread setting of the run.
    limit_s : a worker that does not answer for so long has hung.

    """

    def __init__(self, keys: Sequence[Key], limit_s: float, generation: int = 0) -> None:
        self.keys = keys
        self.limit_s = limit_s
        self.generation = generation
        self.observed: dict[str, Mapping[str, Any]] = {}
        self._processes: dict[Key, WorkerProcess] = {}
        self._misfits: dict[Key, str] = {}
        self._samples: dict[tuple[str, str], list[Sample] | None] = {}
        self._cores = machine.cores()
        self._folder = TemporaryDirectory(prefix="numpy-vs-pytorch-")
        self._stages: dict[str, Stage] = {}

    def renew(self, keys: Sequence[Key]) -> None:
        """End all processes and start a fresh one for each of some contenders and threads."""
        self._end_processes()
        self.generation += 1
        for key in keys:
            self._processes[key] = WorkerProcess(*key)
        for key in keys:
            try:
                self._observe(key)
            except WorkerError:  # it is started anew, and its cells say why, when it is needed
                self._processes.pop(key).end()

    def end(self) -> None:
        """End all processes, and remove what they shared."""
        self._end_processes()
        self._folder.cleanup()

    def _end_processes(self) -> None:
        while self._processes:
            self._processes.popitem()[1].end()

    def visit(self, cases: Sequence[tuple[Case, Entries]], share_s: float) -> None:
        """Verify and time, once more, cases that differ in their thread setting alone.

        Each case gets about `share_s` seconds. Outcomes change in place; whatever goes wrong with
        one contender costs its own outcome alone.
        """
        name = f"{cases[0][0].workload.name}-{cases[0][0].size.label}-{cases[0][0].dtype}"
        if name not in self._stages:
            self._stages[name] = Stage(Path(mkdtemp(dir=self._folder.name)))
        stage = self._stages[name]
        for case, entries in cases:
            self._visit(case, entries, stage, share_s)
            settle({contender.name: outcome for contender, outcome in entries.items()})
        stage.strike()

    def _visit(self, case: Case, entries: Entries, stage: Stage, share_s: float) -> None:
        number = 1 + max((v.number for o in entries.values() for v in o.visits), default=0)
        ready = {who: o for who, o in entries.items() if self._begun(case, who, o, stage)}
        found = self._sampled(case, ready, share_s)
        for who, blocks in found.items():
            visit = Visit(number=number, worker=self.generation, blocks=tuple(blocks))
            ready[who].visits.append(visit)
        for who, outcome in ready.items():
            if (who, case.threads) in self._processes:
                self._attempt(case, who, outcome, "release")
        if case.threads == 1:
            marks = [block.disturbed for blocks in found.values() for block in blocks]
            if 2 * sum(marks) > len(marks):
                self._cores = self._cores[1:] + self._cores[:1]

    def _sampled(self, case: Case, ready: Entries, share_s: float) -> dict[Contender, list[Block]]:
        """Take blocks in turn; return those of the contenders that got to the end."""
        found: dict[Contender, list[Block]] = {who: [] for who in ready}
        core = self._cores[-1] if case.threads == 1 and self._cores else None
        plan = _plan(ready, share_s) if ready else (0, 1)
        for who, count in legs(list(ready), *plan):
            if who in found:
                iterations = ready[who].facts["iterations_per_block"]
                blocks = self._attempt(case, who, ready[who], "blocks", count, iterations, core)
                if blocks is None:
                    del found[who]
                else:
                    found[who].extend(blocks)
        return found

    def _begun(self, case: Case, who: Contender, outcome: Outcome, stage: Stage) -> bool:
        """Have a contender compute the case once; tell whether it can be timed."""
        if not outcome.open:
            return False
        new = not outcome.facts
        try:
            source, expected = self._expected(case, who, stage)
            first: First = self._call(case, who, "begin", case, stage.inputs, expected)
            verdict = first.verdict
            if new:
                outcome.facts |= {
                    "reference": source,
                    "rel_error": verdict.rel_error,
                    "tolerance": verdict.tolerance,
                    "first_call_s": first.first_call_s,
                }
            if verdict.reason:
                outcome.facts["rel_error"] = verdict.rel_error
                raise WorkerError("mismatch", verdict.reason)
            if new:
                outcome.facts |= self._measured_once(case, who, stage)
                iterations, outcome.block_s = self._call(case, who, "calibrate")
                outcome.facts["iterations_per_block"] = iterations
        except WorkerError as error:
            outcome.fail(error.status, error.reason)
            if (who, case.threads) in self._processes:
                self._attempt(case, who, outcome, "release")
        return outcome.open

    def _measured_once(self, case: Case, who: Contender, stage: Stage) -> dict[str, Any]:
        peak = self._call(case, who, "peak_bytes")
        # the rungs are proven to compute the same, and more threads compute the same
        first = who.name not in stage.judged
        stage.judged.add(who.name)
        quality = first and not (who.rung or who.twin)
        return {
            "peak_memory_bytes": peak["host"],
            "peak_device_memory_bytes": peak["device"],
            "quality": self._call(case, who, "quality", stage.inputs) if quality else {},
        }

    def _expected(
        self, case: Case, who: Contender, stage: Stage
    ) -> tuple[str, Path | list[Sample]]:
        """Return who computed the float64 reference, and the reference or a sample of it.

        It is the other library; where that fails, which must not cost this contender its cell, it
        is this contender's own, which tells rounding errors at least.
        """
        if not stage.made:
            self._call(case, who, "make", case, stage.inputs)
            stage.made = True
        other = TORCH_CPU if who.library == "numpy" else NUMPY
        threads = max(threads for _, threads in self.keys)  # the fastest there is
        for source, on in ((other, threads), (who, case.threads)):
            name = (f"{case.workload.name}/{case.size.label}/{case.dtype}", source.name)
            if source.name in stage.references and who.name not in stage.verified:
                stage.verified.add(who.name)
                return source.name, stage.references[source.name]
            if name not in self._samples:
                path = stage.folder / source.name
                self._samples[name] = None  # until it is there: a failure is not tried again
                try:
                    at = replace(case, threads=on)
                    self._samples[name] = self._call(
                        at, source, "reference", case, stage.inputs, path
                    )
                except WorkerError:
                    if source is who:
                        raise
                    continue
                stage.references[source.name] = path
                stage.verified.add(who.name)
                return source.name, path
            if (sample := self._samples[name]) is not None:
                return source.name, sample
        raise WorkerError("crashed", "no reference: both libraries failed to compute one")

    def _attempt(
        self, case: Case, who: Contender, outcome: Outcome, step: str, *arguments: Any
    ) -> Any:
        """Have a worker do a step; return None, and take its cell for lost, if it cannot."""
        try:
            return self._call(case, who, step, *arguments)
        except WorkerError as error:
            outcome.fail(error.status, error.reason)
            return None

    def _call(self, case: Case, who: Contender, step: str, *arguments: Any) -> Any:
        """Have a contender's worker do a step, in a fresh process if there is none."""
        key = (who, case.threads)
        try:
            if key not in self._processes:
                self._processes[key] = WorkerProcess(*key)
                self._observe(key)
            if key in self._misfits:
                raise WorkerError("skipped", self._misfits[key])
            process = self._processes[key]
            answer = process.call(step, *arguments, limit_s=self.limit_s)
        except WorkerError:
            if key in self._processes and not self._processes[key].alive:
                self._processes.pop(key).end()
            raise
        if case.threads > 1:
            process.freeze()
        return answer

    def _observe(self, key: Key) -> None:
        """Hold the threads and cores that a process reads back against those it was given."""
        who, threads = key
        process = self._processes[key]
        seen = process.observed(START_S)
        wrong: dict[str, Any] = {k: n for k, n in seen["threads"].items() if n != threads}
        if any(len(cores) != 1 for cores in seen["cores"]):
            wrong["cores"] = seen["cores"]
        if wrong:
            self._misfits[key] = f"asked for {threads} threads, each on a core, observed {wrong}"
        self.observed[f"{who.name}/threads={threads}"] = seen
        if threads > 1:
            process.freeze()


def legs(order: Sequence[Contender], rounds: int, run: int) -> Iterator[tuple[Contender, int]]:
    """Yield who takes how many blocks in turn: A 1, B 2, A 2, B 2, A 1 for two rounds of A B B A.

    With a `run` of two, A A B B B B A A is a round.
    """
    once = [who for who in (*order, *reversed(order)) for _ in range(run)]
    for who, blocks in groupby(once * rounds):
        yield who, len(list(blocks))


def _plan(ready: Entries, share_s: float) -> tuple[int, int]:
    """Return rounds and run of a visit, at least one round.

    Blocks of one long iteration go two by two: the untimed iteration before them is as long.
    """
    long = max(outcome.block_s for outcome in ready.values()) > LONG_S
    run, most = (2, 1) if long else (1, ROUNDS)
    round_s = sum(2 * run * outcome.block_s for outcome in ready.values())
    return (1, 1) if share_s < round_s else (min(most, int(share_s / round_s)), run)
