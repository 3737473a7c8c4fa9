"""What a chart of speedups claims: who overtakes whom, by the states of its crossings."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.charts.naming import short, who
from reports.charts.sizes import SIZE_AXIS
from reports.findings.speedups import state_of
from reports.findings.trends import Crossing, crossing
from reports.read.load import records

Row = Mapping[Any, Any]
MOST_CLAIMS = 2  # lines of a title
CLAIMS = {
    "overtakes": "{name} overtakes NumPy near {at}",
    "falls-behind": "NumPy overtakes {name} near {at}",
    "ahead": "{name} is ahead at every size",
    "behind": "NumPy is ahead of {name} at every size",
    "changes": "the lead between {name} and NumPy changes more than once",
    "faster-some": "{name} is faster at some sizes, NumPy at none",
    "slower-some": "NumPy is faster at some sizes, {name} at none",
    "tie": "{name} and NumPy are equally fast, within 10 %",
    "unsettled": "{name} and NumPy: too close to call",
}
ALONE = {
    FASTER: "{name} is faster at the one size measured",
    SLOWER: "NumPy is faster than {name} at the one size measured",
    TIE: "{name} and NumPy are equally fast at the one size measured",
    UNSETTLED: "{name} and NumPy: too close to call at the one size measured",
}
IN_PANELS = {  # said beneath the panel's name, where there is less room
    CLAIMS["overtakes"]: "{name}: overtakes near {at}",
    CLAIMS["falls-behind"]: "{name}: NumPy overtakes near {at}",
    CLAIMS["ahead"]: "{name}: ahead at every size",
    CLAIMS["behind"]: "{name}: NumPy ahead at every size",
    CLAIMS["changes"]: "{name}: the lead changes more than once",
    CLAIMS["faster-some"]: "{name}: faster at some sizes, slower at none",
    CLAIMS["slower-some"]: "{name}: slower at some sizes, faster at none",
    CLAIMS["tie"]: "{name}: equally fast, within 10 %",
    CLAIMS["unsettled"]: "{name}: too close to call",
    ALONE[FASTER]: "{name}: faster at the one size measured",
    ALONE[SLOWER]: "{name}: slower at the one size measured",
    ALONE[TIE]: "{name}: equally fast at the one size measured",
    ALONE[UNSETTLED]: "{name}: too close to call at the one size",
}


def overtaking(rows: pd.DataFrame, panels: int = 1) -> str:
    """Return a panel's title: who overtakes whom, in so few lines as can be read.

    Curves of one contender that say the same share a line; those with the most threads come first
    where there are more lines than room.
    """
    claims: dict[tuple[str, str, str], list[str]] = {}
    for (contender, threads), line in curves(rows):
        words = _claim(line)
        if words is not None:
            claims.setdefault((str(contender), *words), []).append(f"{threads:.0f}")
    lines = []
    for (contender, template, at), cores in claims.items():
        name = _named(contender, cores, rows, panels)
        sentence = template if panels == 1 else IN_PANELS[template]
        lines.append((-max(map(float, cores)), sentence.format(name=name, at=at)))
    chosen = sorted(sorted(lines, key=lambda line: line[0])[:MOST_CLAIMS], key=lines.index)
    curve = short(rows["curve"].iloc[0])
    return "\n".join(filter(None, [curve, *(line for _, line in chosen)]))


def _claim(line: Sequence[Row]) -> tuple[str, str] | None:
    found = crossing(line)
    if found is not None:
        return CLAIMS[found.state], place(line[0], found)
    states = [state for row in line if (state := state_of(row)) in ALONE]
    return (ALONE[states[0]], "") if states else None


def _named(contender: str, cores: Sequence[str], rows: pd.DataFrame, panels: int) -> str:
    """Return what a curve is called: by its cores too where there are several settings of them."""
    told_cores = f"{' and '.join(cores)} core{'s' if cores[-1] != '1' else ''}"
    name = who(contender if panels == 1 else contender.removeprefix(f"{ids.TORCH}-"), 20)
    devices = rows.loc[rows["contender"] == contender, "device"]
    if len(rows["threads"].unique()) == 1 or devices.iloc[0] != ids.CPU:
        return name
    alone = panels > 1 and len(rows["contender"].unique()) == 1
    return told_cores if alone else f"{name} on {told_cores}"


def place(row: Row, found: Crossing) -> str:
    if found.at is None:
        return ""
    at = units.rounded(found.at)
    return f"{at} operations" if row["axis"] in SIZE_AXIS else f"{short(row['axis'])} = {at}"


def curves(rows: pd.DataFrame) -> list[tuple[tuple[str, float], list[Row]]]:
    found: dict[tuple[str, float], list[Row]] = {}
    for row in records(rows.sort_values(["contender", "threads", "axis_value"])):
        found.setdefault((str(row["contender"]), float(row["threads"])), []).append(row)
    return list(found.items())
