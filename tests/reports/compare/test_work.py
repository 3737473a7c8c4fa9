"""How much sooner work is done: the best contender of each machine, on times worked by hand."""

from pathlib import Path

import numpy as np
import pytest

from reports.compare.causes import AGAINST
from reports.compare.comparison import compare, comparison_csv, from_csv
from reports.compare.markdown import as_markdown
from reports.compare.page import field_texts, findings
from reports.compare.ranks import rank_statements, standings
from reports.compare.statements import statements
from reports.read.load import load
from tests.conftest import ONE, asked, content, entry

MACHINES = Path(__file__).parents[3] / "reports" / "machines"
GPU = {"gpus": [{"name": "Card 9"}]}
CELL = "matmul/n={}/float32/threads={}/{}"


def timed(contender, time_s, n=16, threads=1, half=1.01, **info):
    """Return a benchmark whose time has an interval of `half` times either way."""
    ends = {"time_low_s": time_s / half, "time_high_s": time_s * half}
    dtype = {"precision": "float32"}
    return entry(CELL.format(n, threads, contender), time_s, ONE, **(dtype | ends | info))


@pytest.fixture
def result(write):
    def make(label, benchmarks, cells=(), **machine):
        data = content(benchmarks, cells, label)
        data["machine_info"] |= machine
        return load(write(data, f"{label}.json"))

    return make


def chosen(comparison, question="done"):
    """Return what each side did each case with, and the ratio."""
    return [
        (row.contender_base, row.contender, pytest.approx(row.ratio))
        for row in comparison.answers[question].comparable.itertuples()
    ]


def said(comparison, name="all", question="done", machine="b"):
    """Return a sentence about a machine, "" if there is none."""
    known = {finding.id: finding.text for finding in statements(comparison)}
    return known.get(f"compare/{question}/{machine}/{name}", "")


def test_each_machine_does_the_work_with_its_fastest_contender_whatever_the_threads(result):
    a = result("a", [timed("numpy", 8e-6), timed("torch-cpu", 9e-6)])
    b = result("b", [timed("numpy", 8e-6), timed("torch-cuda", 2e-6, threads=4)], **GPU)
    comparison = compare([a, b])
    assert chosen(comparison) == [("numpy", "torch-cuda", 4)]
    assert said(comparison).startswith("All in all, b is done 4.00 times sooner than a")
    row = comparison.done.pairs.iloc[0]
    assert (row["threads_base"], row["threads"]) == (1, 4)


@pytest.mark.parametrize("status", ["mismatch", "implausible"])
def test_a_time_that_was_not_verified_does_no_work(result, status):
    wrong = timed("torch-cpu", 1e-6)
    data = [timed("numpy", 4e-6), wrong]
    b = result("b", data)
    b.table.loc[b.table["contender"] == "torch-cpu", "status"] = status
    assert chosen(compare([result("a", [timed("numpy", 8e-6)]), b])) == [("numpy", "numpy", 2)]


def test_reduced_precision_stands_beside_and_never_in_the_answer(result):
    a = result("a", [timed("numpy", 8e-6)])
    low = [
        timed("torch-cuda-tf32", 1e-6, precision="tf32"),
        timed("torch-cuda-amp", 2e-6, precision="bfloat16"),
    ]
    b = result("b", [timed("numpy", 8e-6), timed("torch-cuda", 4e-6), *low], **GPU)
    comparison = compare([a, b])
    assert chosen(comparison) == [("numpy", "torch-cuda", 2)]
    assert chosen(comparison, "reduced") == [("numpy", "torch-cuda-tf32", 8)]
    assert "With reduced precision allowed" in said(comparison, question="reduced")


