"""What is odd in a file of another suite costs at most its test, which says what was done."""

import pytest

from bench.results.foreign import ForeignFile
from bench.results.mending import shown
from tests.suites import suite_file, suite_test


def mended(*tests, **head):
    return ForeignFile.model_validate(suite_file(*tests, **head))


def only(*tests):
    (test,) = mended(*tests).benchmarks
    return test


@pytest.mark.parametrize(
    ("stats", "reason"),
    [
        ({"median": float("nan")}, "its median is NaN"),
        ({"min": float("-inf")}, "its min is -Infinity"),
        ({"median": 10**400}, "its median is Infinity"),
        ({"median": None}, "its statistics have no median"),
        ({"median": "0.5"}, "its median is no number: “0.5”"),
        ({"median": True}, "its median is no number: true"),
        ({"median": [1.0]}, "its median is no number: a list"),
        ({"min": -1e-3}, "its min is negative: -0.001 s"),
        ({"min": 0}, "its clock read 0 seconds"),
        ({"median": 0.0, "min": 0.0}, "its clock read 0 seconds"),
        ({"median": 1e300}, "its median cannot be true: 1e+300 s"),
        ({"min": 5e-324}, "its min cannot be true: 4.94066e-324 s"),
        ({"min": 2.0, "median": 1.0}, "its minimum, 2 s, is longer than its median, 1 s"),
    ],
)
def test_times_that_cannot_be_used_have_a_reason_and_cost_one_test(stats, reason):
    bad, good = mended(suite_test("test_bad", **stats), suite_test("test_good")).benchmarks
    assert (bad.stats, bad.reason) == (None, reason)
    assert good.stats.median == 1e-3
    assert good.reason == ""


@pytest.mark.parametrize("stats", [None, [], 5, "none"])
def test_a_test_without_statistics_says_so(stats):
    assert only(suite_test() | {"stats": stats}).reason == "it has no statistics"
    without = suite_test()
    del without["stats"]
    assert only(without).reason == "it has no statistics"


@pytest.mark.parametrize(
    ("stats", "note"),
    [
        ({"iqr": float("nan")}, "its iqr, NaN, was left out"),
        ({"mean": "x" * 900}, f"its mean, “{'x' * 60}…”, was left out"),
        ({"stddev": -1.0}, "its stddev, -1.0, was left out"),
        ({"rounds": 2.5}, "its rounds, 2.5, was left out"),
        ({"rounds": 0}, "its rounds, 0, was left out"),
        ({"iterations": 10**30}, f"its iterations, {10**30}, was left out"),
        ({"max": 1e-9}, "its max, 1e-09 s, is shorter than its median: left out"),
    ],
)
def test_a_statistic_that_cannot_be_used_is_left_out_with_a_note(stats, note):
    test = only(suite_test(**stats))
    assert getattr(test.stats, next(iter(stats))) is None
    assert test.notes == [note]
    assert test.stats.median == 1e-3


def test_whole_numbers_written_as_floats_are_counts_and_a_tiny_spread_is_none():
    stats = only(suite_test(rounds=7.0, iqr=1e-30)).stats
    assert (stats.rounds, stats.iqr) == (7, 0.0)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\\u200d\U0001f4bb"),
        ("a\u200fb", "a\\u200fb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\ud83d", "\\ud83d"),
        ("a\x00\n\xa0", "a\\x00\\n\\xa0"),
        ("µ é 中 اختبار", "µ é 中 اختبار"),
    ],
)
def test_characters_that_do_not_print_are_escaped_as_pytest_escapes_them(text, escaped):
    assert shown(text) == escaped
    test = only(suite_test(f"test_{text}", group=text))
    assert (test.group, test.name, test.fullname) == (
        escaped,
        f"test_{escaped}",
        f"t.py::test_{escaped}",
    )
    assert bool(test.notes) == (text != escaped)


def test_a_long_id_is_cut_in_its_middle_and_stays_distinct():
    ids = ["x" * 3000, "x" * 3001, "x" * 1500 + "y" + "x" * 1499]
    tests = mended(*map(suite_test, ids)).benchmarks
    assert len({test.fullname for test in tests}) == 3
    assert all(1990 < len(test.fullname) <= 2000 for test in tests)
    assert tests[0].notes == ["its id of 3006 characters was cut in the middle"]
    assert tests[0].fullname.startswith("t.py::xxx")
    assert "…(3006 characters, " in tests[0].fullname


def test_a_test_that_was_run_again_keeps_its_last_times_and_says_so():
    times = (1.0, 3.0, 2.0)
    tests = mended(*(suite_test(time_s=t) for t in times), suite_test("test_b")).benchmarks
    assert [(test.name, test.stats.median) for test in tests] == [("test_a", 2.0), ("test_b", 1e-3)]
    assert tests[0].notes == ["measured 3 times in this file: this is the last"]


def test_ids_that_become_equal_are_numbered():
    names = [test.fullname for test in mended(*map(suite_test, ("a\x00", "a\\x00"))).benchmarks]
    assert names == ["t.py::a\\x00", "t.py::a\\x00 (2)"]


def test_entries_that_are_no_tests_are_kept_with_a_reason():
    tests = mended(None, 5, [], {}, {"name": 3, "stats": 1}).benchmarks
    assert [test.fullname for test in tests] == ["entry 1", "entry 2", "entry 3", "entry 4", "3"]
    assert tests[0].reason == "it is null in the file, not a test"
    assert tests[3].notes == ["it has no name in the file"]


def test_nan_in_extra_info_is_named_and_nothing_else_is_lost():
    odd = {"loss": {"last": [1.0, float("nan")]}, "most": float("inf"), "fine": 1.0}
    test = only(suite_test() | {"extra_info": odd})
    assert test.notes == ["NaN or Infinity is left out: extra_info.loss.last.1, extra_info.most"]
    assert test.stats.median == 1e-3


def test_parameters_are_numbers_or_texts():
    params = {"n": 1000, "x": 0.5, "how": "quick", "flag": True, "none": None, "nan": float("nan")}
    params |= {"f": "UNSERIALIZABLE[<function f at 0x7f>]", "list": [1]}
    assert dict(only(suite_test() | {"params": params}).params) == {
        "n": 1000.0,
        "x": 0.5,
        "how": "quick",
        "flag": "True",
        "none": "None",
        "nan": "NaN",
        "f": "<function f at 0x7f>",
        "list": "a list",
    }
    assert only(suite_test() | {"params": [1, 2]}).params == []


@pytest.mark.parametrize("odd", [None, 5, [], "x", {"cpu": 5}, {"cpu": {"count": -1}}])
def test_an_odd_machine_or_commit_costs_its_facts_alone(odd):
    file = mended(suite_test(), machine_info=odd, commit_info=odd, datetime=odd)
    assert file.machine_info.cpu.count == 0
    assert file.commit_info.id == "unknown"
    assert len(file.benchmarks) == 1


def test_one_wrong_fact_leaves_the_others():
    info = {"python_version": "3.12", "system": 5, "cpu": {"brand_raw": "A\x1b", "count": "four"}}
    machine = mended(machine_info=info, commit_info={"id": "f12", "dirty": "?"}).machine_info
    assert (machine.python_version, machine.system) == ("3.12", "")
    assert (machine.cpu.brand_raw, machine.cpu.count) == ("A\\x1b", 0)


def test_a_file_without_a_list_of_tests_is_refused():
    with pytest.raises(ValueError, match="benchmarks: a list of tests expected"):
        ForeignFile.model_validate(suite_file() | {"benchmarks": {}})
