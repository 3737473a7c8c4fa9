"""Tests of other tools' files are matched by name where folders have moved."""

import pytest

from reports.compare.names import shared_names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (".tox/py312/tests/test_a.py::T::x[1/2::3]", "tests/test_a.py::T::x[1/2::3]"),
        ("src/it/test_a.py::x", "test_a.py::x"),
        ("tests\\win\\test_a.py::x", "tests/test_a.py::x"),
        ("bench_a.py::x", "test_a.py::x"),
        ("test_a.py::x", "x"),
    ],
)
def test_a_test_that_moved_is_matched(one, other):
    first, second = shared_names([[one], [other]])
    assert first[one] == second[other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("test_a.py::x", "test_a.py::y"),
        ("test_a.py::x[1]", "test_a.py::x[2]"),
        ("test_a.py::T::x", "test_a.py::x"),
    ],
)
def test_another_test_is_not(one, other):
    first, second = shared_names([[one], [other]])
    assert first[one] != second[other]


def test_equal_names_are_told_apart_by_as_many_folders_as_needed():
    here = ["tests/a/io/t.py::x", "tests/b/io/t.py::x"]
    there = [f".tox/lib/{test}" for test in here]
    first, second = shared_names([here, there])
    assert [first[test] for test in here] == ["a/io/t.py::x", "b/io/t.py::x"]
    assert [second[test] for test in there] == ["a/io/t.py::x", "b/io/t.py::x"]


def test_what_is_ambiguous_is_not_matched():
    first, second = shared_names([["a/t.py::x", "b/t.py::x"], ["c/t.py::x"]])
    assert not set(first.values()) & set(second.values())
    first, second = shared_names([["a.py::x", "b.py::x"], ["c.py::x"]])
    assert not set(first.values()) & set(second.values())


def test_no_two_tests_of_a_file_get_one_name():
    files = [["t.py::x", "a/t.py::x", "x", "u.py::x"], ["b/t.py::x", "v.py::x"], ["t.py::x"]]
    for file, names in zip(files, shared_names(files), strict=True):
        assert len(set(names.values())) == len(file)
