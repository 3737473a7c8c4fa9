"""Who is to blame for the end of an attempt, from what its ranks report."""

from dataclasses import replace

import pytest
from torch.distributed import HashStore

from bench.machine.processes import STOPPED
from bench.scaling import board
from bench.scaling.blame import ENDED, LOST, TIMEOUT, Report, blame
from bench.scaling.board import Board
from bench.scaling.options import Rank

POINT = "all_reduce/bytes=4096/float32/ranks=3/torch-gloo"
GATHERS = "in torch/distributed/distributed_c10d.py, line 3 in all_gather"


def reports(*given):
    """Return the reports of as many ranks: status, then further fields; None for none."""
    return [
        None if each is None else Report(rank=rank, point=POINT, status=each[0], **dict(each[1:]))
        for rank, each in enumerate(given)
    ]


def test_a_rank_that_failed_is_to_blame_and_not_those_that_lost_it():
    seen = reports((LOST, ("reason", "gloo")), ("oom", ("reason", "full")), (ENDED,))
    assert blame(seen, []) == (POINT, "oom", "rank 1: full")


def test_of_two_that_failed_the_first_is_to_blame():
    seen = reports(("crashed", ("order", 2)), ("crashed", ("order", 1), ("reason", "boom")))
    assert blame(seen, []) == (POINT, "crashed", "rank 1: boom")


def test_of_ranks_without_progress_the_one_that_does_not_wait_has_hung():
    late = ("reason", "no progress for 5 s")
    seen = reports((TIMEOUT, late, ("place", GATHERS)), (LOST, ("place", "in body.py, line 7")))
    where = "rank 1: no progress for 5 s, in body.py, line 7"
    assert blame(seen, []) == (POINT, TIMEOUT, where)


def test_a_stopped_rank_is_to_blame_before_one_that_computes():
    late = ("reason", "no progress for 2 s")
    computes, stands = ("place", "in body.py, line 7"), ("place", STOPPED)
    seen = reports((TIMEOUT, late, computes), (LOST, stands), (LOST, ("place", GATHERS)))
    assert blame(seen, []) == (POINT, TIMEOUT, f"rank 1: no progress for 2 s, {STOPPED}")


def test_if_all_wait_whoever_noticed_is_named():
    late = ("reason", "no progress for 5 s")
    seen = reports((LOST, ("place", GATHERS)), (TIMEOUT, late, ("place", GATHERS)))
    assert blame(seen, [])[2].startswith("rank 1: no progress for 5 s")


def test_a_rank_may_name_another():
    seen = reports(("oom", ("reason", "full"), ("culprit", 2)), (LOST,), (LOST,))
    assert blame(seen, [])[2] == "rank 2: full"
    silent = ("reason", STOPPED), ("culprit", 1)
    assert blame(reports((TIMEOUT, *silent), None), [1]) == (POINT, TIMEOUT, f"rank 1: {STOPPED}")


def test_a_rank_that_went_without_a_report_was_killed():
    seen = reports((ENDED,), None, (LOST, ("reason", "gloo")))
    assert blame(seen, [1])[1:] == (
        "crashed",
        "rank 1: the process was killed, or its machine has gone",
    )


def test_ranks_that_all_lost_each_other_cost_the_point():
    seen = reports((LOST, ("reason", "gloo")), (LOST, ("reason", "another rank failed")))
    assert blame(seen, []) == (POINT, "crashed", "rank 0 lost the others: gloo")


@pytest.mark.parametrize(
    "seen",
    [reports((ENDED,), (ENDED,)), reports((ENDED,), None), reports((ENDED,), (LOST,)), [None]],
)
def test_nobody_is_to_blame_if_torchrun_ended_all(seen):
    assert blame(seen, []) is None


@pytest.fixture
def boards(monkeypatch):
    """Two ranks of one attempt, on a store that is not shared by a socket."""
    store = HashStore()
    monkeypatch.setattr(board, "TCPStore", lambda *_, **__: store)
    place = {"world": 2, "per_node": 2, "address": "", "port": 0, "run": "r"}
    place |= {"restarts": 0, "most_restarts": 0}
    first = Board(Rank(number=0, local=0, **place))
    monkeypatch.setattr(board.time, "sleep", lambda _: first.beat(0))
    return first, Board(Rank(number=1, local=1, **place))


def test_ranks_follow_the_attempt_whose_rank_0_beats(boards):
    first, second = boards
    assert second.attempt == first.attempt
    assert Board(first.rank).before == first.attempt


def test_a_fault_ends_the_attempt_of_all_but_an_end_does_not(boards):
    first, second = boards
    first.report(Report(rank=0, status=ENDED))
    assert second.fault() == ""
    second.report(Report(rank=1, status="oom"))
    assert first.fault() == "oom"
    assert [(r.status, r.order) for r in first.reports()] == [(ENDED, 1), ("oom", 2)]


def test_a_rank_is_silent_from_its_last_beat_on(boards, monkeypatch):
    first, second = boards
    now_s = [0.0]
    monkeypatch.setattr(board.time, "monotonic", lambda: now_s[0])
    second.beat(0)
    assert first.silent() == (1, 0.0) or first.silent()[1] == 0.0
    now_s[0] = 7.0
    assert first.silent() == (1, 7.0)
    second.beat(0)
    assert first.silent()[1] == 0.0


@pytest.mark.parametrize("hosts", [True, False])
def test_who_hosts_the_store_stays_until_the_others_have_left(boards, monkeypatch, hosts):
    first, second = boards
    first.rank = replace(first.rank, hosts=hosts)
    slept = []

    def sleep(_):
        slept.append(first.read("left/1"))
        if len(slept) == 3:
            second.leave()

    monkeypatch.setattr(board.time, "sleep", sleep)
    first.leave()
    assert slept == [None] * (3 if hosts else 0)


def test_who_hosts_the_store_does_not_wait_for_ever(boards, monkeypatch):
    first, _ = boards
    first.rank = replace(first.rank, hosts=True)
    monkeypatch.setattr(board, "LEAVE_S", 0.1)
    first.leave()
