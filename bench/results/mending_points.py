"""Mends what is odd in the points of a file, on plain JSON values, before validation.

A file from a cluster is written by many processes, perhaps of a later version. What is odd in a
point costs at most that point: it keeps the figures that can be used, and a note says what was
done. What is odd in a fact of the group costs that fact.
"""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError

from bench.results.fields import fitting
from bench.results.scaling import Scaling, ScalingPoint, Status

Json = dict[str, Any]

IDENTITY = frozenset({"id", "workload", "size", "mode", "dtype", "ranks", "contender"})
OF_TIME = (  # figures that follow from the time of an iteration
    "time_s",
    "time_low_s",
    "time_high_s",
    "typical_s",
    "algorithm_bytes_s",
    "bus_bytes_s",
    "speedup",
    "efficiency",
    "against_numpy",
    "samples",
)
TIMES = frozenset({"time_s", "time_low_s", "time_high_s"})
RATIOS = {"speedup": ("speedup", "efficiency"), "efficiency": ("speedup", "efficiency")}
STATUSES = get_args(Status)
MOST_NOTED = 20  # notes of a file; more are counted


def mended_scaling(content: Mapping[str, Any]) -> tuple[Json, list[str]]:
    """Return the content of a file with a `scaling` part that is valid or None, and notes."""
    part = content.get("scaling")
    if part is None:
        return dict(content), []
    if not isinstance(part, dict):
        return {**content, "scaling": None}, ["scaling: an object expected: it is left out"]
    notes: list[str] = []
    points = _points(part.get("points", []), notes)
    facts = _facts({key: value for key, value in part.items() if key != "points"}, points, notes)
    if len(notes) > MOST_NOTED:
        notes[MOST_NOTED:] = [f"{len(notes) - MOST_NOTED} more odd things in scaling"]
    return {**content, "scaling": {**facts, "points": points}}, notes


def _points(listed: Any, notes: list[str]) -> list[Json]:
    """Return the points that can be used; one that stands twice keeps its last place."""
    if not isinstance(listed, list):
        notes.append("scaling.points: a list expected: there are none")
        return []
    last: dict[str, Json] = {}
    for number, entry in enumerate(listed):
        point = _point(entry, f"point {number + 1}", notes)
        if point is None:
            continue
        if last.pop(point["id"], None) is not None:
            notes.append(f"{point['id']}: it stands twice; the last counts")
        last[point["id"]] = point
    return list(last.values())


def _point(entry: Any, place: str, notes: list[str]) -> Json | None:
    """Return a point that is valid, without the fields that are odd; None if it is unusable."""
    if not isinstance(entry, dict):
        notes.append(f"{place}: an object expected: it is left out")
        return None
    point, odd = dict(entry), _odd(entry)
    if not odd:
        return point
    if "status" in odd and point.get("status") not in STATUSES:
        point = _without_time(point, f"its status is not known here: {point.get('status')!r}")
    elif TIMES & set(odd):
        name = next(name for name in odd if name in TIMES)
        point = _without_time(point, f"{name}: {odd[name]}")
    for name in odd:
        for dropped in RATIOS.get(name, (name,)):
            if dropped not in IDENTITY and dropped != "status":
                point.pop(dropped, None)
    if rest := _odd(point):
        name, why = next(iter(rest.items()))
        notes.append(fitting(f"{place}: {name}: {why}: it is left out"))
        return None
    notes.append(fitting(f"{point['id']}: {', '.join(odd)}: {next(iter(odd.values()))}"))
    return point


def _without_time(point: Json, reason: str) -> Json:
    """Return a point that has no time, for a reason."""
    kept = {name: value for name, value in point.items() if name not in OF_TIME}
    status = point.get("status")
    failed = status in STATUSES and status != "ok"
    return kept | ({} if failed else {"status": "skipped", "reason": fitting(reason)})


def _odd(point: Json) -> dict[str, str]:
    """Return what is wrong with each odd field of a point.

    Times that contradict each other are one odd field, `time_s`; an id that contradicts the other
    fields is `id`.
    """
    try:
        ScalingPoint.model_validate(point)
    except ValidationError as error:
        return {
            str(each["loc"][0]) if each["loc"] else _whole(each["msg"]): each["msg"]
            for each in error.errors(include_url=False)
        }
    return {}


def _whole(message: str) -> str:
    return "id" if "id: " in message else "time_s"


def _facts(facts: Json, points: list[Json], notes: list[str]) -> Json:
    """Return the facts of a group without the odd ones."""
    kept = dict(facts)
    try:
        Scaling.model_validate(kept | {"points": points})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            name = str(each["loc"][0])
            kept.pop(name, None)
            notes.append(fitting(f"scaling.{name}: {each['msg']}: it is left out"))
    kept.setdefault("world", max((point["ranks"] for point in points), default=0))
    return kept
