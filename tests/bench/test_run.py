"""A run shares its time out, visits again what is known least, and keeps what it was asked for."""

import time

import pytest

from bench import judge
from bench import run as module
from bench.cell import cells
from bench.judge import UNKNOWN
from bench.options import Options
from bench.outcome import Visit, settle
from bench.run import ENOUGH_VISITS, Run
from bench.worker import Block
from bench.workload import discover

HEADER = {"machine_info": {"versions": {}}}


@pytest.fixture
def options(tmp_path):
    return Options(
        budget_s=12, threads=(1,), devices=("cpu",), label="box", results=tmp_path,
        site=tmp_path / "site", report=False,
    )  # fmt: skip


class Pretended:
    """An arena that takes no time and whose speedups are as precise as it is told."""

    def __init__(self, keys, limit_s, large_s):
        self.observed, self.generation = {}, 0
        self.visited, self.ended, self.noise = [], False, {}
        self.times_s, self.roofs, self.probed = {}, [], []

    def renew(self, keys):
        self.generation += 1

    def peaks(self, probe_s, known, only=""):
        """Return the planted roofs one after the other, the last of them again and again."""
        self.probed.append(only)
        if not self.roofs:
            return known
        flop_s = self.roofs.pop(0) if len(self.roofs) > 1 else self.roofs[0]
        return {"cpu/threads=1": UNKNOWN | {"flop_s": {"float32": flop_s}, "copy_bytes_s": 1e12}}

    def visit(self, cases, share_s):
        for case, entries in cases:
            number = 1 + sum(case.id == id_ for id_ in self.visited)
            self.visited.append(case.id)
            for who, outcome in entries.items():
                slow = 1 + self.noise.get(case.workload.name, 0) * (number % 2) * (
                    who.name != "numpy"
                )
                time_s = slow * self.times_s.get(f"{case.id}/{who.name}", 1e-3)
                block = Block(start_s=time.perf_counter(), time_s=time_s, disturbed=False)
                outcome.facts["iterations_per_block"] = 1
                outcome.visits.append(
                    Visit(number=number, worker=self.generation, blocks=(block, block))
                )
            settle({who.name: outcome for who, outcome in entries.items()})

    def end(self):
        self.ended = True


@pytest.fixture
def begin(options, monkeypatch):
    monkeypatch.setattr(module, "Arena", Pretended)

    def start(spent_s=0.0, said=None, **changes):
        chosen = Options(**{**vars(options), **changes})
        asked = {
            cell.test_id: cell
            for cell in cells(chosen)
            if cell.case.size.label == "n=16" and not cell.contender.way
        }
        say = (said if said is not None else []).append
        return Run(chosen, asked, HEADER, time.perf_counter() - spent_s, say), asked

    return start


def test_the_budget_counts_from_the_start_it_is_given(begin):
    run, _ = begin(spent_s=5)
    assert run.left_s() == pytest.approx(12 - 5 - 3, abs=0.5)


def test_every_case_is_visited_often_enough_and_then_no_more_if_it_is_known(begin):
    run, asked = begin()
    run.measure()
    cases = {cell.case.id for cell in asked.values()}
    assert sorted(run._arena.visited) == sorted([*cases] * ENOUGH_VISITS)
    assert all(run.outcome(cell).status == "ok" for cell in asked.values())
    assert run._arena.ended
    assert run.journal.complete


def test_what_is_known_least_is_visited_again(begin):
    run, _ = begin()
    run._arena.noise = {"matmul": 0.3}
    run.measure()
    counts = {
        name: sum(name in id_ for id_ in run._arena.visited) for name in ("matmul/", "matvec/")
    }
    assert counts["matvec/"] == ENOUGH_VISITS
    assert counts["matmul/"] == module.MAX_VISITS


def test_a_spent_budget_skips_what_is_left_and_keeps_it_on_disk(begin):
    run, asked = begin(spent_s=60)
    run.measure()
    outcome = run.outcome(next(iter(asked.values())))
    assert outcome.status == "skipped"
    assert "a larger --budget" in outcome.reason
    assert '"skipped"' in run.journal.path.read_text()


MATMUL = "matmul/n=16/float32/threads=1"  # 8192 operations


def status_of(run, asked, name):
    return {cell.id: run.outcome(cell).status for cell in asked.values()}[name]


