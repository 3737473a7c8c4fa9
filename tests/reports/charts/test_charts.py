"""Figures drawn from made-up tables: their titles and their hover texts."""

import re
from dataclasses import replace
from functools import partial
from html import unescape

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from bench.results.machine import Peaks
from reports.charts.blocks import blocks_over_time
from reports.charts.crossovers import speedup_against_size
from reports.charts.drawing import (
    COLOURS,
    INK,
    ON_DARK,
    ON_LIGHT,
    PAPER,
    TILE_IN,
    VARIANT_COLOURS,
    Plot,
    inline,
    png,
    whole,
    wrap,
)
from reports.charts.grid import _text_colour, heat_grid
from reports.charts.heat import heat_map
from reports.charts.naming import LONGEST, power_tick, ratio_ticks, slug
from reports.charts.overtaking import crossover_title
from reports.charts.overview import overview
from reports.charts.plans import plans
from reports.charts.precision import speed_against_error
from reports.charts.roofs import roofline
from reports.charts.shares import throughput
from reports.charts.sizes import size_labels, time_against_size
from reports.charts.tiles import spread
from reports.charts.training import ladder_chart, losses
from reports.findings.findings import Findings
from reports.findings.training import ladder
from reports.read.interval import Interval
from reports.read.load import load
from reports.read.result import BlockRow, CellBlocks

from tests.conftest import CASE, ONE, asked, content, entry, small_file  # isort: skip
from tests.rows import timed_row  # isort: skip

PEAKS = {
    "cpu/threads=1": Peaks(
        flop_s={"float32": 1e11, "bfloat16": 2e11}, copy_bytes_s=1e10, cache_bytes=1000
    )
}
FLOAT = {"precision": "float32"}
HOSTILE = ["<b>x</b>", "$x$", r"a&b $\frac{", '" onload="alert(1)', "$$", "漢字", "x" * 400]


def timed(write, speedups, *, workload="matmul", contender="torch-cpu", threads=1, **info):
    """Write a file with a curve of one contender; return its timed cells."""
    benchmarks = []
    for n, speedup in speedups.items():
        case = f"{workload}/n={n}/float32/threads={threads}"
        benchmarks.append(entry(f"{case}/numpy", n * 1e-6, ONE, **info))
        benchmarks.append(entry(f"{case}/{contender}", n * 1e-6 / speedup[0], speedup, **info))
    return load(write(content(benchmarks))).timed


def around(ratio):
    return ratio, ratio * 0.98, ratio * 1.02


RISING = {16: around(0.5), 64: around(2.0), 256: around(4.0)}
FALLING = {16: around(2.0), 64: around(0.5), 256: around(0.25)}
LOSSES = {"quality": {"losses": [2.0, 1.0, 0.5]}}


def training(write, quality=LOSSES["quality"], **other):
    case = "train_mlp/hidden=8/float32/threads=1"
    names = ("numpy", "torch-cpu-tensors", "torch-cpu-autograd", "torch-cpu")
    cells = [
        entry(
            f"{case}/{name}",
            (n + 1) * 1e-3,
            ONE,
            family="training",
            code_lines=20 + n,
            quality=other.get(name, quality),
        )
        for n, name in enumerate(names)
    ]
    return load(write(content(cells))).timed


def changed(rows, **changes):
    """Return rows with changed fields."""
    return [replace(row, **changes) for row in rows]


def steps(rows):
    """Return the steps of the first case of some rows."""
    return ladder({row.cell: row for row in rows}, rows[0].case)


def precisions(write, speedup=2.0, error=4e-3, workload="matmul", less="torch-cpu-bf16"):
    case = f"{workload}/n=64/float32/threads=1"
    cells = [
        entry(f"{case}/numpy", 1e-3, ONE, rel_error=2e-7),
        entry(f"{case}/torch-cpu", 2e-3, around(0.5), rel_error=0.0),
        entry(
            f"{case}/{less}",
            1e-3 / speedup,
            around(speedup),
            rel_error=error,
            tolerance=7e-2,
            precision="bfloat16",
        ),
    ]
    return load(write(content(cells))).timed


def blocks(contender="torch-cpu"):
    row = timed_row(f"matmul/n=16/float32/threads=1/{contender}")
    taken = [BlockRow(visit, visit, 1.0 + visit, 1e-3 * visit, visit == 2) for visit in (1, 2, 3)]
    return [CellBlocks(row=row, blocks=tuple(taken))]


def everything(write, workload="matmul", contender="torch-cpu"):
    """Return a function that draws each kind of figure, for these names."""
    table = timed(write, RISING, workload=workload, contender=contender, **FLOAT)
    trained = changed(training(write), workload=workload)
    less = precisions(write, workload=workload)
    ladder_steps = steps(trained)
    case = {ladder_steps[0].case: ladder_steps}
    values, states = np.array([[2.0, np.nan]]), [["faster", "absent"]]
    return {
        "size": partial(time_against_size, table),
        "speedup": partial(speedup_against_size, table),
        "blocks": partial(blocks_over_time, blocks(contender), workload, f"blocks of {workload}"),
        "throughput": partial(throughput, table, PEAKS),
        "roofline": partial(roofline, table, PEAKS, "cpu/threads=1"),
        "ladder": partial(ladder_chart, case),
        "losses": partial(losses, trained),
        "overview": partial(overview, table, 1),
        "heat": partial(heat_map, table),
        "grid": partial(
            heat_grid,
            values,
            states,
            [workload],
            [contender, "b"],
            workload,
            workload,
            f"grid of {workload}",
            [[workload, "none"]],
        ),
        "precision": partial(speed_against_error, less),
    }


