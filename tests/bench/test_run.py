"""A run shares its time out and keeps what it was asked for."""

import time

import pytest

from bench.cell import cells
from bench.options import Options
from bench.run import Run
from bench.workload import discover


@pytest.fixture
def options(tmp_path):
    return Options(
        budget_s=12, threads=(1,), devices=("cpu",), label="box", results=tmp_path,
        site=tmp_path / "site", report=False,
    )  # fmt: skip


def begin(options, spent_s=0.0):
    asked = {cell.test_id: cell for cell in cells(options) if cell.case.size.label == "n=16"}
    return Run(options, asked, {"machine_info": {}}, time.perf_counter() - spent_s), asked


def test_the_budget_counts_from_the_start_it_is_given(options):
    run, _ = begin(options, spent_s=5)
    assert run.left_s() == pytest.approx(12 - 5 - 2.5, abs=0.5)


def test_a_spent_budget_skips_what_is_left_and_keeps_it_on_disk(options):
    run, asked = begin(options, spent_s=60)
    outcome = run.outcome(next(iter(asked.values())))
    assert outcome.status == "skipped"
    assert "a larger --budget" in outcome.reason
    assert '"skipped"' in run.journal.path.read_text()


def test_measuring_one_cell_measures_its_case_once(options):
    run, asked = begin(options)
    first, second, *_ = asked.values()
    assert first.case.id == second.case.id
    assert run.outcome(first) is run.outcome(first)
    assert len(run.news) == 1
    assert run.outcome(second).status in {"ok", "unstable"}
    assert len(run.news) == 1
    assert len(run.journal.path.read_text().splitlines()) == 3


def test_the_core_is_float32_and_the_full_selection_is_both(options):
    core = list(cells(options))
    full = list(cells(Options(**{**vars(options), "full": True})))
    assert {cell.case.dtype for cell in core} == {"float32"}
    assert len(full) >= 2 * len(core)
    assert len({cell.test_id for cell in full}) == len(full)
    assert {cell.case.workload.name for cell in core} == set(discover())
