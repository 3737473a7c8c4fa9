"""How many lines of code an implementation takes, counted from the syntax tree.

A line counts once if code stands on it: comments, blank lines and docstrings do not, however the
code is laid out otherwise. What a body calls from this project counts with it, each function once,
since who writes gradients by hand writes those lines too; what a library does costs no lines.
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
    found: dict[FunctionType, int] = {}
    waiting = list(_functions(body))
    while waiting:
        function = waiting.pop()
        if function in found:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        found[function] = len(_code(tree))
        waiting += [part for name in _names(tree, function) for part in _functions(name)]
    return sum(found.values())


def _functions(thing: Any) -> Iterator[FunctionType]:
    """Yield the functions of this project in a callable: a partial one may be given others."""
    if isinstance(thing, partial):
        for part in (thing.func, *thing.args, *thing.keywords.values()):
            yield from _functions(part)
    elif isinstance(thing, FunctionType) and thing.__module__.partition(".")[0] == PROJECT:
        yield thing


def _code(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that code stands on."""
    told = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None
        if isinstance(node.body[0], ast.Expr)
    }
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.stmt | ast.arg | ast.keyword) and node not in told:
            if isinstance(node, ast.Expr) and node.value in told:
                continue
            lines.add(node.lineno)
            if isinstance(node, ast.expr) and node.end_lineno is not None:
                lines.add(node.end_lineno)
    return lines


def _names(tree: ast.Module, function: FunctionType) -> Iterator[Any]:
    """Yield what the names in a function's code stand for in its module: `f`, or `module.f`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = function.__globals__.get(node.value.id)
            yield getattr(owner, node.attr, None) if inspect.ismodule(owner) else None
