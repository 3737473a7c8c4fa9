"""Verifies the contenders of a case in this process, for tests of bodies and bounds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.timing.worker import Worker


def verifications(case, everyone=(NUMPY, TORCH_CPU)):
    """Return the verification of each contender against the other library, by name.

    A right contender also runs a block, and is then verified again.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        inputs = folder / "inputs"
        Worker(NUMPY, 1).make(case, inputs)
        checks = {}
        for contender in everyone:
            other = TORCH_CPU if contender.library == "numpy" else NUMPY
            try:
                expected = Worker(other, 1).reference(case, inputs, folder / "reference")
            except Exception:  # noqa: BLE001 - as in the arena: then its own
                expected = Worker(contender, 1).reference(case, inputs, folder / "reference")
            worker = Worker(contender, 1)
            whole = folder / "reference"
            path = whole if whole.exists() else None
            checks[contender.name] = worker.begin(case, inputs, expected, path).verification
            if not checks[contender.name].reason:
                worker.block()
                answer = worker.confirm()
                assert answer.failure is None, answer.failure
        return checks
