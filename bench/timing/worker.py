"""A contender inside its own process: computes, is verified, then times blocks.

A block is the unit of sampling: consecutive iterations, about 5 ms, timed as one by the wall clock
and ended by a wait for the device. It carries evidence of disturbance: its process got less
processor time than wall time, or waited for a core, or the host took the core away.

`fork_server` calls these methods from outside. Inputs and references are files in a folder that all
workers of a case share.
"""

import errno
import gc
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch

from bench.cases.case import Case, in_dtype
from bench.cases.contenders import Contender
from bench.machine import affinity, facts
from bench.machine.memory import give_back, peak_bytes
from bench.machine.precision import float32_precision, set_float32
from bench.timing import device, peaks
from bench.timing.verify import (
    FIRST_SAMPLE,
    WHOLE,
    Sample,
    Verification,
    changed_inputs,
    outputs,
    sampled_rows,
    shares_memory,
    verify,
)
from bench.timing.visits import Block, Confirmation, DeviceTimes, Failure, FirstCall
from bench.variant import TRANSFER, Inputs
from bench.workload import Quality

BLOCK_S = 0.005
LONG_S = 0.02  # an iteration longer than this is a block, and needs no warm-up
REASON_LENGTH = 300  # characters
LOST_SHARE = 0.05  # a block that spent more of its wall time without a core was disturbed


