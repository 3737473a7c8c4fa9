"""Contenders of a case held against each other in this process, for tests of bodies and bounds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.timing.worker import Worker


def verifications(case, everyone=(NUMPY, TORCH_CPU)):
    """Return by name what verification says of each contender, against the other library.

    Those that are right take a block too, and are asked whether they still are.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        inputs = folder / "inputs"
        Worker(NUMPY, 1).make(case, inputs)
        found = {}
        for who in everyone:
            other = TORCH_CPU if who.library == "numpy" else NUMPY
            try:
                expected = Worker(other, 1).reference(case, inputs, folder / "reference")
            except Exception:  # noqa: BLE001 - as in the arena: a contender's own, then
                expected = Worker(who, 1).reference(case, inputs, folder / "reference")
            worker = Worker(who, 1)
            whole = folder / "reference"
            path = whole if whole.exists() else None
            found[who.name] = worker.begin(case, inputs, expected, path).verification
            if not found[who.name].reason:
                worker.block()
                answer = worker.confirm()
                assert answer.failure is None, answer.failure
        return found
