"""Counts the lines of code of an implementation, from its syntax tree.

A line counts if code stands on it. Comments, blank lines and docstrings do not count. The functions
of this project that a body calls count too, each once: gradients written by hand are lines of that
implementation. A call of a library counts as the line it stands on.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache, partial
from types import FunctionType
from typing import Any

PROJECT = "bench"


@cache
def code_lines(body: Callable[..., Any]) -> int:
    """Return the lines of an implementation and of the functions of this project that it calls."""
    lines: dict[FunctionType, int] = {}
    waiting = list(_functions(body))
    while waiting:
        function = waiting.pop()
        if function in lines:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        lines[function] = len(_code(tree))
        waiting += [part for name in _names(tree, function) for part in _functions(name)]
    return sum(lines.values())


def _functions(value: Any) -> Iterator[FunctionType]:
    """Yield this project's functions in a callable, also those that a partial passes on."""
    if isinstance(value, partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            yield from _functions(part)
    elif isinstance(value, FunctionType) and value.__module__.partition(".")[0] == PROJECT:
        yield value


def _code(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that hold code."""
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None
        if isinstance(node.body[0], ast.Expr)
    }
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.stmt | ast.arg | ast.keyword) and node not in docstrings:
            if isinstance(node, ast.Expr) and node.value in docstrings:
                continue
            lines.add(node.lineno)
            if isinstance(node, ast.expr) and node.end_lineno is not None:
                lines.add(node.end_lineno)
    return lines


def _names(tree: ast.Module, function: FunctionType) -> Iterator[Any]:
    """Yield the objects that the names `f` and `module.f` in a function's code refer to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = function.__globals__.get(node.value.id)
            yield getattr(owner, node.attr, None) if inspect.ismodule(owner) else None
