"""The model past what was measured: planted links are found again, and its error is said."""

import math
import re

import numpy as np
import pytest
from markupsafe import Markup

from reports.charts.drawing import TILE_IN, inline
from reports.charts.scaling_model import all_reduce_chart, efficiency_chart, model_plans
from reports.findings.alpha_beta import AllReduce, Fit, Link, all_reduce_s, fit, split
from reports.findings.findings import Findings
from reports.findings.forecasts import forecast_id, forecasts
from reports.findings.scaling_model import LINKS, MEASURED, efficiency, models, step_s
from reports.pages.check import check
from reports.pages.rendering import TEMPLATES
from reports.pages.scaling_model import scaling_model
from reports.pages.subject import SitePage, SourceFile
from reports.pages.writing import Site, write_folder
from reports.read.load import load
from tests.conftest import small_file
from tests.scaled import SMALL, all_reduces, ring_s, scaled, step, trained, tree_s

ALPHA_S, BANDWIDTH = 40e-6, 1.2e9
OF_LINK = ALPHA_S, BANDWIDTH


def reduced(ranks, size, time_s, spread=0.01):
    return AllReduce(id=f"{ranks}/{size}", ranks=ranks, bytes=size, time_s=time_s, spread=spread)


def typed(points, spread):
    return [
        reduced(each["ranks"], each["message_bytes"], each["time_s"], spread) for each in points
    ]


@pytest.fixture
def of(write):
    """Return the result of some points."""
    return lambda points, **fields: load(write(scaled(points, **fields)))


@pytest.fixture
def cluster(of):
    """Two, four and eight ranks, whose steps wait for half of the all-reduce."""
    steps = trained([2, 4, 8], *OF_LINK, exposed=0.5)
    return of(all_reduces([2, 4, 8], *OF_LINK) + steps)


def said(result):
    return {finding.id: finding for finding in forecasts(result)}


@pytest.mark.parametrize(("time_s", "algorithm"), [(ring_s, "ring"), (tree_s, "tree")])
@pytest.mark.parametrize("seed", range(4))
def test_a_planted_link_lies_in_its_intervals_and_the_algorithm_is_known(time_s, algorithm, seed):
    points = all_reduces([2, 4, 8, 16], *OF_LINK, time_s=time_s, noise=0.05, seed=seed)
    found = fit(typed(points, 0.05))
    assert found.algorithm == algorithm
    for place, planted in enumerate(OF_LINK):
        low, high = found.interval(place)
        assert low < planted < high < 1.3 * low
    assert found.typical_error < 0.15


@pytest.mark.parametrize("counts", [[2, 8], [2, 4, 8]])
def test_two_numbers_of_ranks_cannot_tell_a_tree_so_a_ring_is_assumed(of, counts):
    result = of(all_reduces(counts, *OF_LINK, time_s=tree_s))
    text = said(result)["scaling-model/torch-gloo/all-reduce"].text
    assert ("is a ring (assumed" in text) == (len(counts) == 2)
    assert ("is recursive halving and doubling over a link" in text) == (len(counts) == 3)


def test_the_errors_on_points_held_out_are_those_worked_by_hand():
    # 10 us and 100 MB/s: on two ranks 2 alpha + n beta, on four 6 alpha + 1.5 n beta
    fitted = [reduced(2, 1000.0, 30e-6), reduced(2, 100_000.0, 1020e-6)]
    held = [reduced(4, 1000.0, 150e-6), reduced(4, 100_000.0, 780e-6)]  # of 75 and 1560 us
    found = fit(fitted + held)
    assert found.link.alpha_s == pytest.approx(10e-6)
    assert found.link.bandwidth_bytes_s == pytest.approx(100e6)
    assert [each.point for each in found.held] == held
    assert [each.error for each in found.held] == pytest.approx([-0.5, 1.0])
    assert found.typical_error == pytest.approx(math.sqrt((0.25 + 1) / 2))
    assert found.missed == pytest.approx(math.log(2))
    assert found.poor
    # neither fitted point is missed, so the interval is that of their spreads of 1 %: too narrow
    assert [each.inside for each in found.held] == [False, False]
    assert all(0.02 < each.stated < 0.1 for each in found.held)


@pytest.mark.parametrize(("spread", "inside"), [(0.01, False), (0.5, True)])
def test_a_point_held_out_is_compared_with_the_interval_that_the_fit_states(spread, inside):
    fitted = typed(all_reduces([2, 4], *OF_LINK), 0.01)
    held = typed(all_reduces([8], 1.3 * ALPHA_S, BANDWIDTH / 1.3), spread)
    found = fit(fitted + held)
    assert [each.inside for each in found.held] == [inside] * len(held)


