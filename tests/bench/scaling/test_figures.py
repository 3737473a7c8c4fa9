"""Figures of planted visits, with answers by hand."""

import pytest

from bench.scaling.figures import Entry, finished, restored, slow
from bench.scaling.point import CPU, GLOO, NUMPY, Point
from bench.workload import size
from tests.observations import observation

SIZE = size(n=240)
HIDDEN = size(inputs=64, hidden=32, batch=240)
MESSAGE = size(bytes=4096)


def point(ranks, contender, workload="matmul_sharded", mode="strong", of=SIZE):
    return Point(workload=workload, size=of, mode=mode, ranks=ranks, contender=contender)


def figures(*timed):
    """Return the points of a file, by id, from points with the seconds of each visit."""
    entries = {where.id: Entry(where) for where, _ in timed}
    for where, visits in timed:
        for number, seconds in enumerate(visits, 1):
            entries[where.id].add(observation(where.id, number, [seconds, 2 * seconds]))
    return {p.id: p for p in finished(entries, lambda _: {})}


def test_strong_scaling_compares_the_times():
    alone, both, numpy = point(1, CPU), point(2, GLOO), point(2, NUMPY)
    of = figures((alone, [3.0, 3.0]), (both, [2.0, 2.0]), (numpy, [4.0, 4.0]))[both.id]
    assert of.time_s == pytest.approx(2.0)
    assert of.typical_s == pytest.approx(3.0)  # the median of 2 and 4
    assert of.speedup.ratio == pytest.approx(1.5)
    assert of.efficiency.ratio == pytest.approx(0.75)
    assert of.against_numpy.ratio == pytest.approx(2.0)
    assert of.speedup.low < 1.5 < of.speedup.high


def test_weak_scaling_does_more_work_in_the_time():
    of = "train_data_parallel"
    alone, both = point(1, CPU, of, of=HIDDEN), point(2, GLOO, of, "weak", HIDDEN)
    scaled = figures((alone, [3.0]), (both, [4.0]))[both.id]
    assert scaled.speedup.ratio == pytest.approx(1.5)
    assert scaled.efficiency.ratio == pytest.approx(0.75)


def test_bandwidths_are_those_of_the_tests_of_nccl():
    reduced = point(4, GLOO, "all_reduce", "", MESSAGE)
    of = figures((reduced, [0.001]))[reduced.id]
    assert of.algorithm_bytes_s == pytest.approx(4_096_000)
    assert of.bus_bytes_s == pytest.approx(4_096_000 * 2 * 3 / 4)


def test_only_visits_of_both_are_compared():
    alone, both = point(1, CPU), point(2, GLOO)
    entries = {p.id: Entry(p) for p in (alone, both)}
    entries[alone.id].add(observation(alone.id, 1, [4.0]))
    entries[both.id].add(observation(both.id, 1, [2.0]))
    entries[both.id].add(observation(both.id, 2, [1.0]))
    entries[alone.id].add(observation(alone.id, 3, [9.0]))
    of = {p.id: p for p in finished(entries, lambda _: {})}[both.id]
    assert of.speedup.ratio == pytest.approx(2.0)


def test_a_point_that_failed_has_no_time_and_nothing_is_compared_with_it():
    alone, both = point(1, CPU), point(2, GLOO)
    entries = {p.id: Entry(p) for p in (alone, both)}
    for where in (alone, both):
        entries[where.id].add(observation(where.id, 1, [2.0]))
    entries[alone.id].fail("crashed", "rank 0: boom")
    of = {p.id: p for p in finished(entries, lambda _: {})}
    assert (of[alone.id].status, of[alone.id].time_s) == ("crashed", None)
    assert of[both.id].speedup is None
    assert not entries[alone.id].open


def test_a_rank_whose_own_work_is_slow_is_a_straggler():
    assert slow([1.0, 1.0, 2.5]) == "rank 2: its own work took 2.5 times as long as the others'"
    assert slow([1.0, 1.9]) == ""
    assert slow([1.0]) == ""


def test_a_straggler_is_slow_in_every_visit():
    both = point(2, GLOO)
    entry = Entry(both)
    entry.add(observation(both.id, 1, [2.0], [1.0, 3.0]))
    assert entry.status == "ok"  # one visit may have been disturbed
    entry.add(observation(both.id, 2, [2.0], [1.0, 1.0]))
    assert entry.status == "ok"
    slowed = Entry(both)
    for visit in (1, 2):
        slowed.add(observation(both.id, visit, [2.0], [1.0, 3.0]))
    assert slowed.status == "straggler"
    assert slowed.reason.startswith("rank 1:")


def test_without_a_core_for_each_rank_nobody_is_a_straggler():
    both = point(2, GLOO)
    entry = Entry(both)
    for visit in (1, 2):
        entry.add(observation(both.id, visit, [2.0], [1.0, 3.0]), judge=False)
    assert entry.status == "ok"


def test_figures_of_a_restored_file_are_the_same():
    alone, both = point(1, CPU), point(2, GLOO)
    of = figures((alone, [3.0, 3.1]), (both, [2.0, 2.2]))
    entries = {p.id: Entry(p) for p in (alone, both)}
    restored(entries, of.values())
    assert {p.id: p for p in finished(entries, lambda _: {})} == of
