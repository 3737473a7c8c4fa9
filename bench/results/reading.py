"""Turns the JSON of a file into models: this suite's schemas 1 and 2, and foreign files."""

from typing import Any

from bench.results import version1
from bench.results.foreign import ForeignFile
from bench.results.schema import SCHEMA, ResultFile


def current(content: Any) -> Any:
    """Return the content of a file in the current schema; a foreign file's content is unchanged.

    Raises
    ------
    ValueError : the schema is unknown, or an id cannot be parsed.

    """
    if not isinstance(content, dict) or content.get("schema") is None:
        return content
    if content["schema"] == version1.SCHEMA:
        return version1.upgraded(content)
    if content["schema"] != SCHEMA:
        raise ValueError(f"schema: {SCHEMA!r} expected, got {content['schema']!r}")
    return content


def validated(content: Any) -> ResultFile | ForeignFile:
    """Return the validated content of a file.

    Raises
    ------
    ValueError : the content is no result file; the message names the field.

    """
    known = current(content)
    own = isinstance(known, dict) and known.get("schema") is not None
    return (ResultFile if own else ForeignFile).model_validate(known)
