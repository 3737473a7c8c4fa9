"""Mends what is odd in a file of pytest-benchmark, on plain JSON values, before validation.

Such files come from any version, clock, shell and test suite. What is odd in a test costs at most
that test: it keeps what can be used, and its notes say what was done. A test whose times cannot be
used has a reason instead of statistics.
"""

import math
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from bench.results.fields import MAX_NAME, MAX_TEXT

LEAST_S, MOST_S = 1e-15, 1e9  # no test takes less than a femtosecond or more than 30 years
REQUIRED, FURTHER = ("min", "median"), ("max", "mean", "stddev", "iqr")
COUNTS = ("rounds", "iterations")
MOST_COUNT = 2**63 - 1
SAME = 1 - 1e-9  # a minimum may exceed the median by rounding
UNSERIALIZABLE = "UNSERIALIZABLE["  # pytest-benchmark's mark around a parameter's repr
MOST_PARAM = 80  # characters of a parameter's value
MOST_PARAMS = 20
MAX_PARAM_TEXT = 200  # characters of all parameters, as pytest writes them into a name
MOST_NOTED = 3  # paths of numbers that are named
MOST_QUOTED = 60  # characters of a wrong value
MOST_DEPTH = 6  # of a value that is searched for numbers that are not finite

Json = dict[str, Any]


def mended(content: Mapping[str, Any]) -> Json:
    """Return the content of a file with every benchmark in the form of `ForeignBenchmark`.

    A test that was measured several times keeps its last measurement.

    Raises
    ------
    ValueError : there is no list of benchmarks.

    """
    listed = content.get("benchmarks")
    if not isinstance(listed, list):
        raise ValueError("benchmarks: a list of tests expected")  # noqa: TRY004 - pydantic's
    times: dict[str, int] = {}
    last: dict[str, Json] = {}
    for number, entry in enumerate(listed, 1):
        key, test = _test(entry, number)
        times[key] = times.get(key, 0) + 1
        last[key] = test
    for key, test in last.items():
        if times[key] > 1:
            test["notes"].append(f"measured {times[key]} times in this file: this is the last")
    _make_distinct(list(last.values()))
    return {
        **content,
        "datetime": shown(str(content.get("datetime") or ""), MAX_TEXT),
        "machine_info": _texts_shown(content.get("machine_info")),
        "commit_info": _texts_shown(content.get("commit_info")),
        "benchmarks": list(last.values()),
    }


def shown(text: str, most: int = MAX_NAME) -> str:
    r"""Return a text in which each character that does not print is escaped: `\u200f`.

    Escapes are those of pytest in its ids. A text of more than `most` characters is cut in its
    middle; a checksum keeps it distinct.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escaped(char) for char in text)
    if len(text) <= most:
        return text
    checksum = zlib.crc32(text.encode(errors="backslashreplace"))
    middle = f"…({len(text)} characters, {checksum:08x})…"
    half = (most - len(middle)) // 2
    return text[:half] + middle + text[-half:]


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _texts_shown(value: Any) -> Any:
    """Return an object with its texts made fit to show; {} for what is no object."""
    if not isinstance(value, dict):
        return {}
    return {
        shown(key, MAX_TEXT): shown(part, MAX_TEXT)
        if isinstance(part, str)
        else _texts_shown(part)
        if isinstance(part, dict)
        else part
        for key, part in value.items()
    }


def _test(entry: Any, number: int) -> tuple[str, Json]:
    """Return a test's own id and its mended form."""
    if not isinstance(entry, dict):
        name = f"entry {number}"
        reason = f"it is {_quoted(entry)} in the file, not a test"
        return name, {"name": name, "fullname": name, "stats": None, "reason": reason, "notes": []}
    notes: list[str] = []
    name, fullname = (_text(entry.get(key)) for key in ("name", "fullname"))
    if not name and not fullname:
        name = f"entry {number}"
        notes.append("it has no name in the file")
    raw = fullname or name
    texts = {
        "name": shown(name or raw.rpartition("::")[2]),
        "fullname": shown(raw),
        "group": shown(_text(entry.get("group"))) or None,
    }
    notes += _about_names(raw, texts["group"] or "", entry)
    stats, reason = _statistics(entry.get("stats"), notes)
    notes += _not_finite(entry)
    return raw, {
        **entry,
        **texts,
        "params": _params(entry.get("params")),
        "param": shown(_text(entry.get("param")), MAX_PARAM_TEXT),
        "stats": stats,
        "reason": reason,
        "notes": notes,
    }


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return value if isinstance(value, str) else str(value)


