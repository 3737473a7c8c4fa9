"""Comparisons of machines, on tables whose ratios are worked by hand."""

import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.charts.drawing import TILE_IN
from reports.compare.account import account
from reports.compare.comparison import (
    SIDE_BY_SIDE,
    compare,
    comparison_csv,
    furthest,
    names,
)
from reports.compare.drawn import grid, side_by_side
from reports.compare.gate import parse_share, regressions
from reports.compare.many import MIN_PARALLEL, load_many
from reports.compare.markdown import as_markdown
from reports.compare.page import page_values
from reports.compare.rows import MOST_CELLS
from reports.compare.statements import statements
from reports.pages.rendering import TEMPLATES
from reports.read.load import load
from reports.read.result import tabulated
from tests.conftest import CASE, ONE, asked, content, entry

KEY = "matmul/n={}/float32/1 core/numpy"


def page(comparison):
    return TEMPLATES.get_template("compare.html").render(
        heat_map="", downloads=[], **page_values(comparison)
    )


def timed(cell, time_s, half=1.01, **info):
    """Return a benchmark whose time has an interval of `half` times either way."""
    ends = {"time_low_s": time_s / half, "time_high_s": time_s * half}
    return entry(cell, time_s, ONE, **ends | info)


def numpy_at(n, time_s, half=1.01, **info):
    return timed(f"{CASE.format(n)}/numpy", time_s, half, **info)


@pytest.fixture
def result(write):
    def make(label, benchmarks, cells=(), **head):
        data = content(benchmarks, cells, label)
        data["machine_info"] |= head.pop("machine_info", {})
        return load(write(data | head, f"{label}.json"))

    return make


@pytest.fixture
def pair(result):
    """Return a and b: b is twice as fast at 16, equal at 64, half as fast at 256, wide at 1024."""
    a = result("a", [numpy_at(n, 4e-6) for n in (16, 64, 256)] + [numpy_at(1024, 4e-6, 1.3)])
    b = result(
        "b",
        [numpy_at(16, 2e-6), numpy_at(64, 4e-6), numpy_at(256, 8e-6), numpy_at(1024, 4e-6, 1.3)],
    )
    return a, b


def like_for_like(comparison):
    return [finding for finding in statements(comparison) if finding.about["question"] == "like"]


def rows(comparison):
    return comparison.like.pairs.set_index("key")


def test_a_ratio_above_1_means_that_the_other_machine_is_faster(pair):
    row = rows(compare(pair)).loc[KEY.format(16)]
    assert (row["time_base_s"], row["time_s"]) == (4e-6, 2e-6)
    assert row["ratio"] == pytest.approx(2)
    assert row["verdict"] == "faster"


def test_half_widths_of_independent_runs_join_as_the_root_of_their_squares(result):
    a = result("a", [numpy_at(16, 4e-6, math.exp(0.03))])
    b = result("b", [numpy_at(16, 4e-6, math.exp(0.04))])
    row = rows(compare([a, b])).loc[KEY.format(16)]
    assert (row["low"], row["high"]) == pytest.approx((math.exp(-0.05), math.exp(0.05)))


def test_each_verdict_of_a_pair(pair):
    verdicts = rows(compare(pair))["verdict"]
    assert [verdicts[KEY.format(n)] for n in (16, 64, 256, 1024)] == [
        "faster",
        "tie",
        "slower",
        "unsettled",
    ]
    assert (
        rows(compare(pair)).loc[KEY.format(1024), "reason"]
        == "the interval leaves more than one answer"
    )


def test_swapping_two_machines_inverts_ratio_interval_and_verdict(pair):
    one, other = rows(compare(pair)), rows(compare(pair[::-1]))
    other = other.loc[one.index]
    assert (one["ratio"] * other["ratio"]).tolist() == pytest.approx([1] * 4)
    assert (one["low"] * other["high"]).tolist() == pytest.approx([1] * 4)
    turned = {"faster": "slower", "slower": "faster"}
    assert [turned.get(v, v) for v in one["verdict"]] == list(other["verdict"])


