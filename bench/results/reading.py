"""JSON values -> the one form they have: this suite's file, of any schema, or anyone's."""

from typing import Any

from bench.results import version1
from bench.results.foreign import ForeignFile
from bench.results.schema import SCHEMA, ResultFile


def current(content: Any) -> Any:
    """Return the content of a file as today's schema writes it; another tool's as it is.

    Raises
    ------
    ValueError : its schema is unknown here, or an id in it is no id.

    """
    if not isinstance(content, dict) or content.get("schema") is None:
        return content
    if content["schema"] == version1.SCHEMA:
        return version1.upgraded(content)
    if content["schema"] != SCHEMA:
        raise ValueError(f"schema: {SCHEMA!r} expected, got {content['schema']!r}")
    return content


def validated(content: Any) -> ResultFile | ForeignFile:
    """Return what a file holds.

    Raises
    ------
    ValueError : the content is not that of a result file; pydantic's says in which field.

    """
    known = current(content)
    own = isinstance(known, dict) and known.get("schema") is not None
    return (ResultFile if own else ForeignFile).model_validate(known)