def test_every_second_size_is_held_out_if_there_is_one_number_of_ranks():
    points = typed(all_reduces([2], *OF_LINK), 0.01)
    kept, held = split(points)
    assert [each.bytes for each in kept] == [4096.0, 262144.0, 16777216.0]
    assert [each.bytes for each in held] == [32768.0, 2097152.0]
    few, none = split(points[:2])
    assert (len(few), none) == (2, [])
    assert fit(points[:1]) is None


def test_a_latency_that_no_point_shows_is_unknown_and_so_are_many_ranks(of):
    # measured on a link of 80 Mbit/s: 4 KB take less than their share of the bandwidth
    times_s = {4096: 0.324e-3, 262144: 26.7e-3, 4194304: 456e-3}
    points = [
        all_reduces([2], 0.0, each / time_s, sizes=[each])[0] for each, time_s in times_s.items()
    ]
    result = of(points)
    finding = said(result)["scaling-model/torch-gloo/all-reduce"]
    assert finding.numbers["latency_interval"] == "not known within a factor of 10"
    (model,) = models(result)
    assert model.fit.deviation(4096, 4096.0) > 10 * model.fit.deviation(2, 2.0**22)


def test_the_largest_number_of_ranks_is_held_out():
    kept, held = split(typed(all_reduces([2, 4, 8], *OF_LINK), 0.01))
    assert {each.ranks for each in kept} == {2, 4}
    assert {each.ranks for each in held} == {8}


def test_what_the_model_misses_widens_its_intervals():
    sizes = np.geomspace(4096, 2**26, 12)
    plateaus = [1.8 if n % 4 < 2 else 1 / 1.8 for n in range(12)]
    times_s = [
        all_reduce_s("ring", Link(alpha_s=ALPHA_S, bandwidth_bytes_s=BANDWIDTH), 2, n)
        for n in sizes
    ]
    smooth = fit([reduced(2, n, t) for n, t in zip(sizes, times_s, strict=True)])
    rough = fit([reduced(2, n, t * p) for n, t, p in zip(sizes, times_s, plateaus, strict=True)])
    assert smooth.scatter == pytest.approx(0, abs=1e-6)
    assert rough.scatter > 0.3
    assert rough.poor
    low, high = rough.interval(1)
    assert high / low > 2


def test_the_step_is_found_again_and_so_is_its_prediction(cluster):
    (model,) = models(cluster)
    (own,) = model.steps
    assert (own.fixed_s, own.example_s) == pytest.approx((1e-4, 1e-6), rel=1e-6)
    assert own.exposed == pytest.approx(0.5, rel=1e-6)
    assert (own.batch, own.most_ranks) == (240, 8)
    waits_s = 0.5 * ring_s(64, 9640.0, *OF_LINK)
    weak = efficiency(model, own, "weak", MEASURED, 64)
    assert weak.value == pytest.approx(340e-6 / (340e-6 + waits_s), rel=1e-4)
    assert weak.low < weak.value < weak.high < 1
    strong = efficiency(model, own, "strong", MEASURED, 64)
    assert strong.value == pytest.approx(340e-6 / 64 / (103.75e-6 + waits_s), rel=1e-4)
    assert efficiency(model, own, "strong", MEASURED, 1).value == pytest.approx(1)


def test_another_link_changes_the_all_reduce_alone(cluster):
    (model,) = models(cluster)
    (own,) = model.steps
    ethernet_s = 0.5 * ring_s(8, 9640.0, 9.6e-6, 12.5e9)
    assert step_s(model, own, "weak", "ethernet", 8) == pytest.approx(340e-6 + ethernet_s)


def test_over_another_link_the_model_is_as_sure_as_where_it_was_measured(cluster, monkeypatch):
    (model,) = models(cluster)
    asked = []
    monkeypatch.setattr(Fit, "deviation", lambda _, ranks, size: asked.append((ranks, size)) or 0.1)
    for link in (MEASURED, "nvlink"):
        efficiency(model, model.steps[0], "weak", link, 64)
    assert asked == [(64, 9640.0), (8, 9640.0)]


