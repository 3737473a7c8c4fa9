"""Clusters and machines compared: time to a number of training steps, and points like for like."""

import json
from io import StringIO

import pytest
from rich.console import Console

from reports.__main__ import main
from reports.compare.comparison import LIKE, compare, comparison_csv, from_csv
from reports.compare.gate import gate
from reports.compare.markdown import as_markdown
from reports.compare.page import field_texts, findings, page_values
from reports.compare.point_statements import point_statements
from reports.compare.points import POINTS, STEPS
from reports.compare.statements import statements
from reports.compare.tables import tables
from reports.pages.build import comparison_page
from reports.pages.check import check
from reports.pages.writing import Site, write_folder
from reports.read.load import load
from tests.conftest import small_file
from tests.scaled import SMALL, point, scaled, step

WORK = f"train_data_parallel/{SMALL}/float32"


def machine():
    """One rank, two ranks, two threads; NumPy is best, with two processes."""
    return [
        step("strong", 1, 4e-3, 4e-3),
        step("strong", 2, 3e-3, 2e-3),
        step("strong", 2, 2.5e-3, 2e-3, contender="torch-threads"),
        step("strong", 2, 2e-3, 1e-3, contender="numpy"),
        step("weak", 2, 1e-3, 1e-3),
    ]


def cluster(factor=1.0):
    """Eight ranks are best; a faster point has another result, and is not verified."""
    return [
        step("strong", 1, 4e-3 * factor, 4e-3),
        step("strong", 8, 1e-3 * factor, 5e-4, nodes=2),
        step("strong", 16, 5e-4 * factor, 2e-4, status="mismatch", reason="rank 3 differs"),
        point("all_reduce", "bytes=4096", "", 8, "torch-gloo", 1e-4 * factor),
    ]


@pytest.fixture
def of(write):
    return lambda label, points, **fields: load(
        write(scaled(points, label, **fields), f"{label}.json")
    )


def said(comparison):
    return {finding.id: finding for finding in point_statements(comparison)}


def printed(comparison):
    console = Console(width=300, file=StringIO())
    for part in tables(comparison):
        console.print(part)
    return console.file.getvalue()


def test_steps_are_done_by_the_best_verified_point_of_each_side(of):
    comparison = compare([of("laptop", machine()), of("cluster", cluster())])
    (pair,) = comparison.answers[STEPS].pairs.itertuples()
    assert (pair.cell_base, pair.cell) == (
        f"train_data_parallel/{SMALL}/strong/float32/ranks=2/numpy",
        f"train_data_parallel/{SMALL}/strong/float32/ranks=8/torch-gloo",
    )
    assert (pair.time_base_s, pair.time_s) == pytest.approx((2.0, 1.0))
    assert pair.ratio == pytest.approx(2)
    # two half-widths of 2 % join as the root of the sum of their squares
    assert pair.low == pytest.approx(2 / 1.02 ** (2**0.5))
    finding = said(comparison)[f"compare/steps/cluster/{WORK}"]
    assert finding.text == (
        "1,000 steps of train_data_parallel at inputs=64, hidden=32, batch=240, float32: cluster is"
        " done 2.00 times sooner than laptop, after 1.00 s (torch-gloo, 8 ranks) instead of 2.00 s"
        " (NumPy, 2 processes; 95 % interval 1.94 to 2.06); likely cause: 8 cores against 2 cores."
    )
    assert finding.of["time_base"] == pair.cell_base
    assert finding.cells[-1] == pair.cell


def test_swapped_the_same_side_wins(of):
    comparison = compare([of("cluster", cluster()), of("laptop", machine())])
    text = said(comparison)[f"compare/steps/laptop/{WORK}"].text
    assert (
        "cluster is done 2.00 times sooner than laptop, after 1.00 s (torch-gloo, 8 ranks)" in text
    )


@pytest.mark.parametrize(
    ("factor", "state", "words"),
    [
        (1.03, "tie", "equally soon, within 10 %"),
        (1.075, "unsettled", "is done sooner is unsettled"),
    ],
)
def test_what_is_not_clear_has_no_winner(of, factor, state, words):
    comparison = compare([of("a", cluster()), of("b", cluster(factor))])
    finding = said(comparison)[f"compare/steps/b/{WORK}"]
    assert finding.state == state
    assert words in finding.text
    assert "sooner than" not in finding.text


def test_a_file_against_itself_has_no_winner_and_passes(of):
    result = of("a", cluster())
    comparison = compare([result, result])
    known = list(said(comparison).values())
    assert [finding.state for finding in known] == ["same", "same"]
    assert all("one file, so the same time" in finding.text for finding in known)
    assert not gate(comparison, LIKE, 0.05).fails


def test_other_work_is_not_compared(of):
    other = [each | {"flops": 1.0} for each in machine()]
    text = said(compare([of("a", machine()), of("b", other)]))["compare/steps/b/nothing"].text
    assert text == (
        "No training steps of b can be compared with a: the number of operations differs."
    )


def test_ranks_that_shared_cores_did_nothing_that_counts(of):
    comparison = compare([of("a", machine()), of("b", cluster(), oversubscribed=True)])
    assert "has no verified steps" in said(comparison)["compare/steps/b/nothing"].text
    assert gate(comparison, LIKE, 0.05).fails


