"""One contender, as it lives in a process of its own: compute, prove it right, then time blocks.

A block is the unit of sampling: some consecutive iterations, about 5 ms, timed as one by the wall
clock and ended by a wait for the device. It carries evidence of disturbance: its process got less
processor time than wall time, or was made to wait for a core, or the host took the core away.

What happens here happens in that process; `process` calls it from outside. Inputs and references
come and go as files in a folder that all workers of a case see.
"""

import gc
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch

from bench import machine
from bench.case import Case, in_dtype
from bench.contenders import Contender, set_ieee_float32
from bench.memory import give_back, peak_bytes
from bench.verify import Sample, Verdict, changed_inputs, outputs, verify

BLOCK_S = 0.005
WARM_S = 0.1  # an iteration longer than this is not run once more, untimed, to warm the caches
REASON = 300  # characters
LOST_SHARE = 0.05  # of the wall time without a core; a block that lost more was disturbed


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some consecutive iterations; `time_s` is of one, `start_s` is on `time.perf_counter`."""

    start_s: float
    time_s: float
    disturbed: bool


@dataclass(frozen=True, kw_only=True)
class First:
    """What the first call of a contender in a case took and showed."""

    first_call_s: float
    verdict: Verdict


class Worker:
    """A contender, holding at most one case's inputs where it computes."""

    def __init__(self, contender: Contender, threads: int) -> None:
        self.contender = contender
        self.threads = threads
        self.iterations = 1
        self._iteration_s = 0.0
        self._case: Case | None = None
        self._placed: dict[str, Any] = {}

    def observed(self) -> dict[str, Any]:
        """Read back what this process was told to use: threads, and the cores of each of them."""
        set_ieee_float32()
        a = np.ones((256, 256), "float32")
        torch.from_numpy(a @ a).add_(1.0)  # both libraries start their threads when first needed
        return {"threads": machine.observed_threads(), "cores": machine.bound_cores()}

    def make(self, case: Case, inputs: Path) -> None:
        """Write a case's inputs to a file."""
        joblib.dump(case.inputs(), inputs)

    def reference(self, case: Case, inputs: Path, result: Path) -> list[Sample]:
        """Write the float64 result of this contender's body to a file; return a sample of it."""
        exact = {name: in_dtype(value, "float64") for name, value in _read(inputs).items()}
        found = self.contender.bring_back(self._body(case)(**self.contender.place(exact)))
        joblib.dump(outputs(found), result)
        samples = [Sample.of(output) for output in outputs(found)]
        del exact, found
        give_back(self.contender.device)
        return samples

    def begin(self, case: Case, inputs: Path, expected: Path | list[Sample]) -> First:
        """Compute a case once, time that first call by itself, and verify its result.

        It is held against the whole reference in a file, or against a sample of it.
        """
        self._case, self._placed = case, self.contender.place(_read(inputs))
        result = self.contender.bring_back(self._timed())
        first_call_s = self._iteration_s
        if not isinstance(expected, Path):
            return First(first_call_s=first_call_s, verdict=verify(case, result, expected))
        whole = [Sample.of(output, entries=None) for output in _read(expected)]
        verdict = verify(case, result, whole)
        placed = {name: self.contender.bring_back(value) for name, value in self._placed.items()}
        if changed := changed_inputs(placed, _read(inputs)):
            reason = f"the implementation changed its inputs: {', '.join(changed)}"
            verdict = Verdict(rel_error=None, tolerance=verdict.tolerance, reason=reason)
        return First(first_call_s=first_call_s, verdict=verdict)

    def peak_bytes(self) -> dict[str, int | None]:
        """Return host and device memory of one more iteration at its peak, its inputs included."""
        peak = peak_bytes(self._timed, self.contender.device)
        if peak["host"] is not None and self.contender.device == "cpu":
            arrays = [self.contender.bring_back(value) for value in self._placed.values()]
            peak["host"] += sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
        return peak

    def quality(self, inputs: Path) -> dict[str, float]:
        """Return what the workload measures about a result beside its time, such as accuracy."""
        case = self._held()
        measure = case.workload.quality

        def body(**values: Any) -> Any:
            return self.contender.bring_back(self._body(case)(**self.contender.place(values)))

        return measure(body, _read(inputs)) if measure else {}

    def calibrate(self) -> tuple[int, float]:
        """Choose the iterations of a block; return them, and the seconds that a block takes.

        The first call says nothing of them: libraries load and compile in it.
        """
        self.iterations = 1
        if self._iteration_s > 4 * BLOCK_S:
            return 1, self._iteration_s
        while (block := self.block()).time_s * self.iterations < BLOCK_S / 2:
            wanted = round(BLOCK_S / max(block.time_s, 1e-9))
            self.iterations = min(10 * self.iterations, max(wanted, self.iterations + 1))
        self.iterations = max(1, round(BLOCK_S / block.time_s))
        return self.iterations, self.iterations * block.time_s

    def blocks(self, count: int, iterations: int, core: int | None) -> list[Block]:
        """Time consecutive blocks, after one untimed iteration; on a core, if one is named."""
        if core is not None:
            machine.move_to(core)
        self.iterations = iterations
        if self._iteration_s < WARM_S:
            self._iterate()
        steal_s = machine.stolen_s()
        found = [self.block() for _ in range(count)]
        if machine.stolen_s() > steal_s:
            return [Block(**{**vars(block), "disturbed": True}) for block in found]
        return found

    def block(self) -> Block:
        """Time one block."""
        body, placed, iterations = self._body(self._held()), self._placed, range(self.iterations)
        collecting = gc.isenabled()
        gc.disable()
        try:
            self.contender.synchronize()
            waited_s = machine.waited_s()
            cpu = time.process_time()
            start = time.perf_counter()
            for _ in iterations:
                body(**placed)
            self.contender.synchronize()
            wall_s = time.perf_counter() - start
            cpu_s = time.process_time() - cpu
            waited_s = machine.waited_s() - waited_s
        finally:
            if collecting:
                gc.enable()
        self._iteration_s = wall_s / len(iterations)
        on_cpu = self.contender.device == "cpu"
        lost_s = max(waited_s, wall_s - cpu_s)
        disturbed = on_cpu and lost_s > LOST_SHARE * wall_s
        return Block(start_s=start, time_s=float(f"{self._iteration_s:.7g}"), disturbed=disturbed)

    def release(self) -> None:
        """Forget the case and give its memory back."""
        self._case, self._placed = None, {}
        give_back(self.contender.device)
        gc.freeze()  # what is left are libraries, which need not be looked through again

    def _held(self) -> Case:
        assert self._case is not None, "begin a case first"  # noqa: S101 - a bug of ours alone
        return self._case

    def _body(self, case: Case) -> Any:
        return self.contender.body(case)

    def _iterate(self) -> Any:
        return self._body(self._held())(**self._placed)

    def _timed(self) -> Any:
        start = time.perf_counter()
        result = self._iterate()
        self.contender.synchronize()
        self._iteration_s = time.perf_counter() - start
        return result


def failure(error: BaseException) -> tuple[str, str]:
    """Return the status of a cell whose body raised, and the reason in one line."""
    full = isinstance(error, MemoryError | torch.OutOfMemoryError)
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:REASON]
    return "oom" if full else "crashed", reason


def _read(path: Path) -> Any:
    """Return what a worker of this run wrote; arrays are views of the file."""
    return joblib.load(path, mmap_mode="r")
