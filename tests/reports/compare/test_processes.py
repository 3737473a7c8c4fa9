"""Files of other tools: one process a side says little, several are visits."""

import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest

from reports.__main__ import main
from reports.compare.comparison import compare, comparison_csv, from_csv
from reports.compare.markdown import as_markdown
from reports.compare.processes import ALLOWANCE
from reports.compare.statements import statements
from reports.read.load import load
from tests.conftest import PLAIN
from tests.foreign_gates import ONE_COMMIT, SLOWER, VISITS, share
from tests.reports.compare.test_compare import page


def content_of(label, times, commit="unknown", moment=0, **stats):
    """Return a file of pytest-benchmark, of tests with a minimum and a median in seconds."""
    benchmarks = [
        {
            "name": name,
            "fullname": f"t.py::{name}",
            "options": {"timer": "perf_counter", "disable_gc": False},
            "stats": {"min": low, "median": middle, "rounds": 100, "iterations": 1} | stats,
        }
        for name, (low, middle) in times.items()
    ]
    return {
        "datetime": f"2026-01-02T00:{moment:02}:00",
        "machine_info": {"label": label},
        "commit_info": {"id": commit, "dirty": False},
        "benchmarks": benchmarks,
    }


@pytest.fixture
def files(write):
    def make(label, *each, **stats):
        """Return a file for each dict of times by test."""
        return [
            load(write(content_of(label, times, label, n, **stats), f"{label}{n}.json"))
            for n, times in enumerate(each)
        ]

    return make


def pair(comparison, test="x"):
    return comparison.like.pairs.set_index("key").loc[f"t.py::{test}"]


def texts(comparison):
    return {finding.id.rpartition("/")[2]: finding.text for finding in statements(comparison)}


def test_two_rounds_that_agree_settle_nothing(files):
    a = files("a", {"x": (1.00e-3, 1.001e-3)}, rounds=2)
    b = files("b", {"x": (1.20e-3, 1.201e-3)}, rounds=2)
    row = pair(compare([*a, *b]))
    assert row["verdict"] == "unsettled"
    assert row["ratio"] == pytest.approx(1 / 1.2)
    assert row["median_ratio"] == pytest.approx(1.001 / 1.201)
    assert row["low"] < row["ratio"] / 3.9
    assert row["high"] > row["ratio"] * 3.9
    assert row["reason"].startswith("one file a side")


@pytest.mark.parametrize(
    ("minimum", "median", "verdict"),
    [(4.5, 4.5, "slower"), (4.5, 3.5, "unsettled"), (3.5, 4.5, "unsettled"), (0.2, 0.2, "faster")],
)
def test_one_file_a_side_differs_only_if_minimum_and_median_are_far_beyond(
    files, minimum, median, verdict
):
    a = files("a", {"x": (1.00001e-3, 2e-3)})
    b = files("b", {"x": (minimum * 1.00001e-3, median * 2e-3)})
    assert pair(compare([*a, *b]))["verdict"] == verdict


def test_one_file_a_side_offers_several(files):
    said = texts(compare([*files("a", {"x": (1e-3, 1e-3)}), *files("b", {"x": (2e-3, 2e-3)})]))
    assert "Give several files of each commit to get an interval" in said["files"]
    assert "if processes of one commit differ by up to 4 times" in said["all"]
    assert not any("surely" in text or "95 %" in text for text in said.values())


def test_no_interval_is_narrower_than_a_tick(files):
    """A clock of 100 ns, one iteration: 500 ns may be anything from 400 to 600."""
    sides = {"a": (14e-7, 5e-7), "b": (7e-7, 5e-7)}
    a, b = (
        files(label, *[{"x": (x, x + 1e-7), "y": (y, y + 3e-7)}] * 3, iterations=1)
        for label, (x, y) in sides.items()
    )
    row = pair(compare([*a, *b]), "y")
    assert row["ratio"] == pytest.approx(1)
    assert row["high"] > 1 / (1 - 0.2) ** 2 * 0.999
    row = pair(compare([*a, *b]))
    assert row["ratio"] == pytest.approx(2)
    assert row["high"] > 2 / (1 - 1 / 14) / (1 - 1 / 7) * 0.999


