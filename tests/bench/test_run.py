"""A run shares its time out, visits again what is known least, and keeps what it was asked for."""

from dataclasses import replace
from itertools import takewhile

import numpy as np
import pytest
from _pytest.mark.expression import Expression

from bench import budget, progress
from bench import run as module
from bench.cases.contenders import NUMPY, TORCH_CPU
from bench.cases.selection import cells
from bench.options import Options
from bench.outcomes import plausibility
from bench.outcomes.plausibility import UNKNOWN
from bench.results.verdicts import FASTER, SLOWER, UNSETTLED, verdict
from bench.run import Run
from bench.schedule import MAX_CASE_SHARE
from bench.timing.visits import Block, Failure, Observed, Visit, VisitResult
from bench.workload import discover

HEADER = {"machine_info": {"versions": {}}}


@pytest.fixture
def options(tmp_path):
    return Options(
        budget_s=12,
        threads=(1,),
        devices=("cpu",),
        label="box",
        results=tmp_path,
        site=tmp_path / "site",
        report=False,
    )


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self):
        self.now_s = 1000.0

    def perf_counter(self):
        return self.now_s


class Pretended:
    """An arena and its workers: visits cost what is planted, workloads are as noisy as planted."""

    clock = Clock()

    def __init__(self, limit_s, imports=(), generation=0):
        self.observed, self.generation = {}, generation
        self.visited, self.took_part, self.ended, self.put_by = [], [], False, []
        self.noise, self.ratios, self.cost_s = {}, {}, lambda case, contenders: 0.01
        self.times_s, self.roofs, self.probed, self.keys = {}, [], [], []
        self.servers, self.server_s = [], 0.0

    def preload(self, imports):
        self.preloaded = imports

    def renew(self, keys, *, servers=True):
        self.generation += 1
        self.servers.append(servers)
        self.clock.now_s += 0.1 + self.server_s * servers

    def peaks(self, keys, probe_s, precisions, known, only=""):
        """Return the planted roofs one after the other, the last of them again and again."""
        self.probed.append(only)
        self.keys = keys
        if not self.roofs:
            return known
        flop_s = self.roofs.pop(0) if len(self.roofs) > 1 else self.roofs[0]
        return {"cpu/threads=1": UNKNOWN | {"flop_s": {"float32": flop_s}, "copy_bytes_s": 1e12}}

    def visit(self, case, contenders, number, visit_s):
        self.visited.append(case.id)
        self.took_part.append(tuple(who.name for who in contenders))
        self.clock.now_s += self.cost_s(case, tuple(contenders))
        return {who: self.observation(case, who, number) for who in contenders}

    def observation(self, case, who, number):
        name = f"{case.id}/{who.name}"
        rng = np.random.default_rng([*name.encode(), number])
        time_s = self.times_s.get(name, 1e-3) / self.ratios.get(who.name, 1.0)
        time_s *= np.exp(self.noise.get(case.workload.name, 0.0) * rng.standard_normal())
        block = Block(start_s=self.clock.now_s, time_s=time_s, disturbed=False)
        visit = Visit(number=number, worker=self.generation, blocks=(block, block))
        return VisitResult(observed=Observed(iterations=1, block_s=time_s), visit=visit)

    def remove_files(self, case):
        self.put_by.append(case.id)

    def end(self):
        self.ended = True


def pretend(monkeypatch, kind):
    """Have runs use a kind of pretended arena, on its clock."""
    monkeypatch.setattr(module, "Workers", kind)
    monkeypatch.setattr(module, "Arena", lambda keys, workers, large_s: workers)
    monkeypatch.setattr(Pretended, "clock", Clock())
    for one in (budget, progress):
        monkeypatch.setattr(one, "time", Pretended.clock)


@pytest.fixture
def begin(options, monkeypatch):
    pretend(monkeypatch, Pretended)

    def start(spent_s=0.0, said=None, chosen=smallest, **changes):
        selected = Options(**{**vars(options), **changes})
        asked = {cell.test_id: cell for cell in cells(selected) if chosen(cell)}
        say = (said if said is not None else []).append
        return Run(selected, asked, HEADER, Pretended.clock.now_s - spent_s, say), asked

    return start


def smallest(cell):
    return cell.case.size.label == "n=16" and not cell.contender.variant.name


def some(cell):
    return cell.case.workload.name in {"matmul", "softmax", "sum", "elementwise_chain"}


def test_the_budget_counts_from_the_start_it_is_given(begin):
    run, _ = begin(spent_s=5)
    assert run.left_s() == pytest.approx(12 - 5 - 3)