def _about_names(raw: str, group: str, entry: Json) -> Iterator[str]:
    """Yield notes on characters that are written as escapes, and on an id that was cut."""
    raws = [raw, _text(entry.get("name")), _text(entry.get("group"))]
    odd = dict.fromkeys(char for text in raws for char in text if not char.isprintable())
    if odd:
        written = ", ".join(list(map(_escaped, odd))[:MOST_NOTED])
        more = ", …" if len(odd) > MOST_NOTED else ""
        yield f"characters of its name that do not show are written as {written}{more}"
    if len(raw) > MAX_NAME:
        yield f"its id of {len(raw)} characters was cut in the middle"
    elif len(_text(entry.get("group"))) > MAX_NAME and group:
        yield "the name of its group was cut in the middle"


def _statistics(stats: Any, notes: list[str]) -> tuple[Json | None, str]:
    """Return the statistics that can be used, or None and the reason; add to the notes."""
    if not isinstance(stats, dict):
        return None, "it has no statistics"
    for name in REQUIRED:
        if reason := _why_no_time(stats, name):
            return None, reason
    known: Json = {name: float(stats[name]) for name in REQUIRED}
    if known["min"] * SAME > known["median"]:
        least, median = known["min"], known["median"]
        return None, f"its minimum, {least:g} s, is longer than its median, {median:g} s"
    for name in (*FURTHER, *COUNTS):
        if stats.get(name) is None:
            continue
        value = _count(stats[name]) if name in COUNTS else _not_negative(stats[name])
        if value is None:
            notes.append(f"its {name}, {_quoted(stats[name])}, was left out")
        else:
            known[name] = value
    if known.get("max", math.inf) < known["median"] * SAME:
        notes.append(f"its max, {known.pop('max'):g} s, is shorter than its median: left out")
    return stats | dict.fromkeys((*FURTHER, *COUNTS)) | known, ""


def _why_no_time(stats: Mapping[str, Any], name: str) -> str:
    """Return why a statistic cannot be used as a time; "" if it can."""
    value: Any = stats.get(name)
    if reason := _why_no_number(value, name):
        return reason
    if value < 0:
        return f"its {name} is negative: {value:g} s"
    if value == 0:
        return "its clock read 0 seconds"
    usual = LEAST_S <= value <= MOST_S
    return "" if usual else f"its {name} cannot be true: {float(value):g} s"


def _why_no_number(value: Any, name: str) -> str:
    if value is None:
        return f"its statistics have no {name}"
    if not _is_number(value):
        return f"its {name} is no number: {_quoted(value)}"
    return "" if _is_finite(value) else f"its {name} is {_quoted(value)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def _not_negative(value: Any) -> float | None:
    usable = _is_number(value) and _is_finite(value) and 0 <= value <= MOST_S
    return (float(value) if value >= LEAST_S else 0.0) if usable else None


def _count(value: Any) -> int | None:
    usable = _is_number(value) and _is_finite(value) and 0 < value <= MOST_COUNT
    return int(value) if usable and value == int(value) else None


def _quoted(value: Any) -> str:
    """Return a wrong value as it stands in the file, cut off if it is long."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if _is_number(value) and not _is_finite(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = shown(value if isinstance(value, str) else str(value), MAX_TEXT)
    text = text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"
    return f"“{text}”" if isinstance(value, str) else text


def _not_finite(entry: Json) -> Iterator[str]:
    """Yield a note on the NaN and infinities outside of the statistics; nothing reads them."""
    places = [f"{key}{way}" for key in ("extra_info", "params") for way in _ways(entry.get(key))]
    if places:
        more = ", …" if len(places) > MOST_NOTED else ""
        yield f"NaN or Infinity is left out: {', '.join(places[:MOST_NOTED])}{more}"


def _ways(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield ""
    elif isinstance(value, dict | list) and depth < MOST_DEPTH:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in pairs:
            yield from (f".{shown(str(key), MOST_PARAM)}{way}" for way in _ways(part, depth + 1))


def _params(params: Any) -> list[tuple[str, float | str]]:
    """Return the parameters of a test: numbers as numbers, everything else as text."""
    if not isinstance(params, dict):
        return []
    pairs = list(params.items())[:MOST_PARAMS]
    return [(shown(str(key), MOST_PARAM), _param(value)) for key, value in pairs]


def _param(value: Any) -> float | str:
    if _is_number(value) and _is_finite(value):
        return float(value)
    plain = value is None or isinstance(value, str | bool)
    text = str(value) if plain else _quoted(value)
    if text.startswith(UNSERIALIZABLE):
        text = text.removeprefix(UNSERIALIZABLE).removesuffix("]")
    return shown(text, MOST_PARAM)


def _make_distinct(tests: list[Json]) -> None:
    """Add numbers to ids that became equal when they were made fit to show."""
    taken: set[str] = set()
    for test in tests:
        name, number = test["fullname"], 1
        while test["fullname"] in taken:
            number += 1
            test["fullname"] = f"{name} ({number})"
        taken.add(test["fullname"])
