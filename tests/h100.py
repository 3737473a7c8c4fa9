"""Simulates a run on the machine of `reports/machines/nvidia-h100.json`, with that file's times.

The simulated cost of a visit is the time to draw and place its inputs, to make first calls, and to
run iterations as long as those in the file.

    python -m tests.h100

prints the cost of each group of cases, as recorded and as simulated now.
"""

import json
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from bench.cases import contenders as contenders_module
from bench.cases import selection as selection_module
from bench.cases.contenders import NUMPY
from bench.cases.selection import cells
from bench.options import Options
from bench.run import Run
from bench.timing.arena import LONG_BLOCK_S
from bench.timing.peaks import name_of
from tests.bench.test_run import HEADER, Pretended, pretend

FILE = Path(__file__).resolve().parents[1] / "reports" / "machines" / "nvidia-h100.json"
RECORDED = json.loads(FILE.read_text())
INFOS = {entry["extra_info"]["cell"]: entry["extra_info"] for entry in RECORDED["benchmarks"]}
INPUTS = 2 / 3  # share of inputs among the elements that a case reads or writes
DRAWN_S = 6e-9  # to draw and write one element
COPIED_S = {"cpu": 1.5e-9, "cuda": 1e-9}  # to read one element and copy it to the device
FIRST_S = {"cpu": 0.04, "cuda": 0.08}  # messages, first calls, verification of all entries
LATER_S = {"cpu": 0.03, "cuda": 0.05}  # the same in later visits
KERNELS_S = 0.1  # to load the kernels of a workload, once in each process on the GPU
IMPORTS_S, SERVERS_S, FORKS_S, PEAKS_S = 9.0, 11.0, 2.5, 6.0  # as traced on that machine
BLOCKS_S = 0.02  # a contender's blocks in a visit; the same again to calibrate, at first
CALLS = {True: 5, False: 3}  # in the first visit and in later ones, if an iteration is long
GUESSED = 4  # an iteration without a recorded time takes 4 times what the roofs allow
COMPILE_S, COMPILER_S = {True: 5.0, False: 1.5}, 40.0  # first compile, later from cache; imports


def recorded_costs():
    """Return the mean seconds of a contender in each case of the file."""
    starts, members = {}, {}
    for info in INFOS.values():
        case = info["cell"].rpartition("/")[0]
        first = info["samples"]["starts_s"][0]
        starts[case] = min(first, starts.get(case, np.inf))
        members[case] = members.get(case, 0) + 1
    order = sorted(starts, key=starts.__getitem__)
    return {one: (starts[two] - starts[one]) / members[one] for one, two in pairwise(order)}


COSTS = recorded_costs()


class H100(Pretended):
    """An arena whose visits take as long as on that machine."""

    kind = "H100"

    def __init__(self, limit_s, imports=(), generation=0):
        super().__init__(limit_s, imports, generation)
        self.times_s = {name: info["best_s"] for name, info in INFOS.items()}
        self.noise = dict.fromkeys({info["workload"] for info in INFOS.values()}, 0.02)
        self.cost_s = self.visit_cost_s
        self.drawn, self.spent_s = set(), {}

    def preload(self, imports):
        self.clock.now_s += COMPILER_S * bool(imports)

    def renew(self, keys, *, servers=True):
        self.generation += 1
        self.clock.now_s += SERVERS_S if servers else FORKS_S

    def peaks(self, keys, probe_s, precisions, known, only=""):
        self.clock.now_s += 1.0 if only else PEAKS_S
        return {
            name: {"launch_s": None, "replay_s": None, **peaks}
            for name, peaks in RECORDED["machine_info"]["peaks"].items()
        }

    def visit(self, case, contenders, number, visit_s):
        for who in contenders:
            self.times_s.setdefault(f"{case.id}/{who.name}", guessed_s(case, who))
        return super().visit(case, contenders, number, visit_s)

    def visit_cost_s(self, case, contenders):
        """Return the seconds to draw, place, start, compute and compile in a visit."""
        inputs = case.workload.name, case.size.label
        elements = INPUTS * case.cost.elements
        spent_s = DRAWN_S * elements * (inputs not in self.drawn)
        self.drawn.add(inputs)
        for who in contenders:
            once_s = self.times_s[f"{case.id}/{who.name}"]
            first = (case.id, who) not in self.drawn
            self.drawn.add((case.id, who))
            spares_itself = not first or (case.size.large and who == NUMPY)
            calls = 2 if once_s > LONG_BLOCK_S and spares_itself else CALLS[first]
            spent_s += (FIRST_S if first else LATER_S)[who.device]
            spent_s += COPIED_S[who.device] * elements
            kernels = case.workload.name, who, self.generation
            spent_s += KERNELS_S * (who.device == "cuda" and kernels not in self.drawn)
            self.drawn.add(kernels)
            spent_s += max((1 + first) * BLOCKS_S, calls * once_s)
            spent_s += COMPILE_S[first] * who.variant.compiles
        self.spent_s[group_of(case)] = self.spent_s.get(group_of(case), 0.0) + spent_s
        return spent_s


def guessed_s(case, who):
    """Return a guess of an iteration's seconds where the file has no time."""
    roof = RECORDED["machine_info"]["peaks"][name_of(who, case.threads)]
    computing_s = case.cost.flops / roof["flop_s"].get(who.precision(case), 1e12)
    return 1e-5 + GUESSED * max(computing_s, who.moved_bytes(case) / roof["copy_bytes_s"])


def group_of(case):
    return f"{case.workload.family}, large" if case.size.large else case.workload.family


def measured(monkeypatch, folder, chosen=lambda cell: True, **more):
    monkeypatch.setattr(selection_module, "absent", lambda device: "")
    monkeypatch.setattr(contenders_module, "absent", lambda device: "")
    pretend(monkeypatch, H100)
    options = Options(
        budget_s=180,
        threads=(1, 16),
        devices=("cpu", "cuda"),
        label="box",
        results=folder,
        site=folder / "site",
        **more,
    )
    asked = {one.test_id: one for one in cells(options) if chosen(one)}
    said = []
    started_s, Pretended.clock.now_s = Pretended.clock.now_s, Pretended.clock.now_s + IMPORTS_S
    run = Run(options, asked, HEADER, started_s, said.append)
    run.measure()
    return run, asked, said


def main():
    """Print the seconds of each group of cases, in the file and in a simulated run."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        run, _, said = measured(patch, Path(folder))
    old = {}
    for info in INFOS.values():
        case = info["cell"].rpartition("/")[0]
        label = info["family"] if "family" in info else info["workload"]
        old[label] = old.get(label, 0.0) + COSTS.get(case, 0.0)
    print(*(line for line in said if "two visits" in line), sep="\n")
    print(f"{'group of cases':<28}{'recorded s':>12}{'now s':>9}")
    for group in sorted({*old, *run.arena.spent_s}):
        print(f"{group:<28}{old.get(group, 0.0):>12.1f}{run.arena.spent_s.get(group, 0.0):>9.1f}")
    print(f"{'all':<28}{sum(old.values()):>12.1f}{sum(run.arena.spent_s.values()):>9.1f}")


if __name__ == "__main__":
    main()
