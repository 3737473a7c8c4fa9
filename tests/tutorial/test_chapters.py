"""Every chapter runs, as a script and for its page, warnings as errors; what it says is golden."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from jinja2 import Environment, nodes

from bench.workload import discover
from reports.chapters.execution import ChapterRun
from reports.chapters.outputs import RECORDED, Outputs, recorded_in
from reports.chapters.page import render
from reports.chapters.quoting import NOT_MEASURED
from reports.chapters.reading import find
from reports.findings.findings import Findings
from reports.read.load import load
from tests.tutorial import goldens, three

CHAPTERS = find()
CPU = "cpu only"
ROOT = Path(__file__).resolve().parents[2]
LONG = 120  # characters of a function that is not everybody's
NAMES = [chapter.path.stem for chapter in CHAPTERS]
MACHINES = sorted(three.COMMITTED.glob("*.json"))


@pytest.fixture(scope="module")
def told(ran_chapters):
    """Return what came of each chapter where it ran as a script does."""
    return {name: json.loads((ran_chapters / f"{name}.json").read_text()) for name in NAMES}


@pytest.fixture(scope="module")
def shown(told):
    ran = {name: ChapterRun.from_json(json.dumps(each["ran"])) for name, each in told.items()}
    recordings = recorded_in(RECORDED)
    return {name: Outputs(ran=each, recordings=recordings) for name, each in ran.items()}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_a_chapter_runs_as_a_script_anywhere_and_leaves_nothing_behind(chapter, told):
    assert told[chapter.path.stem]["ran"]["error"] == ""
    assert told[chapter.path.stem]["files"] == []
    assert told[chapter.path.stem]["changed"] == {}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_a_chapter_is_one_program_that_asks_for_no_name_of_its_own(chapter):
    tree = ast.parse(chapter.path.read_text())
    assert "__name__" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_the_command_that_readers_type_runs_a_chapter(tmp_path):
    (chapter,) = (each.path for each in CHAPTERS if each.name == "views")
    ran = subprocess.run(
        [sys.executable, "-W", "error", chapter],
        check=True,
        cwd=tmp_path,
        capture_output=True,
        env=os.environ | {"MPLBACKEND": "agg"},
    )
    assert ran.stdout
    assert list(tmp_path.iterdir()) == []


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
    missing = re.findall(r"There is no figure ([^:]+):", page)
    assert missing == (["roofline/cuda"] if (chapter.name, name) == ("roofline", CPU) else [])


def unasked(chapter, findings):
    """Return the quotes of a chapter that a run could have answered and did not."""
    told = goldens.prose(chapter, findings, CHAPTERS)
    texts = [told.markdown(cell.source) for cell in chapter.cells if not cell.key]
    assert not any("{{" in text for text in texts)
    quotes = [line for text in texts for line in text.splitlines() if NOT_MEASURED in line]
    return [] if chapter.name == "tensors" else quotes  # float64 is measured with --full


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_no_paragraph_quotes_what_a_run_with_a_gpu_could_have_and_has_not(chapter, findings):
    """A quote that no file answers is a slip of its author: a size or a name that is not there."""
    assert unasked(chapter, findings["gpu wins"]) == []


def test_each_committed_machine_fills_the_prose_and_one_of_two_answers_each_quote():
    """The first machine was measured before some workloads were written; the second has them."""
    left = {}
    for path in MACHINES:
        found = Findings(load(path))
        left[path] = {quote for chapter in CHAPTERS for quote in unasked(chapter, found)}
    assert left[three.MACHINE] & left[three.COMMITTED / "intel-xeon-2-cores.json"] == set()


def bodies_of(tree):
    """Return the bodies of a program's functions that say more than a line or two, by name."""
    return {
        ast.unparse(ast.Module(node.body, [])): node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and len(ast.unparse(node)) > LONG
    }


@pytest.fixture(scope="module")
def timed():
    """Return the bodies of the benchmark's functions, with their names."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "bench").rglob("*.py")]
    return {body: name for tree in trees for body, name in bodies_of(tree).items()}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_no_chapter_types_again_what_is_timed(chapter, timed):
    retyped = [name for body, name in bodies_of(ast.parse(chapter.code)).items() if body in timed]
    assert retyped == [], "show it with source, pair or function, and import it"


STATES = {
    "counted",
    "faster",
    "slower",
    "tie",
    "unsettled",
    "even",
    "absent",
    "overtakes",
    "ahead",
    "behind",
    "changes",
    "numpy",
    "tensors",
    "autograd",
    "nn",
    "worth",
    "mixed",
    "never",
    "otherwise",
}


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


def test_the_glossary_explains_the_name_of_every_variant():
    (glossary,) = (chapter for chapter in find() if chapter.name == "glossary")
    text = glossary.path.read_text(encoding="utf-8")
    names = {variant.name for workload in discover().values() for variant in workload.variants}
    assert [name for name in sorted(names) if f"`-{name}`" not in text] == []
