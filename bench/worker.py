"""One contender in one case: compute once, prove it right, then time blocks of iterations.

A block is the unit of sampling: some consecutive iterations, about 5 ms, timed as one by the wall
clock and ended by a wait for the device. It carries evidence of disturbance: a single-threaded
block that got less processor time than wall time was interrupted.
"""

import gc
import time
from dataclasses import dataclass
from typing import Any

from bench.case import Case, in_dtype
from bench.contenders import Contender
from bench.verify import Verdict, changed_inputs, outputs, verify
from bench.workload import Inputs

BLOCK_S = 0.005
WARM_S = 0.1  # an iteration longer than this is not run once more, untimed, to warm the caches
CPU_SHARE = 0.95  # of the wall time; a block that got less was disturbed


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some consecutive iterations; `time_s` is of one iteration."""

    time_s: float
    wall_s: float
    disturbed: bool


class Worker:
    """A contender that holds a case's inputs where it computes."""

    def __init__(self, case: Case, contender: Contender, inputs: Inputs) -> None:
        self.case = case
        self.contender = contender
        self.inputs = inputs
        self.iterations = 1
        self.first_call_s = self._iteration_s = 0.0
        self._body = contender.body(case)
        self._placed = contender.place(inputs)

    def reference(self) -> tuple[Any, ...]:
        """Return the float64 result of this contender's body on the case's own inputs."""
        exact = {name: in_dtype(value, "float64") for name, value in self.inputs.items()}
        return outputs(self.contender.bring_back(self._body(**self.contender.place(exact))))

    def check(self, expected: tuple[Any, ...]) -> Verdict:
        """Compute once, time that first call by itself, and verify its result."""
        start = time.perf_counter()
        result = self._body(**self._placed)
        self.contender.synchronize()
        self.first_call_s = self._iteration_s = time.perf_counter() - start
        verdict = verify(self.case, self.contender.bring_back(result), expected)
        placed = {name: self.contender.bring_back(value) for name, value in self._placed.items()}
        if changed := changed_inputs(placed, self.inputs):
            reason = f"the implementation changed its inputs: {', '.join(changed)}"
            return Verdict(rel_error=None, tolerance=verdict.tolerance, reason=reason)
        return verdict

    def quality(self) -> dict[str, float]:
        """Return what the workload measures about a result beside its time, such as accuracy."""

        def body(**inputs: Any) -> Any:
            return self.contender.bring_back(self._body(**self.contender.place(inputs)))

        measure = self.case.workload.quality
        return measure(body, self.inputs) if measure else {}

    def calibrate(self) -> None:
        """Choose the iterations of a block."""
        while (block := self.block()).wall_s < BLOCK_S / 2:
            wanted = round(BLOCK_S / max(block.time_s, 1e-9))
            self.iterations = min(10 * self.iterations, max(wanted, self.iterations + 1))
        self.iterations = max(1, round(BLOCK_S / block.time_s))

    def block(self) -> Block:
        """Time one block, after one untimed iteration."""
        body, placed, iterations = self._body, self._placed, range(self.iterations)
        collecting = gc.isenabled()
        gc.disable()
        try:
            if self._iteration_s < WARM_S:
                body(**placed)
            self.contender.synchronize()
            cpu = time.process_time()
            start = time.perf_counter()
            for _ in iterations:
                body(**placed)
            self.contender.synchronize()
            wall_s = time.perf_counter() - start
            cpu_s = time.process_time() - cpu
        finally:
            if collecting:
                gc.enable()
        self._iteration_s = wall_s / len(iterations)
        disturbed = self.contender.device == "cpu" and cpu_s < CPU_SHARE * wall_s
        return Block(time_s=self._iteration_s, wall_s=wall_s, disturbed=disturbed)
