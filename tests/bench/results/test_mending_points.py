"""What is odd in a point costs that point, or less; what is odd in the group costs that fact."""

import copy

import pytest

from bench.results.mending_points import MOST_NOTED, mended_scaling
from bench.results.schema import ResultFile
from tests.points import cluster, point, ratio, training

SECOND = "train_data_parallel/n=4/strong/float32/ranks=2/torch-gloo"


def sound():
    return cluster(training("n=4", 1.6))


def mended(data):
    """Return the points by id, and the notes; the mended file is valid."""
    content, notes = mended_scaling(data)
    scaling = ResultFile.model_validate(content).scaling
    return {each.id: each for each in scaling.points}, notes


def with_odd(**fields):
    data = sound()
    by_id = {each["id"]: each for each in data["scaling"]["points"]}
    by_id[SECOND] |= fields
    return data


def test_a_sound_file_is_unchanged():
    data = sound()
    before = copy.deepcopy(data)
    assert mended_scaling(data) == (before, [])
    assert mended_scaling({"cells": []}) == ({"cells": []}, [])


@pytest.mark.parametrize(
    ("fields", "kept", "gone", "note"),
    [
        ({"speedup": ratio(2.0, 3.0, 4.0)}, "time_s", "speedup efficiency", "low <= ratio"),
        ({"efficiency": 0.8}, "time_s", "speedup efficiency", "efficiency: "),
        ({"communication_share": -1.0}, "speedup", "communication_share", "greater than"),
        ({"nodes": "two"}, "speedup", "", "nodes: "),
        ({"rel_error": "small"}, "speedup", "rel_error", "rel_error: "),
    ],
)
def test_an_odd_field_costs_that_field(fields, kept, gone, note):
    points, notes = mended(with_odd(**fields))
    assert len(points) == 5
    assert points[SECOND].status == "ok"
    assert getattr(points[SECOND], kept) is not None
    assert [getattr(points[SECOND], name) for name in gone.split()] == [None] * len(gone.split())
    assert len(notes) == 1
    assert notes[0].startswith(SECOND)
    assert note in notes[0]


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"time_s": -1.0}, "skipped", "time_s: Input should be greater than 0"),
        ({"time_s": "fast"}, "skipped", "time_s: Input should be a valid number"),
        ({"time_low_s": 1.0}, "skipped", "time_low_s <= time_s <= time_high_s expected"),
        ({"status": "great"}, "skipped", "its status is not known here: 'great'"),
        ({"time_s": 0.0, "status": "crashed", "reason": "rank 1: out"}, "crashed", "rank 1: out"),
    ],
)
def test_a_point_whose_time_cannot_be_used_has_a_reason_instead(fields, status, reason):
    points, notes = mended(with_odd(**fields))
    odd = points[SECOND]
    assert (odd.status, odd.time_s, odd.speedup, odd.efficiency) == (status, None, None, None)
    assert reason in odd.reason
    assert odd.message_bytes == 4
    assert len(notes) == 1
    others = [each for each in points.values() if each.id != SECOND]
    assert all(each.status == "ok" and each.time_s for each in others)


@pytest.mark.parametrize(
    "fields",
    [
        {"ranks": 0.5},
        {"ranks": 3},
        {"contender": None},
        {"id": "elsewhere"},
        {"mode": "both"},
        {"size": "\x1b[31m"},
    ],
)
def test_a_point_that_cannot_be_identified_is_left_out(fields):
    points, notes = mended(with_odd(**fields))
    assert len(points) == 4
    assert SECOND not in points
    assert notes[0].startswith("point 4: ")
    assert notes[0].endswith("it is left out")


def test_what_is_no_point_is_left_out_and_a_second_one_replaces_the_first():
    data = sound()
    data["scaling"]["points"] += [5, None, point("n=4", "strong", 2, "torch-gloo", 9e-3)]
    points, notes = mended(data)
    assert len(points) == 5
    assert points[SECOND].time_s == 9e-3
    assert notes == [
        "point 6: an object expected: it is left out",
        "point 7: an object expected: it is left out",
        f"{SECOND}: it stands twice; the last counts",
    ]


@pytest.mark.parametrize("points", [5, None, {}])
def test_points_that_are_no_list_are_none(points):
    data = sound()
    data["scaling"]["points"] = points
    assert mended(data) == ({}, ["scaling.points: a list expected: there are none"])


def test_a_part_that_is_no_object_is_left_out():
    content, notes = mended_scaling(sound() | {"scaling": [1]})
    assert ResultFile.model_validate(content).scaling is None
    assert notes == ["scaling: an object expected: it is left out"]


def test_an_odd_fact_of_the_group_costs_that_fact():
    data = sound()
    data["scaling"] |= {"copy_bytes_s": "fast", "nodes": [5], "world": None}
    content, notes = mended_scaling(data)
    scaling = ResultFile.model_validate(content).scaling
    assert (scaling.copy_bytes_s, scaling.nodes, scaling.world) == (None, [], 2)
    assert len(scaling.points) == 5
    assert [note.partition(": ")[0] for note in notes] == [
        "scaling.world",
        "scaling.nodes",
        "scaling.copy_bytes_s",
    ]


def test_notes_beyond_a_limit_are_counted():
    data = sound()
    data["scaling"]["points"] = [5] * (MOST_NOTED + 3)
    _, notes = mended(data)
    assert len(notes) == MOST_NOTED + 1
    assert notes[-1] == "3 more odd things in scaling"