def test_a_time_of_one_tick_has_no_interval(files):
    a, b = (
        files(label, *[{"x": (1e-7, 2e-7), "y": (time, time)}] * 3)
        for label, time in (("a", 1e-6), ("b", 7e-7))
    )
    row = pair(compare([*a, *b]))
    assert math.isnan(row["high"])
    assert row["reason"] == "its time is no longer than a tick of the clock"


def visits(rng, tests, files, *, sigma=0.01, factor=1.0):
    """Return times by test of several processes that differ by sigma."""
    return [
        {
            f"test{n}": (factor * low, factor * low * 1.1)
            for n, low in enumerate(1.2345678e-3 * np.exp(rng.normal(0, sigma, tests)))
        }
        for _ in range(files)
    ]


def test_several_files_of_one_commit_are_visits_of_one_side(files):
    rng = np.random.default_rng(1)
    a = files("a", *visits(rng, 20, 3))
    b = files("b", *visits(rng, 20, 3, factor=1.2))
    comparison = compare([*a, *b])
    assert comparison.labels == ("commit a", "commit b")
    assert set(comparison.like.pairs["verdict"]) == {"slower"}
    mean = comparison.like.means.iloc[0]
    assert mean["low"] < 1 / 1.2 < mean["high"]
    assert mean["high"] / mean["low"] < 1.04
    said = texts(comparison)
    assert "3 files of" in said["files"]
    assert "are visits, one process each" in said["files"]
    assert "90 % interval" in said["all"]


def test_a_test_s_interval_is_as_wide_as_the_largest_spread_within_a_side(files):
    rng = np.random.default_rng(0)
    a, b = visits(rng, 20, 3), visits(rng, 20, 3, factor=1.2)
    a[1]["test0"] = (2e-3, 2e-3)  # one test has two speeds, 1.6 times apart
    row = pair(compare([*files("a", *a), *files("b", *b)]), "test1")
    assert row["verdict"] == "unsettled"
    assert row["high"] / row["ratio"] == pytest.approx(2e-3 / a[0]["test0"][0], rel=0.03)


def test_copies_of_one_file_are_no_visits(files):
    (a,) = files("a", {"x": (1e-3, 1e-3)})
    b = files("b", {"x": (2e-3, 2e-3)}, {"x": (2.1e-3, 2.1e-3)})
    assert texts(compare([a, a, a, *b]))["files"].startswith("Compared: 2 files of")


def test_files_of_changed_or_unknown_commits_are_not_joined(write):
    def side(commit, *, dirty=False):
        data = [content_of("m", {"x": (1e-3, 1e-3)}, commit, n) for n in range(2)]
        for each in data:
            each["commit_info"]["dirty"] = dirty
        return [load(write(each, f"{commit}{n}.json")) for n, each in enumerate(data)]

    for commit, dirty in (("abc", True), ("unversioned", False)):
        assert len(compare([*side(commit, dirty=dirty), *side("def")]).labels) == 3


def test_files_joined_by_commas_are_one_side_and_others_of_one_commit_are_compared(write, capsys):
    paths = [
        str(write(content_of("m", {"x": (1e-3 + n * 1.234e-6, 1.2e-3)}, "abc", n), f"f{n}.json"))
        for n in range(4)
    ]
    assert main(["compare", *paths]) == 0
    assert "3 of 4" not in capsys.readouterr().out
    assert main(["compare", ",".join(paths[:2]), ",".join(paths[2:])]) == 0
    assert "2 files of" in " ".join(capsys.readouterr().out.split())
    assert main(["compare", ",".join(paths)]) == 1
    assert "two sides or more" in capsys.readouterr().err


def test_files_of_different_commits_cannot_be_joined(write, capsys):
    paths = [
        str(write(content_of("m", {"x": (1e-3, 1e-3)}, name, n), f"{name}.json"))
        for n, name in enumerate(("abc", "def", "ghi"))
    ]
    assert main(["compare", ",".join(paths[:2]), paths[2]]) == 1
    assert "must be of one commit, whose visits they are; got abc, def" in capsys.readouterr().err