def test_every_case_is_visited_often_enough_and_then_no_more_if_it_is_known(begin):
    run, asked = begin()
    run.measure()
    cases = {cell.case.id for cell in asked.values()}
    assert sorted(run.arena.visited) == sorted([*cases] * 2)
    assert all(run.outcome(cell).status == "ok" for cell in asked.values())
    assert run.arena.ended
    assert run.journal.complete


def test_what_is_known_least_is_visited_again(begin):
    run, _ = begin()
    run.arena.noise = {"matmul": 0.3}
    run.measure()
    counts = {
        name: sum(name in id_ for id_ in run.arena.visited) for name in ("matmul/", "matvec/")
    }
    assert 2 * counts["matvec/"] < 10 < counts["matmul/"]


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
    run.arena.roofs = [1e9]
    run.arena.times_s = {f"{MATMUL}/torch-cpu": 1e-6}
    run.measure()
    assert status_of(run, asked, f"{MATMUL}/torch-cpu") == "implausible"
    assert status_of(run, asked, f"{MATMUL}/numpy") == "ok"
    assert run.arena.probed == ["", "cpu/threads=1", "cpu/threads=1"]
    content = run.journal.content()
    (cell,) = [cell for cell in content["cells"] if cell["id"] == f"{MATMUL}/torch-cpu"]
    assert "is above the 1e+09 measured here" in cell["reason"]
    assert content["machine_info"]["peaks"]["cpu/threads=1"]["flop_s"] == {"float32": 1e9}


def test_a_roof_that_was_measured_too_low_costs_no_clean_cell(begin):
    run, asked = begin()
    run.arena.roofs = [1e9, 1e10]
    run.arena.times_s = {f"{MATMUL}/torch-cpu": 1e-6}
    run.measure()
    assert status_of(run, asked, f"{MATMUL}/torch-cpu") == "ok"
    assert run.arena.probed == ["", "cpu/threads=1"]
    peaks = run.journal.content()["machine_info"]["peaks"]
    assert peaks["cpu/threads=1"]["flop_s"] == {"float32": 1e10}


def test_an_impossible_baseline_leaves_no_speedup_and_no_figure_in_the_progress(begin):
    said = []
    run, asked = begin(said=said)
    run.arena.roofs = [1e9]
    run.arena.times_s = {f"{MATMUL}/numpy": 1e-6}
    run.measure()
    (torch,) = [cell for cell in asked.values() if cell.id == f"{MATMUL}/torch-cpu"]
    assert run.outcome(torch).figures.speedup is None
    assert not any(MATMUL in line and "x" in line.split("torch-cpu")[1] for line in said[:2])


def test_a_curve_that_outgrows_its_cost_is_marked_in_the_file(begin, monkeypatch):
    run, asked = begin()
    run.arena.roofs = [1e12]
    run.measure()
    monkeypatch.setattr(plausibility, "outgrown", lambda curve: iter([(0, "too steep")]))
    run.finish()
    statuses = {cell["id"]: cell["status"] for cell in run.journal.content()["cells"]}
    assert set(statuses.values()) == {"implausible"}
    assert run.result.read_text().count("too steep") == len(asked)


def test_a_line_tells_of_each_case_when_it_is_first_seen(begin):
    said = []
    run, asked = begin(said=said)
    run.measure()
    cases = {cell.case.id for cell in asked.values()}
    news = [line for line in said if "torch-cpu 1.00x" in line][: len(cases)]
    assert said[2 : len(cases) + 2] == news  # after the plan, and what x is
    assert "0:0" in news[0]


def test_a_run_that_was_cut_off_goes_on_with_what_it_has(begin):
    run, asked = begin()

    def cut(*arguments, visit=run.arena.visit):
        if len(run.arena.visited) == 3:
            raise KeyboardInterrupt
        return visit(*arguments)

    run.arena.visit = cut
    with pytest.raises(KeyboardInterrupt):
        run.measure()
    assert run.arena.ended
    run.finish()
    again, _ = begin(resume=True)
    before = {cell.id: len(again.outcome(cell).visits) for cell in asked.values()}
    assert sum(before.values()) == 3 * 2  # two contenders in each of three visits
    assert again.journal.path.stem == run.journal.path.stem
    again.measure()
    again.finish()
    assert all(again.outcome(cell).status == "ok" for cell in asked.values())
    assert {len(again.outcome(cell).visits) for cell in asked.values()} == {2}
    assert max(v.worker for cell in asked.values() for v in again.outcome(cell).visits) > 1