def test_a_file_against_itself_has_no_difference(result):
    wide = result("a", [numpy_at(16, 4e-6, 1.5), entry(f"{CASE.format(64)}/numpy", 1e-6, ONE)])
    comparison = compare([wide, wide])
    assert comparison.like.pairs[["ratio", "low", "high"]].to_numpy().tolist() == [[1, 1, 1]] * 2
    assert set(comparison.like.pairs["verdict"]) == {"tie"}
    assert comparison.account.differences == ()
    assert comparison.like.means[["ratio", "low", "high"]].to_numpy().tolist() == [[1, 1, 1]] * 2


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({"source_sha256": "1" * 64}, "the workload's code differs"),
        ({"precision": "tf32"}, "different precision: unknown on the baseline, tf32 on the other"),
        ({"time_s": 1e9, "typical_s": 1e9, "time_high_s": 1e9}, "the times differ too much"),
    ],
)
def test_cells_that_did_different_work_are_not_comparable(result, info, reason):
    a = result("a", [numpy_at(16, 4e-6)])
    changed = numpy_at(16, 2e-6)
    changed["extra_info"] |= info
    row = rows(compare([a, result("b", [changed])])).loc[KEY.format(16)]
    assert row["verdict"] == "not comparable"
    assert row["reason"].startswith(reason)
    assert math.isnan(row["ratio"])


@pytest.mark.parametrize(
    ("status", "cause"),
    [("skipped", "skipped, no time"), ("mismatch", "mismatch, no time")],
)
def test_a_cell_without_a_time_names_the_machine_and_the_reason(result, status, cause):
    a = result("a", [numpy_at(16, 4e-6)])
    cell = asked(f"{CASE.format(16)}/numpy", status, "no time")
    b = result("b", [], [cell])
    assert rows(compare([a, b]))["reason"].tolist() == [
        f"no valid time on the other machine: {cause}"
    ]
    assert rows(compare([b, a]))["reason"].tolist() == [f"no valid time on the baseline: {cause}"]
    assert rows(compare([b, b]))["reason"].tolist() == [f"no valid time on either machine: {cause}"]
    assert rows(compare([b, a]))["family"].tolist() == ["matmul"]


def test_a_cell_that_is_in_one_file_only_says_so(result):
    a, b = result("a", [numpy_at(16, 4e-6)]), result("b", [numpy_at(64, 4e-6)])
    reasons = rows(compare([a, b]))["reason"].to_dict()
    assert reasons == {
        KEY.format(16): "no valid time on the other machine: the cell is not in its file",
        KEY.format(64): "no valid time on the baseline: the cell is not in its file",
    }


def test_an_implausible_time_is_not_compared(result):
    a, b = (result(name, [numpy_at(16, 4e-6)]) for name in "ab")
    b.table["status"] = "implausible"
    assert rows(compare([a, b]))["verdict"].tolist() == ["not comparable"]


@pytest.mark.parametrize("info", [{"visits": 2}, {"typical_s": 1e-7}])
def test_few_visits_and_piled_up_times_change_no_verdict(result, info):
    a = result("a", [numpy_at(16, 4e-6)])
    b = result("b", [numpy_at(16, 1e-6, **info)])
    assert rows(compare([a, b]))["verdict"].tolist() == ["faster"]
    assert rows(compare([b, a]))["verdict"].tolist() == ["slower"]
    assert len(regressions(compare([b, a]).like, 0.05)) == 1


def test_times_without_an_interval_are_unsettled(result):
    a, b = (
        result(name, [entry(f"{CASE.format(16)}/numpy", t, ONE)])
        for name, t in (("a", 4e-6), ("b", 1e-6))
    )
    row = rows(compare([a, b])).loc[KEY.format(16)]
    assert (row["verdict"], row["reason"]) == ("unsettled", "no interval")


def test_all_cores_of_one_machine_are_compared_with_all_cores_of_another(result):
    def file(label, cores):
        case = f"matmul/n=16/float32/threads={cores}/numpy"
        return result(label, [numpy_at(16, 4e-6), timed(case, 4e-6 / cores)])

    comparison = compare([file("two", 2), file("sixteen", 16)])
    row = rows(comparison).loc["matmul/n=16/float32/all cores/numpy"]
    assert (row["threads_base"], row["threads"]) == (2, 16)
    assert (row["cell_base"], row["cell"]) == (
        "matmul/n=16/float32/threads=2/numpy",
        "matmul/n=16/float32/threads=16/numpy",
    )
    assert row["ratio"] == pytest.approx(8)
    assert ("cores used", ["1, 2", "1, 16"]) in [
        (fact.name, list(fact.texts)) for fact in comparison.account.differences
    ]