def test_ranks_without_an_example_are_no_prediction(cluster):
    (model,) = models(cluster)
    (own,) = model.steps
    assert efficiency(model, own, "strong", MEASURED, 240) is not None
    assert efficiency(model, own, "strong", MEASURED, 241) is None
    finding = said(cluster)[f"scaling-model/torch-gloo/{SMALL}/measured/strong/ranks=512"]
    assert finding.state == "absent"
    assert "its 240 examples leave some ranks without one" in finding.text


def test_an_error_on_points_held_out_widens_the_band(of):
    steps = trained([2, 4, 8], *OF_LINK)
    off = all_reduces([2, 4], *OF_LINK) + all_reduces([8], 2 * ALPHA_S, BANDWIDTH / 2)
    bands = []
    for reduces in (all_reduces([2, 4, 8], *OF_LINK), off):
        (model,) = models(of(reduces + steps))
        kept = efficiency(model, model.steps[0], "weak", MEASURED, 64)
        bands.append(kept.high - kept.low)
    assert bands[1] > 3 * bands[0]


def test_a_poor_fit_says_so_with_its_errors(of):
    result = of(all_reduces([2, 4], *OF_LINK) + all_reduces([8], 3 * ALPHA_S, BANDWIDTH / 3))
    finding = said(result)["scaling-model/torch-gloo/all-reduce"]
    assert finding.state == "poor"
    assert "It fits poorly: on 5 points that were not fitted" in finding.text
    assert finding.numbers["error"] == "67 %"
    assert "(0 of 5 in its 95 % interval)" in finding.text
    assert finding.cells[0].startswith("all_reduce/bytes=4096/float32/ranks=8/")


def test_a_good_fit_prints_its_error_beside_the_model(cluster):
    finding = said(cluster)["scaling-model/torch-gloo/all-reduce"]
    assert finding.state == "fits"
    assert finding.numbers["latency"] == "40.0 µs"
    assert finding.numbers["bandwidth"] == "1.20 GB/s"
    assert "on 5 points that were not fitted, its typical error is" in finding.text
    assert "(5 of 5 in its 95 % interval)" in finding.text


def test_the_one_point_held_out_has_one_error(of):
    result = of(all_reduces([2], *OF_LINK, sizes=[4096, 2**18, 2**22]))
    text = said(result)["scaling-model/torch-gloo/all-reduce"].text
    assert "; on 1 point that was not fitted, its error is" in text
    assert text.endswith("(1 of 1 in its 95 % interval).")
    assert "largest" not in text


@pytest.mark.parametrize("count", [1, 2])
def test_points_that_leave_none_to_check_are_no_checked_model(of, count):
    result = of(all_reduces([2], *OF_LINK, sizes=[4096, 2**20][:count]))
    state = said(result)["scaling-model/torch-gloo/all-reduce"].state
    assert state == ("absent" if count == 1 else "unchecked")


def test_ranks_that_shared_cores_say_nothing_about_steps(of):
    points = all_reduces([2, 4, 8], *OF_LINK) + trained([2, 4, 8], *OF_LINK)
    result = of(points, oversubscribed=True)
    finding = said(result)["scaling-model/torch-gloo/step/none"]
    assert "shared cores" in finding.text
    assert not [name for name in said(result) if "ranks=" in name]


@pytest.mark.parametrize("status", ["mismatch", "straggler", "implausible"])
def test_a_point_that_was_not_verified_is_not_fitted(of, status):
    points = all_reduces([2], *OF_LINK)
    points[2] |= {"time_s": 1.0, "time_high_s": 2.0, "status": status}
    (model,) = models(of(points))
    assert len(model.measured) == 4
    assert model.fit.link.alpha_s == pytest.approx(ALPHA_S, rel=1e-3)


def test_files_without_ranks_have_no_model(write):
    result = load(write(small_file()))
    assert (models(result), said(result), model_plans(result)) == ([], {}, {})
    assert scaling_model(result)["models"] == []


def test_work_that_takes_no_longer_for_more_examples_has_no_negative_term(of):
    points = all_reduces([2, 4], *OF_LINK)
    steps = [step("strong", 1, 2e-4, 2e-4), step("strong", 2, 5e-4, 3e-4)]
    (model,) = models(of(points + steps))
    (own,) = model.steps
    assert own.example_s == 0
    assert 2e-4 < own.fixed_s < 3e-4


