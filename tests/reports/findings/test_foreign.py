"""Findings on files of other suites: what they hold, in units that suit."""

from reports.findings.findings import Findings
from reports.findings.foreign import figures_of_tests, parameter_texts, sections
from reports.findings.summary import summary
from reports.read.load import load
from tests.suites import STATS, suite_file, suite_test


def texts_of(path):
    return {name: finding.text for name, finding in Findings(load(path)).all.items()}


def test_what_a_file_holds_is_said_in_numbers_with_units(write):
    tests = [
        suite_test("test_b", time_s=2e-3, group="g"),
        suite_test("test_a", time_s=3e-6, group="g"),
        suite_test("test_c", time_s=1.0, rounds=1),
        suite_test("test_d", median=None),
    ]
    assert texts_of(write(suite_file(*tests))) == {
        "tests": "The file holds 4 tests in 1 group; 1 of them without usable times.",
        "range": "The medians go from 3.00 µs to 1.00 s.",
        "rounds": "Typically, the middle half of a test’s rounds spans 5.0 % of its median"
        " (2 tests).",
        "single": "1 test ran one round alone, so nothing is known of its spread.",
        "group/1": "2 tests, medians from 3.00 µs to 2.00 ms.",
        "group/2": "2 tests.",
    }


def test_one_test_and_none_have_sentences_of_their_own(write):
    one = texts_of(write(suite_file(suite_test()), "one.json"))
    assert one["range"] == "Its median is 1.00 ms, its minimum 900 µs."
    assert one["rounds"] == "The middle half of its rounds spans 5.0 % of its median."
    assert texts_of(write(suite_file(), "none.json")) == {"tests": "The file holds no test."}


def test_a_round_without_spread_is_0_percent(write):
    assert "spans 0 % of" in texts_of(write(suite_file(suite_test(iqr=0.0))))["rounds"]


def test_odd_tests_are_counted(write):
    tests = [suite_test("a\x00"), suite_test("b")]
    assert texts_of(write(suite_file(*tests)))["odd"].startswith("Of 1 test something was odd")


def test_groups_come_first_then_files_and_the_least_median_is_the_first_row(write):
    tests = [
        suite_test("test_z", file="tests/b.py"),
        suite_test("test_slow", time_s=2.0, group="g"),
        suite_test("test_broken", median=None, group="g"),
        suite_test("test_quick", time_s=1.0, group="g"),
    ]
    first, second = sections(load(write(suite_file(*tests))))
    assert (first.name, first.grouped, second.name, second.grouped) == (
        "g",
        True,
        "tests/b.py",
        False,
    )
    assert [row.contender for row in first.rows] == ["test_quick", "test_slow", "test_broken"]


def columns(write, *tests):
    figures = figures_of_tests(load(write(suite_file(*tests))))
    return list(figures.values())


def test_the_times_of_a_group_have_one_unit_if_their_range_allows(write):
    near = columns(write, suite_test("a", time_s=0.6e-3), suite_test("b", time_s=4e-3))
    assert [row["median"] for row in near] == ["600 µs", "4000 µs"]
    far = columns(write, suite_test("a", time_s=0.6e-6), suite_test("b", time_s=4.0))
    assert [row["median"] for row in far] == ["600 ns", "4.00 s"]


def test_a_row_has_the_columns_that_users_of_pytest_benchmark_know(write):
    rows = columns(
        write,
        suite_test("a", time_s=1e-3, rounds=12345, iterations=10),
        suite_test("b", time_s=2e-3, rounds=1, mean=None),
        suite_test("c", median=float("nan")),
    )
    assert rows[0] == {
        "test": "a",
        "params": "",
        "note": "",
        "median": "1000 µs",
        "min": "900 µs",
        "times": "1.00",
        "iqr": "50.0 µs",
        "ops": "909 /s",
        "rounds": "12\N{THIN SPACE}345 × 10",
    }
    assert (rows[1]["times"], rows[1]["iqr"], rows[1]["ops"], rows[1]["rounds"]) == (
        "2.00",
        "",
        "",
        "1",
    )
    assert rows[2] == {"test": "c", "params": "", "note": "its median is NaN"}


def parameters(write, *tests):
    (section,) = sections(load(write(suite_file(*tests))))
    return parameter_texts(section.rows)


def test_a_parameter_that_all_tests_share_is_left_out(write):
    tests = [suite_test("f", params={"n": n, "how": "quick"}, time_s=n) for n in (1, 2**20)]
    assert parameters(write, *tests) == [("f", "n=1"), ("f", "n=1048576")]


def test_tests_of_one_name_in_two_files_stay_distinct(write):
    tests = [suite_test("f", file=file, group="g", time_s=n) for n, file in enumerate("ab", 1)]
    assert parameters(write, *tests) == [("a::f", ""), ("b::f", "")]


def test_parameters_without_names_are_as_pytest_writes_them(write):
    odd = [
        suite_test(f"f[{name}]", time_s=time_s) | {"param": name, "params": params}
        for name, params, time_s in (
            ("x", None, 1.0),
            ("y", {"f": "UNSERIALIZABLE[<function y>]"}, 2.0),
            ("z", {"text": "long" * 40}, 3.0),
        )
    ]
    assert parameters(write, *odd) == [("f", "x"), ("f", "y"), ("f", "z")]


def test_the_summary_says_what_the_file_holds(write):
    tests = [suite_test("a", group="sorts"), suite_test("b", group="sorts")]
    lines = list(summary(Findings(load(write(suite_file(*tests))))))
    assert lines[0] == "  The file holds 2 tests in 1 group."
    assert lines[-1] == "  sorts: 2 tests, medians of 1.00 ms."
    assert STATS["median"] == 1e-3
