"""A comparison in the terminal lists clear differences; no text of a file becomes markup."""

import io

import pytest
from rich.console import Console

from reports.compare.comparison import compare
from reports.compare.tables import LABEL, cut, print_comparison
from reports.read.load import load
from tests.conftest import CASE, ONE, content, entry


def timed(n, time_s):
    ends = {"time_low_s": time_s / 1.01, "time_high_s": time_s * 1.01}
    return entry(f"{CASE.format(n)}/numpy", time_s, ONE, **ends)


@pytest.fixture
def printed(write):
    def show(files, *, all_cells=False):
        """Print files of times by size, by label; the first is the baseline."""
        results = [
            load(
                write(content([timed(n, t) for n, t in times.items()], (), label), f"{place}.json")
            )
            for place, (label, times) in enumerate(files.items())
        ]
        text = io.StringIO()
        console = Console(file=text, width=200, force_terminal=True, color_system="truecolor")
        print_comparison(compare(results), console, all_cells=all_cells)
        return text.getvalue()

    return show


TWO = {"a": {16: 4e-6, 64: 4e-6}, "b": {16: 2e-6, 64: 4e-6}}


def test_cells_that_clearly_differ_are_listed_and_the_others_counted(printed):
    text = printed(TWO)
    assert "matmul at n=16, float32, 1 core, numpy" in text
    assert "2.00 µs, 2.00 (1.97 to 2.03)" in text
    assert "matmul at n=64" not in text
    assert "b: 1 faster, 1 tie" in text


def test_all_cells_are_listed_on_request(printed):
    assert "matmul at n=64" in printed(TWO, all_cells=True)


def test_machines_without_a_difference_say_so(printed):
    text = printed({"a": {16: 4e-6}, "b": {16: 4e-6}})
    assert "No cell clearly differs." in text
    assert "The files show no difference" in text


def test_more_than_four_machines_have_a_row_each(printed):
    text = printed({f"m{n}": {16: 1e-6 * (n + 1)} for n in range(5)})
    rows = [line.count("│") for line in text.splitlines() if "m4" in line and "│" in line]
    assert rows == [6, 4]  # ranks, then like for like
    assert "0.200" in text


@pytest.mark.parametrize("machines", [2, 5])
def test_labels_are_text_and_no_markup(printed, machines):
    hostile = [f"[red]x[/red][{n}]" for n in range(machines)]
    text = printed({label: {16: 1e-6 * (n + 1)} for n, label in enumerate(hostile)})
    assert all(label in text for label in hostile)
    assert "[/nosuch]" in printed({"a": {16: 1e-6}, "[/nosuch]": {16: 3e-6}})


def test_a_long_label_keeps_its_two_ends(printed):
    text = cut("a" * 400 + "z").plain
    assert (len(text), text[0], text[-1]) == (LABEL, "a", "z")
    assert "a" * 100 not in printed({"a" * 400: {16: 1e-6}, "b": {16: 1e-6}}).replace("\n", "")


def test_many_lines_of_a_text_become_one():
    assert cut("one\ntwo\tthree").plain == "one two three"