def test_a_time_above_the_roof_is_marked_after_the_roof_was_measured_again(begin):
    run, asked = begin()
    run._arena.roofs = [1e9]
    run._arena.times_s = {f"{MATMUL}/torch-cpu": 1e-6}
    run.measure()
    assert status_of(run, asked, f"{MATMUL}/torch-cpu") == "implausible"
    assert status_of(run, asked, f"{MATMUL}/numpy") == "ok"
    assert run._arena.probed == ["", "cpu/threads=1", "cpu/threads=1"]
    content = run.journal.content()
    (cell,) = [cell for cell in content["cells"] if cell["id"] == f"{MATMUL}/torch-cpu"]
    assert "is above the 1e+09 measured here" in cell["reason"]
    assert content["machine_info"]["peaks"]["cpu/threads=1"]["flop_s"] == {"float32": 1e9}


def test_a_roof_that_was_measured_too_low_costs_no_clean_cell(begin):
    run, asked = begin()
    run._arena.roofs = [1e9, 1e10]
    run._arena.times_s = {f"{MATMUL}/torch-cpu": 1e-6}
    run.measure()
    assert status_of(run, asked, f"{MATMUL}/torch-cpu") == "ok"
    assert run._arena.probed == ["", "cpu/threads=1"]
    peaks = run.journal.content()["machine_info"]["peaks"]
    assert peaks["cpu/threads=1"]["flop_s"] == {"float32": 1e10}


def test_an_impossible_baseline_leaves_no_speedup_and_no_figure_in_the_progress(begin):
    said = []
    run, asked = begin(said=said)
    run._arena.roofs = [1e9]
    run._arena.times_s = {f"{MATMUL}/numpy": 1e-6}
    run.measure()
    (torch,) = [cell for cell in asked.values() if cell.id == f"{MATMUL}/torch-cpu"]
    assert run.outcome(torch).facts["speedup"] is None
    assert not any(MATMUL in line and "x" in line.split("torch-cpu")[1] for line in said[:2])


def test_a_curve_that_outgrows_its_cost_is_marked_in_the_file(begin, monkeypatch):
    run, asked = begin()
    run._arena.roofs = [1e12]
    run.measure()
    monkeypatch.setattr(judge, "outgrown", lambda curve: iter([(0, "too steep")]))
    run.finish()
    statuses = {cell["id"]: cell["status"] for cell in run.journal.content()["cells"]}
    assert set(statuses.values()) == {"implausible"}
    assert run.result.read_text().count("too steep") == len(asked)


def test_a_line_tells_of_each_case_when_it_is_first_seen(begin):
    said = []
    run, asked = begin(said=said)
    run.measure()
    cases = {cell.case.id for cell in asked.values()}
    assert [line for line in said if "torch-cpu 1.00x" in line][: len(cases)] == said[: len(cases)]
    assert "0:0" in said[0]


def test_a_run_that_was_cut_off_goes_on_with_what_it_has(begin):
    run, asked = begin()

    def cut(cases, share_s, visit=run._arena.visit):
        if len(run._arena.visited) == 3:
            raise KeyboardInterrupt
        visit(cases, share_s)

    run._arena.visit = cut
    with pytest.raises(KeyboardInterrupt):
        run.measure()
    assert run._arena.ended
    run.finish()
    again, _ = begin(resume=True)
    before = {cell.id: len(again.outcome(cell).visits) for cell in asked.values()}
    assert sum(before.values()) == 3 * 2  # two contenders in each of three visits
    assert again.journal.path.stem == run.journal.path.stem
    again.measure()
    again.finish()
    assert all(again.outcome(cell).status == "ok" for cell in asked.values())
    assert {len(again.outcome(cell).visits) for cell in asked.values()} == {ENOUGH_VISITS}
    assert max(v.worker for cell in asked.values() for v in again.outcome(cell).visits) > 1


def test_a_self_test_gives_every_contender_a_twin_that_no_file_calls_a_cell(begin):
    run, asked = begin(self_test=True)
    run.measure()
    run.finish()
    found = run.journal.content()
    assert found["machine_info"]["self_test"]["comparisons"] == len(asked)
    assert found["machine_info"]["self_test"]["excluding_1"] == 0
    assert not any("twin" in cell["id"] for cell in found["cells"])
    assert len(found["twins"]) == len(asked)


def test_the_core_is_float32_and_the_full_selection_is_both(options):
    core = list(cells(options))
    full = list(cells(Options(**{**vars(options), "full": True})))
    assert {cell.case.dtype for cell in core} == {"float32"}
    assert len(full) > len(core)
    assert {cell.case.dtype for cell in full} == {"float32", "float64"}
    assert len({cell.test_id for cell in full}) == len(full)
    assert {cell.case.workload.name for cell in core} == set(discover())
