"""An accelerator for tests that is really the CPU, so that a run takes every step of a GPU run.

PyTorch accepts the device name `cpu:0`, which differs from `cpu`. So the suite treats it as an
accelerator: it queues, synchronizes, keeps a ledger and measures launches, while the CPU runs the
kernels. Importing this module replaces the functions that need a real accelerator, in that process.
A worker imports it together with its contender.

    python -m tests.pretended

prints the results of some cases, from a process of its own.
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
    """A contender on the imitated accelerator."""

    @property
    def name(self):
        return "torch-pretended"

    @property
    def plain(self):
        return self


PRETENDED = Pretended(library="torch", device="cpu:0")


def visited():
    """Return the peaks and the results of three cases."""
    keys = [(NUMPY, 1), (PRETENDED, 1)]
    arena = arena_of(keys, limit_s=30)
    try:
        peaks = arena.workers.peaks(keys, 0.01, PRECISIONS, {})
        return {"peaks": peaks, "found": compared(arena)}
    finally:
        end(arena)


def compared(arena):
    """Return the facts of each contender in three cases, one of them large."""
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
