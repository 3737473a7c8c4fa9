"""The small charts of the first page: every computation is a dot, every line has its name."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reports.charts import answers
from reports.charts.drawing import PAPER, Plot, inline
from reports.findings.questions import autograd_lines, gpu_groups, gpu_lines, on_cpu
from reports.read.load import load
from tests.conftest import ONE, content, entry


def result_of(write, *cells):
    bench = {}
    for cell, speedup in cells:
        case = cell.rpartition("/")[0]
        bench[f"{case}/numpy"] = entry(f"{case}/numpy", 1e-3, ONE)
        bench[cell] = entry(cell, 1e-3 / speedup, (speedup, 0.9 * speedup, 1.1 * speedup))
    return load(write(content(list(bench.values()))))


def dots(plot: Plot) -> list[tuple[float, float]]:
    """Return the places of all dots, in pixels."""
    return [
        tuple(point)
        for axes in plot.figure.axes
        for line in axes.lines
        if line.get_marker() == "o"
        for point in axes.transData.transform(np.column_stack(line.get_data()))
    ]


def test_each_computation_is_a_dot_of_its_own_inside_its_row(write):
    cells = [(f"w{n}/n=8/float32/threads={1 + n % 2}/torch-cpu", 2.0) for n in range(40)]
    plot = answers.cpu(on_cpu(result_of(write, *cells)))
    places = dots(plot)
    assert len(places) == 40
    assert len(set(places)) == 40  # 20 of one speedup are stacked
    assert sum(len(texts) for texts in plot.hover.values()) == 40
    (axes,) = plot.figure.axes
    between = max(line.get_ydata()[0] for line in axes.lines if line.get_alpha() == 0.25)
    heights = axes.transData.inverted().transform(places)[:, 1]
    assert (heights > between).sum() == (heights < between).sum() == 20
    heads = [text.get_text() for text in axes.texts]
    assert heads[:6] == ["0", "2 cores", "20", "0", "one core", "20"]
    assert answers.cpu([]) is None


def test_no_dot_stands_on_the_other_side_of_1_and_only_unsettled_ones_are_hollow(write):
    ratios = {"tie": (1.01, 1.0, 1.02), "torch": (1.07, 1.06, 1.08), "open": (0.99, 0.5, 2.0)}
    bench = []
    for name, ratio in ratios.items():
        case = f"{name}/n=8/float32/threads=1"
        bench += [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, ratio)]
    plot = answers.cpu(on_cpu(load(write(content(bench)))))
    lines = {
        plot.hover[line.get_gid()][0].partition(" ")[0]: line
        for line in plot.figure.axes[0].lines
        if line.get_gid() in plot.hover
    }
    sides = {name: line.get_xdata()[0] > 1 for name, line in lines.items()}
    assert sides == {"tie": True, "torch": True, "open": False}
    hollow = {name: line.get_markerfacecolor() == PAPER for name, line in lines.items()}
    assert hollow == {"tie": False, "torch": False, "open": True}
    assert len({line.get_color() for line in lines.values()}) == 3
    assert "grey: a tie, hollow: unsettled" in plot.figure.axes[0].get_xlabel()


def test_a_gpu_has_a_row_of_dots_with_its_data_there_and_one_with_copies(write):
    cells = [
        (f"{name}/n=8/float32/threads=4/torch-cuda{variant}", ratio)
        for name in ("matmul", "fft")
        for variant, ratio in (("", 80.0), ("-transfer", 0.5))
    ]
    plot = answers.gpu(gpu_groups(result_of(write, *cells)))
    heads = [text.get_text() for text in plot.figure.axes[0].texts]
    assert heads[:3] == ["0", "data on the GPU", "2"]
    assert heads[3:6] == ["2", "copied there and back", "0"]
    assert len(dots(plot)) == 4


@pytest.mark.parametrize(
    ("draw", "lines", "cells", "names"),
    [
        (
            answers.gpu_sizes,
            gpu_lines,
            [("matmul/n={}/float32/threads=4/torch-cuda" + v, 8.0) for v in ("", "-transfer")],
            ["data on the GPU", "copied there and back"],
        ),
        (
            answers.autograd,
            autograd_lines,
            [("gradient_cost/p={}/float32/threads=1/torch-cpu" + v, 1.0) for v in ("", "-finite")],
            ["by hand, NumPy", "autograd", "finite differences"],
        ),
    ],
)
def test_each_line_has_its_name_and_names_do_not_overlap(write, draw, lines, cells, names):
    """All lines of the test end at the same height, where their names would overlap."""
    sizes = [(cell.format(n), speedup) for cell, speedup in cells for n in (8, 64)]
    plot = draw(lines(result_of(write, *sizes)))
    texts = {t.get_text(): t for t in plot.figure.axes[0].texts}
    assert set(names) <= texts.keys()
    renderer = FigureCanvasAgg(plot.figure).get_renderer()
    boxes = [texts[name].get_window_extent(renderer) for name in names]
    for number, box in enumerate(boxes):
        assert plot.figure.bbox.x0 <= box.x0
        assert box.x1 <= plot.figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[:number])
    assert "<svg" in inline(plot)
    single = [(cell.format(8), speedup) for cell, speedup in cells]
    assert draw(lines(result_of(write, *single))) is None
