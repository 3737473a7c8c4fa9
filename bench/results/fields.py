"""The kinds of values a result file holds: bounded, finite, printable."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_CELLS = 100_000  # of a file
LEAST, MOST = 1e-50, 1e50  # so that what is made of a few numbers is a number too
MAX_NAME = 2000  # a foreign test's id may spell out its parameters


def _plain(text: str) -> str:
    """Refuse what could steer a terminal or turn a line around; a reason may have several lines."""
    if not text.isprintable():
        for sign in text:
            if unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign not in "\n\t":
                raise ValueError(f"no control characters expected, got {sign!a}")
    return text


def _usual(value: float) -> float:
    """Refuse what would become 0 or infinite when it is multiplied or divided by its like."""
    if value and not LEAST <= value <= MOST:
        raise ValueError(f"0 or a number from {LEAST:g} to {MOST:g} expected, got {value!r}")
    return value


MAX_TEXT, REPLACED = 500, "\N{REPLACEMENT CHARACTER}"


def fitting(text: str) -> str:
    """Return a text that a file may hold: cut, and with a replacement for what is not printed."""
    kept = (sign if sign in "\n\t" or sign.isprintable() else REPLACED for sign in text)
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
    """Reads the fields it defines and ignores all others."""

    model_config = ConfigDict(extra="ignore", frozen=True, ser_json_inf_nan="constants")


class Open(BaseModel):
    """Keeps fields it does not define: a part of the file that belongs to pytest-benchmark."""

    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="constants")


def each_once(field: str, names: Sequence[str]) -> set[str]:
    """Return names as a set.

    Raises
    ------
    ValueError : one stands twice.

    """
    distinct = set(names)
    if len(distinct) < len(names):
        counts = Counter(names)
        twice = next(name for name in counts if counts[name] > 1)
        raise ValueError(f"{field}: each once expected, got {twice!r} twice")
    return distinct
