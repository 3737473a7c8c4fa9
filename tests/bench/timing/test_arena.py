"""Whatever goes wrong with one contender costs its own cell alone, and the next case is whole."""

import multiprocessing
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bench.cases.case import Case
from bench.cases.contenders import NUMPY, TORCH_CPU, contenders
from bench.machine import affinity
from bench.outcomes.outcome import ONE, Outcome, settle
from bench.timing import fork_server
from bench.timing.arena import order_of_turns, plan_turns
from bench.timing.fork_server import WorkerError
from bench.timing.visits import Observed
from bench.timing.workers import Workers
from bench.variant import BF16, COMPILE, TF32, Variant
from tests import faulty
from tests.inprocess import verifications
from tests.visiting import arena_of, end, visit

PRECISIONS = ("float32", "float64", "bfloat16")

KEYS = [(NUMPY, 1), (TORCH_CPU, 1)]
HANG_S = 1.0  # limit of a worker that a test has hang


def entries(workload, *everyone, threads=1):
    case = Case(workload=workload, size=workload.sizes[0], dtype="float32", threads=threads)
    return case, {who: Outcome() for who in everyone or (NUMPY, TORCH_CPU)}


@pytest.fixture(scope="module")
def arena():
    arena = arena_of(KEYS)
    yield arena
    end(arena)


def visited(arena, workload):
    case, found = entries(workload)
    visit(arena, case, found)
    arena.remove_files(case)
    return {who.name: outcome for who, outcome in found.items()}


def test_two_visits_make_a_speedup_with_its_interval(arena):
    case, found = entries(faulty.GOOD)
    for _ in range(2):
        visit(arena, case, found)
    numpy, torch = found.values()
    assert [visit.number for visit in torch.visits] == [1, 2]
    assert len(numpy.blocks) == len(torch.blocks) >= 2 * 2
    settle(case, found, {})
    assert torch.status == "ok"
    speedup = torch.figures.speedup
    assert 0 < speedup.low <= speedup.value <= speedup.high
    assert numpy.figures.speedup == ONE
    assert numpy.observed.first_call_s > 0
    assert numpy.observed.reference == torch.observed.reference == "torch-cpu"
    assert numpy.observed.quality == {}


