"""References: who computes the float64 result that a case is compared with, and where it is kept.

First each body is compared with the other library's in float64, at the smallest size of its curve.
There an error shows that float32's rounding would hide. So at every size one float64 reference
serves all contenders: PyTorch's, which takes the least time, on all cores or on the accelerator.

Inputs and references are files that the workers of a case share. A contender is compared with every
entry of a reference once; its later workers with a sample, which is kept in memory.
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

KEPT_BYTES = 2**27  # of inputs that stay on disk between the visits of a case, or
KEPT_SHARE = 1 / 32  # of what is free there

Ask = Callable[..., Any]  # ask(case, contender, step, *arguments): have a worker do a step
Expected = tuple[str, list[Sample], Path | None]


@dataclass
class CaseFiles:
    """The files of a case: its inputs, and whole references during its first visit."""

    folder: Path
    made: bool = False
    references: dict[str, Path] = field(default_factory=dict)  # by who computed it
    quality_measured: set[str] = field(default_factory=set)  # names of contenders
    verified: set[str] = field(default_factory=set)  # names, against a whole reference

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
    contenders : every one of the run.
    threads : the most of the run, which compute a reference the fastest.

    """

    def __init__(self, ask: Ask, contenders: Sequence[Contender], threads: int) -> None:
        self._ask = ask
        self._contenders = contenders
        self._threads = threads
        self._samples: dict[tuple[str, str], list[Sample] | None] = {}
        self._exact: dict[tuple[str, str, str], tuple[Any, ...] | None] = {}
        self._disagreements: dict[tuple[str, str, str], str] = {}

    def disagreement(self, case: Case, contender: Contender) -> str:
        """Return how a contender's body differs in float64 from the other library's, or "".

        Checked once for each body and curve, at the smallest size. A body that cannot run there is
        not reported here: its own case will say why.
        """
        small, variant = case.smallest("float64"), contender.variant
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
                if (theirs := self._exactly(small, other)) is not None:
                    reason = self._check(small, contender, "disagrees", small, theirs)
            except WorkerError as error:
                if error.status == "timeout":  # it need not be waited for once more
                    raise
            where = f"in float64 at {small.size.label}, against {other.name}: "
            self._disagreements[key] = where + reason if reason else ""
        return self._disagreements[key]

    def _check(self, case: Case, contender: Contender, step: str, *arguments: Any) -> Any:
        """Have a worker that is never timed do a step."""
        return self._ask(case, replace(contender, checks=True), step, *arguments)

    def _exactly(self, small: Case, contender: Contender) -> tuple[Any, ...] | None:
        """Return a library's outputs in a small case of float64; None if it cannot run it."""
        key = (small.workload.name, small.curve, contender.name)
        if key not in self._exact:
            self._exact[key] = None
            with suppress(WorkerError):
                self._exact[key] = self._check(small, contender, "exact", small)
        return self._exact[key]

    def expected(self, case: Case, contender: Contender, files: CaseFiles) -> Expected:
        """Return who computed a contender's reference, a sample of it, and the file of the whole.

        It is PyTorch's; where that fails, which must not cost NumPy its cell, it is NumPy's. The
        file is None for a contender that was held against the whole before.

        Raises
        ------
        WorkerError : no inputs could be made, or nobody could compute a reference.

        """
        if not files.made:
            self._check(case, NUMPY, "make", case, files.inputs)
            files.made = True
        name = f"{case.workload.name}/{case.size.label}/{case.dtype}"
        last = contender.plain if case.size.large else NUMPY
        for source in dict.fromkeys((self._first(case), last)):
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
            if (known := self._samples[name, source.name]) is not None:
                whole = (
                    files.references.get(source.name)
                    if contender.name not in files.verified
                    else None
                )
                files.verified.add(contender.name)
                return source.name, known, whole
        raise WorkerError("crashed", "no reference: both libraries failed to compute one")

    def _first(self, case: Case) -> Contender:
        """Return who computes the reference: PyTorch, at large sizes on an accelerator."""
        others = (c for c in self._contenders if c == c.plain and c.device != "cpu")
        return next(others, TORCH_CPU) if case.size.large else TORCH_CPU