def test_a_resumed_run_measures_the_peaks_of_devices_whose_cells_failed(begin):
    def chosen(cell):
        return cell.case.id == MATMUL and not cell.contender.variant.name

    def crash(case, contenders, number, visit_s):
        run.arena.visit = cut
        failure = Failure(status="crashed", reason="because")
        results = visit(case, contenders, number, visit_s)
        return results | {TORCH_CPU: replace(results[TORCH_CPU], failure=failure)}

    def cut(*arguments):
        raise KeyboardInterrupt

    run, asked = begin(chosen=chosen)
    visit, run.arena.visit = run.arena.visit, crash
    with pytest.raises(KeyboardInterrupt):
        run.measure()
    run.finish()
    again, _ = begin(chosen=chosen, resume=True)
    again.measure()
    assert status_of(again, asked, f"{MATMUL}/torch-cpu") == "crashed"
    assert again.arena.keys == run.arena.keys == [(NUMPY, 1), (TORCH_CPU, 1)]


def test_a_resumed_run_keeps_what_workers_read_back_before(begin):
    run, _ = begin(budget_s=60)
    run.arena.observed, run.arena.noise = {"numpy/threads=1": {"threads": {}}}, {"matmul": 0.5}
    run.arena.cost_s = lambda case, contenders: 0.3
    visit = run.arena.visit

    def cut_at_the_open_visits(*arguments):
        if len(run.arena.servers) > 2:
            raise KeyboardInterrupt
        return visit(*arguments)

    run.arena.visit = cut_at_the_open_visits
    with pytest.raises(KeyboardInterrupt):
        run.measure()
    run.finish()
    again, _ = begin(budget_s=60, resume=True)
    again.arena.cost_s = run.arena.cost_s
    again.measure()
    assert again.journal.content()["machine_info"]["observed"] == run.arena.observed


def test_the_kind_of_second_generation_is_decided_before_the_first_visits(begin):
    def measured(budget_s, cost_s):
        run, _ = begin(chosen=some, budget_s=budget_s)
        run.arena.server_s, run.arena.cost_s = 3.0, lambda case, contenders: cost_s
        run.measure()
        return run.arena

    ample, short = measured(90, 1.5), measured(12, 0.5)
    assert ample.servers[:2] == [True, True]
    assert short.servers[:2] == [True, False]
    # 5.9 s are left after the start; a fork costs 0.5 s, a second visit 0.6 of the first
    assert len(dict.fromkeys(short.visited)) == int((5.9 - 0.5) / (1.6 * 0.5))


def test_a_self_test_gives_every_contender_a_twin_that_no_file_calls_a_cell(begin):
    run, asked = begin(self_test=True)
    run.measure()
    run.finish()
    found = run.journal.content()
    assert found["machine_info"]["self_test"]["comparisons"] == len(asked)
    assert found["machine_info"]["self_test"]["excluding_1"] == 0
    assert not any("twin" in cell["id"] for cell in found["cells"])
    assert len(found["twins"]) == len(asked)


def test_the_core_is_float32_and_the_full_selection_is_both_except_for_integers(options):
    def dtypes(of):
        return {cell.case.dtype for cell in of if cell.case.workload.name != "matmul_integer"}

    core = list(cells(options))
    full = list(cells(Options(**{**vars(options), "full": True})))
    assert dtypes(core) == {"float32"}
    assert len(full) > len(core)
    assert dtypes(full) == {"float32", "float64"}
    assert len({cell.test_id for cell in full}) == len(full)
    for cell in full:  # whoever reads a test's name can type it after -k
        Expression.compile(cell.test_id)
    assert {cell.case.workload.name for cell in core} == set(discover())


def largest(cases):
    """Return the largest size of each curve."""
    found = {}
    for case in cases:
        key = (case.workload.name, case.curve)
        found[key] = max(case.axis_value, found.get(key, 0.0))
    return found


@pytest.mark.parametrize("budget_s", [8, 12, 20, 60, 300])
def test_whatever_the_budget_the_largest_sizes_come_first_and_what_is_begun_is_seen_twice(
    begin, budget_s
):
    run, asked = begin(chosen=some, budget_s=budget_s)
    run.arena.cost_s = lambda case, contenders: 0.29 if case.id in run.arena.visited[:-1] else 0.5
    run.arena.ratios = {"torch-cpu": 3.0}
    run.arena.noise = {cell.case.workload.name: 0.05 for cell in asked.values()}
    run.measure()
    top = largest(run.cases())
    by_name = {case.id: case for case in run.cases()}
    at_top = [
        by_name[name].axis_value == top[by_name[name].workload.name, by_name[name].curve]
        for name in dict.fromkeys(run.arena.visited)
    ]
    assert at_top == sorted(at_top, reverse=True)
    seen = [run.outcome(cell) for cell in asked.values() if run.outcome(cell).visits]
    once = [outcome for outcome in seen if len(outcome.visits) < 2]
    assert not once
    assert run.left_s() > -0.6  # the last visit may take a little longer than the one before
    assert budget_s < 60 or len(seen) == sum(run.outcome(c).open for c in asked.values())


