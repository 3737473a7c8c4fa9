"""The file of a run: written whole, read again, and refused if it does not fit."""

import json

import pytest

from bench.results.schema import ResultFile
from bench.scaling.book import INTERRUPTED, UNREACHED, begun
from bench.scaling.options import parse
from bench.scaling.point import Group, points
from tests.observations import observation

GROUP = Group(world=2, per_node=2, places=2)
POINTS = points(GROUP, [1, 2], full=False)


def book(folder, *arguments, kept=None, group=GROUP, mark=""):
    options = parse(["--results", str(folder), "--machine", "box", *arguments])
    return begun(options, group, POINTS, kept, mark)


def measured(folder, *arguments, mark=""):
    """Return a book with one measured point, one that failed, and the others."""
    of = book(folder, *arguments, mark=mark)
    first, second, *_ = of.entries
    of.add(observation(first))
    of.fail(second, "crashed", "rank 1: boom")
    return of, first, second


def test_a_file_holds_all_points_with_their_reasons(tmp_path):
    of, first, second = measured(tmp_path)
    of.write()
    file = ResultFile.model_validate_json(of.path.read_text(encoding="utf-8"))
    known = {point.id: point for point in file.scaling.points}
    assert len(known) == len(POINTS)
    assert (known[first].time_s, known[first].status) == (0.25, "ok")
    assert (known[second].status, known[second].reason) == ("crashed", "rank 1: boom")
    assert file.scaling.faults == [f"{second}: crashed: rank 1: boom"]
    others = {point.reason for name, point in known.items() if name not in (first, second)}
    assert others == {INTERRUPTED}
    of.complete = True
    of.write()
    assert UNREACHED in of.path.read_text(encoding="utf-8")
    assert [path.name for path in of.path.parent.iterdir()] == [of.path.name]


def test_the_next_attempt_goes_on_with_the_book_of_the_one_before(tmp_path):
    of, first, second = measured(tmp_path)
    of.scaling["spent_s"] = 5.0
    kept = {"path": str(of.path), "content": of.write(), "at_s": 1e12}
    again = book(tmp_path, kept=kept)
    assert again.path == of.path
    assert again.scaling["restarts"] == 1
    assert again.spent_before_s == 5.0
    names = {point.id for point in again.open_points()}
    assert first in names
    assert second not in names
    again.add(observation(first, visit=2))
    points_now = {p["id"]: p for p in again.content()["scaling"]["points"]}
    assert points_now[first]["samples"]["numbers"] == [1, 2]


def test_an_interrupted_run_is_resumed(tmp_path):
    of, first, _ = measured(tmp_path)
    of.write()
    again = book(tmp_path, "--resume")
    assert again.path == of.path
    assert again.scaling["restarts"] == 0
    assert again.entries[first].visits == {1: [0.5, 0.25]}


@pytest.mark.parametrize("mark", ["here", "elsewhere"])
def test_the_next_attempt_knows_its_file_though_the_store_was_lost(tmp_path, mark):
    of, first, _ = measured(tmp_path, mark="here")
    of.write()
    another = book(tmp_path, mark="another agent's")
    another.write()
    again = book(tmp_path, mark=mark)
    assert (again.path == of.path) == (mark == "here")
    assert again.path != another.path
    assert again.scaling["restarts"] == int(mark == "here")
    assert again.entries[first].visits == ({1: [0.5, 0.25]} if mark == "here" else {})
    of.complete = True
    of.write()
    assert book(tmp_path, mark="here").path != of.path


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(ValueError, match="expects a run that was cut off"):
        book(tmp_path, "--resume")
    of, *_ = measured(tmp_path)
    of.complete = True
    of.write()
    with pytest.raises(ValueError, match="came to its end"):
        book(tmp_path, "--resume")


@pytest.mark.parametrize(
    ("changed", "arguments", "group", "message"),
    [
        ({}, [], Group(3, 3, 3), "ranks: 2, now 3"),
        ({}, ["--only", "matmul"], GROUP, "--only"),
        ({"versions": {"numpy": "0.1"}}, [], GROUP, "version of numpy: 0.1"),
    ],
)
def test_two_runs_are_not_mixed(tmp_path, changed, arguments, group, message):
    of, *_ = measured(tmp_path)
    content = of.write()
    content["machine_info"] |= changed
    of.path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match="cannot mix two runs.*" + message):
        book(tmp_path, "--resume", *arguments, group=group)


def test_ranks_on_more_nodes_do_not_go_on_with_a_run_on_one(tmp_path):
    of, *_ = measured(tmp_path)
    of.scaling["nodes"] = [{"ranks": 2}]
    of.write()
    with pytest.raises(ValueError, match=r"ranks of each node: \[2\], now \[1, 1\]"):
        book(tmp_path, "--resume", group=Group(2, 1, 1))


@pytest.mark.parametrize("text", ['{"scaling":', '{"scaling": {"world": "many"}}'])
def test_a_file_that_cannot_be_read_is_named(tmp_path, text):
    of, *_ = measured(tmp_path)
    of.write()
    (of.path.parent / "z.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"cannot read z.json: .*; move it away"):
        book(tmp_path, "--resume")


def test_files_of_other_tools_are_no_runs_to_resume(tmp_path):
    of, *_ = measured(tmp_path)
    of.write()
    (of.path.parent / "z.json").write_text("[1]", encoding="utf-8")
    assert book(tmp_path, "--resume").path == of.path


def test_points_that_were_refused_can_be_measured_by_a_run_that_goes_on(tmp_path):
    few = Group(world=2, per_node=2, places=1)
    book(tmp_path, group=few).write()
    assert {point.ranks for point in book(tmp_path, "--resume", group=few).open_points()} == {1}
    again = book(tmp_path, "--resume", "--oversubscribe", group=few)
    assert set(again.open_points()) == set(POINTS)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "box").touch()
    with pytest.raises(ValueError, match=r"--results must be a folder to write into.*box"):
        book(tmp_path)


def test_a_choice_must_leave_a_point(tmp_path):
    with pytest.raises(ValueError, match="got 'nothing'"):
        book(tmp_path, "--only", "nothing")


def test_a_fault_between_points_costs_none(tmp_path):
    of, *_ = measured(tmp_path)
    before = of.open_points()
    of.fail("", "timeout", "rank 1: stopped")
    assert of.open_points() == before
    assert of.scaling["faults"][-1] == "between points: timeout: rank 1: stopped"