KINDS = [
    "size",
    "speedup",
    "blocks",
    "throughput",
    "roofline",
    "ladder",
    "losses",
    "overview",
    "heat",
    "grid",
    "precision",
]


@pytest.fixture
def plots(write):
    return everything(write)


def titles(svg):
    return [unescape(each) for each in re.findall(r"<title>(.*?)</title>", str(svg))]


def texts(svg):
    return [unescape(each) for each in re.findall(r"<text[^>]*>(.*?)</text>", str(svg))]


def said(svg):
    """Return all texts of a figure as one: a title may have several lines."""
    return " ".join(texts(svg))


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_the_same_bytes_every_time(kind, write):
    draw = everything(write)[kind]
    assert inline(draw()) == inline(draw())
    assert png(draw()) == png(draw())


@pytest.mark.parametrize("kind", KINDS)
def test_every_marker_has_its_hover_text(kind, plots):
    plot = plots[kind]()
    svg = inline(plot)
    hover_texts = [text for part in plot.hover.values() for text in part]
    assert hover_texts
    assert len(titles(svg)) == len(hover_texts)
    assert all(re.search(r"\d|none|matmul", text) for text in hover_texts)


def test_ids_are_unique_on_a_page_of_all_figures(plots):
    drawn = [draw() for draw in plots.values()]
    ids = [each for plot in drawn for each in re.findall(r'\bid="([^"]*)"', inline(plot))]
    assert len(ids) == len(set(ids))
    assert len({plot.name for plot in drawn}) == len(plots)


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_takes_the_pages_colours(kind, plots):
    svg = str(inline(plots[kind]()))
    assert "currentColor" in svg
    assert not [paint for paint in (INK, PAPER, *COLOURS.values()) if paint in svg]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("where", ["workload", "contender"])
def test_a_hostile_name_is_neither_markup_nor_a_formula(name, where, write):
    plain = name.replace("/", "|")  # a slash ends a name in a cell's id
    names = {where: f"torch-cpu-{plain}" if where == "contender" else plain}
    drawn = ""
    for draw in everything(write, **names).values():
        plot = draw()
        if plot is None:
            continue  # the chart shows PyTorch without variants only
        svg = str(inline(plot))
        assert "<b>" not in svg
        assert not re.search(r'<[^>]*\bonload="', svg)
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", plot.name)
        assert all(re.fullmatch(r"[\w.-]+", each) for each in re.findall(r'\bid="([^"]*)"', svg))
        assert "$" not in name or png(plot)
        drawn += "".join(texts(svg))
    assert name != "$x$" or "$x$" in drawn


def test_a_long_name_leaves_room_for_the_figure(write):
    for draw in everything(write, workload="x" * 400).values():
        plot = draw()
        if plot.name.startswith(("grid", "x", "blocks")):
            continue  # their titles are the caller's
        assert max(map(len, texts(inline(plot)))) < 4 * LONGEST


def test_names_with_the_same_slug_get_different_ids():
    assert slug("a/b") != slug("a b")
    assert slug("matmul", 1) == slug("matmul-1") == "matmul-1"
    assert slug("") != ""
    with pytest.raises(ValueError, match="slug it"):
        Plot(name='"', figure=None, description="")


def test_a_text_without_marker_is_an_error(plots):
    plot = plots["overview"]()
    gid = next(iter(plot.hover))
    plot.hover[gid].append("one more")
    with pytest.raises((ValueError, RuntimeError, StopIteration)):
        inline(plot)


def test_an_axis_of_ratios_has_few_ticks_and_one_at_1():
    assert ratio_ticks(0.4, 6.0) == pytest.approx([0.5, 1, 2, 5])
    assert ratio_ticks(0.04, 6.0) == pytest.approx([0.1, 0.3, 1, 3])
    assert ratio_ticks(1e-3, 1e3) == pytest.approx([1e-3, 1e-2, 0.1, 1, 10, 100, 1000])
    assert power_tick(1e-3) == "10⁻³"


# tiles


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_as_wide_as_a_phone_or_cut_into_tiles_that_are(kind, plots):
    widths = re.findall(r'viewBox="\S+ \S+ (\S+) \S+"', str(inline(plots[kind]())))
    assert widths
    assert set(map(float, widths)) == {TILE_IN * 72}


def three_curves(write, names=("numpy", "torch-cpu")):
    """Return the cells of a workload with three curves."""
    return load(
        write(
            content(
                [
                    entry(
                        f"sum/over={curve},n={n}/float32/threads=1/{name}",
                        1e-6 * n,
                        around(2.0),
                        curve=curve,
                        axis_value=float(n),
                        device="cuda" if "cuda" in name else "cpu",
                    )
                    for curve in ("all", "rows", "columns")
                    for n in (16, 64)
                    for name in names
                ]
            )
        )
    ).timed