def test_folders_of_one_commit_are_sides(write, tmp_path):
    for n in range(4):
        folder = tmp_path / ("old" if n < 2 else "new")
        folder.mkdir(exist_ok=True)
        data = content_of("m", {"x": (1e-3 + n * 1.234e-6, 1.2e-3)}, "abc", n)
        (folder / f"{n}.json").write_text(json.dumps(data))
    out = tmp_path / "page"
    assert main(["compare", str(tmp_path / "old"), str(tmp_path / "new"), "--out", str(out)]) == 0
    assert "2 files" in (out / "compare.html").read_text()
    assert main(["check", str(out)]) == 0


def test_a_comparison_follows_from_its_csv(files):
    rng = np.random.default_rng(0)
    several = compare([*files("a", *visits(rng, 12, 3)), *files("b", *visits(rng, 12, 3))])
    one = compare([*files("a", *visits(rng, 12, 1)), *files("b", *visits(rng, 12, 1))])
    for comparison in (several, one):
        again = from_csv(comparison_csv(comparison))
        assert texts(again) == texts(comparison)
        assert again.like.means.drop(columns="machine").equals(
            comparison.like.means.drop(columns="machine")
        )


def test_ratios_of_minimum_and_median_stand_on_the_page_and_in_markdown(files):
    a, b = files("a", {"x": (1e-3, 2e-3)}), files("b", {"x": (1.25e-3, 4e-3)})
    comparison = compare([*a, *b])
    assert "| 0.80 (0.12 to 3.2" in as_markdown(comparison)
    assert "| 0.500 | unsettled |" in as_markdown(comparison)
    assert re.search(r'data-field="medians" data-sort="0\.(5|49)\d*">0\.500<', page(comparison))


SUITE = """
import pytest

@pytest.mark.parametrize("n", [10, 1000, 3000])
def test_sum(benchmark, n):
    benchmark(sum, range(n))

def test_pedantic(benchmark):
    benchmark.pedantic(sorted, args=(list(range(1000)),), rounds=2)

@pytest.mark.benchmark(disable_gc=True, warmup=True, min_rounds=7)
def test_quick(benchmark):
    benchmark(lambda: 1)

class TestOnce:
    def test_once(self, benchmark):
        benchmark.pedantic(list, rounds=1)
"""


@pytest.fixture(scope="session")
def measured(shared):
    """Return a folder of pytest-benchmark's files: of two runs, and of one in another folder."""
    return shared("foreign", measure)


def measure(folder):
    for place, name in (("tests", "one"), ("tests", "two"), ("src/it/tests", "moved")):
        suite = folder / "suite" / place / "test_it.py"
        suite.parent.mkdir(parents=True, exist_ok=True)
        suite.write_text(SUITE)
        (folder / "suite" / "pytest.ini").write_text("[pytest]\n")
        options = [
            "--benchmark-max-time=0.01",
            "--benchmark-min-rounds=3",
            "-p",
            "no:cacheprovider",
        ]
        command = [sys.executable, "-m", "pytest", "-q", *options, place]
        subprocess.run(
            [*command, f"--benchmark-json={folder / name}.json"],
            cwd=folder / "suite",
            env=PLAIN,
            check=True,
            capture_output=True,
            timeout=60,
        )


def test_two_runs_of_one_suite_pass_the_gate(measured, capsys):
    files = [str(measured / f"{name}.json") for name in ("one", "two")]
    assert main(["compare", *files, "--fail-above", "5%"]) == 0
    printed = capsys.readouterr()
    assert "0 of 6 clearly slower" in printed.err
    assert "surely" not in printed.out + printed.err


