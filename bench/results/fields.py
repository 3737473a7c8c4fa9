"""Types for the values of a result file: bounded numbers, and texts without control characters."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_CELLS = 100_000  # of a file
LEAST, MOST = 1e-50, 1e50  # products and ratios of a few such numbers are finite and not 0
MAX_NAME = 2000  # another suite's test ids may hold their parameters


def _plain(text: str) -> str:
    """Refuse characters that control a terminal or the direction of text; allow newline and tab."""
    if not text.isprintable():
        for character in text:
            if unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in "\n\t":
                raise ValueError(f"no control characters expected, got {character!a}")
    return text


def _usual(value: float) -> float:
    """Refuse numbers so small or large that their products and ratios would be 0 or infinite."""
    if value and not LEAST <= value <= MOST:
        raise ValueError(f"0 or a number from {LEAST:g} to {MOST:g} expected, got {value!r}")
    return value


MAX_TEXT, REPLACED = 500, "\N{REPLACEMENT CHARACTER}"


def fitting(text: str) -> str:
    """Return a text that fits the file: cut to length, unprintable characters replaced."""
    kept = (c if c in "\n\t" or c.isprintable() else REPLACED for c in text)
    return "".join(kept)[:MAX_TEXT]


Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_plain)]
Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_plain)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False), AfterValidator(_usual)]
NotNegative = Annotated[
    float, Field(strict=True, ge=0, allow_inf_nan=False), AfterValidator(_usual)
]
Count = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]


class Model(BaseModel):
    """A part of the file whose unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, ser_json_inf_nan="constants")


class Open(BaseModel):
    """A part of the file that belongs to pytest-benchmark; its unknown fields are kept."""

    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="constants")


def each_once(field: str, names: Sequence[str]) -> set[str]:
    """Return the names as a set.

    Raises
    ------
    ValueError : a name occurs twice.

    """
    distinct = set(names)
    if len(distinct) < len(names):
        counts = Counter(names)
        twice = next(name for name in counts if counts[name] > 1)
        raise ValueError(f"{field}: each once expected, got {twice!r} twice")
    return distinct
