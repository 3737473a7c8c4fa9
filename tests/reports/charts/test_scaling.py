"""The charts of several ranks: what is drawn, what is claimed, and how it is told apart."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reports.charts.drawing import COLOURS, PAPER, inline, rank_colour
from reports.charts.scaling import bandwidth_against_bytes, rate_tick, speedup_against_ranks
from reports.read.load import load
from tests.points import MATMUL, REDUCE, around, cluster, point, training


def points_of(write, points, **fields):
    return load(write(cluster(points, **fields))).points


def drawn(plot, panel=0):
    """Return the points of a panel: place, marker, and whether it is hollow."""
    axes = plot.figure.axes[panel]
    return [
        (float(x), float(y), line.get_marker(), line.get_markerfacecolor() == PAPER)
        for line in axes.lines
        if line.get_marker() not in ("None", "")
        for x, y in np.column_stack(line.get_data())
    ]


def weak(size, gain):
    return point(size, "weak", 2, "torch-gloo", 2e-3 / gain, speedup=around(gain))


def four(size="n=4"):
    """Return a point with four ranks, so that there are lines to draw."""
    return point(size, "strong", 4, "torch-gloo", 1e-3 / 2.4, speedup=around(2.4))


def test_each_speedup_is_a_point_at_its_ranks_and_weak_ones_are_squares(write):
    points = points_of(write, [*training("n=4", 1.6), weak("n=4", 1.04), four()])
    plot = speedup_against_ranks(points)
    dots = [dot for dot in drawn(plot) if dot[0] < 3]
    assert sorted(y for _, y, _, _ in dots) == [0.8, 1.04, 1.5, 1.6]
    assert all(1.8 < x < 2.2 for x, *_ in dots)
    assert len({x for x, *_ in dots}) == 4  # apart, so that no interval hides another
    assert [(y, hollow) for _, y, marker, hollow in dots if marker == "s"] == [(1.04, True)]
    assert not any(hollow for _, _, marker, hollow in dots if marker == "o")
    texts = [text for each in plot.hover.values() for text in each]
    assert "torch-gloo, 2 ranks: 1.6 (1.5 to 1.8), efficiency 80 %" in texts
    assert "torch-gloo (weak), 2 ranks: 1.04 (0.95 to 1.14), efficiency 52 %" in texts


def test_each_size_has_a_panel_whose_title_says_what_pytorch_gains(write):
    product = point("n=4", "strong", 2, "torch-gloo", 1e-3, workload=MATMUL, speedup=around(0.5))
    points = points_of(write, [*training("n=4", 1.6), *training("n=8", 1.04), product])
    plot = speedup_against_ranks(points)
    titles = [text.partition(". ")[0] for text in plot.tiles]
    assert titles == [
        "train_data_parallel, n=4\ntorch-gloo: 1.6 times as fast with 2 ranks",
        "train_data_parallel, n=8\ntorch-gloo: unsettled whether 2 ranks are faster",
        "matmul_sharded, n=4\ntorch-gloo: slower with 2 ranks than with one",
    ]
    assert inline(plot).count("<svg") == 3


def test_names_at_the_ends_of_lines_do_not_overlap(write):
    points = points_of(write, [*training("n=4", 1.5), weak("n=4", 1.5), four()])
    plot = speedup_against_ranks(points)
    texts = {text.get_text(): text for text in plot.figure.axes[0].texts}
    names = ["ideal", "NumPy", "torch-gloo", "torch-gloo, weak", "torch-threads"]
    assert set(names) <= texts.keys()
    renderer = FigureCanvasAgg(plot.figure).get_renderer()
    boxes = [texts[name].get_window_extent(renderer) for name in names]
    for number, box in enumerate(boxes):
        assert box.x1 <= plot.figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_a_very_wide_interval_does_not_flatten_the_others(write):
    points = training("n=4", 1.6)
    points[4]["speedup"] = {"ratio": 1.5, "low": 1e-6, "high": 1e6}
    points = points_of(write, [*points, four()])
    low, high = speedup_against_ranks(points).figure.axes[0].get_ylim()
    assert 0.1 < low < 0.8
    assert 2 < high < 20


def test_with_one_number_of_ranks_each_contender_has_a_row_and_its_number(write):
    points = [*training("n=4", 1.6, numpy=1.0), weak("n=4", 1.04)]
    points[4]["speedup"] = {"ratio": 1.5, "low": 1e-6, "high": 1e6}
    plot = speedup_against_ranks(points_of(write, points))
    (axes,) = plot.figure.axes
    names = ["NumPy", "torch-gloo", "torch-threads", "torch-gloo, weak"]
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    dots = [dot for dot in drawn(plot) if dot[2] in "os"]
    assert dots == [
        (1.0, 0, "o", False),
        (1.6, 1, "o", False),
        (1.5, 2, "o", True),
        (1.04, 3, "s", True),
    ]
    texts = [text.get_text() for text in axes.texts]
    assert texts[-4:] == ["1.00×", "1.6×", "not known", "1.04×"]
    assert [mark for *_, mark, _ in drawn(plot) if mark in "<>"] == ["<", ">"]
    low, high = axes.get_xlim()
    assert 0.3 < low < 0.5
    assert 2 < high < 3


def test_contenders_have_the_colours_of_their_libraries(write):
    names = ("numpy", "torch-gloo", "torch-threads", "torch-nccl")
    points = [point("n=4", "strong", 2, name, 1e-3, speedup=around(1.6)) for name in names]
    colours = {each.contender: rank_colour(each) for each in points_of(write, points)}
    assert colours["numpy"] == COLOURS["numpy"]
    assert colours["torch-gloo"] == COLOURS["torch-cpu"]
    assert colours["torch-nccl"] == COLOURS["accelerator"]
    assert len(set(colours.values())) == 4


def test_without_speedups_nothing_is_drawn(write):
    assert (
        speedup_against_ranks(points_of(write, training("n=4", 1.6), oversubscribed=True)) is None
    )
    assert bandwidth_against_bytes(points_of(write, training("n=4", 1.6)), 1e9) is None


def reduced(bytes_, ranks, time_s, contender="torch-gloo"):
    return point(f"bytes={bytes_}", "", ranks, contender, time_s, workload=REDUCE)


def test_bandwidths_stand_over_their_messages_beside_the_copy(write):
    """4 ranks carry 2 (4 - 1) / 4 = 1.5 times the message."""
    points = points_of(write, [reduced(1024, 4, 1e-3), reduced(2048, 4, 1e-3)])
    plot = bandwidth_against_bytes(points, 6.144e6)
    assert [y for _, y, _, _ in drawn(plot)] == pytest.approx([1.536e6, 3.072e6])
    (title, *_) = plot.description.split(". ")
    assert title == "torch-gloo, 4 ranks: 50 % of a copy’s bandwidth at 2 KiB"
    names = {text.get_text() for text in plot.figure.axes[0].texts}
    assert {"torch-gloo, 4", "copy in memory"} <= names
    (texts,) = plot.hover.values()
    assert texts[0] == "torch-gloo, 4 ranks, 1 KiB: 1.54 MB/s (1.40 MB/s to 1.69 MB/s)"
    assert "copy in memory" not in str(inline(bandwidth_against_bytes(points, None)))


def test_a_bandwidth_that_is_not_known_is_hollow_and_not_in_the_title(write):
    """From width 3.1 to 3.2, the interval passes a factor of 10."""
    known, vague = (
        point(f"bytes={size}", "", 2, "torch-gloo", 1e-3, workload=REDUCE, width=width)
        for size, width in ((1024, 3.1), (4096, 3.2))
    )
    for copy in (6e6, None):
        plot = bandwidth_against_bytes(points_of(write, [known, vague]), copy)
        (title, *_) = plot.description.split(". ")
        assert title == "torch-gloo, 2 ranks: the bandwidth at 4 KiB is not known"
        assert [hollow for *_, hollow in drawn(plot)] == [False, True]
        assert [len(texts) for texts in plot.hover.values()] == [1, 1]
    plot = bandwidth_against_bytes(points_of(write, [known]), 2.048e6)
    assert plot.description.startswith("torch-gloo, 2 ranks: 50 % of a copy’s bandwidth at 1 KiB")


def test_messages_between_gpus_have_no_copy_beside_them(write):
    plot = bandwidth_against_bytes(points_of(write, [reduced(2048, 4, 1e-3, "torch-nccl")]), 6e6)
    assert "copy" not in plot.description
    assert "copy in memory" not in str(inline(plot))


def test_each_number_of_ranks_has_its_own_dashes(write):
    points = [reduced(size, ranks, 1e-3) for ranks in (2, 4) for size in (1024, 4096)]
    axes = bandwidth_against_bytes(points_of(write, points), 1e9).figure.axes[0]
    lines = [line for line in axes.lines if line.get_color() == COLOURS["torch-cpu"]]
    assert {"-", "--"} <= {line.get_linestyle() for line in lines if len(line.get_xdata()) == 2}


def test_more_ranks_than_cores_are_drawn_and_marked(write):
    points = points_of(write, [reduced(1024, 8, 1e-3)], oversubscribed=True)
    plot = bandwidth_against_bytes(points, 1e9)
    assert plot.description.startswith("More ranks than cores: these rates show the waiting")
    assert len(drawn(plot)) == 1


def test_labels_of_messages_do_not_touch(write):
    points = [reduced(2**k, 2, 1e-3) for k in range(10, 26)]
    plot = bandwidth_against_bytes(points_of(write, points), 1e9)
    axes = plot.figure.axes[0]
    renderer = FigureCanvasAgg(plot.figure).get_renderer()
    plot.figure.draw(renderer)
    boxes = [label.get_window_extent(renderer) for label in axes.get_xticklabels()]
    assert len(boxes) > 2
    assert not any(one.overlaps(other) for one, other in pairwise(boxes))


@pytest.mark.parametrize(
    ("value", "text"), [(1e8, "100 MB/s"), (5e5, "500 kB/s"), (2e9, "2 GB/s"), (1.0, "1 B/s")]
)
def test_ticks_of_bandwidths(value, text):
    assert rate_tick(value) == text