@pytest.mark.parametrize(
    ("contender", "info"), [("torch-cuda", {"precision": ""}), ("torch-cpu-x", {"precision": ""})]
)
def test_a_precision_that_is_not_stated_is_ieee_only_on_a_cpu_without_a_variant(
    result, contender, info
):
    a = result("a", [timed("numpy", 8e-6, precision="")])
    b = result("b", [timed("torch-cpu", 8e-6, precision=""), timed(contender, 1e-6, **info)])
    assert chosen(compare([a, b])) == [("numpy", "torch-cpu", 1)]


def test_with_transfers_the_contender_that_includes_them_is_the_device_s(result):
    a = result("a", [timed("numpy", 8e-6)])
    b = result("b", [timed("torch-cuda", 1e-6), timed("torch-cuda-transfer", 4e-6)], **GPU)
    assert chosen(compare([a, b])) == [("numpy", "torch-cuda", 8)]
    with_transfers = compare([a, b], transfers=True)
    assert chosen(with_transfers) == [("numpy", "torch-cuda-transfer", 2)]
    assert "transfers to a device and back included" in said(with_transfers)
    assert from_csv(comparison_csv(with_transfers)).transfers


def test_copies_to_a_device_are_no_work(result):
    files = [result(name, [timed("numpy", 8e-6, family="transfer")]) for name in "ab"]
    assert compare(files).done.pairs.empty


def test_one_core_leaves_out_devices_and_further_threads(result):
    a = result("a", [timed("numpy", 8e-6), timed("numpy", 1e-6, threads=2)])
    b = result("b", [timed("numpy", 4e-6), timed("torch-cuda", 1e-6)], **GPU)
    comparison = compare([a, b])
    assert chosen(comparison, "one-core") == [("numpy", "numpy", 2)]
    assert chosen(comparison) == [("numpy", "torch-cuda", 1)]


def test_a_case_that_one_machine_lacks_is_counted_and_not_compared(result):
    absent = asked(CELL.format(64, 1, "numpy"), "skipped", "no time")
    a = result("a", [timed("numpy", 8e-6)], [absent])
    b = result("b", [timed("numpy", 8e-6), *(timed("numpy", 1e-6, n=n) for n in (64, 256))])
    assert said(compare([a, b]), "not-compared") == "Not compared: 2 cases that only b did."
    comparison = compare([b, a])
    assert len(comparison.done.comparable) == 1
    reasons = comparison.done.pairs["reason"].dropna().astype(str).unique().tolist()
    assert reasons == ["no valid time on the other machine: no contender did this work in its file"]


def test_changed_code_is_the_same_work_but_other_operations_are_not(result):
    a = result("a", [timed("numpy", 8e-6, n=n) for n in (16, 64)])
    b = result(
        "b", [timed("numpy", 4e-6, source_sha256="1" * 64), timed("numpy", 1e-6, n=64, flops=7)]
    )
    comparison = compare([a, b])
    assert chosen(comparison) == [("numpy", "numpy", 2)]
    assert said(comparison, "not-compared") == "Not compared: 1 case of different work."


def test_a_reason_says_more_than_a_missing_time(result):
    a = result("a", [timed("numpy", 8e-6, n=n) for n in (16, 64, 256)])
    b = result("b", [timed("numpy", 4e-6, source_sha256="1" * 64)])
    text = "No cell of b can be compared with a: the workload's code differs."
    assert said(compare([a, b]), "nothing", "like") == text


def test_work_that_takes_long_on_either_machine_has_a_mean_of_its_own(result):
    times = {16: (1e-6, 4e-6), 64: (8e-3, 0.5e-3), 256: (0.25e-3, 1e-3)}
    a, b = (
        result(name, [timed("numpy", pair[side], n=n) for n, pair in times.items()])
        for side, name in enumerate("ab")
    )
    text = "In work that takes at least 1 ms on one of them, whether b or a is done"
    one, other = compare([a, b]), compare([b, a])
    assert said(one, "long").startswith(text)
    assert "b works at about 2.0 times the speed of a" in said(one, "long")
    assert "2 cases" in said(other, "long", machine="a")