@pytest.mark.parametrize("chart", [time_against_size, speedup_against_size])
def test_each_curve_is_an_svg_of_its_own_with_its_points_and_its_alt_text(chart, write):
    plot = chart(three_curves(write))
    page = str(inline(plot))
    parts = page.split("</svg>")[:-1]
    assert len(parts) == 3
    for part, curve in zip(parts, ("all", "rows", "columns"), strict=True):
        others = {"all", "rows", "columns"} - {curve}
        hover_texts = titles(part)
        assert hover_texts
        assert all(f"over={curve}" in text for text in hover_texts)
        label = re.search(r'aria-label="([^"]*)"', part)[1]
        assert curve in label
        assert not [other for other in others if f"({other})" in label or f"={other}" in label]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]*)', page))
    assert used <= set(re.findall(r'\bid="([^"]*)"', page))


def test_a_file_has_all_tiles_in_one_picture(write):
    plot = time_against_size(three_curves(write))
    assert str(whole(plot)).count("<svg") == 1
    assert len(titles(whole(plot))) == len(titles(inline(plot)))
    assert plot.description in unescape(str(whole(plot)))


def test_many_contenders_have_a_panel_for_each_device(write):
    names = ("numpy", "torch-cpu", "torch-cpu-bf16", "torch-cuda", "torch-cuda-bf16")
    on_cpu, on_gpu, *_ = str(inline(time_against_size(three_curves(write, names)))).split("</svg>")
    assert {"numpy", "torch-cpu", "torch-cpu-bf16"} <= set(texts(on_cpu))
    assert {"numpy", "torch-cuda", "torch-cuda-bf16"} <= set(texts(on_gpu))
    assert not {"torch-cuda", "torch-cuda-bf16"} & set(texts(on_cpu))
    assert not {"torch-cpu", "torch-cpu-bf16"} & set(texts(on_gpu))


def test_each_variant_has_a_colour_of_its_own():
    assert len(set(VARIANT_COLOURS.values())) == len(VARIANT_COLOURS)
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert set(VARIANT_COLOURS.values()) <= set(COLOURS)


def test_labels_are_moved_apart_as_little_as_possible():
    assert spread([0.0, 1.0, 2.0], 0.5) == [0.0, 1.0, 2.0]
    assert spread([1.0, 1.0], 0.5) == [0.75, 1.25]
    assert spread([0.0, 0.0, 0.0, 3.0], 1.0) == [-1.0, 0.0, 1.0, 3.0]
    assert spread([0.0, 0.9, 1.0], 1.0) == pytest.approx([-0.3666667, 0.6333333, 1.6333333])
    assert spread([], 1.0) == []


def test_lines_of_a_title_are_about_equally_long():
    assert wrap("torch-cpu is ahead", 20) == "torch-cpu is ahead"
    assert wrap("one two three four five", 20) == "one two three\nfour five"
    assert wrap("first\nsecond", 20) == "first\nsecond"
    assert max(map(len, wrap("x" * 100, 20).split("\n"))) <= 20


def test_a_wide_grid_continues_in_further_tiles():
    values = np.arange(1.0, 25.0).reshape(2, 12)
    names = [f"column {n}" for n in range(12)]
    hover = [[f"cell {n}" for n in range(12)], [f"cell {n}" for n in range(12, 24)]]
    plot = heat_grid(values, [["faster"] * 12] * 2, ["r" * 25, "s"], names, "t", "t", "g", hover)
    parts = str(inline(plot)).split("</svg>")[:-1]
    assert len(parts) > 1
    columns = [[text for text in texts(part) if "column" in text] for part in parts]
    assert [name for part in columns for name in part] == names
    first = len(columns[0])
    assert titles(parts[0]) == [*hover[0][:first], *hover[1][:first]]
    assert all({"s", "r" * 25} <= set(texts(part)) for part in parts)


def test_a_time_of_the_ladder_stands_beside_its_interval(write):
    rows = changed(training(write), time_low_s=5e-4, time_high_s=6e-3)
    plot = ladder_chart({"a": steps(rows)})
    (axes,) = plot.figure.axes
    times = [text for text in axes.texts if isinstance(text, Annotation)]
    assert len(times) == 4
    assert all(text.xy[0] == 6e-3 for text in times)
    assert all(text.get_position()[0] > 0 for text in times)
    assert axes.get_xlim()[1] > 6e-3


# speedups against sizes


def test_a_crossover_is_in_the_title_the_hover_text_and_the_alt_text(write):
    plot = speedup_against_size(timed(write, RISING))
    svg = inline(plot)
    assert "torch-cpu overtakes NumPy near n = 32" in texts(svg)
    marks = [title for title in titles(svg) if "between" in title]
    assert marks == ["torch-cpu, 1 core, overtakes NumPy near n = 32, between 16 and 64"]
    assert "0.50 at n=16, 4.00 at n=256" in plot.description


def test_inverted_ratios_give_the_opposite_title(write):
    svg = inline(speedup_against_size(timed(write, FALLING)))
    assert "NumPy overtakes torch-cpu near n = 32" in texts(svg)