class Worker:
    """A contender in its process, with the placed inputs of at most one case."""

    def __init__(self, contender: Contender, threads: int) -> None:
        self.contender = contender
        self.threads = threads
        self.iterations = 1
        self._iteration_s = 0.0
        self._case: Case | None = None
        self._placed: dict[str, Any] = {}
        self._first: list[Sample] = []
        self.iterate = _no_iteration
        self._clock = None if contender.device == "cpu" else device.Accelerator(contender.device)

    def observed(self) -> dict[str, Any]:
        """Read back the settings of this process: threads, their cores, float32's precision."""
        set_float32(self.contender.variant.float32)
        if ":" in self.contender.device:
            torch.accelerator.set_device_index(int(self.contender.device.partition(":")[2]))
        a = np.ones((256, 256), "float32")
        torch.from_numpy(a @ a).add_(1.0)  # both libraries start their threads at first use
        return {
            "threads": facts.observed_threads(),
            "cores": affinity.bound_cores(),
            "float32_precision": float32_precision(),
        }

    def peaks(self, probe_s: float, precisions: Collection[str]) -> dict[str, Any]:
        """Measure the peaks of this library on this device; each figure takes `probe_s` seconds."""
        cores = affinity.cores()[: self.threads]
        measured = peaks.measured(self.contender, cores, probe_s, precisions)
        give_back(self.contender.device)
        return measured

    def make(self, case: Case, inputs: Path) -> None:
        """Write a case's inputs to a file."""
        joblib.dump(case.inputs(), inputs)

    def reference(self, case: Case, inputs: Path, result: Path | None) -> list[Sample]:
        """Return a sample of this library's float64 result; write a small result whole to a file.

        At a large size only some rows are computed, if the workload allows that.
        """
        contender, given = self.contender.plain, _read(inputs)
        few = case.workload.rows if case.size.large else ()
        rows = sampled_rows(given[few[0]].shape[-2]) if few else None
        exact = {
            name: in_dtype(value[..., rows, :] if name in few else value, "float64")
            for name, value in given.items()
        }
        parts = outputs(
            contender.bring_back(
                contender.body(case)(**contender.place(exact, case.workload.on_host))
            )
        )
        if rows is not None:
            count = given[few[0]].shape[-2]
            samples = [Sample.of_rows(part, rows, count) for part in parts]
        elif result is not None and sum(np.size(part) for part in parts) <= WHOLE:
            joblib.dump(parts, result)
            samples = [Sample.of(part) for part in parts]
        else:
            samples = [Sample.of(part, FIRST_SAMPLE) for part in parts]
        del exact, parts
        give_back(self.contender.device)
        return samples

    def begin(
        self, case: Case, inputs: Path, expected: list[Sample], path: Path | None
    ) -> FirstCall:
        """Place the inputs of a case, time the first call, and verify its result.

        The result is compared with the whole reference if its file is given, else with a sample.
        """
        contender = self.contender
        self._case, self._placed = case, contender.place(_read(inputs), case.workload.on_host)
        self.iterate = contender.iteration(case, self._placed)
        result = contender.bring_back(self._timed_call())
        first_call_s = self._iteration_s
        if path is not None:
            whole = zip(expected, _read(path), strict=True)
            expected = [sample.whole(output) for sample, output in whole]
        verification = self._verified(result, expected)
        if path is not None and (changed := self._changed(inputs)):
            reason = f"the implementation changed its inputs: {', '.join(changed)}"
            verification = replace(verification, rel_error=None, reason=reason)
        if not verification.reason:
            self._first = [Sample.of(output) for output in outputs(result)]
        return FirstCall(first_call_s=first_call_s, verification=verification)

    def _verified(self, result: Any, expected: list[Sample]) -> Verification:
        return verify(self._current_case(), result, expected, self.contender.variant)

    def float64_outputs(self, case: Case) -> tuple[Any, ...]:
        """Return the outputs of this contender's body in a small case of float64."""
        contender = self.contender
        placed = contender.place(case.inputs(), case.workload.on_host)
        result = outputs(contender.bring_back(contender.body(case)(**placed)))
        give_back(contender.device)
        return result

    def difference(self, case: Case, theirs: tuple[Any, ...]) -> str:
        """Return how this body's outputs differ from the other library's in float64, or ""."""
        expected = [Sample.of(output, entries=None) for output in theirs]
        own = self.float64_outputs(case)
        result = own if len(own) > 1 else own[0]
        return verify(case, result, expected, self.contender.variant).reason

    def _changed(self, inputs: Path) -> list[str]:
        """Return the names of inputs that the body changed."""
        contender, given = self.contender, _read(inputs)
        placed = {name: contender.bring_back(value) for name, value in self._placed.items()}
        if contender.variant.casts:
            again = contender.place(given, self._current_case().workload.on_host)
            given = {name: contender.bring_back(value) for name, value in again.items()}
        return changed_inputs(placed, given)

    def confirm(self) -> Confirmation:
        """Verify again after timing: catches results that were cached or that changed."""
        long = self._iteration_s > LONG_S  # too long to return a cached result
        results: list[Any] = []
        peak = peak_bytes(lambda: results.append(self.iterate()), self.contender.device)
        if peak["host"] is not None and self.contender.device == "cpu":
            arrays = (np.ndarray, torch.Tensor)
            peak["host"] += sum(v.nbytes for v in self._placed.values() if isinstance(v, arrays))
        again = results[0] if long else self.iterate()
        self.contender.synchronize()
        failure = None
        if not (long or self.contender.variant.reuses) and shares_memory(results[0], again):
            reason = "two calls returned the same memory: the second computed nothing"
            failure = Failure(status="implausible", reason=reason)
        else:
            verification = self._verified(self.contender.bring_back(again), self._first)
            if verification.reason:
                reason = f"a later call returned another result: {verification.reason}"
                failure = Failure(status="mismatch", reason=reason)
        return Confirmation(
            peak_memory_bytes=peak["host"],
            peak_device_memory_bytes=peak["device"],
            failure=failure,
        )

    def quality(self, inputs: Path) -> Quality:
        """Return what the workload measures beside time, such as accuracy."""
        case = self._current_case()
        measure, on_host = case.workload.quality, case.workload.on_host

        def body(**values: Any) -> Any:
            placed = self.contender.place(values, on_host)
            return self.contender.bring_back(self.contender.body(case)(**placed))

        return measure(body, _read(inputs)) if measure else {}

    def device_times(self, inputs: Path) -> DeviceTimes:
        """Return an accelerator's times of one call, and where the time of a call goes."""
        contender, case, clock = self.contender, self._current_case(), self._clock
        assert clock is not None, "a CPU has one clock"  # noqa: S101 - a bug of ours alone
        cold_s = device.cold_s(clock, self.iterate)
        latency_s = device.latency_s(clock, self.iterate)
        ledger = None
        if (
            contender == contender.plain
            and not case.workload.on_host
            and case.workload.family != "transfer"
        ):
            hosted = replace(contender, variant=TRANSFER).place(_read(inputs))
            body = contender.body(case)
            ledger = device.ledger(
                clock,
                place=lambda: contender.moved(hosted),
                compute=lambda moved: body(**moved),
                bring_back=contender.bring_back,
                kernel_s=cold_s,
            )
        return DeviceTimes(latency_s=latency_s, cold_s=cold_s, ledger=ledger)

    def calibrate(self) -> tuple[int, float]:
        """Choose the iterations of a block; return them and the seconds of a block.

        If the last call was long, a block is one call. That may change, because a first call may
        be slow: it loads and compiles. Otherwise the faster of two blocks counts, because memory is
        slow when it is touched for the first time.
        """
        self.iterations = 1
        if self._iteration_s > LONG_S:
            return 1, self._iteration_s
        while (time_s := self._faster_s()) * self.iterations < BLOCK_S / 2:
            wanted = round(BLOCK_S / max(time_s, 1e-9))
            self.iterations = min(10 * self.iterations, max(wanted, self.iterations + 1))
        self.iterations = max(1, round(BLOCK_S / time_s))
        return self.iterations, self.iterations * time_s

    def _faster_s(self) -> float:
        return min(self.block().time_s, self.block().time_s)

    def blocks(self, count: int, iterations: int, core: int | None) -> list[Block]:
        """Time consecutive blocks after one untimed iteration, on a given core or on any."""
        if core is not None:
            affinity.move_to(core)
        self.iterations = iterations
        if self._iteration_s < LONG_S:
            self.iterate()
        steal_s = affinity.stolen_s()
        blocks = [self.block() for _ in range(count)]
        if affinity.stolen_s() > steal_s:
            return [replace(block, disturbed=True) for block in blocks]
        return blocks

    def block(self) -> Block:
        """Time one block."""
        iterations, clock = range(self.iterations), self._clock
        body, more, placed = unwrapped(self.iterate)
        marks: list[Any] = []
        collecting = gc.isenabled()
        gc.disable()
        try:
            self.contender.synchronize()
            waited_s = affinity.waited_s()
            cpu = time.process_time()
            start = time.perf_counter()
            if clock is not None:
                marks.append(clock.mark())
            for _ in iterations:
                body(*more, **placed)
            if clock is not None:
                marks.append(clock.mark())
            self.contender.synchronize()
            wall_s = time.perf_counter() - start
            cpu_s = time.process_time() - cpu
            waited_s = affinity.waited_s() - waited_s
        finally:
            if collecting:
                gc.enable()
        self._iteration_s = wall_s / len(iterations)
        lost_s = max(waited_s, wall_s - cpu_s)
        return Block(
            start_s=start,
            time_s=float(f"{self._iteration_s:.7g}"),
            disturbed=clock is None and lost_s > LOST_SHARE * wall_s,
            device_s=None if clock is None else clock.between_s(*marks) / len(iterations),
        )

    def release(self) -> None:
        """Forget the case and give its memory back."""
        self._case, self._placed, self._first, self.iterate = None, {}, [], _no_iteration
        if self.contender.variant.compiles:
            torch.compiler.reset()  # so that the next case does not count as a change of shape
        give_back(self.contender.device)
        gc.freeze()  # skip what is left, the libraries, in later collections

    def _current_case(self) -> Case:
        assert self._case is not None, "begin a case first"  # noqa: S101 - a bug of ours alone
        return self._case

    def _timed_call(self) -> Any:
        start = time.perf_counter()
        result = self.iterate()
        self.contender.synchronize()
        self._iteration_s = time.perf_counter() - start
        return result


def _no_iteration() -> Any:
    """Do nothing: the iteration while there is no case."""


def unwrapped(call: Callable[[], Any]) -> tuple[Callable[..., Any], Sequence[Any], Inputs]:
    """Return a call's function and arguments, so that a loop calls the function directly."""
    if isinstance(call, partial):
        return call.func, call.args, call.keywords
    return call, (), {}


def failure(error: BaseException) -> tuple[str, str]:
    """Return the status of a cell whose body raised, and the reason in one line."""
    out_of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:REASON_LENGTH]
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        reason += f", in {tempfile.gettempdir()}: TMPDIR chooses another folder"
    return "oom" if out_of_memory else "crashed", reason


def _read(path: Path) -> Any:
    """Read a file of this run. Its arrays are mapped; writing to them does not change the file."""
    return joblib.load(path, mmap_mode="c")
