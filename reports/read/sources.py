"""The code that was timed, from this project's own files.

A result file names its sources, and a file is the least trusted input: a name is only ever looked
up among the files that are here, and code is shown as what was timed only where its hash is still
that of the file.
"""

import ast
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ("bench", "tutorial")
FORMATTER = HtmlFormatter(nowrap=False, cssclass="code")


class SourceError(Exception):
    """A name that leads to no file that may be shown."""


@dataclass(frozen=True, kw_only=True)
class TimedCode:
    """The code of a workload.

    Attributes
    ----------
    state : "same" as was timed, "changed" since, or "absent" here.
    summary : the first line of its docstring.
    bodies : the functions of each side by "numpy" and "torch", as they stand in the file.
    files : whole texts by name.

    """

    state: str
    summary: str = ""
    bodies: Mapping[str, str]
    files: Mapping[str, str]


@lru_cache(maxsize=1)
def shown() -> Mapping[str, Path]:
    """Return the files of this project that may be shown, by name."""
    paths = (path for folder in SHOWN for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path for path in paths}


def read_source(name: str) -> str:
    """Return the text of a file of this project.

    Raises
    ------
    SourceError : there is none of that name that may be shown.

    """
    if name not in shown():
        raise SourceError(f"source({name!r}) must name a Python file of {' or '.join(SHOWN)}")
    return shown()[name].read_text(encoding="utf-8")


def timed(names: Sequence[str], sha256: str) -> TimedCode:
    """Return the code that a result names, as far as it is here and has not changed."""
    if not names or names[0] not in shown():
        return TimedCode(state="absent", bodies={}, files={})
    files = {name: read_source(name) for name in names if name in shown()}
    whole = "".join(files.values()).encode()
    first = next(iter(files.values()))
    same = hashlib.sha256(whole).hexdigest() == sha256
    return TimedCode(
        state="same" if same else "changed",
        summary=_summary(first),
        bodies=bodies(first) if same else {},
        files=files if same else {},
    )


def function(name: str, wanted: str) -> str:
    """Return the text of one function of a file of this project.

    Raises
    ------
    SourceError : there is no such file or no such function in it.

    """
    text = read_source(name)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == wanted:
            return (ast.get_source_segment(text, node) or "") + "\n"
    raise SourceError(f"{name} must hold a function {wanted}, and does not")


@lru_cache(maxsize=4096)  # the same code stands in many pages of many sites
def highlighted(text: str) -> Markup:
    """Return Python as HTML, highlighted."""
    return Markup(highlight(text, PythonLexer(), FORMATTER))


def _summary(text: str) -> str:
    match = re.match(r'"""(.+?)$', text, flags=re.MULTILINE)
    return match[1] if match else ""


def bodies(text: str) -> dict[str, str]:
    """Return the functions that a workload's file gives as its `numpy` and its `torch`."""
    tree = ast.parse(text)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    codes = {}
    given = (node for node in tree.body if isinstance(node, ast.Assign))
    for node in given:
        if ast.unparse(node.targets[0]) != "WORKLOAD" or not isinstance(node.value, ast.Call):
            continue
        for keyword in node.value.keywords:
            if keyword.arg not in {"numpy", "torch"}:
                continue
            names = _needed(keyword.value, functions)
            parts = [ast.get_source_segment(text, functions[name]) or "" for name in names]
            codes[keyword.arg] = "\n\n\n".join(parts) + "\n" if parts else ""
    return {side: code for side, code in codes.items() if code}


def _needed(value: ast.expr, functions: Mapping[str, ast.FunctionDef]) -> list[str]:
    """Return the functions that a value names, and those that they call, in the file's order."""
    waiting: list[ast.AST] = [value]
    names: set[str] = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in names:
                names.add(node.id)
                waiting.append(functions[node.id])
    return [name for name in functions if name in names]
