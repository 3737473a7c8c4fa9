"""Every chapter runs, as a script and for its page, warnings as errors; what it says is golden."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from jinja2 import Environment, nodes

from reports.chapters.outputs import outputs
from reports.chapters.page import render
from reports.chapters.reading import find
from tests.tutorial import goldens

CHAPTERS = find()
CPU = "cpu only"
ROOT = Path(__file__).resolve().parents[2]
LONG = 120  # characters of a function that is not everybody's
NAMES = [chapter.path.stem for chapter in CHAPTERS]
LIMIT_S = 180  # of a script that takes less than ten on two idle cores


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_a_chapter_runs_as_a_script_anywhere_and_leaves_nothing_behind(chapter, tmp_path):
    subprocess.run(
        [sys.executable, "-W", "error", chapter.path], check=True, cwd=tmp_path, timeout=LIMIT_S,
        env={**os.environ, "MPLBACKEND": "agg"}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def shown():
    return outputs(CHAPTERS)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_every_cell_of_a_chapter_is_run_for_its_page_but_those_that_need_a_gpu(chapter, shown):
    ran = shown[chapter.path.stem].ran
    assert ran.error == ""
    wanted = [c for c in chapter.cells if c.key and (not c.gpu or torch.cuda.is_available())]
    assert [cell.key for cell in wanted] == list(ran.cells)
    guarded = [cell.source for cell in chapter.cells if cell.gpu]
    assert all("torch.cuda.is_available()" in source for source in guarded)


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    return goldens.subjects(tmp_path_factory.mktemp("three"))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_what_a_chapter_says_of_each_of_three_machines_is_as_it_was_read(chapter, findings):
    golden = Path(goldens.GOLDEN) / f"{chapter.path.stem}.md"
    said = goldens.told(chapter, findings, CHAPTERS)
    assert said == golden.read_text(), "read what changed, then python -m tests.tutorial.goldens"


@pytest.mark.parametrize("name", [CPU, "gpu wins", "gpu loses at small sizes"])
@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_a_chapter_becomes_a_page_of_each_of_three_machines(chapter, name, findings, shown):
    prose = goldens.prose(chapter, findings[name], CHAPTERS)
    page = render(prose, shown[chapter.path.stem])
    assert page.startswith("<h1>")
    assert "{{" not in page
    missing = re.findall(r"The figure (\S+) is not here", page)
    assert missing == (["roofline/cuda"] if (chapter.name, name) == ("roofline", CPU) else [])


def test_no_paragraph_quotes_what_the_committed_run_could_have_and_has_not():
    """A quote that no file answers is a slip of its author: a size or a name that is not there."""
    unasked = []
    for chapter in CHAPTERS:
        text = (goldens.GOLDEN / f"{chapter.path.stem}.md").read_text()
        if chapter.name == "tensors":  # float64 is measured with --full
            continue
        by_gpu = [part for part in text.split("---") if "gpu wins" in part or "[all]" in part]
        unasked += [(chapter.name, part) for part in by_gpu if "not asked for in this run" in part]
    assert unasked == []


def bodies_of(tree):
    """Return the bodies of a program's functions that say more than a line or two, by name."""
    return {
        ast.unparse(ast.Module(node.body, [])): node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and len(ast.unparse(node)) > LONG
    }


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_no_chapter_types_again_what_is_timed(chapter):
    timed = {}
    for path in (ROOT / "bench").rglob("*.py"):
        timed |= bodies_of(ast.parse(path.read_text()))
    retyped = [name for body, name in bodies_of(ast.parse(chapter.code)).items() if body in timed]
    assert retyped == [], "show it with source, pair or function, and import it"


STATES = {
    "faster", "slower", "tie", "unsettled", "even", "absent",
    "overtakes", "ahead", "behind", "changes",
    "numpy", "tensors", "autograd", "nn",
    "otherwise",
}  # fmt: skip


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_words_are_chosen_by_states_that_there_are(chapter):
    asked = {
        keyword.key
        for cell in chapter.cells
        if not cell.key
        for call in Environment(autoescape=True).parse(cell.source).find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name == "choose"
        for keyword in call.kwargs
    }
    assert asked <= STATES