@pytest.mark.parametrize(
    ("workload", "status", "reason"),
    [
        (faulty.BOOM, "crashed", "RuntimeError: boom"),
        (faulty.EXHAUSTED, "oom", "MemoryError: full"),
        (faulty.SEGFAULT, "crashed", "the process ended by SIGSEGV"),
        (faulty.LEAVES, "crashed", "the process exited with code 3"),
        (faulty.KILLED, "oom", "killed, as a system does that is out of memory"),
        (faulty.HANGS, "timeout", f"no answer within {HANG_S:g} s"),
        (faulty.QUITS, "crashed", "SystemExit: 5"),
        (faulty.NAN, "mismatch", "holds NaN"),
        (faulty.WRONG, "mismatch", "relative error"),
        (faulty.CHANGES, "mismatch", "changed its inputs: a"),
        (faulty.LATE, "crashed", "the process exited with code 4"),
        (faulty.VANISHES, "mismatch", "a later call returned another result: relative error"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_fault_costs_its_own_cell_and_the_next_case_gets_a_fresh_worker(
    arena, monkeypatch, workload, status, reason
):
    if workload is faulty.HANGS:
        monkeypatch.setattr(arena.workers, "limit_s", HANG_S)
    found = visited(arena, workload)
    monkeypatch.undo()
    assert found["torch-cpu"].status == status
    assert reason in found["torch-cpu"].reason
    assert "\n" not in found["torch-cpu"].reason
    assert not found["torch-cpu"].visits
    after = visited(arena, faulty.GOOD)
    assert len(after["torch-cpu"].blocks) == len(after["numpy"].blocks) > 0
    if workload not in (faulty.WRONG, faulty.NAN):  # there NumPy has no right reference
        assert found["numpy"].blocks
    else:
        assert found["numpy"].status == "mismatch"


def test_a_result_that_was_cached_is_no_computation_and_is_marked(arena):
    case, found = entries(faulty.CACHED)
    for _ in range(2):
        visit(arena, case, found)
    assert found[TORCH_CPU].status == "implausible"
    assert "the second computed nothing" in found[TORCH_CPU].reason
    assert len(found[TORCH_CPU].visits) == 1  # it is not visited again, and its times remain
    assert len(found[NUMPY].visits) == 2


def test_a_large_case_that_numpy_does_not_finish_says_so_and_the_others_have_times(
    arena, monkeypatch
):
    monkeypatch.setattr(arena, "large_s", 1.0)
    case, found = entries(faulty.UNENDING)
    visit(arena, case, found)
    assert found[NUMPY].status == "timeout"
    assert found[NUMPY].reason == "NumPy did not finish in 1 s"
    settle(case, found, {})
    assert found[TORCH_CPU].status == "ok"
    assert found[TORCH_CPU].observed.reference == "torch-cpu"
    assert found[TORCH_CPU].figures.speedup is None


def test_a_first_call_is_waited_for_as_long_as_its_kind_may_take():
    arena = arena_of(KEYS, limit_s=20, large_s=1.0, renew=False)
    small, _ = entries(faulty.GOOD)
    large, _ = entries(faulty.UNENDING)
    compiled = replace(TORCH_CPU, variant=COMPILE)
    assert arena._first_limit_s(large, NUMPY) == 1.0
    assert arena._first_limit_s(large, TORCH_CPU) == arena._first_limit_s(small, NUMPY) == 20
    assert arena._first_limit_s(small, compiled) > 20
    end(arena)


def test_peaks_are_of_the_better_library_and_grow_only(arena):
    first = arena.workers.peaks(KEYS, 0.01, PRECISIONS[:1], {})
    assert list(first) == ["cpu/threads=1"]
    low, high = first["cpu/threads=1"], 1e18
    known = {"cpu/threads=1": low | {"flop_s": {"float32": high, "float64": 1.0}}}
    measured = arena.workers.peaks(KEYS, 0.01, PRECISIONS[:2], known, only="cpu/threads=1")
    again = measured["cpu/threads=1"]["flop_s"]
    assert again["float32"] == high
    assert again["float64"] > 1e8
    assert arena.workers.peaks(KEYS, 0.01, PRECISIONS, known, only="cuda") == known


def test_a_worker_reads_back_what_float32_means_to_it(arena):
    case, found = entries(faulty.GOOD, replace(TORCH_CPU, variant=TF32))
    visit(arena, case, found)
    seen = arena.workers.observed["torch-cpu-tf32/threads=1"]
    assert seen["float32_precision"] == {"matmul": "tf32", "conv": "tf32"}


def test_a_worker_that_hangs_up_and_stays_is_ended(arena, monkeypatch):
    monkeypatch.setattr(fork_server, "GRACE_S", 0.2)
    found = visited(arena, faulty.DEAF)["torch-cpu"]
    assert (found.status, found.reason) == ("crashed", "begin: the process hung up")
    assert visited(arena, faulty.GOOD)["torch-cpu"].blocks


def test_a_reference_that_fails_leaves_a_contender_its_own(arena):
    found = visited(arena, faulty.SEGFAULT)
    assert found["numpy"].observed.reference == "numpy"


def test_inputs_that_cannot_be_made_cost_the_case_and_say_so(arena):
    found = visited(arena, faulty.UNMAKEABLE)
    assert {outcome.status for outcome in found.values()} == {"oom"}
    assert "too large" in found["numpy"].reason


def test_a_cell_that_cannot_run_is_not_begun(arena):
    case, found = entries(faulty.GOOD)
    found[TORCH_CPU].fail("crashed", "once is enough")
    visit(arena, case, found)
    assert found[TORCH_CPU].observed == Observed()
    assert found[TORCH_CPU].reason == "once is enough"
    assert found[NUMPY].blocks


def test_a_cell_that_failed_is_not_tried_again(arena):
    case, found = entries(faulty.BOOM)
    for _ in range(2):
        visit(arena, case, found)
    assert len(found[NUMPY].visits) == 2
    assert found[TORCH_CPU].status == "crashed"


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from Linux's own mark")
def test_the_peak_of_memory_is_that_of_one_iteration_and_its_inputs(arena):
    found = visited(arena, faulty.ALLOCATES)
    assert found["torch-cpu"].observed.peak_memory_bytes == pytest.approx(2**26, rel=0.05)
    assert found["numpy"].observed.peak_memory_bytes < 2**20
    assert found["numpy"].observed.peak_device_memory_bytes is None


def test_other_threads_than_asked_for_are_no_number(monkeypatch):
    usual = fork_server.worker_environment

    def twice(threads, cores):
        return usual(2 * threads, cores)

    monkeypatch.setattr(fork_server, "worker_environment", twice)
    arena = arena_of([(NUMPY, 1)])
    case, found = entries(faulty.GOOD, NUMPY)
    visit(arena, case, found)
    end(arena)
    assert found[NUMPY].status == "skipped"
    assert "asked for 1 threads, each on a core" in found[NUMPY].reason


def test_threads_and_cores_are_read_back_and_equal_on_both_sides(arena):
    numpy, torch = (arena.workers.observed[f"{name}/threads=1"] for name in ("numpy", "torch-cpu"))
    assert set(numpy["threads"].values()) == {1}
    assert numpy["threads"] == torch["threads"]
    assert numpy["cores"] == torch["cores"]


@pytest.mark.skipif(len(affinity.cores()) < 2, reason="needs two cores that can be bound")
def test_each_of_several_threads_has_a_core_of_its_own():
    arena = arena_of([(NUMPY, 2), (TORCH_CPU, 2)])
    case, found = entries(faulty.GOOD, threads=2)
    visit(arena, case, found)
    end(arena)
    for seen in arena.workers.observed.values():
        assert set(seen["threads"].values()) == {2}
        assert seen["cores"][0] != seen["cores"][1]
        assert {len(cores) for cores in seen["cores"]} == {1}
    assert all(outcome.blocks for outcome in found.values())


def test_float32_of_another_precision_than_asked_for_is_no_number(arena):
    who = TORCH_CPU.as_twin  # whose worker no other test of this arena uses
    arena.workers._start((who, 1))
    process = arena.workers._processes[(who, 1)]
    seen = dict(process.observed(60)) | {"float32_precision": {"matmul": "ieee", "conv": "tf32"}}
    process.observed = lambda limit_s: seen
    arena.workers._observe((who, 1))
    case, found = entries(faulty.GOOD, who)
    visit(arena, case, found)
    assert found[who].status == "skipped"
    assert "float32 as ieee; observed" in found[who].reason


def test_the_end_leaves_no_process_and_no_file():
    before = set(multiprocessing.active_children())
    arena = arena_of([(NUMPY, 1)])
    (started,) = set(multiprocessing.active_children()) - before
    folder = Path(arena._folder.name)
    end(arena)
    assert not started.is_alive()
    assert not folder.exists()
    assert set(multiprocessing.active_children()) == before


def test_everyone_has_a_turn_a_round_and_nobody_two_in_a_row():
    assert "".join(order_of_turns("AB", 1, 3)) == "ABABAB"
    assert "".join(order_of_turns("AB", 2, 3)) == "BABABA"
    for everyone in ("AB", "ABC", "ABCD"):
        for number in range(1, 9):
            taken = list(order_of_turns(everyone, number, 3))
            assert all(a != b for a, b in pairwise(taken))
            assert {who: taken.count(who) for who in everyone} == dict.fromkeys(everyone, 3)
    assert list(order_of_turns("A", 1, 2)) == ["A", "A"]
    assert list(order_of_turns("", 1, 2)) == []


def test_visits_begin_with_each_and_whoever_came_first_comes_last_next():
    found = ["".join(order_of_turns("ABC", number, 1)) for number in range(1, 7)]
    assert found == ["ABC", "CBA", "BCA", "ACB", "CAB", "BAC"]


@pytest.mark.parametrize(
    ("block_s", "visit_s", "expected"),
    [
        ((0.005, 0.005), 0.2, (4, 10)),  # turns of 20 ms, ten of them
        ((0.005, 0.015), 0.2, (1, 20)),  # 40 blocks of 10 ms on average fill 0.4 s
        ((0.005, 0.09), 0.1, (1, 2)),  # never fewer than two turns,
        ((0.005, 1.0), 0.2, (1, 1)),  # but where a block is long enough to stand alone
        ((), 0.2, (1, 2)),
    ],
)
def test_the_turns_of_a_visit_fill_the_time_that_it_was_given(block_s, visit_s, expected):
    assert plan_turns(block_s, visit_s) == expected


def test_a_visit_is_of_those_that_take_part(arena):
    case, found = entries(faulty.GOOD)
    visit(arena, case, found)
    visit(arena, case, found, [NUMPY])
    visit(arena, case, found)
    assert [visit.number for visit in found[NUMPY].visits] == [1, 2, 3]
    assert [visit.number for visit in found[TORCH_CPU].visits] == [1, 3]


def test_quality_is_asked_once_at_a_second_visit(arena):
    case, found = entries(faulty.SIZED)
    seen = []
    for _ in range(3):
        visit(arena, case, found)
        seen.append(found[TORCH_CPU].observed.quality)
    assert seen == [None, {"size": 64.0}, {"size": 64.0}]


def test_inputs_that_are_small_stay_on_disk_and_references_do_not(arena):
    case, found = entries(faulty.GOOD)
    visit(arena, case, found)
    files = arena._files_of(case)
    arena.remove_files(case)
    assert [path.name for path in files.folder.iterdir()] == ["inputs"]


@pytest.mark.parametrize("workload", [faulty.HIDDEN, faulty.SINGLE], ids=lambda w: w.name)
def test_what_float32_hides_is_seen_in_float64_before_a_block_is_timed(arena, workload):
    case = Case(workload=workload, size=workload.sizes[-1], dtype="float32", threads=1)
    assert {answer.reason for answer in verifications(case).values()} == {""}
    found = {NUMPY: Outcome(), TORCH_CPU: Outcome()}
    visit(arena, case, found)
    for who, other in ((NUMPY, "torch-cpu"), (TORCH_CPU, "numpy")):
        assert found[who].status == "mismatch"
        assert f"in float64 at n=1024, against {other}: " in found[who].reason
        assert not found[who].visits
        assert found[who].observed.iterations is None


def test_where_numpy_is_wrong_no_way_of_running_pytorch_has_times(arena):
    case, _ = entries(faulty.HIDDEN)
    cast = replace(TORCH_CPU, variant=BF16)  # not held in float64 itself
    found = {NUMPY: Outcome(), cast: Outcome()}
    visit(arena, case, found)
    assert found[cast].status == "mismatch"
    assert found[cast].reason == f"NumPy and PyTorch disagree: {found[NUMPY].reason}"


def test_a_twin_is_the_same_code_by_another_name():
    assert TORCH_CPU.as_twin.name == "torch-cpu-twin"
    assert TORCH_CPU.as_twin.body(entries(faulty.GOOD)[0]) is faulty.product


def test_an_absent_device_says_why_it_cannot_be_visited():
    who = next(c for c in contenders(faulty.GOOD, ("xpu:7",)) if c.device != "cpu")
    assert "xpu" in who.unavailable(entries(faulty.GOOD)[0])


def test_a_contender_that_fails_at_calibration_gives_its_memory_back_before_the_next_begins(
    arena, monkeypatch
):
    cuda = replace(TORCH_CPU, device="cuda")
    real, calls = arena._call, []

    def planted(case, who, step, *arguments, limit_s=0.0):
        calls.append((who.name, step))
        if (who, step) == (cuda, "calibrate"):
            raise WorkerError("oom", "calibrate: full")
        plain = TORCH_CPU if who == cuda else who
        return real(case, plain, step, *arguments, limit_s=limit_s)

    monkeypatch.setattr(arena, "_call", planted)
    monkeypatch.setattr(Workers, "__contains__", lambda workers, key: True)
    monkeypatch.setattr(arena._references, "disagreement", lambda case, who: "")
    case, found = entries(faulty.GOOD, cuda, NUMPY)
    visit(arena, case, found)
    assert (found[cuda].status, found[cuda].reason) == ("oom", "calibrate: full")
    assert found[NUMPY].blocks
    assert "device_times" not in [step for _, step in calls]
    assert calls.index(("torch-cuda", "release")) < calls.index(("numpy", "begin"))


def test_a_worker_whose_settings_cannot_be_read_back_times_no_case(arena):
    odd = replace(TORCH_CPU, variant=Variant(name="odd", float32="nonsense"))
    for workload in (faulty.GOOD, faulty.SIZED):
        case, found = entries(workload, odd)
        visit(arena, case, found)
        assert found[odd].status == "crashed"


def test_a_slow_first_call_does_not_set_the_length_of_a_block(arena, monkeypatch):
    """Its worker takes the call for a whole block; the first blocks show that it was not."""
    real = arena._call

    def slow(case, who, step, *arguments, limit_s=0.0):
        answer = real(case, who, step, *arguments, limit_s=limit_s)
        first = step == "calibrate" and step not in asked
        asked.append(step)
        return (1, 0.5) if first else answer

    asked: list[str] = []
    monkeypatch.setattr(arena, "_call", slow)
    case, found = entries(faulty.GOOD, TORCH_CPU)
    visit(arena, case, found)
    assert found[TORCH_CPU].observed.iterations > 1
