"""A chapter's code runs as in a notebook; a cell's output is its text, last value and figures."""

import re
import sys
import warnings

import pytest

from reports.chapters.execution import PAGE_IN, ChapterRun, run
from reports.chapters.reading import read

TITLE = "# %% [markdown]\n# # T\n"


@pytest.fixture
def ran(tmp_path):
    def of(*cells, **more):
        path = tmp_path / "01_x.py"
        path.write_text(TITLE + "".join(f"\n{cell}\n" for cell in cells))
        return run(read(path), **more)

    return of


def texts(result):
    return [output.text for output in result.cells.values()]


def test_a_cell_shows_what_it_prints_and_its_last_value(ran):
    assert texts(ran("# %%\nx = '<b>'\nprint(x)\nlen(x)")) == ["<b>\n3\n"]


def test_a_value_with_an_html_form_is_shown_in_that_form(ran):
    table = (
        "class Table:\n    def _repr_html_(self):\n        return '<table></table>'\n\n\nTable()"
    )
    (output,) = ran(f"# %%\n{table}").cells.values()
    assert (output.text, output.html) == ("", "<table></table>")


@pytest.mark.parametrize("last", ["x = 3", "None", "3;"])
def test_a_cell_without_a_value_shows_none(ran, last):
    assert texts(ran(f"# %%\n{last}")) == [""]


def test_cells_share_names_and_chapters_do_not(ran):
    assert texts(ran("# %%\nx = 3", "# %%\nx")) == ["", "3\n"]
    assert ran("# %%\nx").error == "NameError: name 'x' is not defined"


def test_the_chapter_ends_at_the_cell_that_raises(ran):
    result = ran("# %%\n1", "# %%\n1 / 0", "# %%\n2")
    assert texts(result) == ["1\n"]
    assert result.error == "ZeroDivisionError: division by zero"
    assert result.failed not in result.cells


def test_a_chapter_that_takes_too_long_stops_in_its_slow_cell(tmp_path):
    path = tmp_path / "01_x.py"
    path.write_text(f"{TITLE}\n# %%\n1\n\n# %%\nimport time\n\ntime.sleep(60)\n\n# %%\n2\n")
    result = run(read(path), limit_s=0.5)
    assert texts(result) == ["1\n"]
    assert result.error == "TimeoutError: the chapter took over 0.5 s"
    assert result.seconds < 5
    assert run(read(path), limit_s=-1.0).error.startswith("TimeoutError")


def test_a_cell_has_its_running_time(ran):
    first, second = ran("# %%\n1", "# %%\nimport time\n\ntime.sleep(0.2)").cells.values()
    assert first.seconds < 0.2 <= second.seconds


@pytest.mark.filterwarnings("ignore")  # ignored outside, an error in a chapter
def test_a_warning_is_an_error(ran):
    assert ran("# %%\nimport warnings\nwarnings.warn('old')").error == "UserWarning: old"
    warnings.warn("the filters outside are as before", stacklevel=1)


@pytest.mark.parametrize(("strict", "error"), [(False, ""), (True, "UserWarning: of its own")])
def test_what_a_library_warns_of_in_its_own_code_is_an_error_only_in_tests(
    ran, tmp_path, monkeypatch, strict, error
):
    (tmp_path / "noisy.py").write_text("import warnings\nwarnings.warn('of its own')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "noisy", raising=False)
    assert ran("# %%\nimport noisy", strict=strict).error == error


def test_a_figure_is_drawn_with_its_title_as_alternative_text(ran):
    result = ran(
        "# %%\nfrom matplotlib import pyplot as plt\nfig, ax = plt.subplots()\n"
        "ax.plot([1, 2], label='NumPy')\nax.set(title='Grows', xlabel='n', ylabel='s')\nplt.show()"
    )
    (shown,) = result.cells.values()
    (svg,) = shown.figures
    assert 'aria-label="Grows; across: n; up: s; NumPy"' in svg
    assert "var(--numpy)" in svg
    assert "currentColor" in svg
    again = ran(
        "# %%\nfrom matplotlib import pyplot as plt\nfig, ax = plt.subplots()\n"
        "ax.plot([1, 2], label='NumPy')\nax.set(title='Grows', xlabel='n', ylabel='s')\nplt.show()"
    )
    assert again.cells == result.cells


def test_a_wide_figure_becomes_narrow_and_its_long_title_gets_more_lines(ran):
    title = " ".join(["word"] * 20)
    result = ran(
        "# %%\nfrom matplotlib import pyplot as plt\nfig, ax = plt.subplots(figsize=(9, 2))\n"
        f"ax.plot([1, 2])\nax.set(title='{title}', xlabel='n', ylabel='s')\nplt.show()"
    )
    (shown,) = result.cells.values()
    (svg,) = shown.figures
    width = float(re.search(r'viewBox="0 0 (\S+) ', svg)[1])
    assert width == pytest.approx(PAGE_IN * 72)
    lines = [text for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg) if "word" in text]
    assert len(lines) == 2
    assert " ".join(lines) == title
    assert f'aria-label="{title};' in svg


def test_each_cell_shows_only_its_own_figures(ran):
    draws = "# %%\nfrom matplotlib import pyplot as plt\nplt.plot([1, 2])\nplt.title('T');"
    result = ran(draws, draws + "\nplt.figure()\nplt.title('U');", "# %%\n1")
    assert [len(shown.figures) for shown in result.cells.values()] == [1, 2, 0]


def test_a_figure_without_a_title_is_refused(ran):
    result = ran("# %%\nfrom matplotlib import pyplot as plt\nplt.plot([1, 2]);")
    assert "needs a title" in result.error
    assert texts(ran("# %%\nfrom matplotlib import pyplot as plt\nplt.get_fignums()")) == ["[]\n"]


def test_formulas_are_drawn_in_a_chapters_figures(ran):
    result = ran(
        "# %%\nfrom matplotlib import pyplot as plt\nfig, ax = plt.subplots()\n"
        "ax.loglog([1, 1000], [1, 1000])\nax.set_title('$x^2$')\nplt.show()"
    )
    (shown,) = result.cells.values()
    drawn = re.sub("<!--.*?-->", "", shown.figures[0])
    assert "mathdefault" not in drawn
    assert "$x^2$" not in drawn.replace('aria-label="$x^2$', "")
    assert "font-size: 7px" in drawn, "exponents are raised"


def test_a_cell_that_needs_a_gpu_does_not_run_without_one(ran):
    result = ran("# %%\nx = 1", '# %% tags=["gpu"]\nx = 2', "# %%\nx")
    assert texts(result) == ["", "1\n"]


def test_what_a_chapter_defines_can_be_pickled_and_its_source_read(ran):
    result = ran(
        "# %%\nimport inspect, pickle\nfrom dataclasses import dataclass\n\n\n"
        "@dataclass\nclass A:\n"
        "    x: 'int'\n\n\ndef f():\n    return 1\n\n\n"
        "print(pickle.loads(pickle.dumps(A(1))))\ninspect.getsource(f).count('1')"
    )
    assert result.error == ""
    assert texts(result) == ["A(x=1)\n1\n"]
    assert "__chapter__" not in sys.modules


def test_a_run_can_be_written_and_read_again(ran):
    result = ran("# %%\n1", "# %%\n1 / 0")
    assert ChapterRun.from_json(result.as_json()) == result