def test_points_are_compared_like_for_like_by_their_ids(of):
    a, b = cluster(), cluster(2.0)
    b[0] |= {"time_s": 4e-3, "time_low_s": 3.99e-3, "time_high_s": 4.01e-3}
    comparison = compare([of("a", a), of("b", b)])
    names = ("all", "largest-gain", "largest-loss")
    mean, gain, loss = (said(comparison)[f"compare/points/b/{name}"].text for name in names)
    assert mean.startswith("Overall, of what ranks did: ")
    assert "3 points compared" in mean
    assert "8 ranks, strong, torch-gloo: a is 2.00 times as fast" in loss
    assert gain == "No point is clearly faster on b than on a."


def test_the_gate_asks_about_points_and_fails_if_none_can_be_compared(of):
    comparison = compare([of("a", cluster()), of("b", cluster(1.5))])
    found = gate(comparison, LIKE, 0.05)
    assert [pair.key for pair in found.slow] == [
        each["id"] for each in sorted(cluster(), key=lambda each: each["id"]) if each["ranks"] != 16
    ]
    assert [pair.key for pair in gate(comparison, "done", 0.05).slow] == [WORK]
    assert not gate(comparison, LIKE, 0.6).fails
    none = gate(compare([of("c", machine()[:1]), of("d", cluster()[1:])]), LIKE, 0.05)
    assert none.fails
    assert "the point is not in its file" in none.unasked["d"]


def test_a_gate_asks_about_cells_and_points_together(write):
    fast = small_file("a") | {"scaling": scaled(cluster())["scaling"]}
    slow = small_file("b") | {"scaling": scaled(cluster(1.5))["scaling"]}
    comparison = compare([load(write(fast, "a.json")), load(write(slow, "b.json"))])
    found = gate(comparison, LIKE, 0.05)
    assert len(found.slow) == 3
    assert all("ranks=" in pair.key for pair in found.slow)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_cluster_s_file_without_cells_stands_beside_a_machine_s(of, write, swapped, tmp_path):
    results = [of("cluster", cluster()), load(write(small_file("box"), "box.json"))]
    comparison = compare(results[::-1] if swapped else results)
    other = comparison.others[0]
    known = {finding.id: finding.text for finding in statements(comparison)}
    assert known[f"compare/like/{other}/nothing"].startswith(f"No cell of {other} can be compared")
    assert "has no verified steps" in said(comparison)[f"compare/steps/{other}/nothing"].text
    assert "No training steps of" in printed(comparison)
    assert "No training steps of" in as_markdown(comparison)
    assert page_of(comparison, tmp_path) == []


def page_of(comparison, folder):
    site = Site()
    site.pages.append(comparison_page(site, comparison, ()))
    return check(write_folder(site, folder / "site").parent)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_size_that_only_one_file_has_is_on_the_page_and_checked(of, swapped, tmp_path):
    more = step("strong", 1, 8e-3, 8e-3, size="inputs=64,hidden=512,batch=960")
    results = [of("a", [*machine(), more]), of("b", machine())]
    assert page_of(compare(results[::-1] if swapped else results), tmp_path) == []


@pytest.mark.parametrize("count", [2, 10])
def test_clusters_are_on_the_page_and_check_computes_it_again(of, tmp_path, count):
    results = [of(f"c{n}", cluster(1 + n / 2)) for n in range(count)]
    comparison = compare(results)
    assert page_of(comparison, tmp_path) == []
    text = (tmp_path / "site" / "compare.html").read_text()
    assert text.count('data-field="steps-ratio"') == count - 1
    assert "1,000 steps of" in printed(comparison) or count > 4
    assert printed(comparison).count("torch-gloo, 8 ranks") >= count
    assert as_markdown(comparison).count("| train\\_data") == count - 1
    again = from_csv(comparison_csv(comparison))
    assert field_texts(again) == field_texts(comparison)
    assert {key: f.text for key, f in findings(again).items()} == {
        key: f.text for key, f in findings(comparison).items()
    }


def test_files_without_points_are_compared_as_before(write):
    results = [load(write(small_file(name), f"{name}.json")) for name in "ab"]
    comparison = compare(results)
    assert not {STEPS, POINTS} & set(comparison.answers)
    assert said(comparison) == {}
    values = page_values(comparison)
    assert (values["steps"], values["points"], values["step_rows"]) == ([], [], [])
    assert "steps" not in as_markdown(comparison) + printed(comparison) + comparison_csv(comparison)


def test_the_command_compares_clusters(write, capsys):
    paths = [
        str(write(json.dumps(scaled(cluster(factor), name)), f"{name}.json"))
        for name, factor in (("a", 1.0), ("b", 2.0))
    ]
    assert main(["compare", *paths, "--fail-above", "5%"]) == 1
    captured = capsys.readouterr()
    assert "a is done 2.00 times sooner than b" in captured.out.replace("\n", " ")
    assert "3 of 4 clearly slower by more than 5.0%; 1 could not be compared" in captured.err
    assert main(["compare", paths[0], paths[0], "--fail-above", "5%"]) == 0