@pytest.mark.parametrize(
    ("ratios", "claim"),
    [
        ((2.0, 3.0), "torch-cpu is ahead at every size"),
        ((0.5, 0.4), "NumPy is ahead of torch-cpu at every size"),
        ((1.0, 1.0), "torch-cpu and NumPy are equally fast, within 10 %"),
        ((1.0, 2.0), "torch-cpu is faster at some sizes, NumPy at none"),
        ((1.0, 0.5), "NumPy is faster at some sizes, torch-cpu at none"),
        ((2.0, 0.5, 2.0), "the lead between torch-cpu and NumPy changes more than once"),
        ((2.0,), "torch-cpu is faster at the one size measured"),
        ((0.5,), "NumPy is faster than torch-cpu at the one size measured"),
    ],
)
def test_the_title_follows_the_states(ratios, claim, write):
    table = timed(write, {2**n: around(ratio) for n, ratio in enumerate(ratios, 3)})
    svg = inline(speedup_against_size(table))
    assert claim in said(svg)
    assert not [title for title in titles(svg) if "between" in title]


def test_thread_counts_with_the_same_claim_share_a_line(write):
    both = [row for n in (1, 2) for row in timed(write, RISING, threads=n)]
    plot = speedup_against_size(both)
    assert (
        crossover_title(plot_rows(both)) == "torch-cpu on 1 and 2 cores overtakes NumPy near n = 32"
    )
    assert {"torch-cpu, 1 core", "torch-cpu, 2 cores"} <= set(texts(inline(plot)))


def test_thread_counts_with_different_claims_have_a_line_each(write):
    both = [*timed(write, RISING), *timed(write, FALLING, threads=2)]
    assert crossover_title(plot_rows(both)).split("\n") == [
        "torch-cpu on 1 core overtakes NumPy near n = 32",
        "NumPy overtakes torch-cpu on 2 cores near n = 32",
    ]


def plot_rows(table):
    return [row for row in table if row.contender != "numpy"]


def test_transfers_have_a_line_and_other_variants_none(write):
    both = [
        row
        for name in ("torch-cuda", "torch-cuda-transfer", "torch-cuda-bf16")
        for row in timed(write, RISING, contender=name, device="cuda")
    ]
    named = texts(inline(speedup_against_size(both)))
    assert {"torch-cuda", "torch-cuda-transfer"} <= set(named)
    assert "torch-cuda-bf16" not in named


def test_an_implausible_point_is_a_cross_and_on_no_line(write):
    table = [
        replace(row, status="implausible") if row.size == "n=64" and row.plain else row
        for row in timed(write, RISING)
    ]
    plot = speedup_against_size(table)
    lines = [line for line in plot.figure.axes[0].get_lines() if line.get_linestyle() == "-"]
    assert [2.0] not in [list(line.get_ydata()) for line in lines]
    assert all(2.0 not in line.get_ydata() for line in lines if len(line.get_xdata()) > 1)
    assert [t for t in titles(inline(plot)) if "n=64" in t and "cannot be true" in t]


# shares and rooflines


def test_a_share_names_its_peak(write):
    table = timed(write, {64: around(0.5)}, flops=2e6, bytes=1e4, **FLOAT)
    plot = throughput(table, PEAKS)
    assert "31 % of arithmetic" in plot.description  # 2e6 / 1e11 / 64e-6
    assert "31 % of the measured peak of arithmetic" in titles(inline(plot))[0]
    table = timed(write, {64: around(0.5)}, flops=0.0, bytes=64e4, **FLOAT)
    assert "100 % of memory" in throughput(table, PEAKS).description


def test_a_roofline_counts_what_lies_under_each_roof(write):
    below = timed(write, {64: around(0.5), 32: around(0.5)}, flops=1e4, bytes=1e4, **FLOAT)
    above = timed(write, {128: around(0.5)}, flops=1e6, bytes=1e4, **FLOAT)
    plot = roofline([*below, *above], PEAKS, "cpu/threads=1")
    assert "4 of 6 timings are in the range of the memory roof, 2 in that" in plot.description
    assert "above their roof" not in plot.description
    assert any("156 MFLOP/s at 1.0 FLOP per byte" in text for text in titles(inline(plot)))


def test_a_point_above_the_roof_of_memory_is_attributed_to_a_cache(write):
    table = timed(write, {64: around(0.5)}, flops=1e4, bytes=1e7, **FLOAT)
    plot = roofline(table, PEAKS, "cpu/threads=1")
    assert "2 of the 2 lie above their roof: data in a cache moves faster" in plot.description


def test_a_point_without_a_roof_of_arithmetic_is_not_counted_above_that_of_memory(write):
    table = timed(write, {64: around(0.5)}, flops=1e4, bytes=1e7, **FLOAT)
    other = changed(table, precision="float16")
    plot = roofline([*table, *other], PEAKS, "cpu/threads=1")
    assert "2 of 2 timings are in the range of the memory roof" in plot.description
    assert "2 of the 2 lie above their roof" in plot.description


# training


