"""Exercises: functions that the reader of a chapter writes, and checks of these answers.

The name of an exercise is the name of its function. Its check is the function of the same name in
`tutorial/checks`. A check takes the answer and raises `NotYetError` if it is not right. Each
paragraph of its docstring is a hint, the first the smallest.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import torch

from tutorial import checks

LONGEST = 120  # characters of a value in a message
MARK = "# yours"  # stands at the line of a stub that the reader replaces
Answer = Callable[..., Any]
Check = Callable[[Answer], None]


class NotYetError(Exception):
    """An answer that is not right yet; the message says what was expected and what came."""


def expect(what: str, got: object, wanted: object, *, tolerance: float = 1e-6) -> None:
    """Compare a result with the expected one: arrays and tensors by shape, dtype and values.

    Numbers may differ by `tolerance`, relative and absolute. An array does not pass for a tensor,
    nor a tensor for an array.

    Raises
    ------
    NotYetError : they differ.

    """
    message = f"{what}: expected {_shown(wanted)}, got {_shown(got)}"
    if isinstance(wanted, torch.Tensor | np.ndarray):
        if not isinstance(got, type(wanted)):
            raise NotYetError(f"{message}, which is not a {type(wanted).__name__}")
        if got.dtype != wanted.dtype or tuple(got.shape) != tuple(wanted.shape):
            raise NotYetError(f"{what}: expected {_kind(wanted)}, got {_kind(got)}")
        one, other = (torch.as_tensor(each).detach().cpu() for each in (got, wanted))
        if not torch.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True):
            raise NotYetError(message)
    elif isinstance(wanted, float):
        if not isinstance(got, int | float) or not np.isclose(
            got, wanted, rtol=tolerance, atol=tolerance
        ):
            raise NotYetError(message)
    elif type(got) is not type(wanted) or got != wanted:
        raise NotYetError(message)


def _kind(value: Any) -> str:
    return f"{type(value).__name__} of shape {tuple(value.shape)} and {value.dtype}"


def _shown(value: object) -> str:
    """Return the text of a value in a message: on one line and not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


@cache
def exercises() -> Mapping[str, tuple[str, Check]]:
    """Return the exercises by name, each with the name of its chapter and its check."""
    by_name: dict[str, tuple[str, Check]] = {}
    for module in pkgutil.iter_modules(checks.__path__):
        loaded = importlib.import_module(f"{checks.__name__}.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and not name.startswith("_"):
                by_name[name] = module.name, function
    return by_name


def shortfall(answer: Answer) -> str:
    """Return what is wrong with an answer, "" if it is right.

    Raises
    ------
    LookupError : there is no exercise with that name.

    """
    known = exercises()
    if answer.__name__ not in known:
        raise LookupError(
            f"expected a function with the name of an exercise, got {answer.__name__}: give the answer"
            " the name of its exercise"
        )
    try:
        known[answer.__name__][1](answer)
    except NotYetError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - an answer may raise anything
        return f"it raised {type(error).__name__}: {error}"
    return ""


def hints(name: str) -> list[str]:
    """Return the hints of an exercise, the smallest first.

    Raises
    ------
    LookupError : there is no exercise with that name.

    """
    if name not in exercises():
        raise LookupError(
            f"expected the name of an exercise, got {name!r}; the exercises are"
            f" {', '.join(exercises())}"
        )
    text = inspect.getdoc(exercises()[name][1]) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()]


def unsolved(answer: Answer) -> bool:
    """Return whether an answer is still the stub of its chapter."""
    try:
        return MARK in inspect.getsource(answer)
    except (OSError, TypeError):  # a function without a file
        return False


def verdict(answer: Answer) -> str:
    """Return a line on an answer: right, what is wrong with it, or that it is still the stub."""
    lacking = shortfall(answer)
    name = answer.__name__
    if lacking and unsolved(answer):
        return (
            f"{name}: your turn. Replace the line marked {MARK!r} and run the cell again. For a"
            f" hint: python -m tutorial hint {name}"
        )
    return f"{name}: not yet. {lacking}" if lacking else f"{name}: right"


def check(answer: Answer) -> None:
    """Print whether an answer to an exercise is right, or what is wrong with it."""
    print(verdict(answer))