def test_other_thread_settings_are_matched_by_the_number_of_cores(result):
    def file(label, settings):
        cells = [f"matmul/n=16/float32/threads={n}/numpy" for n in settings]
        return result(label, [timed(cell, 4e-6) for cell in cells])

    keys = rows(compare([file("a", (2, 4)), file("b", (2, 8))]))["verdict"].to_dict()
    assert keys == {
        "matmul/n=16/float32/2 cores/numpy": "tie",
        "matmul/n=16/float32/all cores/numpy": "tie",
    }


def test_a_family_s_mean_is_geometric_with_student_s_interval(result):
    a = result("a", [numpy_at(n, 1e-6) for n in (16, 64)])
    b = result("b", [numpy_at(16, 1e-6), numpy_at(64, 1e-6 / 4)])
    mean = compare([a, b]).like.means.set_index("family").loc["matmul"]
    assert mean["ratio"] == pytest.approx(2)
    # ln 1 and ln 4: standard deviation ln 4 / sqrt 2, of the mean ln 2; t(1 degree) = 12.706
    assert mean["high"] == pytest.approx(2 * math.exp(math.log(2) * 12.7062), rel=1e-4)
    assert (mean["cells"], mean["verdict"]) == (2, "unsettled")


def test_the_mean_of_one_cell_has_that_cell_s_interval(pair):
    comparison = compare([replace(tabulated(one), table=one.table[:1]) for one in pair])
    row = comparison.like.pairs.iloc[0]
    for mean in comparison.like.means.to_dict("records"):
        assert [mean[k] for k in ("ratio", "low", "high")] == pytest.approx(
            [row[k] for k in ("ratio", "low", "high")]
        )


@settings(deadline=None, max_examples=15)  # a slow machine is no failure
@given(
    st.lists(
        st.tuples(st.floats(1e-8, 1e2), st.floats(1e-8, 1e2), st.floats(1, 1.5)),
        min_size=1,
        max_size=6,
    )
)
def test_swapping_inverts_every_mean(known):
    a, b = (
        made("a", [(x, half) for x, _, half in known]),
        made("b", [(y, 1.01) for _, y, _ in known]),
    )
    one, other = (compare(both).like.means for both in ([a, b], [b, a]))
    for near, far in (("ratio", "ratio"), ("low", "high"), ("high", "low")):
        assert np.log(one[near]).tolist() == pytest.approx(-np.log(other[far]), abs=1e-9)


def made(label, times):
    """Return a result without going through a file, a cell for each time and half-width."""
    typical = np.array([time for time, _ in times])
    half = np.array([half for _, half in times])
    table = SHAPE.table.iloc[[0] * len(times)].reset_index(drop=True)
    table = table.assign(
        cell=[f"{CASE.format(n)}/numpy" for n in range(len(times))],
        size=[f"n={n}" for n in range(len(times))],
        typical_s=typical,
        time_s=typical,
        time_low_s=typical / half,
        time_high_s=typical * half,
    )
    return replace(SHAPE, label=label, sha256=label, table=table)


@pytest.fixture(autouse=True, scope="module")
def _shape(tmp_path_factory):
    global SHAPE  # noqa: PLW0603 - hypothesis takes no fixture that is made anew for each test
    path = tmp_path_factory.mktemp("shape") / "shape.json"
    path.write_text(json.dumps(content([numpy_at(16, 1e-6)])))
    SHAPE = tabulated(load(path))


def test_the_baseline_need_not_be_the_first_machine(result):
    three = [result(name, [numpy_at(16, t)]) for name, t in (("a", 4e-6), ("b", 2e-6), ("c", 1e-6))]
    comparison = compare(three, baseline=1)
    ratios = dict(
        zip(comparison.like.pairs["machine"], comparison.like.pairs["ratio"], strict=True)
    )
    assert ratios == {"a": pytest.approx(0.5), "c": pytest.approx(2)}
    assert comparison.others == ["a", "c"]


@pytest.mark.parametrize(("count", "baseline"), [(1, 0), (2, 2), (2, -1)])
def test_a_comparison_needs_two_results_and_a_valid_baseline(pair, count, baseline):
    with pytest.raises(ValueError, match="got"):
        compare(pair[:count], baseline)


def foreign(label, times, **stats):
    benchmarks = [
        {
            "group": None,
            "name": name,
            "fullname": f"t.py::{name}",
            "stats": {"min": t, "median": t, **stats},
        }
        for name, t in times.items()
    ]
    return {"datetime": "2026-01-02", "machine_info": {"label": label}, "benchmarks": benchmarks}


