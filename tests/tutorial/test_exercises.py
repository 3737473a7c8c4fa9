"""Every exercise is failed by its stub and by a plausible wrong answer, passed by its solution."""

import ast
import contextlib
import importlib.util
import inspect
import io
import re
import sys
from pathlib import Path

import jupytext
import numpy as np
import pytest
import torch

from tutorial.__main__ import chapters, find, main
from tutorial.exercises import NotYetError, check, exercises, expect, hints, shortfall

HERE = Path(__file__).parent
SOLUTIONS = Path(sys.modules["tutorial"].__file__).parent / "solutions"
NAMES = sorted(exercises())


def functions_of(path):
    """Return the functions of a file by name."""
    spec = importlib.util.spec_from_file_location(f"answers_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if callable(value)}


def answer(folder, exercise):
    return functions_of(folder / f"{exercises()[exercise][0]}.py")[exercise]


def stubs():
    """Return the cell of each stub: the last imports of its chapter and the function alone."""
    found = {}
    for path in chapters():
        cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
        tree = ast.parse("\n".join(cells))
        imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in exercises():
                found[node.name] = path, ast.unparse(ast.Module([*imports, node], []))
    return found


STUBS = stubs()


def test_every_chapter_has_two_or_three_exercises_and_every_exercise_a_chapter():
    named = {path.stem.partition("_")[2]: 0 for path in chapters()}
    for name in NAMES:
        assert name in STUBS, f"no chapter asks for {name}"
        assert STUBS[name][0].stem.partition("_")[2] == exercises()[name][0]
        named[exercises()[name][0]] += 1
    without = {"common_mistakes", "glossary"}  # an index and a list of words
    assert {name: n for name, n in named.items() if n not in (2, 3) and name not in without} == {}


@pytest.mark.parametrize("name", NAMES)
def test_an_unsolved_stub_is_not_right(name):
    namespace = {"__name__": "__stub__"}
    exec(STUBS[name][1], namespace)  # noqa: S102 - a stub of this project's own chapters
    assert shortfall(namespace[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_plausible_wrong_answer_is_not_right(name):
    assert shortfall(answer(HERE / "wrong", name))


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_is_right(name):
    assert shortfall(answer(SOLUTIONS, name)) == ""


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_has_hints_that_lead_to_its_solution_and_do_not_give_it_away(name):
    steps = hints(name)
    assert len(steps) >= 2, "a small hint, and one that says more"
    assert all(re.fullmatch(r"[`A-Z].* .*[.?]", step) for step in steps), "each is a sentence"
    told = {code.replace(" ", "") for step in steps for code in re.findall(r"`([^`]+)`", step)}
    assert not told & lines_of(answer(SOLUTIONS, name)), "a line of the solution"


def lines_of(function):
    """Return the statements of a function that are long enough to give it away."""
    (body,) = ast.parse(inspect.getsource(function)).body
    lines = [ast.unparse(node).partition("\n")[0] for node in ast.walk(body) if is_line(node)]
    return {line.removeprefix("return ").replace(" ", "") for line in lines}


def is_line(node):
    whole = isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr)
    return whole and len(ast.unparse(node)) > len("return x.grad.item()")


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_a_chapter_has_the_outline_of_all(path):
    cells = jupytext.read(path).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    title, names, opening = prose.split("\n\n")[:3]
    assert re.fullmatch(r"# [^?]+\??", title), "a title of one line"
    assert 0 < len(names.replace("\n", " ").split(" · ")) <= 10, "the names that it teaches"
    assert opening.startswith("{{ opening("), "how long it takes, and what it needs"
    assert "**What you will know at the end:**" in prose
    assert prose.rindex("\n## Where to read on\n") > 0
    if path.stem.partition("_")[2] == "glossary":
        return
    take = prose.partition("\n## To take along\n")[2].partition("\n## ")[0]
    assert take.count("\n- ") == 3, "three lines to take along"
    if path.stem.partition("_")[2] == "common_mistakes":
        return
    assert len(re.findall(r"^## A common mistake: .+", prose, flags=re.MULTILINE)) == 1
    assert "\n## Exercises\n" in prose
    assert f"python -m tutorial check {path.stem[3:]}" in prose
    assert f"tutorial/solutions/{path.stem[3:]}.py" in prose
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert "plt.show()" in code or "{{ figure(" in prose, "a picture"


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (1.1, 1.0),
        (None, 1.0),
        (2, 3),
        (True, 1),
        ("a", "b"),
        ([1.0], np.ones(1)),
        (np.ones(2), np.ones(3)),
        (np.ones(2, np.float32), np.ones(2)),
        (np.ones(2), np.array([1.0, np.nan])),
        (torch.ones(2), np.ones(2)),
        (torch.ones(2, 1), torch.ones(2)),
        (torch.ones(2) + 1e-3, torch.ones(2)),
    ],
)
def test_what_is_not_wanted_is_told_with_what_came(got, wanted):
    with pytest.raises(NotYetError, match=r"^the sum: expected .*got"):
        expect("the sum", got, wanted)


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (1, 1.0),
        (1.0 + 1e-9, 1.0),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
        ((1, 2), (1, 2)),
    ],
)
def test_what_is_wanted_passes(got, wanted):
    expect("the sum", got, wanted)


