"""Check your answers: `python -m tutorial check views`, or a script or notebook with answers."""

import argparse
import contextlib
import io
import linecache
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jupytext
import matplotlib as mpl

from tutorial.exercises import exercises, hints, verdict

ROOT = Path(__file__).resolve().parent
FREE_GPU = ROOT / "run_on_a_free_gpu.py"


def chapters() -> list[Path]:
    """Return the scripts of all chapters in reading order."""
    return sorted(ROOT.glob("[0-9]_*/[0-9]*.py"))


def find(chapter: str) -> Path:
    """Return the file of a chapter, given its number, its name or a path.

    Raises
    ------
    LookupError : there is no such file.

    """
    for path in chapters():
        number, _, name = path.stem.partition("_")
        if chapter in {number, number.lstrip("0"), name, path.stem}:
            return path
    if Path(chapter).suffix in {".py", ".ipynb"} and Path(chapter).is_file():
        return Path(chapter)
    known = ", ".join(path.stem for path in chapters())
    raise LookupError(
        f"expected the number or name of a chapter, or a script or notebook with answers, got"
        f" {chapter!r}; the chapters are {known}"
    )


def answers(path: Path) -> Mapping[str, Any]:
    """Run a script or a notebook without output, and return the names that it defines.

    Raises
    ------
    RuntimeError : it raised an exception before its end.

    """
    mpl.use("agg")
    module = types.ModuleType("__chapter__")
    cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    source, name = "\n\n".join(cells), f"<{path}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    code = compile(source, name, "exec")
    sys.modules[module.__name__] = module
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, module.__dict__)  # noqa: S102 - the reader's own file
    except Exception as error:
        raise RuntimeError(
            f"{path} must run to its end before its answers can be checked; it raised"
            f" {type(error).__name__}: {error}"
        ) from error
    return module.__dict__


def check(path: Path) -> bool:
    """Print for each exercise of a chapter whether its answer is right; return whether all are.

    Raises
    ------
    LookupError : the file holds no answer to an exercise.

    """
    defined = answers(path)
    known = exercises()
    mine = [name for name in known if isinstance(defined.get(name), types.FunctionType)]
    if not mine:
        raise LookupError(
            f"{path} holds no function named like an exercise: give each answer the name of its exercise"
        )
    lines = [verdict(defined[name]) for name in mine]
    print("\n".join(lines))
    return all(line.endswith(": right") for line in lines)


def notebook(script: Path) -> str:
    """Return a script as a notebook; its cells have the same ids every time."""
    read = jupytext.read(script, fmt="py:percent")
    for number, cell in enumerate(read.cells):
        cell.id = f"cell-{number}"
    return str(jupytext.writes(read, fmt="ipynb")) + "\n"


def _notebook(_: argparse.Namespace) -> int:
    out = FREE_GPU.with_suffix(".ipynb")
    out.write_text(notebook(FREE_GPU), encoding="utf-8")
    print(out)
    return 0


def _check(chosen: argparse.Namespace) -> int:
    return 0 if check(find(chosen.chapter)) else 1


def _hint(chosen: argparse.Namespace) -> int:
    known = hints(chosen.exercise)
    step = min(chosen.step, len(known))
    print(f"Hint {step} of {len(known)}: {known[step - 1]}" if known else "There is no hint.")
    return 0


def _list(_: argparse.Namespace) -> int:
    for path in chapters():
        first = jupytext.read(path, fmt="py:percent").cells[0].source.splitlines()[0]
        print(f"{path.stem.partition('_')[0]}  {first.lstrip('# ')}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0 if all answers are right."""
    parser = argparse.ArgumentParser(prog="python -m tutorial", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check the answers of a chapter")
    checking.add_argument("chapter", help="views, 05, or a .py or .ipynb file with your answers")
    hinting = commands.add_parser("hint", help="print a hint for an exercise")
    hinting.add_argument("exercise", help="the name of the function")
    hinting.add_argument("step", nargs="?", type=int, default=1, help="1 (default), 2 ...")
    listing = commands.add_parser("list", help="list the chapters")
    run: Callable[[argparse.Namespace], int]
    free_gpu = commands.add_parser("notebook", help="write the notebook that runs on a free GPU")
    for command, run in (
        (checking, _check),
        (hinting, _hint),
        (listing, _list),
        (free_gpu, _notebook),
    ):
        command.set_defaults(run=run)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except (LookupError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