def test_files_of_other_tools_are_compared_by_test_name(write):
    a = load(write(foreign("a", {"x": 9e-3, "y": 1e-3}), "a.json"))
    b = load(write(foreign("b", {"x": 1e-3, "z": 1e-3}), "b.json"))
    comparison = compare([a, b])
    assert rows(comparison)["verdict"].to_dict() == {
        "t.py::x": "faster",
        "t.py::y": "not comparable",
        "t.py::z": "not comparable",
    }
    assert comparison.like.means["family"].tolist() == ["all"]
    sentences = [finding.text for finding in statements(comparison)]
    assert sentences[0].startswith("Overall: b is about 9.0 times as fast as a")
    assert "t.py::x" in sentences[1]
    assert "| machine | family | like for like |" in as_markdown(comparison)
    assert page(comparison).count("data-pair") == 1


def test_machines_without_a_common_cell_say_so(write, pair):
    other = load(write(foreign("f", {"x": 1e-3}), "f.json"))
    comparison = compare([pair[0], other])
    work, like = (finding.text for finding in statements(comparison))
    assert work.startswith("No work of f can be compared with a: no valid time on the other")
    assert like.startswith("No cell of f can be compared with a: no valid time on the other")
    assert side_by_side(comparison) is None
    assert "not in its file" in page(comparison)


def test_many_machines_are_rows_of_the_heat_map(result):
    many = [result(f"m{n}", [numpy_at(16, 1e-6 * (1 + n))]) for n in range(15)]
    plot = side_by_side(compare(many))
    assert "matmul, m14: slower: 0.0667 times the speed of m0." in plot.description
    height, width = plot.figure.get_figheight(), plot.figure.get_figwidth()
    assert width == TILE_IN
    few = side_by_side(compare(many[:4]))
    assert few.figure.get_figheight() < height
    # of the family and of all: each of the other three machines is slower
    assert few.description.startswith("matmul, m")
    title = few.figure.axes[0].texts[0].get_text().replace("\n", " ")
    assert title == "Means, against the baseline: slower in 6 of 6"


def test_equal_labels_get_a_date_and_a_number(pair):
    a, b = pair
    later = replace(a, datetime="2026-02-03T04:05:06")
    assert names([a, b, later, later]) == [
        "a, 2026-01-02 03:04",
        "b",
        "a, 2026-02-03 04:05",
        "a, 2026-02-03 04:05 (2)",
    ]


def test_the_account_lists_differing_facts_settings_first(result):
    def peaks(rate):
        return {"cpu": {"flop_s": {"float32": rate}, "copy_bytes_s": 1e9, "read_bytes_s": 1e9}}

    versions = {"python": "3.12.1", "numpy": "2.1.0"}
    one = {"versions": versions, "peaks": peaks(1e9)}
    two = {"versions": versions | {"numpy": "2.2.0"}, "peaks": peaks(2e9)}
    a = result("a", [numpy_at(16, 1e-6)], machine_info=one)
    b = result(
        "b", [numpy_at(16, 1e-6, source_sha256="1" * 64)], machine_info=two, datetime="2026-02-02"
    )
    differences = account([a, b]).differences
    assert [fact.key for fact in differences] == ["numpy", "code", "peaks.cpu", "datetime"]
    assert [fact.measured for fact in differences] == [False, False, True, True]
    assert ("NumPy", ("2.1.0", "2.2.0")) in {(fact.name, fact.texts) for fact in differences}
    assert differences[1].texts == ("same as the baseline", "1 workload changed: matmul")
    assert differences[0].spread == "2.1.0 (1); 2.2.0 (1)"


def test_swapping_the_machines_swaps_their_names_in_every_statement(pair):
    known = [
        {f.id.rpartition("/")[2]: f for f in like_for_like(compare(p))} for p in (pair, pair[::-1])
    ]
    assert known[0]["largest-gain"].text.startswith(
        "b gains most in matmul at n=16, float32, 1 core, numpy: it is 2.00 times as fast as a,"
        " 2.00 µs instead of 4.00 µs (95 % interval 1.9"
    )
    assert known[1]["largest-loss"].text.startswith(
        "a loses most in matmul at n=16, float32, 1 core, numpy: b is 2.00 times as fast, 2.00 µs"
        " instead of 4.00 µs"
    )
    assert known[0]["largest-gain"].cells == (f"{CASE.format(16)}/numpy",) * 2
    assert [part["all"].state for part in known] == ["unsettled", "unsettled"]
    assert len(known[0]["all"].cells) == 4