def test_a_value_in_a_message_is_not_longer_than_a_reader_reads():
    with pytest.raises(NotYetError) as caught:
        expect("rows", list(range(1000)), [1])
    assert len(str(caught.value)) < 300


def test_windows_that_are_a_copy_are_not_right():
    def sliding_windows(x, width):
        return x.unfold(0, width, 1).clone()

    assert "expected a view of x, got a copy" in shortfall(sliding_windows)


def test_an_answer_that_raises_is_told_what_it_raised(capsys):
    def standardise_columns(x):
        raise ZeroDivisionError("oh")

    check(standardise_columns)
    assert capsys.readouterr().out == (
        "standardise_columns: not yet. it raised ZeroDivisionError: oh\n"
    )


def test_a_function_that_is_no_exercise_is_refused():
    def no_exercise_of_ours():
        pass

    with pytest.raises(LookupError, match="no_exercise_of_ours"):
        check(no_exercise_of_ours)


def test_the_command_checks_a_script_with_answers(tmp_path, capsys):
    solved = SOLUTIONS / "views.py"
    assert main(["check", str(solved)]) == 0
    told = capsys.readouterr().out
    assert "standardise_columns: right" in told
    assert main(["check", "views"]) == 1
    told = capsys.readouterr().out
    assert "standardise_columns: your turn." in told
    assert "python -m tutorial hint standardise_columns" in told


def test_one_wrong_answer_among_right_ones_fails_the_command(tmp_path, capsys):
    path = tmp_path / "mine.py"
    wrong = "\n\ndef standardise_columns(x):\n    return x\n"
    path.write_text((SOLUTIONS / "views.py").read_text() + wrong)
    assert main(["check", str(path)]) == 1
    printed = capsys.readouterr().out
    assert "standardise_columns: not yet." in printed
    assert printed.count(": right") == 2


def test_the_command_checks_a_notebook(tmp_path, capsys):
    made = tmp_path / "mine.ipynb"
    jupytext.write(jupytext.read(SOLUTIONS / "views.py"), made)
    assert main(["check", str(made)]) == 0
    assert capsys.readouterr().out.count(": right") == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 / 0", "must run to its end before its answers can be checked; it raised ZeroDivision"),
        ("x = 1", "holds no function named like an exercise"),
    ],
)
def test_a_file_that_cannot_be_checked_says_why(tmp_path, capsys, text, told):
    path = tmp_path / "mine.py"
    path.write_text(text)
    assert main(["check", str(path)]) == 2
    assert told in capsys.readouterr().err


def test_an_unknown_chapter_names_those_that_are_known(capsys):
    assert main(["check", "99"]) == 2
    told = capsys.readouterr().err
    assert "got '99'" in told
    assert find("views").stem in told


@pytest.mark.parametrize("said", ["1", "01", "what_is_pytorch", "01_what_is_pytorch"])
def test_a_chapter_is_known_by_its_number_and_its_name(said):
    assert find(said).stem == "01_what_is_pytorch"


def test_the_list_names_every_chapter_with_its_title(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(chapters())
    assert all(re.fullmatch(r"\d\d  [A-Z].+", line) for line in lines)


def test_checking_prints_nothing_that_the_chapter_prints(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text((SOLUTIONS / "views.py").read_text() + "\nprint('chatter')\n")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        main(["check", str(path)])
    assert "chatter" not in output.getvalue()