def test_the_sentence_on_the_largest_gain_says_with_what_and_why(result):
    a = result("a", [timed("numpy", 8e-3)], cpu={"model": "X", "usable_cores": 2})
    b = result("b", [timed("torch-cuda", 2e-3, threads=4)], **GPU)
    assert said(compare([a, b]), "largest-gain") == (
        "b gains most in matmul at n=16, float32: it is done 4.00 times sooner than a, after"
        " 2.00 ms (torch-cuda) instead of 8.00 ms (NumPy, 1 core; 95 % interval 3.94 to 4.06);"
        " likely cause: Card 9 against 2 cores."
    )
    assert said(compare([a, b]), "largest-loss") == "In no case is a clearly done sooner than b."


def test_the_largest_gain_is_by_the_near_end_of_its_interval(result):
    a = result("a", [timed("numpy", 7e-6, half=2.6), timed("numpy", 4e-6, n=64, half=1.01)])
    b = result("b", [timed("numpy", 1e-6), timed("numpy", 1e-6, n=64)])
    assert said(compare([a, b]), "largest-gain").startswith("b gains most in matmul at n=64")
    loss = said(compare([b, a]), "largest-loss", machine="a")
    assert loss.startswith("a loses most in matmul at n=64")


CPU = {"cpu": {"model": "X", "usable_cores": 2}}
ZEN, HASWELL = (
    {"blas": {"numpy": [{"internal_api": "openblas", "architecture": name}]}}
    for name in ("Zen", "Haswell")
)


@pytest.mark.parametrize(
    ("slow", "fast", "cause"),
    [
        (("numpy", 1, CPU), ("torch-cuda", 1, CPU | GPU), "Card 9 against 2 cores"),
        (("torch-cuda", 1, CPU | GPU), ("numpy", 1, CPU), ""),  # a device explains no loss
        (
            ("torch-cuda", 1, GPU),
            ("torch-cuda", 1, {"gpus": [{"name": "Card 10"}]}),
            "Card 10 against Card 9",
        ),
        (
            ("numpy", 2, CPU),
            ("numpy", 8, {"cpu": {"model": "Y", "usable_cores": 8}}),
            "8 cores against 2 cores",
        ),
        (
            ("numpy", 8, {"cpu": {"model": "Y", "usable_cores": 8}}),
            ("numpy", 2, CPU),
            "X against Y",  # more cores explain no loss
        ),
        (
            ("numpy", 1, CPU | HASWELL),
            ("numpy", 1, {"cpu": {"model": "Y"}} | ZEN),
            "openblas kernels for Zen against openblas kernels for Haswell",
        ),
        (
            ("numpy", 1, CPU | {"versions": {"numpy": "1"}}),
            ("numpy", 1, CPU | {"versions": {"numpy": "2"}}),
            "NumPy 2 against NumPy 1",
        ),
        (("numpy", 1, CPU), ("torch-cpu", 1, CPU), "torch-cpu against numpy"),
        (("numpy", 1, CPU), ("numpy", 1, CPU), ""),
    ],
)
def test_the_likely_cause_is_what_differs_first_and_can_help(result, slow, fast, cause):
    a, b = (
        result(name, [timed(contender, time_s, threads=threads)], **machine)
        for name, time_s, (contender, threads, machine) in (("a", 8e-6, slow), ("b", 2e-6, fast))
    )
    assert compare([a, b]).done.pairs["cause"].tolist() == [cause]
    swapped = AGAINST.join(reversed(cause.split(AGAINST)))
    assert compare([b, a]).done.pairs["cause"].tolist() == [swapped]


def test_a_file_against_itself_is_the_same(result):
    wide = result("a", [timed("numpy", 8e-6, half=1.5), timed("numpy", 1e-6, n=64)])
    comparison = compare([wide, wide])
    texts = [finding.text for finding in statements(comparison)]
    assert [finding.state for finding in statements(comparison)] == ["same", "same"]
    assert all("are the same" in text for text in texts)