def extents(plot):
    """Return where each label of a chart's first axes stands, by its text."""
    renderer = FigureCanvasAgg(plot.figure).get_renderer()
    inside = plot.figure.axes[0].get_window_extent(renderer)
    boxes = {
        text.get_text(): text.get_window_extent(renderer) for text in plot.figure.axes[0].texts
    }
    return {text: box for text, box in boxes.items() if box.overlaps(inside)}


def places_of_dots(plot):
    axes = plot.figure.axes[0]
    dots = [line for line in axes.lines if line.get_gid() in plot.hover]
    return [
        tuple(place)
        for line in dots
        for place in axes.transData.transform(np.column_stack(line.get_data()))
    ]


def test_no_label_of_a_roofline_lies_on_a_dot_or_on_another_label(write):
    table = [
        row
        for n in range(30)
        for row in timed(write, RISING, workload=f"w{n}", flops=1e5 * 1.3**n, bytes=1e6, **FLOAT)
    ]
    both = table + changed(table[:9], precision="bfloat16", variant="bf16")
    plot = roofline(both, PEAKS, "cpu/threads=1")
    boxes = extents(plot)
    assert {"bfloat16: 200 GFLOP/s", "float32: 100 GFLOP/s", "memory 10.0 GB/s"} <= boxes.keys()
    assert sum(text.startswith("w") for text in boxes) >= 3
    for number, box in enumerate(boxes.values()):
        assert not any(box.contains(*place) for place in places_of_dots(plot))
        assert not any(box.overlaps(other) for other in list(boxes.values())[:number])
    assert {"NumPy", "torch-cpu", "variants of PyTorch"} == {
        text.get_text()[2:] for text in plot.figure.axes[0].texts if "●" in text.get_text()
    }


def test_a_label_of_a_roofline_is_nearest_to_a_dot_of_its_own_workload(write):
    table = [
        row
        for n in range(40)
        for row in timed(
            write, RISING, workload=f"w{n}", flops=1e5 * 1.5 ** (n * 7 % 40), bytes=1e6, **FLOAT
        )
    ]
    plot = roofline(table, PEAKS, "cpu/threads=1")
    workloads = [text.split("/")[0] for texts in plot.hover.values() for text in texts]
    places = np.array(places_of_dots(plot))
    labels = {text: box for text, box in extents(plot).items() if text.startswith("w")}
    assert len(labels) >= 3
    for text, box in labels.items():
        nearest = np.clip(places, box.min, box.max)
        assert workloads[int(np.hypot(*(places - nearest).T).argmin())] == text


def test_the_key_of_a_roofline_has_the_colours_of_its_dots(write):
    table = timed(write, RISING, flops=1e5, bytes=1e6, **FLOAT)
    variants = changed(table[:2], contender="torch-cpu-bf16", variant="bf16")
    plot = roofline([*table, *variants], PEAKS, "cpu/threads=1")
    axes = plot.figure.axes[0]
    dots = [line for line in axes.lines if line.get_gid() in plot.hover]
    keys = [text.get_color() for text in axes.texts if "●" in text.get_text()]
    assert keys == [dot.get_color() for dot in dots]
    assert INK not in keys
    assert len({dot.get_alpha() for dot in dots}) == 1


def test_losses_that_coincide_are_called_one_curve(write):
    plot = losses(training(write))
    assert "All 4 rungs follow one curve: largest difference none" in texts(inline(plot))
    near = {"torch-cpu": {"losses": [2.0, 1.00003, 0.5]}}
    assert "one curve: largest difference 3e-05" in losses(training(write, **near)).description


def test_losses_that_differ_are_reported_with_their_largest_difference(write):
    far = {"torch-cpu": {"losses": [2.0, 1.0, 0.8]}}
    plot = losses(training(write, **far))
    assert "The 4 rungs part: largest difference 0.3, in epoch 3" in texts(inline(plot))
    assert "torch-cpu: 2 at first, 0.8 at last." in plot.description


def test_a_step_without_losses_has_no_curve(write):
    plot = losses(training(write, **{"numpy": {}, "torch-cpu": {"losses": []}}))
    assert "Both rungs follow one curve" in plot.description
    table = training(write, quality={})
    assert losses(table) is None
    assert losses(changed(training(write), losses=(np.nan, 1.0))) is None


def test_a_ladder_shows_times_and_lines_of_code(write):
    table = training(write)
    ladder_steps = steps(table)
    plot = ladder_chart({"a": ladder_steps, "b": []})
    svg = inline(plot)
    assert {"NumPy by hand, 20 lines", "autograd, 22 lines", "2.00 ms"} <= set(texts(svg))
    assert plot.description.startswith(
        "Time of an epoch of train_mlp by rung. NumPy by hand is fastest"
    )
    assert len(titles(svg)) == 4
    fastest = [replace(row, time_s=1e-5) if row.plain else row for row in ladder_steps]
    assert "nn and optim is fastest" in ladder_chart({"a": fastest}).description


def test_a_ladder_without_lines_of_code_or_steps(write):
    table = changed(training(write), code_lines=None)
    ladder_steps = steps(table)
    assert "lines" not in ladder_chart({"a": ladder_steps}).description
    assert ladder_chart({}) is None
    assert ladder_chart({"a": []}) is None


# overviews