def test_a_settled_mean_names_the_faster_machine_first(result):
    a, b = (result(n, [numpy_at(16, t), numpy_at(64, t)]) for n, t in (("a", 2e-6), ("b", 1e-6)))
    assert like_for_like(compare([a, b]))[0].text.startswith(
        "Overall: b is 2.00 times as fast as a"
    )
    finding = like_for_like(compare([b, a]))[0]
    assert finding.text.startswith("Overall: b is 2.00 times as fast as a")
    assert (finding.id, finding.state, finding.numbers["cells"]) == (
        "compare/like/a/all",
        "slower",
        "2 cells",
    )


def test_the_gate_fails_if_the_whole_interval_lies_beyond_the_share(result):
    def slower(by, half):
        a, b = result("a", [numpy_at(16, 1e-6, half)]), result("b", [numpy_at(16, by * 1e-6, half)])
        return regressions(compare([a, b]).like, 0.05)

    assert slower(1.2, 1.001)["key"].tolist() == [KEY.format(16)]
    assert slower(1.2, 1.12).empty  # the joint interval reaches from 1.02 to 1.41
    assert slower(1 / 1.2, 1.001).empty


def test_a_gate_with_a_small_share_fails_on_a_clear_slowdown_that_is_a_tie(result):
    a, b = result("a", [numpy_at(16, 1e-6, 1.001)]), result("b", [numpy_at(16, 1.03e-6, 1.001)])
    comparison = compare([a, b])
    assert comparison.like.pairs["verdict"].tolist() == ["tie"]
    assert len(regressions(comparison.like, 0.01)) == 1


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), ("5 %", 0.05), ("0.05", 0.05), ("0", 0), ("150%", 1.5)]
)
def test_a_share_is_parsed(text, share):
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["-5%", "5", "five", "", "%", "nan", "inf", "1000%", "1"])
def test_a_text_that_is_no_share_is_refused_and_the_format_named(text):
    with pytest.raises(ValueError, match=r"written 5% or 0\.05; got"):
        parse_share(text)


def test_the_table_holds_its_numbers_in_full(pair):
    comparison = compare(pair)
    table = list(csv.DictReader(io.StringIO(comparison_csv(comparison))))
    for question, answer in comparison.answers.items():
        part = [row for row in table if row["question"] == question]
        assert [float(row["ratio"]) for row in part] == answer.pairs["ratio"].tolist()
        assert [row["key"] for row in part] == list(answer.pairs["key"])


def test_two_machines_give_a_column_of_workloads_and_more_a_grid_of_families(pair):
    means = grid(compare(pair))
    assert (means.rows, means.columns) == (("matmul",), ("b",))
    assert means.ratios.tolist() == [[pytest.approx(1)]]
    assert means.verdicts == [["unsettled"]]
    three = [*pair, replace(pair[1], label="c", sha256="c")]
    means = grid(compare(three, baseline=1))
    assert (means.rows, means.columns) == (("matmul", "all"), ("a", "c"))
    assert means.ratios.shape == (2, 2)


def test_a_heat_map_shows_the_machines_that_differ_most(result):
    times = {"base": 1e-6, "near": 1.1e-6, "slow": 4e-6, "fast": 1e-6 / 3}
    comparison = compare([result(name, [numpy_at(16, t)]) for name, t in times.items()])
    assert furthest(comparison, 2) == ["slow", "fast"]
    assert grid(comparison, most=2).columns == ("slow", "fast")


def test_a_family_named_all_is_not_counted_twice(result):
    a, b = (result(name, [numpy_at(16, 1e-6, family="all")]) for name in "ab")
    comparison = compare([a, b, replace(b, label="c")])
    assert grid(comparison).rows == ("all",)
    assert comparison.like.means["family"].tolist() == ["all", "all"]


def test_a_page_of_two_has_a_row_for_each_pair_and_hostile_labels_are_text(result):
    a = result("a", [numpy_at(16, 4e-6)])
    b = result("b", [numpy_at(16, 2e-6)], machine_info={"label": "<script>[red]{x}"})
    text = page(compare([a, b]))
    assert "<script>" not in text
    assert text.count("&lt;script&gt;[red]{x}") > 3
    assert 'data-pair="matmul/n=16/float32/1 core/numpy"' in text
    assert text.count('data-field="ratio"') == 1