def test_nothing_else_is_measured_before_all_that_was_begun_is_seen_twice(begin):
    run, asked = begin(chosen=some, budget_s=60)
    run.arena.noise, run.arena.cost_s = {"matmul": 0.3}, lambda case, contenders: 0.3
    run.measure()
    cases = {cell.case.id for cell in asked.values()}
    begun = run.arena.visited[: len(cases)]
    assert set(begun) == cases
    assert run.arena.visited[len(cases) : 2 * len(cases)] == begun


def test_compiled_contenders_wait_until_the_others_are_known(begin):
    run, asked = begin(chosen=some, budget_s=300)
    run.measure()
    quick = list(takewhile(lambda names: "torch-cpu-compile" not in names, run.arena.took_part))
    cases = {cell.case.id for cell in asked.values()}
    assert len(quick) >= 2 * len(cases)
    slow = [cell for cell in asked.values() if cell.contender.variant.compiles]
    assert {len(run.outcome(cell).visits) for cell in slow if run.outcome(cell).open} == {2}


def test_a_run_ends_as_soon_as_every_verdict_is_known(begin):
    run, _ = begin(chosen=some, budget_s=300)
    run.arena.ratios = {"torch-cpu": 3.0}
    run.measure()
    assert run.left_s() > 200
    assert run.journal.complete
    assert UNSETTLED not in {known for _, known, _ in run.verdicts()}


def test_whoever_is_called_faster_or_slower_at_the_end_was_seen_twice(begin):
    run, asked = begin(chosen=some, budget_s=30)
    run.arena.cost_s = lambda case, contenders: 0.3
    run.arena.ratios = {"torch-cpu": 8.0, "torch-cpu-compile": 0.1}
    run.arena.noise = {"matmul": 0.1, "sum": 0.02}
    run.measure()
    run.finish()
    called = 0
    for cell in asked.values():
        figures = run.outcome(cell).figures
        speedup = figures and figures.speedup
        if speedup and verdict(speedup.low, speedup.high) in {FASTER, SLOWER}:
            called += 1
            assert len(run.outcome(cell).visits) >= 2
    assert called > 10


def test_no_case_eats_the_budget(begin):
    run, _ = begin(chosen=lambda cell: some(cell) and not cell.contender.variant.name, budget_s=120)
    run.arena.cost_s = lambda case, contenders: 2.0 if case.workload.name == "matmul" else 0.2
    run.arena.noise = {"matmul": 0.5}
    run.measure()
    for case in run.cases():
        assert 2.0 * run.arena.visited.count(case.id) <= MAX_CASE_SHARE * 120 + 4.0 or (
            case.workload.name != "matmul"
        )


def test_only_what_is_open_takes_part_beside_numpy(begin):
    run, _ = begin(budget_s=30, chosen=lambda cell: "gradient_cost/p=4/" in cell.id)
    names = {who.name for who in run.outcomes(run.cases()[0])}
    run.arena.ratios, run.arena.cost_s = {"torch-cpu": 50.0}, lambda case, contenders: 0.3
    run.arena.noise = {"gradient_cost": 0.2}
    run.measure()
    later = run.arena.took_part[2:]
    assert "torch-cpu" in names
    assert later
    assert all(took[0] == "numpy" and "torch-cpu" not in took for took in later)


def test_the_number_of_a_case_is_never_above_the_number_of_cases(begin):
    said = []
    run, _ = begin(chosen=some, budget_s=300, said=said)
    run.measure()
    places = [line[1:].split("]")[0] for line in said if line.startswith("[")]
    assert "again" in places
    numbers = [place.split("/") for place in places if place != "again"]
    assert all(int(place) <= int(total) for place, total in numbers)


def test_a_first_call_that_may_be_slow_is_not_begun_when_time_is_short(begin):
    """A compiler's first call is reckoned to cost 20 s, whatever the case cost before."""
    run, _ = begin(chosen=some, budget_s=20)
    run.arena.cost_s = lambda case, contenders: (
        60.0 if any(who.variant.compiles for who in contenders) else 0.02
    )
    run.measure()
    assert run.left_s() >= 0
