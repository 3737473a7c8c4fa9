"""Exercises: functions that a chapter leaves to its reader, and telling whether an answer is right.

An exercise is known by the name of its function. What is asked of it stands in `tutorial/checks`,
in a function of the same name that is given the answer and raises `NotYetError` where it falls
short.
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

LONGEST = 120  # of a value in a message, characters
Answer = Callable[..., Any]
Check = Callable[[Answer], None]


class NotYetError(Exception):
    """An answer that is not right yet; the message says what was expected and what came."""


def expect(what: str, got: object, wanted: object, *, tolerance: float = 1e-6) -> None:
    """Hold a result against what is wanted: arrays and tensors by shape, dtype and values.

    Numbers may differ by `tolerance`, relative and absolute; a wanted dtype is asked for where
    both are arrays or both are tensors.

    Raises
    ------
    NotYetError : they differ.

    """
    message = f"{what}: expected {_shown(wanted)}, got {_shown(got)}"
    if isinstance(wanted, torch.Tensor | np.ndarray):
        if not isinstance(got, type(wanted)):
            raise NotYetError(f"{message}, which is no {type(wanted).__name__}")
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
    """Return a value as it stands in a message, on one line and not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


@cache
def exercises() -> Mapping[str, tuple[str, Check]]:
    """Return every exercise by its name: its chapter's name, and its check."""
    found: dict[str, tuple[str, Check]] = {}
    for module in pkgutil.iter_modules(checks.__path__):
        read = importlib.import_module(f"{checks.__name__}.{module.name}")
        for name, function in inspect.getmembers(read, inspect.isfunction):
            if function.__module__ == read.__name__ and not name.startswith("_"):
                found[name] = module.name, function
    return found


def shortfall(answer: Answer) -> str:
    """Return what an answer lacks, "" where it is right.

    Raises
    ------
    LookupError : there is no exercise of that name.

    """
    known = exercises()
    if answer.__name__ not in known:
        raise LookupError(f"an answer is a function named like its exercise, got {answer.__name__}")
    try:
        known[answer.__name__][1](answer)
    except NotYetError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - an answer may raise whatever it likes
        return f"it raised {type(error).__name__}: {error}"
    return ""


def check(answer: Answer) -> None:
    """Print whether an answer to an exercise is right, and what it lacks."""
    lacking = shortfall(answer)
    print(f"{answer.__name__}: {f'not yet. {lacking}' if lacking else 'right'}")
