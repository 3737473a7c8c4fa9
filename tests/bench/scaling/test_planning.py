"""Which points a visit measures, in which order, and for how long."""

import pytest

from bench.scaling.book import begun
from bench.scaling.member import ROUNDS, TURN, _rounds
from bench.scaling.options import parse
from bench.scaling.planning import FIRST, VISITS, planned
from bench.scaling.point import Group, points
from tests.observations import observation

POINTS = points(Group(world=2, per_node=2, places=2), [1, 2], full=False)


@pytest.fixture
def book(tmp_path):
    options = parse(["--results", str(tmp_path), "--machine", "box"])
    return begun(options, Group(2, 2, 2), POINTS, None)


def see(book, visit, of):
    for point in of:
        book.add(observation(point.id, visit, [0.004, 0.002]))


def test_the_first_visit_has_all_points_and_half_of_the_time(book):
    plan = planned(book, 14.0, 14.0)
    assert plan["points"] == plan["profiled"] == [point.id for point in book.open_points()]
    assert (plan["number"], plan["plans"], plan["seconds"]) == (1, {}, FIRST * 14.0)


def test_cases_that_are_behind_go_first_and_known_points_keep_their_plans(book):
    first = [point for point in POINTS if point.case == POINTS[0].case]
    see(book, 1, first)
    plan = planned(book, 14.0, 8.0)
    assert plan["points"][-len(first) :] == [point.id for point in first]
    assert plan["plans"] == {point.id: (3, pytest.approx(0.009)) for point in first}
    assert plan["seconds"] == 8.0 / (VISITS[0] - 1)
    book.fail(first[0].id, "crashed", "rank 1: boom")
    assert first[0].id not in planned(book, 14.0, 8.0)["points"]


@pytest.mark.parametrize(
    ("visits", "left_s", "more"),
    [(0, 0.1, True), (0, 0.0, False), (1, 2.0, False), (3, 2.2, True), (VISITS[1], 9.0, False)],
)
def test_there_is_another_visit_while_time_and_visits_are_left(book, visits, left_s, more):
    for number in range(1, visits + 1):
        see(book, number, POINTS)
    assert bool(planned(book, 14.0, left_s)) == more


def test_a_case_that_faults_kept_from_its_visits_is_still_measured(book):
    first, *_, last = POINTS
    for number in range(1, VISITS[1] + 1):
        see(book, number, [point for point in POINTS if point.case != last.case])
    names = planned(book, 14.0, 9.0)["points"]
    assert names == [point.id for point in POINTS if point.case == last.case]
    assert first.id not in names


@pytest.mark.parametrize(
    ("point_s", "blocks_s", "rounds"),
    [(0.08, [0.01, 0.02], 2), (0.08, [0.01, 0.005], 4), (0.3, [0.01], ROUNDS[1]), (0.1, [1.0], 2)],
)
def test_turns_are_as_many_as_the_longest_blocks_allow(point_s, blocks_s, rounds):
    assert _rounds(point_s, blocks_s) == rounds
    assert rounds == ROUNDS[0] or rounds * TURN * max(blocks_s) <= point_s
