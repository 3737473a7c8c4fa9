"""References: the float64 results that contenders are compared with.

First each body is compared with the other library's in float64, at the smallest size of its curve.
This shows errors that the rounding of float32 would hide. After that, one float64 reference is
enough for all contenders of a case. PyTorch computes it, because that is fastest: on all cores, or
on an accelerator for large sizes.

Inputs and references are files that the workers of a case share. A contender's first worker is
compared with every entry of a reference. Its later workers are compared with a sample, which the
run keeps in memory.
"""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU, Contender
from bench.timing.fork_server import WorkerError
from bench.timing.verify import Sample
from bench.variant import PLAIN

KEPT_BYTES = 2**27  # smaller inputs stay on disk between the visits of a case;
KEPT_SHARE = 1 / 32  # so do inputs that take less than this share of the free space

Ask = Callable[..., Any]
Expected = tuple[str, list[Sample], Path | None]


@dataclass
class CaseFiles:
    """The files of a case: its inputs, and whole references during its first visit."""

    folder: Path
    made: bool = False
    references: dict[str, Path] = field(default_factory=dict)  # by contender
    quality_measured: set[str] = field(default_factory=set)  # names of contenders
    verified: set[str] = field(default_factory=set)  # names, with a whole reference

    @property
    def inputs(self) -> Path:
        """The file of the inputs."""
        return self.folder / "inputs"

    def remove(self) -> None:
        """Remove the references, and the inputs too if they are large."""
        for path in self.references.values():
            path.unlink(missing_ok=True)
        self.references.clear()
        kept = max(KEPT_BYTES, KEPT_SHARE * shutil.disk_usage(self.folder).free)
        if self.inputs.exists() and self.inputs.stat().st_size > kept:
            self.inputs.unlink()
            self.made = False


class References:
    """The references of a run's cases, computed when they are first needed.

    Parameters
    ----------
    ask : `ask(case, contender, step, *arguments)` has a worker do a step.
    contenders : all contenders of the run.
    threads : the largest number of threads in the run; it computes references.

    """

    def __init__(self, ask: Ask, contenders: Sequence[Contender], threads: int) -> None:
        self._ask = ask
        self._contenders = contenders
        self._threads = threads
        self._samples: dict[tuple[str, str], list[Sample] | None] = {}
        self._outputs: dict[tuple[str, str, str], tuple[Any, ...] | None] = {}
        self._disagreements: dict[tuple[str, str, str], str] = {}

    def disagreement(self, case: Case, contender: Contender) -> str:
        """Return how a contender's body differs from the other library's in float64, or "".

        This is checked once for each body and curve, at the smallest size. If a body cannot run
        there, "" is returned: its own case will report why.
        """
        small, variant = case.smallest.exact, contender.variant
        if (
            contender.twin
            or not (variant == PLAIN or variant.rewritten)
            or contender.unavailable(small)
        ):
            return ""
        key = (case.workload.name, case.curve, contender.name)
        if key not in self._disagreements:
            other = TORCH_CPU if contender.library == "numpy" else NUMPY
            reason = self._disagreements[key] = ""
            try:
                if (theirs := self._float64_outputs(small, other)) is not None:
                    reason = self._check(small, contender, "difference", small, theirs)
            except WorkerError as error:
                if error.status == "timeout":  # do not wait for the same body again
                    raise
            where = f"in float64 at {small.size.label}, against {other.name}: "
            self._disagreements[key] = where + reason if reason else ""
        return self._disagreements[key]

    def _check(self, case: Case, contender: Contender, step: str, *arguments: Any) -> Any:
        """Have a worker that is never timed do a step."""
        return self._ask(case, replace(contender, checks=True), step, *arguments)

    def _float64_outputs(self, small: Case, contender: Contender) -> tuple[Any, ...] | None:
        """Return a library's outputs in a small case of float64; None if it cannot run it."""
        key = (small.workload.name, small.curve, contender.name)
        if key not in self._outputs:
            self._outputs[key] = None
            with suppress(WorkerError):
                self._outputs[key] = self._check(small, contender, "float64_outputs", small)
        return self._outputs[key]

    def expected(self, case: Case, contender: Contender, files: CaseFiles) -> Expected:
        """Return the name of a reference's contender, a sample of it, and the file of the whole.

        The reference is PyTorch's. If PyTorch fails, it is NumPy's, so that NumPy still gets a
        time. The file is None for a contender that was compared with the whole before.

        Raises
        ------
        WorkerError : the inputs could not be made, or both libraries failed.

        """
        if not files.made:
            self._check(case, NUMPY, "make", case, files.inputs)
            files.made = True
        name = f"{case.workload.name}/{case.size.label}/{case.dtype}"
        last = contender.plain if case.size.large else NUMPY
        for source in dict.fromkeys((self._source(case), last)):
            if (name, source.name) not in self._samples:
                self._samples[name, source.name] = None  # a failure is not tried again
                path = None if case.size.large else files.folder / source.name
                at = replace(case, threads=self._threads)
                try:
                    sample = self._check(at, source, "reference", case, files.inputs, path)
                except WorkerError:
                    if source == last:
                        raise
                    continue
                self._samples[name, source.name] = sample
                if path is not None and path.exists():
                    files.references[source.name] = path
            if (sample := self._samples[name, source.name]) is not None:
                whole = (
                    files.references.get(source.name)
                    if contender.name not in files.verified
                    else None
                )
                files.verified.add(contender.name)
                return source.name, sample, whole
        raise WorkerError("crashed", "no reference: both libraries failed to compute one")

    def _source(self, case: Case) -> Contender:
        """Return the contender that computes references: PyTorch, for large sizes on a GPU."""
        others = (c for c in self._contenders if c == c.plain and c.device != "cpu")
        return next(others, TORCH_CPU) if case.size.large else TORCH_CPU
