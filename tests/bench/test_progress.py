"""Progress counts what a reader waits for, and never goes backwards."""

from types import SimpleNamespace

import pytest

from bench import progress
from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.outcomes.outcome import Outcome
from bench.progress import INTERVAL_S, Progress
from bench.results.pooling import Estimate
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from bench.workload import size
from tests import faulty

WORKLOADS = [faulty.planted(name, sizes=(size(n=8), size(n=64))) for name in "ABCD"]
CASES = [
    Case(workload=workload, size=one, dtype="float32", threads=1)
    for one in WORKLOADS[0].sizes
    for workload in WORKLOADS
]
CELLS = [Cell(case=case, contender=TORCH_CPU) for case in CASES]


class Planted:
    """A run whose verdicts and outcomes are planted."""

    def __init__(self):
        self.known = [(cell, UNSETTLED, 1) for cell in CELLS]
        self.found = {NUMPY: Outcome(status="ok"), TORCH_CPU: Outcome()}

    def left_s(self):
        return 80.4

    def cases(self):
        return CASES

    def outcomes(self, case):
        return self.found

    def verdicts(self):
        return self.known


@pytest.fixture
def run():
    return Planted()


@pytest.fixture
def said():
    return []


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: clock.now_s))
    return clock


def test_each_case_has_a_line_when_it_is_first_seen(run, said, clock):
    speedup = Estimate(value=2.345, low=2.0, high=3.0)
    run.found[TORCH_CPU].figures = SimpleNamespace(speedup=speedup)
    run.found[TORCH_CPU].status = "ok"
    run.found[TORCH_CPU].visits = [None]
    lines = Progress(run, said.append)
    lines.report(CASES[0], first=True)
    run.found[TORCH_CPU].fail("crashed", "because")
    lines.report(CASES[1], first=True)
    assert said[0].split() == ["[1/8]", "1:20", "left", CASES[0].id, "torch-cpu", "2.35x"]
    assert said[1].split() == ["[2/8]", "1:20", "left", CASES[1].id, "torch-cpu", "crashed"]


@pytest.mark.parametrize(
    ("speedup", "shown"), [(117.04, "117.04x"), (0.587, "0.59x"), (0.00037, "0.00037x")]
)
def test_a_small_speedup_keeps_two_digits(run, said, speedup, shown):
    run.found[TORCH_CPU].figures = SimpleNamespace(
        speedup=Estimate(value=speedup, low=speedup, high=speedup)
    )
    run.found[TORCH_CPU].status = "ok"
    run.found[TORCH_CPU].visits = [None]
    Progress(run, said.append).report(CASES[0], first=True)
    assert said[0].split()[-1] == shown


def test_a_case_that_is_begun_again_is_not_counted_again(run, said, clock):
    lines = Progress(run, said.append)
    lines.report(CASES[0], first=True)
    lines.report(CASES[0], first=True)
    lines.report(CASES[1], first=True)
    assert [line.split()[0] for line in said] == ["[1/8]", "[again]", "[2/8]"]


def test_the_number_of_settled_speedups_never_falls(run, said, clock):
    lines = Progress(run, said.append)
    for settled in (2, 5, 3, 6, 0):
        words = [FASTER] * settled + [UNSETTLED] * (8 - settled)
        run.known = [(cell, word, 2) for cell, word in zip(CELLS, words, strict=True)]
        clock.now_s += INTERVAL_S + 0.1
        lines.report(CASES[0], first=False)
    assert said == [f"{n} of 8 speedups settled by two visits, 1:20 left" for n in (2, 5, 5, 6, 6)]


def test_a_speedup_counts_as_settled_once_it_was_seen_twice(run, said, clock):
    clock.now_s += 2 * INTERVAL_S
    lines = Progress(run, said.append)
    run.known = [(CELLS[0], FASTER, 1), (CELLS[1], TIE, 2), (CELLS[2], None, 0)]
    clock.now_s += 2 * INTERVAL_S
    lines.report(CASES[0], first=False)
    assert said == ["1 of 3 speedups settled by two visits, 1:20 left"]


def test_between_two_lines_some_seconds_pass(run, said, clock):
    lines = Progress(run, said.append)
    for _ in range(100):
        clock.now_s += INTERVAL_S / 50 + 0.001
        lines.report(CASES[0], first=False)
    assert len(said) == 2


def test_after_the_first_pass_the_headlines_are_told_of_the_largest_sizes(run, said):
    small, large = CELLS[:4], CELLS[4:]
    words = (FASTER, FASTER, SLOWER, UNSETTLED)
    run.known = [(cell, SLOWER, 1) for cell in small]
    run.known += [(cell, word, 1) for cell, word in zip(large, words, strict=True)]
    Progress(run, said.append).first_results()
    (line,) = said
    assert line.endswith("PyTorch looks faster in 2, NumPy in 1, a tie in 0, unsettled in 1")


def test_where_nothing_was_seen_there_are_no_headlines(run, said):
    run.known = [(cell, None, 0) for cell in CELLS]
    Progress(run, said.append).first_results()
    assert said == []