@pytest.mark.parametrize("seed", range(3))
def test_absurd_times_are_no_error(of, seed):
    rng = np.random.default_rng(seed)
    points = all_reduces([2, 4, 8], *OF_LINK) + trained([2, 4, 8], *OF_LINK)
    for each in points:
        time_s = float(10.0 ** rng.uniform(-45, 45))
        each |= {"time_s": time_s, "time_low_s": time_s / 1.1, "time_high_s": time_s * 1e4}
        if "compute_s" in each:
            each["compute_s"] = float(10.0 ** rng.uniform(-45, 45))
    points.append(step("strong", 1, 1.0, 1.0, contender="torch-gloo") | {"ranks": 1})
    result = of(points)
    assert len(said(result)) > 5
    for plan in model_plans(result).values():
        assert inline(plan())


def test_every_sentence_says_that_it_is_a_model_and_names_points_of_the_file(cluster):
    ids = {point.id for point in cluster.scaling.points}
    findings = said(cluster)
    assert len([name for name in findings if "ranks=" in name]) == len(LINKS) * 2 * 4
    for finding in findings.values():
        assert finding.text.startswith(("Model, not measured: ", "Assumed, not measured: "))
        assert not re.search(r"nan|inf\b|None", finding.text)
        assert set(finding.cells) <= ids
        assert finding.cells or finding.state == "assumed"
    assert Findings(cluster).all.items() >= findings.items()


# charts and the page


def test_charts_show_measured_points_and_cut_into_tiles(cluster):
    (model,) = models(cluster)
    plots = [all_reduce_chart(model), *(efficiency_chart(model, link) for link in LINKS)]
    for plot in plots:
        svg = str(inline(plot))
        widths = re.findall(r'viewBox="\S+ \S+ (\S+) \S+"', svg)
        assert set(map(float, widths)) == {TILE_IN * 72}
        assert len(re.findall("<title>", svg)) == sum(map(len, plot.hover.values()))
    texts = [[text for part in plot.hover.values() for text in part] for plot in plots]
    assert [sum("measured" in text for text in own) for own in texts] == [15, 6, 0, 0]
    assert sum("held out" in text for text in texts[0]) == 5


def test_titles_and_hover_texts_have_the_numbers_of_the_table(cluster):
    (model,) = models(cluster)
    plot = efficiency_chart(model, MEASURED)
    (size,) = {own.size for own in model.steps}
    table = said(cluster)[forecast_id("torch-gloo", size, MEASURED, "weak", 64)].numbers
    assert plot.description.partition("\n")[0].endswith(f"weak {table['ratio']} on 64 ranks")
    (text,) = [
        text
        for part in plot.hover.values()
        for text in part
        if text.startswith("model, weak") and " 64 ranks" in text
    ]
    assert text == f"model, weak: {table['ratio']} ({table['interval']}) on 64 ranks"


def test_a_title_gives_no_efficiency_that_the_band_does_not_tell(of):
    points = all_reduces([2], *OF_LINK) + trained([2], *OF_LINK)
    for each in points:
        each |= {"time_low_s": each["time_s"] / 50, "time_high_s": each["time_s"] * 50}
    (model,) = models(of(points))
    title = efficiency_chart(model, MEASURED).description
    assert "weak on 64 ranks is not known" in title


def test_a_title_tells_the_points_outside_the_fit_from_those_inside(cluster):
    (model,) = models(cluster)
    titles = re.findall(r"\d ranks: [^.]*?\d point[^.]* by", all_reduce_chart(model).description)
    assert titles == [
        "2 ranks: the model misses 5 points of its fit by",
        "4 ranks: the model misses 5 points of its fit by",
        "8 ranks: the model misses 5 points outside its fit by",
    ]


def page(result, folder, data):
    template = TEMPLATES.get_template("scaling_model.html")
    body = Markup(template.render(**scaling_model(result)))  # noqa: S704 - our own template
    site = Site(files={"data/run.json": data.read_bytes()})
    source = SourceFile(file="data/run.json", sha256=result.sha256, label=result.label)
    site.pages.append(
        SitePage(path="index.html", title="m", name="m", body=body, sources=(source,))
    )
    return write_folder(site, folder)


def test_check_computes_every_number_of_the_page_again(cluster, write, tmp_path):
    path = page(cluster, tmp_path / "site", tmp_path / "result.json")
    assert check(path.parent) == []
    text = path.read_text()
    assert text.count('type="radio"') == 3
    assert re.search(r'value="measured" checked', text)
    assert len(re.findall(r'data-key="ratio"', text)) == 3 * (4 + 2)
    path.write_text(re.sub(r'(data-key="ratio"[^>]*>)\d+', r"\g<1>99", text, count=1))
    (complaint,) = check(path.parent)
    assert "when recomputed: ratio of scaling-model/torch-gloo" in complaint
