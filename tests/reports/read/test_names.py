"""Labels keep their dots and their folders; names that are cut stay distinct."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.read.load import load
from reports.read.names import cut_middle, cut_names, distinct_labels, label_of
from tests.suites import suite_file, suite_test


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("x_1.3.3.json", "x_1.3.3"),
        ("runs/x_1.4.4.json", "x_1.4.4"),
        (".hidden.json", ".hidden"),
        (".json", ".json"),
        ("a.json.gz", "a"),
        ("a.jsonl", "a"),
        ("A.JSON", "A"),
        ("v1.2.json.zip", "v1.2"),
        ("https://host/runs/b.json?raw=true", "b"),
        ("C:\\runs\\c.json", "c"),
        ("/dev/stdin", "stdin"),
        ("bad\x1b.json", "bad\ufffd"),
    ],
)
def test_a_label_is_the_name_without_its_kind(path, label):
    assert label_of(path) == label


@pytest.fixture
def labels(tmp_path, write):
    """Return a function from paths to the labels of files there."""

    def of(*paths):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        return distinct_labels([load(write(suite_file(suite_test()), path)) for path in paths])

    return of


def test_files_of_one_name_get_the_folders_that_tell_them_apart(labels):
    assert labels("before/out.json", "after/out.json", "c.json") == ["before/out", "after/out", "c"]
    assert labels("a/x/out.json", "b/x/out.json") == ["a/x/out", "b/x/out"]
    assert labels("a/out.json", "a/out.json.1") == ["out", "out.json.1"]


NAMES = st.lists(
    st.text(alphabet="ab_", min_size=0, max_size=60), min_size=1, max_size=12, unique=True
)


@settings(deadline=None, derandomize=True)
@given(NAMES, st.integers(8, 40))
def test_distinct_names_stay_distinct_and_fit(names, most):
    lines = {" ".join(name.split()) for name in names}
    cuts = cut_names(names, most)
    assert len(set(cuts)) == len(lines)
    assert all(len(cut) <= most for cut in cuts)


PREFIX = "tests/test_it.py::test_a_prefix_that_all_of_them_share_"


@pytest.mark.parametrize(
    ("names", "cuts"),
    [
        (["short", "names"], ["short", "names"]),
        ([PREFIX + "red", PREFIX + "blue"], ["tests/tes…_share_red", "tests/te…_share_blue"]),
        (["a" * 30, "b" + "a" * 29], ["aaaaaaaaaa…aaaaaaaaa", "baaaaaaaaa…aaaaaaaaa"]),
    ],
)
def test_a_cut_name_keeps_its_end(names, cuts):
    found = cut_names(names, 20)
    assert [cut[-4:] for cut in found] == [cut[-4:] for cut in cuts]
    assert len(set(found)) == len(names)


def test_names_that_differ_in_their_middle_are_cut_around_it():
    names = ["x" * 50 + middle + "y" * 50 for middle in ("red", "green", "blue")]
    cuts = cut_names(names, 12)
    assert [any(word in cut for word in ("r", "g", "b")) for cut in cuts] == [True] * 3


def test_names_that_differ_in_length_alone_are_numbered():
    assert len(set(cut_names(["x" * n for n in range(20, 40)], 8))) == 20


def test_equal_names_stay_equal():
    assert cut_names(["z" * 50, "z" * 50, "a"], 10) == ["zzzzz…zzzz", "zzzzz…zzzz", "a"]
    assert cut_middle("abcdefghij", 5) == "ab…ij"