def test_the_choice_is_by_time_and_the_interval_is_the_chosen_one_s(result):
    a = result("a", [timed("numpy", 4e-6, half=1.001)])
    b = result("b", [timed("torch-cpu", 2e-6, half=1.3), timed("numpy", 2.1e-6, half=1.001)])
    row = compare([a, b]).done.pairs.iloc[0]
    assert (row["contender"], row["high"]) == ("torch-cpu", pytest.approx(2 * 1.3, rel=1e-4))


def many(result, speeds, **info):
    return [
        result(f"m{n}", [timed("numpy", 1e-5 / v, n=k, **info) for k in (16, 64)])
        for n, v in enumerate(speeds)
    ]


def test_machines_are_ranked_with_the_baseline_among_them(result):
    comparison = compare(many(result, (1, 4, 0.5, 2)))
    ranks = [
        (row.rank, row.machine, row.means["all"].value) for row in standings(comparison, "done")
    ]
    assert ranks == [
        (1, "m1", pytest.approx(4)),
        (2, "m3", pytest.approx(2)),
        (3, "m0", 1),
        (4, "m2", pytest.approx(0.5)),
    ]


def test_the_fastest_machine_is_compared_with_the_last_case_by_case(result):
    # the ratios to m0 differ among cases, those of m1 to m2 do not
    times = {"m0": (1e-5, 1e-5), "m1": (1e-6, 4e-6), "m2": (8e-6, 32e-6)}
    times["m3"] = (4e-6, 16e-6)
    files = [
        result(name, [timed("numpy", t, n=n) for n, t in zip((16, 64), pair, strict=True)])
        for name, pair in times.items()
    ]
    (whole,) = rank_statements(compare(files))
    assert whole.text == (
        "m1 gets the work done soonest of 4 machines: 8.00 times sooner than m2, the last"
        " (95 % interval 8.00 to 8.00, 2 cases); 1 other may be as fast."
    )  # m0 is slower by 10 and 2.5 times: two cases do not settle that


@pytest.mark.parametrize("count", [2, 4, 10])
def test_the_csv_gives_every_sentence_and_every_number_again(result, count):
    files = many(result, np.linspace(1, 3, count))
    files[-1] = result("last", [timed("torch-cuda", 1e-6, n=64)], **GPU)
    comparison = compare(files, baseline=1)
    again = from_csv(comparison_csv(comparison))
    assert {key: (f.text, f.cells) for key, f in findings(again).items()} == {
        key: (f.text, f.cells) for key, f in findings(comparison).items()
    }
    assert field_texts(again) == field_texts(comparison)


def test_markdown_has_the_answer_first_and_no_markup_of_a_file(result):
    a = result("a|b", [timed("numpy", 8e-3)])
    b = result("<i>", [timed("torch-cuda", 2e-3)], **GPU)
    lines = as_markdown(compare([a, b])).splitlines()
    assert lines[2].startswith(r"- All in all, \<i\> is done 4.00 times sooner than a\|b (95 %")
    table = [line for line in lines if line.startswith("| ")]
    assert len({line.count("|") - line.count(r"\|") for line in table[:3]}) == 1
    assert "1 case with a clear difference" in "\n".join(lines)
    assert not any("<i>" in line for line in lines)


def test_the_first_line_says_how_much_sooner_the_committed_cuda_machine_is_done():
    files = [load(MACHINES / f"{name}.json") for name in ("amd-epyc-2-cores", "nvidia-h100")]
    first = next(statements(compare(files)))
    assert first.text == GOLDEN
    turned = next(statements(compare(files[::-1])))
    assert turned.text == GOLDEN
    assert (first.state, turned.state) == ("faster", "slower")


GOLDEN = (
    "All in all, nvidia-h100 is done about 3.6 times sooner than amd-epyc-2-cores (95 % interval"
    " 2.3 to 5.4, 107 cases; the best contender of each machine at IEEE precision)."
)