def test_an_overview_counts_the_largest_sizes(write):
    plot = overview(timed(write, RISING), 1)
    assert plot.description.startswith(
        "torch-cpu on 1 core: faster in 1 of 1, at the largest sizes."
    )
    assert "matmul at n=256, torch-cpu: 4.00 times NumPy's speed (3.92 to 4.08)" in titles(
        inline(plot)
    )
    turned = overview(timed(write, FALLING), 1)
    assert turned.description.startswith("torch-cpu on 1 core: slower in 1 of 1")


def test_an_overview_draws_the_largest_size_larger(write):
    plot = overview(timed(write, RISING), 1)
    dots = [line for line in plot.figure.axes[0].get_lines() if line.get_gid()]
    sizes = {x: line.get_markersize() for line in dots for x in line.get_xdata()}
    assert sizes[4.0] > sizes[2.0] == sizes[0.5]
    note = "large dot: largest size; small: others"
    assert note in texts(inline(plot))
    unsettled = overview(timed(write, RISING | {4: (1.0, 0.5, 2.0)}), 1)
    assert f"{note}; hollow: unsettled" in texts(inline(unsettled))
    assert note not in texts(inline(overview(timed(write, {4: ONE}), 1)))


def test_one_core_has_an_overview_of_its_own_beside_that_of_all(write):
    cells = [
        entry(f"{name}/n=8/float32/threads={threads}/{who}", 1e-3, around(2.0))
        for name, counts in {"matmul": (1, 2), "fft": (1,)}.items()
        for threads in counts
        for who in ("numpy", "torch-cpu")
    ]
    planned = plans(Findings(load(write(content(cells)))))
    titles = [planned[name]().description for name in ("overview", "overview/fewest")]
    assert titles[0].startswith("torch-cpu on 2 cores: faster in 1 of 1.")
    assert titles[1].startswith("torch-cpu on 1 core: faster in 2 of 2.")
    assert "overview/fewest" not in plans(Findings(load(write(content(cells[-2:])))))


def test_a_heat_map_has_a_hover_text_for_every_cell_even_if_absent(write):
    cuda = [asked("matmul/n=256/float32/threads=1/torch-cuda", "oom", "full")]
    bench = [
        entry("matmul/n=256/float32/threads=1/torch-cpu", 1e-3, around(4.0)),
        entry("fft/n=64/float32/threads=1/torch-cpu", 1e-3, around(0.002)),
        entry("fft/n=64/float32/threads=1/torch-cuda", 1e-3, around(0.5), device="cuda"),
    ]
    plot = heat_map(load(write(content(bench, cuda))).rows)
    svg = inline(plot)
    assert "matmul at n=256, torch-cuda, 1 core: oom, full" in titles(svg)
    assert "fft at n=64, torch-cpu, 1 core: 0.00200 times NumPy's speed" in " ".join(titles(svg))
    assert {"4.0", "0.50", "<0.01"} <= set(texts(svg))
    assert len(titles(svg)) == 4
    claim = "PyTorch: faster in 1, slower in 2 of 3 cells, at the largest sizes."
    assert plot.description.startswith(claim)
    assert "unsettled" not in str(svg)


def test_a_heat_map_shows_a_cpu_at_its_own_largest_size(write):
    bench = [
        entry("matmul/n=256/float32/threads=1/torch-cpu", 1e-3, around(4.0)),
        entry("matmul/n=256/float32/threads=1/torch-cuda", 1e-3, around(7.0), device="cuda"),
        entry("matmul/n=8192/float32/threads=1/torch-cuda", 1e-3, around(45.0), device="cuda"),
    ]
    svg = inline(heat_map(load(write(content(bench))).rows))
    assert {"4.0", "45"} <= set(texts(svg))
    assert "7.0" not in texts(svg)
    assert "matmul at n=256, torch-cpu, 1 core: 4.0" in " ".join(titles(svg))


def test_with_several_contenders_only_the_ends_of_lines_have_speedups(write):
    bench = [
        entry(f"matmul/n={n}/float32/threads=1/{name}", 1e-6 * n, around(ratio), device=device)
        for n, ratios in {64: (2, 3), 70: (4, 5), 1024: (6, 7)}.items()
        for name, device, ratio in (
            ("torch-cpu", "cpu", ratios[0]),
            ("torch-cuda", "cuda", ratios[1]),
        )
    ]
    svg = inline(time_against_size(load(write(content(bench))).timed))
    shown = {text for text in texts(svg) if text.endswith("×")}
    assert shown == {"2.00×", "3.00×", "6.0×", "7.0×"}
    assert {"64", "70", "1024"} <= set(texts(svg))


def test_every_size_has_a_label_on_one_of_two_lines_unless_both_are_taken():
    assert size_labels([1.0, 10.0, 100.0], 2.0) == {100.0: "100", 10.0: "10", 1.0: "1"}
    near = size_labels([64.0, 70.0, 1024.0], 2.0)
    assert near == {1024.0: "1024", 70.0: "70", 64.0: "\n64"}
    assert size_labels([64.0, 66.0, 70.0, 1024.0], 2.0)[64.0] == ""