def test_what_differs_names_how_tests_were_measured(measured, write):
    data = json.loads((measured / "one.json").read_text())
    data["machine_info"] |= {"python_implementation": "PyPy", "release": "6.1-other"}
    data["machine_info"]["cpu"]["l2_cache_size"] = 1
    for each in data["benchmarks"]:
        each["options"] |= {"timer": "process_time", "disable_gc": True, "min_rounds": 9}
    comparison = compare([load(measured / "one.json"), load(write(data, "other.json"))])
    differ = {fact.name: fact.texts for fact in comparison.account.differences}
    assert differ["timer"] == ("perf_counter", "process_time, differs from the baseline in 6 tests")
    assert differ["Python implementation"] == ("CPython", "PyPy")
    assert differ["kernel"][1] == "6.1-other"
    assert differ["cpu.l2_cache_size"][1] == "1"
    assert differ["min_rounds"] == ("3 to 7", "9, differs from the baseline in 6 tests")
    assert "garbage collection off (disable_gc)" in differ
    assert not {"rounds", "commit"} & set(differ)


def test_nothing_differs_is_said_of_what_was_read_alone(measured, write):
    data = json.loads((measured / "one.json").read_text())
    for each in data["benchmarks"]:
        del each["options"]
    del data["machine_info"]["release"]
    data["commit_info"] = {}
    one, two = (load(write(data | {"later": n}, f"{n}.json")) for n in (1, 1))
    account = compare([one, two]).account
    assert account.differences == ()
    assert "processor" in account.nothing.partition("They do not state")[0]
    assert set(account.unstated) == {"kernel", "timer", "disable_gc", "min_rounds", "warmup"}
    two = load(write(data | {"later": 2}, "3.json"))
    assert [fact.key for fact in compare([one, two]).account.differences] == ["later"]


def test_tests_in_another_folder_are_offered_by_name(measured, capsys):
    files = [str(measured / f"{name}.json") for name in ("one", "moved")]
    assert main(["compare", *files, "--fail-above", "5%"]) == 1
    printed = capsys.readouterr()
    assert "6 tests differ in the folder alone; --match name compares them" in printed.out
    assert "12 of 12 not comparable: no valid time" in printed.err
    assert main(["compare", *files, "--fail-above", "5%", "--match", "name"]) == 0
    printed = capsys.readouterr()
    assert "0 of 6 clearly slower by more than 5.0%; 0 could not be compared" in printed.err
    assert "test_it.py::TestOnce::test_once" in printed.out


@pytest.mark.parametrize("time", [0.0, None])
def test_a_gate_that_could_ask_nothing_fails_with_the_numbers_and_the_reason(write, capsys, time):
    tests = {f"x{n}": (1e-3, 1e-3) for n in range(16)}
    silent = {f"x{n}": (time, time) for n in range(16 if time is not None else 0)}
    files = [str(write(content_of(n, t), f"{n}.json")) for n, t in (("a", tests), ("b", silent))]
    assert main(["compare", *files, "--fail-above", "5%"]) == 1
    reason = "clock read 0 seconds (16)" if time is not None else "is not in its file (16)"
    printed = capsys.readouterr().err
    assert "nothing of b could be compared: 16 of 16 not comparable: no valid time" in printed
    assert reason in printed


def test_a_gate_of_times_without_intervals_fails(write, capsys):
    files = [
        str(write(content_of(n, {"x": (1e-7, 2e-7), "y": (0.0, 0.0)}), f"{n}.json"))
        for n in ("a", "b")
    ]
    assert main(["compare", *files, "--fail-above", "5%"]) == 1
    printed = capsys.readouterr().err
    assert "2 of 2 not comparable: its time is no longer than a tick of the clock (1)" in printed


@pytest.mark.parametrize("kind", ONE_COMMIT, ids=str)
def test_gates_on_files_of_one_commit_hardly_ever_fail(kind):
    assert share(kind, 6) == 0


@pytest.mark.parametrize("kind", SLOWER, ids=str)
def test_gates_on_a_commit_that_is_20_percent_slower_fail(kind):
    assert share(kind, 6) >= 5 / 6


def test_the_allowance_is_beyond_what_the_visits_of_the_noisy_hour_differ_by():
    whole = np.log([visits for visits in VISITS.values() if all(visits)])
    pairs = [
        (whole[:, j] - whole[:, i]).min(axis=1).max() for i in range(9) for j in range(9) if i != j
    ]
    assert np.quantile(pairs, 0.95) < np.log(ALLOWANCE)
