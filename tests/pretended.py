"""An accelerator that is the CPU by another name, so that a real run takes every step of one.

PyTorch knows the device `cpu:0`, which is not called `cpu`: so the suite queues, waits, keeps a
ledger and measures launches, while the kernels are the CPU's. What only an accelerator can be asked
is answered here, in whatever process this is imported: a worker imports it with its contender, and

    python -m tests.pretended

prints what came of some cases, from a process that nothing else is tested in.
"""

import json
from dataclasses import asdict, dataclass

import torch

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, Contender
from bench.outcomes.outcome import Outcome, settle
from bench.timing import device
from bench.workload import discover, size
from tests.simulated import HostClock
from tests.visiting import arena_of, end, visit

PRECISIONS = ("float32", "float64", "bfloat16")

torch.accelerator.synchronize = lambda device=None: None
torch.accelerator.set_device_index = lambda index: None
device.Accelerator = HostClock


@dataclass(frozen=True, kw_only=True)
class Pretended(Contender):
    """A contender on the pretended device."""

    @property
    def name(self):
        return "torch-pretended"

    @property
    def plain(self):
        return self


PRETENDED = Pretended(library="torch", device="cpu:0")


def visited():
    """Return the peaks, and what became of three cases, one of them large."""
    keys = [(NUMPY, 1), (PRETENDED, 1)]
    arena = arena_of(keys, limit_s=30)
    try:
        peaks = arena.workers.peaks(keys, 0.01, PRECISIONS, {})
        return {"peaks": peaks, "found": compared(arena)}
    finally:
        end(arena)


def compared(arena):
    """Return what became of each contender of three cases."""
    found = {}
    matmul, transfer = discover()["matmul"], discover()["host_to_device"]
    chosen = {
        "usual": (matmul, matmul.sizes[0]),
        "large": (matmul, size(n=300, large=True)),
        "transfer": (transfer, transfer.sizes[0]),
    }
    for name, (workload, params) in chosen.items():
        case = Case(workload=workload, size=params, dtype="float32", threads=1)
        entries = {NUMPY: Outcome(), PRETENDED: Outcome()}
        for _ in range(2):
            visit(arena, case, entries, visit_s=0.1)
        settle(case, entries, {})
        found[name] = {
            who.name: asdict(outcome) | {"visits": outcome.figures.visits}
            for who, outcome in entries.items()
        }
    return found


if __name__ == "__main__":
    print(json.dumps(visited()))