@pytest.mark.parametrize("chart", [time_against_size, speedup_against_size])
def test_labels_of_sizes_do_not_overlap_and_leave_space_for_the_axis_name(chart, write):
    sizes = {n: around(2.0) for n in (16, 64, 256, 512, 1024, 2048)}
    plot = chart(timed(write, sizes))
    axes = plot.figure.axes[0]
    renderer = FigureCanvasAgg(plot.figure).get_renderer()
    plot.figure.draw(renderer)
    boxes = []
    for label in axes.get_xticklabels():
        box = label.get_window_extent(renderer)
        if label.get_text().startswith("\n"):  # the box includes the empty first line
            box = Bbox([[box.x0, box.y0], [box.x1, box.y0 + box.height / 2]])
        boxes.append(box)
    assert len(boxes) == 6
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    assert axes.xaxis.label.get_window_extent(renderer).y0 >= plot.figure.bbox.y0


def test_two_numbers_of_cores_have_two_shades_and_neither_hides_the_other(write):
    on_one = timed(write, RISING)
    rows = [*on_one, *timed(write, RISING, threads=2)]
    axes = speedup_against_size(rows).figure.axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_color() for line in dots] == [
        COLOURS["torch-cpu-pale"],
        COLOURS["torch-cpu"],
    ]
    one, two = (list(line.get_xdata()) for line in dots)
    assert not set(one) & set(two)
    assert np.allclose(np.sqrt(np.multiply(one, two)), [16, 64, 256])
    alone = speedup_against_size(on_one).figure.axes[0]
    assert {line.get_color() for line in alone.lines if line.get_marker() == "o"} == {
        COLOURS["torch-cpu"]
    }


@pytest.mark.parametrize("chart", [time_against_size, speedup_against_size])
def test_a_single_large_size_is_drawn_without_warning(write, chart):
    bench = [
        entry(f"sum/{curve},n=1/float32/threads=1/{who}", 0.1, around(2.0), curve=curve)
        for curve in ("over=rows", "over=all")
        for who in ("numpy", "torch-cpu")
    ]
    for each in bench:
        each["extra_info"] |= {"axis_value": 1e7, "time_low_s": 0.09, "time_high_s": 0.25}
    assert chart(load(write(content(bench))).timed) is not None


def test_a_grid_marks_unsettled_and_implausible_cells():
    values = np.array([[2.0, 3.0], [np.nan, 0.5]])
    states = [["unsettled", "implausible"], ["absent", "slower"]]
    hover = [["a", "b"], ["c", "d"]]
    plot = heat_grid(values, states, ["r", "s"], ["u", "v"], "t", "t", "grid", hover)
    svg = inline(plot)
    assert {"2.0", "✗ 3.0", "0.50"} <= set(texts(svg))
    assert titles(svg) == ["a", "b", "c", "d"]
    shades = plot.figure.axes[0].collections[0].get_facecolor()
    assert list(shades[1]) == list(shades[2])  # of no colour, both
    assert list(shades[0]) == list(to_rgba(PAPER))  # hollow, so that no side's colour is claimed
    assert "×: blue below 1, orange above; hollow: unsettled; ✗ cannot" in " ".join(texts(svg))
    assert shades[3][2] > shades[3][0]  # and NumPy's blue


@pytest.mark.parametrize(("unsettled", "first"), [(3, True), (2, False)])
def test_a_title_that_is_mostly_unsettled_says_so_first(write, unsettled, first):
    wide, lost = (1.0, 0.5, 2.0), around(0.5)
    speedups = [wide] * unsettled + [lost] * 2
    table = [
        row
        for n, speedup in enumerate(speedups)
        for row in timed(write, {16: speedup}, workload=f"w{n}")
    ]
    first_chart = overview(table, 1).description
    heat = heat_map(table).description
    count = len(speedups)
    unsettled_first = f"unsettled in {unsettled}, slower in 2 of {count}"
    slower_first = f"slower in 2, unsettled in {unsettled} of {count}"
    assert first_chart.startswith(
        f"torch-cpu on 1 core: {unsettled_first if first else slower_first}"
    )
    assert heat.startswith(f"PyTorch: {unsettled_first if first else slower_first} cells")


def test_a_large_grid_is_drawn():
    values = np.geomspace(0.001, 1000, 480).reshape(40, 12)
    names = [f"name {n}" for n in range(40)]
    plot = heat_grid(
        values, [["faster"] * 12] * 40, names, names[:12], "t", "t", "grid", [["h"] * 12] * 40
    )
    assert len(titles(inline(plot))) == 480


def test_a_number_contrasts_with_its_cell():
    assert [_text_colour((c, c, c)) for c in (0.0, 1.0)] == [ON_DARK, ON_LIGHT]
    assert _text_colour((0.12, 0.37, 0.6)) == ON_DARK


# precision


def test_a_lower_precision_shows_its_speedup_and_its_error(write):
    plot = speed_against_error(precisions(write))
    svg = inline(plot)
    claim = "torch-cpu-bf16 runs at 2.00 times NumPy's speed, with an error of 4.0e-03"
    assert claim in said(svg)
    assert {"NumPy", "torch-cpu", "torch-cpu-bf16"} <= set(texts(svg))
    hover_texts = titles(svg)
    assert (
        "torch-cpu: error 0 of at most 1.0e-05, 0.50 times NumPy's speed (0.49 to 0.51)"
        in hover_texts
    )
    assert len(hover_texts) == 3
    slow = speed_against_error(precisions(write, speedup=0.25)).description
    assert "runs at 0.25" in slow


