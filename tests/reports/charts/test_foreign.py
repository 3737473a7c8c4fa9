"""Charts of files of other suites: every chart is drawn, and draws what it says."""

import pytest

from reports.charts.drawing import inline, pdf, png
from reports.charts.foreign import MOST_ROWS, curve_of, foreign_plans
from reports.findings.foreign import sections
from reports.read.load import load
from tests.suites import many_tests, suite_file, suite_test


@pytest.fixture
def sections_of(write):
    return lambda *tests: sections(load(write(suite_file(*tests))))


def sorts(times=(1e-6, 1e-5, 1e-4), hows=("quick", "merge")):
    return [
        suite_test("test_sort", params={"how": how, "n": 10**n}, time_s=time_s * (1 + place))
        for place, how in enumerate(hows)
        for n, time_s in enumerate(times, 1)
    ]


def test_a_numeric_parameter_makes_a_line_for_each_of_the_other_parameters(sections_of):
    (section,) = sections_of(*sorts())
    curve = curve_of(section)
    assert curve.parameter == "n"
    assert {name: [size for size, _ in line] for name, line in curve.lines.items()} == {
        "quick": [10, 100, 1000],
        "merge": [10, 100, 1000],
    }
    (plot,) = (plan() for plan in foreign_plans([section]).values())
    assert plot.description.startswith("t.py. n from 10 to 1000, 2 lines.")
    assert "test_sort[merge-1000]: median 200 µs, minimum 180 µs" in inline(plot)


def test_two_points_negative_values_or_too_many_lines_are_no_curve(sections_of):
    (two,) = sections_of(*sorts(times=(1e-6, 1e-5)))
    assert curve_of(two) is None
    (negative,) = sections_of(*(suite_test("f", params={"n": -n}) for n in range(4)))
    assert curve_of(negative) is None
    (many,) = sections_of(*sorts(hows=[f"how {n}" for n in range(7)]))
    assert curve_of(many) is None


def test_tests_beside_a_curve_have_a_chart_of_their_own(sections_of):
    (section,) = sections_of(*sorts(), suite_test("test_a"), suite_test("test_b", time_s=2e-3))
    assert list(foreign_plans([section])) == ["curve/1", "tests/1"]


def test_of_many_tests_the_longest_are_drawn_and_the_title_says_so(sections_of):
    (section,) = sections_of(*many_tests(1, 300))
    plot = foreign_plans([section])["tests/1"]()
    assert plot.description.startswith(
        "group 0. The 24 longest medians of 300, which go from 1.00 µs to 90.0 ms."
    )
    assert len(plot.figure.axes[0].get_yticklabels()) == MOST_ROWS
    assert "test_0_299" in plot.figure.axes[0].get_yticklabels()[-1].get_text()


def test_an_axis_is_logarithmic_only_if_times_differ_much(sections_of):
    near, far = (
        foreign_plans(sections_of(suite_test("a"), suite_test("b", time_s=t)))["tests/1"]()
        for t in (2e-3, 1.0)
    )
    axes = near.figure.axes[0]
    assert (axes.get_xscale(), axes.get_xlim()[0]) == ("linear", 0)
    assert far.figure.axes[0].get_xscale() == "log"


def test_all_groups_are_drawn_up_to_a_limit(sections_of):
    few = foreign_plans(sections_of(*many_tests(36, 2)))["groups"]()
    assert few.description.startswith("The medians of 36 groups, a dot for each test.")
    many = foreign_plans(sections_of(*many_tests(300, 1)))["groups"]()
    assert many.description.startswith("The 40 of 300 groups with the longest medians.")
    assert len(many.figure.axes[0].get_yticklabels()) == 40


def test_charts_are_limited_in_number_and_a_single_test_has_none(sections_of):
    assert len(foreign_plans(sections_of(*many_tests(100, 2)))) == 1 + 60
    assert foreign_plans(sections_of(suite_test())) == {}
    assert foreign_plans(sections_of(suite_test(median=None), suite_test("b"))) == {}


@pytest.mark.parametrize("write_as", [png, pdf, inline])
def test_odd_names_are_drawn_in_every_format(sections_of, write_as):
    odd = ["$x_{", "<b>&", "\ud800", "اختبار", "\U0001f469\u200d\U0001f4bb", "x" * 3000, "a\nb"]
    tests = [suite_test(name, group=name, time_s=1e-3 * n) for n, name in enumerate(odd, 1)]
    tests += [suite_test(name, time_s=1e-3 * n) for n, name in enumerate(odd, 1)]
    tests += [suite_test("f", params={"$n_{": n, "\ud800": "é"}) for n in (1, 2, 3)]
    for plan in foreign_plans(sections_of(*tests)).values():
        assert len(write_as(plan())) > 1000


def test_equal_times_are_drawn(sections_of):
    for tests in ([suite_test("a"), suite_test("b")], sorts(times=(1e-6,) * 3)):
        for plan in foreign_plans(sections_of(*tests)).values():
            assert inline(plan())
