"""One rank's run of a point: verified, then timed in blocks. The same for both libraries."""

import gc
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from bench.machine.precision import UNIT_ROUNDOFF
from bench.scaling.point import DTYPE, Point, Problem
from bench.scaling.workload import CHECKED, Inputs, Step, workloads
from bench.timing.verify import LAMBDA, Sample, difference, excess
from bench.workload import generator

ALONE_BLOCKS = 3


class Run:
    """One rank's step of a point.

    Parameters
    ----------
    meet : waits until all ranks of the point have come.
    wait : waits for the device.

    """

    def __init__(
        self, step: Step, meet: Callable[[], Any], wait: Callable[[], Any] = lambda: None
    ) -> None:
        self.step = step
        self._meet = meet
        self._wait = wait

    def verify(self, expected: Sequence[Sample], tolerance: float) -> float | str:
        """Return the relative error of a fresh result, or why it is wrong."""
        self.step.reset()
        self._meet()
        for _ in range(CHECKED):
            self.step()
        self._wait()
        worst = difference(self.step.outputs(), expected, DTYPE)
        self._meet()  # nobody goes on and overwrites what is compared
        return worst if isinstance(worst, str) else excess(worst, tolerance) or worst

    def block(self, iterations: int) -> float:
        """Return the seconds of one iteration, timed over several."""
        iterations = min(iterations, self.step.most)
        self.step.reset()
        return self._timed(self.step, iterations, meet=True)

    def alone(self, iterations: int) -> float:
        """Return the seconds of one iteration's work without communication, the fastest of some."""
        iterations = min(iterations, self.step.most)
        self.step.reset()
        return min(
            self._timed(self.step.alone, iterations, meet=False) for _ in range(ALONE_BLOCKS)
        )

    def _timed(self, call: Callable[[], None], iterations: int, *, meet: bool) -> float:
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._wait()
            if meet:
                self._meet()
            start = time.perf_counter()
            for _ in range(iterations):
                call()
            self._wait()
            return (time.perf_counter() - start) / iterations
        finally:
            if collecting:
                gc.enable()


def tolerance(point: Point) -> float:
    """Return the largest error that rounding explains; see `bench.timing.verify`."""
    return float(LAMBDA * np.sqrt(point.amount.reduction) * UNIT_ROUNDOFF[DTYPE])


def inputs_of(point: Point) -> Inputs:
    """Return the inputs of all ranks together, the same in every process and at every call."""
    return _inputs(point.problem)


def expected(point: Point) -> list[Sample]:
    """Return samples of the float64 result of one process."""
    return _expected(point.problem)


def forget() -> None:
    """Forget all inputs and results."""
    _inputs.cache_clear()
    _expected.cache_clear()


@lru_cache(maxsize=2)  # strong and weak
def _inputs(problem: Problem) -> Inputs:
    rng = generator(problem.workload, problem.size.label)
    workload = workloads()[problem.workload]
    return workload.make(rng, problem.total, **problem.size.params)


@lru_cache(maxsize=2)
def _expected(problem: Problem) -> list[Sample]:
    outputs = workloads()[problem.workload].reference(**_inputs(problem))
    return [Sample.of(output) for output in outputs]