def test_a_cell_on_many_machines_is_one_row_with_its_slowest_and_fastest(result):
    times = np.linspace(1e-6, 3e-6, SIDE_BY_SIDE + 1)
    machines = [result(f"m{n}", [numpy_at(16, t)]) for n, t in enumerate(times)]
    comparison = compare(machines)
    values = page_values(comparison)
    (row,) = values["spreads"]
    assert (row.slowest.machine, row.fastest.machine, row.machines) == (f"m{SIDE_BY_SIDE}", "m1", 8)
    assert (row.min, row.max) == ("0.333", "0.800")
    assert row.slowest.where == "matmul at n=16, float32, 1 core, numpy"
    assert values["pairs"] == []
    said = {finding.words["other"] for finding in values["headlines"] if "other" in finding.words}
    assert len(said) == 6
    assert 'data-field="median"' in page(comparison)


def test_reasons_are_counted_and_their_cells_named(result):
    lacking = [
        asked(f"{CASE.format(n)}/torch-cuda", "skipped", "no cuda device")
        for n in range(MOST_CELLS + 1)
    ]
    a, b = (result(name, [numpy_at(16, 1e-6)], lacking) for name in "ab")
    (row,) = page_values(compare([a, b]))["reasons"]
    assert (row.reason, row.pairs) == (
        "no valid time on either machine: skipped, no cuda device",
        MOST_CELLS + 1,
    )
    assert (len(row.cells), row.further) == (MOST_CELLS, 1)


@pytest.mark.parametrize("count", [3, MIN_PARALLEL + 1])
def test_many_files_are_read_in_order_and_the_broken_one_is_reported(write, count):
    paths = [write(content([numpy_at(16, 1e-6)], (), f"m{n}"), f"{n}.json") for n in range(count)]
    paths.insert(1, write("{", "broken.json"))
    results, complaints = load_many(paths)
    assert [result.label for result in results] == [f"m{n}" for n in range(count)]
    assert len(complaints) == 1
    assert "broken.json" in complaints[0]


def medians(typical_s):
    ends = {"typical_low_s": typical_s * 0.99, "typical_high_s": typical_s * 1.01}
    return {"typical_s": typical_s} | ends


def test_if_one_file_has_only_medians_then_medians_are_compared(result):
    new = entry(f"{CASE.format(16)}/numpy", 1e-6, ONE, **medians(2e-6))
    same = entry(f"{CASE.format(16)}/numpy", 3e-6, ONE, **medians(4e-6))
    old = entry(f"{CASE.format(16)}/numpy", 2e-6, ONE, **medians(2e-6))
    old["extra_info"] |= {"time_low_s": 1.98e-6, "time_high_s": 2.02e-6}
    fastest = compare([result("a", [new]), result("b", [same])])
    mixed = compare([result("a", [old]), result("b", [new])])
    assert (fastest.of_medians, mixed.of_medians) == (False, True)
    assert fastest.like.pairs["ratio"].tolist() == pytest.approx([1 / 3])
    assert mixed.like.pairs["ratio"].tolist() == pytest.approx([1.0])
    assert mixed.like.pairs["verdict"].tolist() == ["tie"]
    assert "Times are medians" in page(mixed)
    assert "fastest blocks" in page(fastest)


@pytest.mark.parametrize(
    ("time_s", "sentence"),
    [
        (1 / 1.12, "whether b is faster than a or they tie is unsettled; it runs at 1.12 times"),
        (1.12, "whether a is faster than b or they tie is unsettled; b runs at 0.89 times"),
        (1.0 / 1.01, "whether b or a is faster is unsettled; b runs at 1.0 times"),
    ],
)
def test_an_unsettled_mean_says_which_verdicts_remain_possible(result, time_s, sentence):
    half = 1.15 if abs(np.log(time_s)) < 0.05 else 1.06
    a = result("a", [timed(f"{CASE.format(16)}/numpy", 1.0, half)])
    b = result("b", [timed(f"{CASE.format(16)}/numpy", time_s, half)])
    finding = like_for_like(compare([a, b]))[0]
    assert finding.state == "unsettled"
    assert finding.text.startswith(f"Overall: {sentence}")
