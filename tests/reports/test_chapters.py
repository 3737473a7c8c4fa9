"""Chapters run as scripts and as pages; their prose follows the data; code is the file's bytes."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reports import chapters
from reports.findings import Findings, Reference
from reports.load import load
from tests.conftest import CASE, ONE, content, entry, small_file

CHAPTERS = chapters.find()
ROOT = Path(__file__).resolve().parents[2]


def findings_of(write, data):
    return Findings(load(write(data)))


def test_there_are_chapters():
    assert [chapter.path.stem for chapter in CHAPTERS] == ["01_first_look"]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.path.stem)
def test_a_chapter_runs_as_a_script_with_warnings_as_errors(chapter):
    subprocess.run([sys.executable, "-W", "error", chapter.path], check=True, cwd=ROOT)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.path.stem)
def test_a_chapter_becomes_a_notebook_with_its_prose_filled(chapter, write):
    notebook = json.loads(chapters.notebook(chapter, findings_of(write, small_file())))
    prose = "".join("".join(cell["source"]) for cell in notebook["cells"])
    assert "{{" not in prose
    assert (ROOT / "bench/workloads/matmul.py").read_text().strip() in prose


def with_speedup(write, speedup):
    case = "matmul/n=1024/float32/threads=1"
    timed = [entry(f"{case}/numpy", 1e-3, ONE), entry(f"{case}/torch-cpu", 1e-3, speedup)]
    return findings_of(write, content(timed))


@pytest.mark.parametrize(
    ("speedup", "sentence"),
    [
        ((2.0, 1.9, 2.1), "torch-cpu is 2.0 times as fast as NumPy"),
        ((0.5, 0.49, 0.51), "NumPy is 2.00 times as fast as torch-cpu"),
        ((1.0, 0.9, 1.1), "too close to call; torch-cpu runs at 1.0 times NumPy's speed"),
    ],
)
def test_the_prose_of_the_first_look_follows_the_data(write, speedup, sentence):
    page = chapters.render(CHAPTERS[0], with_speedup(write, speedup))
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert f"matmul at n=1024, float32: {sentence}" in text
    assert "softmax at n=1024, float32, torch-cpu: not asked for in this run" in text


def test_code_in_a_page_is_the_files_bytes(write):
    page = chapters.render(CHAPTERS[0], findings_of(write, small_file()))
    shown = [
        html.unescape(re.sub(r"<[^>]+>", "", block)) for block in page.split('<div class="code">')
    ]
    source = (ROOT / "bench/workloads/matmul.py").read_text()
    assert any(source in block for block in shown)


def chapter(tmp_path, text):
    path = tmp_path / "01_x.py"
    path.write_text(text)
    return chapters.read(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# %% [markdown]\n# # T\n# {{ nothing }}", "'nothing' is undefined"),
        ("# %% [markdown]\n# # T\n\n# %%\n1 / 0", "ZeroDivisionError"),
        (
            "# %% [markdown]\n# # T\n\n# %%\nimport warnings\nwarnings.warn('old')",
            "UserWarning: old",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore")  # whatever the surroundings say, a chapter's are errors
def test_a_chapter_that_fails_names_itself_and_why(write, tmp_path, text, complaint):
    made, findings = chapter(tmp_path, text), findings_of(write, small_file())
    with pytest.raises(chapters.ChapterError, match=complaint) as caught:
        chapters.render(made, findings)
    assert "01_x.py" in str(caught.value)


def test_a_cell_shows_what_it_prints_and_its_last_value(write, tmp_path):
    made = chapter(tmp_path, "# %% [markdown]\n# # T\n\n# %%\nx = '<b>'\nprint(x)\nlen(x)")
    page = chapters.render(made, findings_of(write, small_file()))
    assert '<pre class="output">&lt;b&gt;\n3\n</pre>' in page


def test_without_torch_a_chapter_says_that_it_was_not_run(write, tmp_path, monkeypatch):
    monkeypatch.setattr(chapters.importlib.util, "find_spec", lambda name: None)
    made = chapter(tmp_path, "# %% [markdown]\n# # T\n\n# %%\n1 / 0")
    assert "not run: PyTorch is not installed" in chapters.render(
        made, findings_of(write, small_file())
    )


def test_a_quote_of_what_was_not_asked_for_says_so(write):
    finding = chapters.quote(findings_of(write, small_file()), "matmul", "n=3")
    assert finding.text == "matmul at n=3, float32, torch-cpu: not asked for in this run."
    assert chapters.quote(findings_of(write, small_file()), "matmul", "n=16").cells == (
        f"{CASE.format(16)}/numpy",
        f"{CASE.format(16)}/torch-cpu",
    )


def test_what_this_machine_has_no_device_for_is_quoted_from_a_reference_and_marked(write):
    case = CASE.format(16)
    theirs = content(
        [
            entry(f"{case}/numpy", 1e-3, ONE),
            entry(f"{case}/torch-cuda", 1e-5, (99.0, 98.0, 99.9), device="cuda"),
        ],
        label="gpu <box>",
    )
    reference = Reference(Findings(load(write(theirs, "gpu.json"))), "gpu <box>", "data/gpu.json")
    own = load(write(small_file()))
    told = chapters.quote(Findings(own, (reference,)), "matmul", "n=16", contender="torch-cuda")
    assert "torch-cuda is 99.0† times as fast" in told.text
    assert "measured on gpu &lt;box&gt;, not on this machine" in told.html
    assert 'data-file="data/gpu.json"' in told.html
    alone = chapters.quote(Findings(own), "matmul", "n=16", contender="torch-cuda")
    assert alone.text.endswith("no speedup of torch-cuda, since no cuda device.")
    mine = chapters.quote(Findings(own, (reference,)), "matmul", "n=16")
    assert "†" not in mine.text


def test_what_a_file_says_is_no_markdown_and_no_markup(write, tmp_path):
    data = small_file(label="[x](http://evil) <b> *y* `z`")
    data["cells"][-1]["reason"] = "[go](http://evil) <img src=x>"
    made = chapter(
        tmp_path,
        "# %% [markdown]\n# # T\n#\n# On {{ machine }}:\n#\n"
        '# > {{ speedup("matmul", "n=256", contender="torch-cuda") }}',
    )
    findings = findings_of(write, data)
    page = chapters.render(made, findings)
    assert "<a " not in page
    assert "<img" not in page
    assert "[x](http://evil) &lt;b&gt; *y* `z`" in page
    prose = "".join(json.loads(chapters.notebook(made, findings))["cells"][0]["source"])
    assert r"\[go\](http://evil) \<img src=x\>" in prose
