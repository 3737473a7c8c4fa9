"""Finds the source code that was timed among this project's own files.

A result file names its sources, but result files are untrusted. So a name is only looked up among
this project's files, and code is shown only if its hash equals the hash in the result.
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
SHOWN_FOLDERS = ("bench", "tutorial")
FORMATTER = HtmlFormatter(nowrap=False, cssclass="code")


class SourceError(Exception):
    """A name that is not that of a file that may be shown."""


@dataclass(frozen=True, kw_only=True)
class TimedCode:
    """The code of a workload.

    Attributes
    ----------
    state : "same" if the code is that which was timed, "changed" if it was edited since, "absent"
        if this project has no such file.
    summary : the first line of the module's docstring.
    bodies : the source text of the functions of "numpy" and of "torch".
    files : the text of each file by name.

    """

    state: str
    summary: str = ""
    bodies: Mapping[str, str]
    files: Mapping[str, str]


@lru_cache(maxsize=1)
def source_files() -> Mapping[str, Path]:
    """Return the files of this project that may be shown, by name."""
    paths = (path for folder in SHOWN_FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path for path in paths}


def read_source(name: str) -> str:
    """Return the text of a file of this project.

    Raises
    ------
    SourceError : no file of that name may be shown.

    """
    if name not in source_files():
        raise SourceError(
            f"source({name!r}) must name a Python file of {' or '.join(SHOWN_FOLDERS)}"
        )
    return source_files()[name].read_text(encoding="utf-8")


def timed_code(names: Sequence[str], sha256: str) -> TimedCode:
    """Return the code that a result names, if this project has it unchanged."""
    if not names or names[0] not in source_files():
        return TimedCode(state="absent", bodies={}, files={})
    files = {name: read_source(name) for name in names if name in source_files()}
    content = "".join(files.values()).encode()
    first = next(iter(files.values()))
    same = hashlib.sha256(content).hexdigest() == sha256
    return TimedCode(
        state="same" if same else "changed",
        summary=_summary(first),
        bodies=bodies(first) if same else {},
        files=files if same else {},
    )


def function(file_name: str, function_name: str) -> str:
    """Return the source text of one function or class of a file of this project.

    Raises
    ------
    SourceError : the file may not be shown, or has no such function.

    """
    text = read_source(file_name)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == function_name:
            return (ast.get_source_segment(text, node) or "") + "\n"
    raise SourceError(f"{file_name} must hold a function {function_name}, and does not")


def paragraphs(file_name: str) -> Mapping[str, Sequence[str]]:
    """Return the paragraphs of the docstring of each function of a file, by the function's name.

    Raises
    ------
    SourceError : the file may not be shown.

    """
    functions = (
        node for node in ast.parse(read_source(file_name)).body if isinstance(node, ast.FunctionDef)
    )
    texts = {node.name: ast.get_docstring(node) or "" for node in functions}
    return {
        name: [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
        for name, text in texts.items()
    }


@lru_cache(maxsize=4096)  # many pages show the same code
def highlighted(text: str) -> Markup:
    """Return Python code as highlighted HTML."""
    return Markup(highlight(text, PythonLexer(), FORMATTER))


def _summary(text: str) -> str:
    match = re.match(r'"""(.+?)$', text, flags=re.MULTILINE)
    return match[1] if match else ""


def bodies(text: str) -> dict[str, str]:
    """Return the source text of a workload's functions, by "numpy" and "torch".

    They are the functions that the file passes to `WORKLOAD = Workload(numpy=..., torch=...)`, and
    those that these call.
    """
    tree = ast.parse(text)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    codes = {}
    assignments = (node for node in tree.body if isinstance(node, ast.Assign))
    for node in assignments:
        if ast.unparse(node.targets[0]) != "WORKLOAD" or not isinstance(node.value, ast.Call):
            continue
        for keyword in node.value.keywords:
            if keyword.arg not in {"numpy", "torch"}:
                continue
            names = _called_functions(keyword.value, functions)
            parts = [ast.get_source_segment(text, functions[name]) or "" for name in names]
            codes[keyword.arg] = "\n\n\n".join(parts) + "\n" if parts else ""
    return {side: code for side, code in codes.items() if code}


def _called_functions(value: ast.expr, functions: Mapping[str, ast.FunctionDef]) -> list[str]:
    """Return the functions that a value names, and those that they call, in the file's order."""
    stack: list[ast.AST] = [value]
    names: set[str] = set()
    while stack:
        for node in ast.walk(stack.pop()):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in names:
                names.add(node.id)
                stack.append(functions[node.id])
    return [name for name in functions if name in names]