@pytest.mark.parametrize("speedup", [0.5, 0.98, 1.02, 2.0])
def test_no_name_of_a_precision_lies_on_a_dot_or_on_the_line_of_1(speedup, write):
    rows = precisions(write)
    near = [replace(row, rel_error=3e-7) if row.plain else row for row in rows]
    ratio = Interval(value=speedup, low=speedup / 2, high=speedup * 2)
    plot = speed_against_error([replace(row, speedup=ratio) if row.plain else row for row in near])
    boxes = extents(plot)
    one = plot.figure.axes[0].transData.transform((1e-3, 1.0))[1]
    names = [boxes[name] for name in ("NumPy", "torch-cpu", "torch-cpu-bf16")]
    for number, box in enumerate(names):
        assert not box.y0 < one < box.y1
        assert not any(box.contains(*place) for place in places_of_dots(plot))
        assert not any(box.overlaps(other) for other in names[:number])


def test_without_lower_precision_there_is_no_chart(write):
    assert speed_against_error(timed(write, RISING)) is None
    assert speed_against_error(precisions(write, less="torch-cpu-compile")) is None


# unusual files


def test_with_nothing_to_draw_there_is_no_figure(write):
    table = load(write(content([entry("matmul/n=2/float32/threads=1/numpy", 1e-3, ONE)]))).timed
    assert speedup_against_size(table) is None
    assert overview(table, 1) is None
    assert heat_map(table) is None
    assert throughput(table, None) is None
    assert throughput(table, {}) is None
    assert roofline(table, None, "cpu/threads=1") is None
    assert roofline(table, {"cpu/threads=1": Peaks()}, "cpu/threads=1") is None
    assert roofline([], PEAKS, "cpu/threads=1") is None
    assert overview(load(write(small_file())).rows, 2) is None


@pytest.mark.parametrize("status", ["ok", "implausible"])
@pytest.mark.parametrize("speedups", [RISING, {16: around(2.0)}], ids=["sizes", "one size"])
def test_cells_of_one_status_are_drawn(status, speedups, write):
    table = changed(timed(write, speedups, **FLOAT), status=status)
    for plot in (
        time_against_size(table),
        speedup_against_size(table),
        overview(table, 1),
        heat_map(table),
    ):
        assert plot is not None
        assert "<svg" in inline(plot)
    shares = throughput(table, PEAKS), roofline(table, PEAKS, "cpu/threads=1")
    assert [plot is None for plot in shares] == [status == "implausible"] * 2


def test_a_block_shows_its_time_visit_and_worker():
    hover_texts = titles(inline(blocks_over_time(blocks(), "title")))
    assert hover_texts == [
        "torch-cpu: 1.00 ms, visit 1, worker 1",
        "torch-cpu: 3.00 ms, visit 3, worker 3",
        "torch-cpu: 2.00 ms, visit 2, worker 2, disturbed",
    ]


def test_a_memory_bound_case_has_no_share_of_arithmetic(write):
    cached = PEAKS["cpu/threads=1"].model_copy(update={"cache_bytes": 10**9})
    table = timed(write, {64: around(0.5)}, flops=1e3, bytes=1e6, **FLOAT)
    assert throughput(table, {"cpu/threads=1": cached}) is None
    table = timed(write, {64: around(0.5)}, flops=2e6, bytes=1e3, **FLOAT)
    assert "of arithmetic" in throughput(table, {"cpu/threads=1": cached}).description


def test_curves_of_one_size_share_a_chart_and_other_curves_do_not(write):
    def cells(*sizes):
        for over in ("rows", "columns"):
            for n in sizes:
                case = f"sum/over={over},n={n}/float32/threads=1"
                yield entry(f"{case}/numpy", 1e-3, ONE, curve=over)
                yield entry(f"{case}/torch-cpu", 5e-4, (2.0, 1.9, 2.1), curve=over)

    def drawn(*sizes):
        return plans(Findings(load(write(content(list(cells(*sizes)))))))["speedup/sum/float32"]()

    shared = drawn(64)
    assert shared.description.startswith("torch-cpu on 1 core: faster in 2 of 2. ")
    assert shared.name == "overview-sum-1-float32"
    assert "at every size" in drawn(16, 64).description


def test_a_workload_of_integers_stands_in_the_charts_of_all(write):
    case = "matmul_integer/n=256/int64/threads=1"
    integers = [entry(f"{case}/numpy", 1e-2, ONE), entry(f"{case}/torch-cpu", 1e-3, (10, 9, 11))]
    floats = CASE.format(256)
    both = [
        entry(f"{each}/{who}", 1e-3, ONE)
        for each in (floats, floats.replace("float32", "float64"))
        for who in ("numpy", "torch-cpu")
    ]
    rows = load(write(content([*integers, *both]))).rows
    for plot in (overview(rows, 1), heat_map(rows)):
        assert "matmul_integer" in plot.description
        assert "float64" not in plot.description
