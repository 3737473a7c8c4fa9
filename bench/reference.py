"""What a result is held against: who computes the float64 reference of a case, and where it lies.

Inputs and references are files that the workers of a case share. A contender is held against every
entry of a reference once; its later workers are held against a sample, which is kept.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.case import Case
from bench.contenders import NUMPY, TORCH_CPU, Contender
from bench.process import WorkerError
from bench.verify import Sample

KEPT_BYTES = 2**27  # of inputs that stay on disk between the visits of a case, or
KEPT_SHARE = 1 / 32  # of what is free there

Ask = Callable[..., Any]  # ask(case, who, step, *arguments): have a worker do a step
Expected = Path | list[Sample]


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

    def expected(self, case: Case, who: Contender, stage: Stage) -> tuple[str, Expected]:
        """Return who computed a contender's reference, and the reference or a sample of it.

        It is the other library; where that fails, which must not cost this contender its cell, it
        is this contender's own, which tells rounding errors at least.

        Raises
        ------
        WorkerError : no inputs could be made, or nobody could compute a reference.

        """
        if not stage.made:
            self._ask(case, who, "make", case, stage.inputs)
            stage.made = True
        name = f"{case.workload.name}/{case.size.label}/{case.dtype}"
        for source, on in ((self._other(case, who), self._threads), (who.usual, case.threads)):
            if source.name in stage.references and who.name not in stage.verified:
                stage.verified.add(who.name)
                return source.name, stage.references[source.name]
            if (name, source.name) not in self._samples:
                self._samples[name, source.name] = None  # a failure is not tried again
                path = None if case.size.large else stage.folder / source.name
                at = replace(case, threads=on)
                try:
                    sample = self._ask(at, source, "reference", case, stage.inputs, path)
                except WorkerError:
                    if source == who.usual:
                        raise
                    continue
                self._samples[name, source.name] = sample
                if path is not None:
                    stage.references[source.name] = path
                    stage.verified.add(who.name)
                    return source.name, path
            if (known := self._samples[name, source.name]) is not None:
                return source.name, known
        raise WorkerError("crashed", "no reference: both libraries failed to compute one")

    def _other(self, case: Case, who: Contender) -> Contender:
        """Return who computes the reference of a contender: the other library.

        Large sizes would keep a CPU busy for minutes in float64; there it is the accelerator.
        """
        if who.library != "numpy":
            return who.usual if case.size.large else NUMPY
        others = (c for c in self._contenders if c == c.usual and c.device != "cpu")
        return next(others, TORCH_CPU) if case.size.large else TORCH_CPU
