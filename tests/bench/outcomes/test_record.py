"""What is kept of a cell is all of it: it comes back as it was."""

import json
from dataclasses import replace

import pytest

from bench.cases.case import Case
from bench.cases.cell import Cell
from bench.cases.contenders import NUMPY, TORCH_CPU, Contender
from bench.outcomes.outcome import Outcome, settle
from bench.outcomes.record import extra_info, record, restored
from bench.results.journal import Record, dumped
from bench.results.pooling import Estimate
from bench.timing.device import Ledger
from bench.timing.visits import Block, DeviceTimes, Observed, Visit
from bench.variant import TF32
from bench.workload import discover

CASE = Case(
    workload=discover()["matmul"], size=discover()["matmul"].sizes[0], dtype="float32", threads=1
)
CELL = Cell(case=CASE, contender=NUMPY)


LEDGER = Ledger(
    host_to_device_s=1e-3, launch_s=2e-3, kernel_s=3e-3, device_to_host_s=4e-3, wall_s=1e-2
)
OBSERVED = Observed(
    reference="torch-cpu",
    rel_error=1e-7,
    tolerance=1e-5,
    first_call_s=0.5,
    iterations=4,
    device=DeviceTimes(latency_s=0.25, cold_s=0.125, ledger=LEDGER),
    peak_memory_bytes=1000,
    quality={"accuracy": 0.5},
)


@pytest.fixture
def outcome():
    blocks = [Block(start_s=100.0 + n, time_s=0.001 * (n + 1), disturbed=n == 2) for n in range(5)]
    outcome = Outcome(status="ok", reason="", observed=OBSERVED)
    outcome.visits = [
        Visit(number=1, worker=1, blocks=tuple(blocks[:3])),
        Visit(number=2, worker=2, blocks=tuple(blocks[3:])),
    ]
    settle(CASE, {NUMPY: outcome}, {})
    outcome.observed = outcome.history.observed
    return outcome


def test_a_cell_comes_back_as_it_was(outcome):
    text = json.dumps(*dumped([record(CELL, outcome, "node", 90.0)]))
    again = restored(Record.model_validate_json(text), 90.0)
    assert again == outcome


def test_a_run_that_goes_on_has_another_clock(outcome):
    again = restored(record(CELL, outcome, "node", 90.0), 1000.0)
    assert again.blocks[0].start_s == 1010.0


def test_every_block_says_where_it_comes_from(outcome):
    samples = extra_info(CELL, outcome, 90.0)["samples"]
    assert samples == {
        "visits": [[1, 1, 3], [2, 2, 2]],
        "starts_s": [10.0, 11.0, 12.0, 13.0, 14.0],
        "disturbed": [2],
    }


def test_a_cell_without_blocks_has_no_benchmark():
    lost = Outcome()
    lost.fail("crashed", "because")
    kept = record(CELL, lost, "node", 0.0)
    assert kept.benchmark is None
    again = restored(kept, 0.0)
    assert (again.status, again.reason, again.open) == ("crashed", "because", False)


def test_a_cell_says_its_intensity_and_its_precision(outcome):
    info = extra_info(CELL, outcome, 90.0)
    assert info["intensity_flop_per_byte"] == pytest.approx(2 * 16**3 / (3 * 16**2 * 4))
    assert info["precision"] == "float32"


def test_a_cell_says_how_many_lines_its_code_takes(outcome):
    assert extra_info(CELL, outcome, 90.0)["code_lines"] == 2


def test_a_cell_says_what_it_is_in_fields_with_a_time_and_without():
    cuda = Contender(library="torch", device="cuda:1", variant=TF32)
    lost = Outcome()
    lost.fail("crashed", "\x1b[31m" + "x" * 1000)
    cell = record(Cell(case=CASE, contender=cuda), lost, "node", 0.0).cell
    assert (cell.library, cell.device, cell.variant) == ("torch", "cuda:1", "tf32")
    assert (cell.precision, cell.threads, cell.family) == ("tf32", 1, "matmul")
    assert cell.id == "matmul/n=16/float32/threads=1/torch-cuda1-tf32"
    assert cell.reason == "\ufffd[31m" + "x" * 495


@pytest.mark.parametrize(
    ("status", "ends", "verdict"),
    [
        ("ok", (2.0, 4.0), "faster"),
        ("ok", (0.5, 4.0), "unsettled"),
        ("implausible", (2.0, 4.0), None),
    ],
)
def test_the_interval_of_a_cell_gives_its_verdict(outcome, status, ends, verdict):
    speedup = Estimate(value=3.0, low=ends[0], high=ends[1])
    outcome.figures = replace(outcome.figures, speedup=speedup)
    outcome.status = status
    torch_cpu = Cell(case=CASE, contender=TORCH_CPU)
    assert record(torch_cpu, outcome, "node", 90.0).cell.verdict == verdict
    assert record(CELL, outcome, "node", 90.0).cell.verdict is None
