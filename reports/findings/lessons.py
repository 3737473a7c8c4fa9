"""What a run teaches beside who is faster: calls, cores, precision, gradients, rungs, correctness.

Each statement compares cells of one file. Where both have an interval of their time, that of the
ratio joins their logarithms as of independent normal noise; the verdict on it is that on any
speedup.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED, Verdict, verdict
from reports import units
from reports.findings.names import NUMPY, called, sibling, where
from reports.findings.speedups import hedged, state_of
from reports.findings.statement import Finding, Interval
from reports.read.load import Result, records

Row = Mapping[Any, Any]
ABOUT = ("workload", "family", "size", "dtype", "contender", "device", "variant")
RUNGS = ("tensors", "autograd", "")  # of the ladder, from the hand's work to the library's
BY_HAND, REVERSE = "hand", ""


def ratio_of(slow: Row, fast: Row) -> Interval:
    """Return the time of one cell over that of another, with its interval."""
    value = slow["time_s"] / fast["time_s"]
    halves = [np.log(row["time_high_s"] / row["time_low_s"]) / 2 for row in (slow, fast)]
    half = float(np.hypot(*halves))
    if np.isnan(half):
        return Interval(value=value, low=np.nan, high=np.nan)
    return Interval(value=value, low=value * np.exp(-half), high=value * np.exp(half))


def compared(ratio: Interval) -> Verdict:
    """Return the verdict on a ratio's interval."""
    return verdict(ratio.low, ratio.high)


def told(ratio: Interval, *, inverted: bool = False) -> dict[str, str]:
    """Return a ratio and its interval in words, turned round where the other side is faster."""
    value, low, high = ratio.value, ratio.low, ratio.high
    if inverted:
        value, low, high = 1 / value, 1 / high, 1 / low
    if np.isnan(low):
        return {"ratio": units.significant(value, 2), "interval": "unknown"}
    return {"ratio": units.ratio(value, low, high), "interval": units.interval(value, low, high)}


def lessons(result: Result) -> Iterator[Finding]:
    """State all of it that a file's cells allow."""
    rows = {str(row["cell"]): row for row in records(result.believed)}
    yield from overheads(rows)
    yield from scalings(rows)
    yield from dtypes(rows)
    yield from first_calls(rows)
    yield from gradients(rows)
    yield from ladders(rows)
    yield verification(result)


def overheads(rows: Mapping[str, Row]) -> Iterator[Finding]:
    """State what the smallest case of each contender takes: about what a call costs."""
    usual = [row for row in rows.values() if row["library"] == NUMPY or row["plain"]]
    least: dict[tuple[str, float], Row] = {}
    for row in usual:
        key = (str(row["contender"]), float(row["threads"]))
        if key not in least or row["time_s"] < least[key]["time_s"]:
            least[key] = row
    for (contender, threads), row in least.items():
        yield Finding(
            id=f"overhead/threads={threads:.0f}/{contender}",
            state="told",
            sentence="A call of {contender}{threads} takes at least {time}: that of {where}",
            words={
                "contender": called(contender),
                "threads": "" if threads == 1 else f" with {threads:.0f} threads",
                "where": where(row),
            },
            numbers={"time": units.seconds(row["time_s"])},
            cells=(str(row["cell"]),),
            about={name: str(row[name]) for name in ABOUT},
        )


SCALINGS = {
    FASTER: "{where}: {contender} is {ratio} times as fast on {threads} cores as on one (95 %"
    " interval {interval})",
    TIE: "{where}: {contender} is as fast on {threads} cores as on one, within 10 %; {ratio} times"
    " the speed (95 % interval {interval})",
    SLOWER: "{where}: {contender} is {ratio} times as fast on one core as on {threads} (95 %"
    " interval {interval})",
    UNSETTLED: "{where}: cannot tell whether {threads} cores make {contender} faster; {ratio} times"
    " the speed of one (95 % interval {interval})",
}


def scalings(rows: Mapping[str, Row]) -> Iterator[Finding]:
    """State what all cores do for each cell, against one core."""
    for cell, row in rows.items():
        if row["device"] != "cpu" or row["threads"] == 1:
            continue
        alone = sibling(rows, row, threads=1)
        if alone is None:
            continue
        words = {"where": where(alone), "threads": f"{row['threads']:.0f}"}
        yield _pair("scaling", cell, alone, row, SCALINGS, words)


DTYPES = {
    FASTER: "{where}: {contender} is {ratio} times as fast in float32 as in float64 (95 % interval"
    " {interval})",
    TIE: "{where}: {contender} is as fast in float32 as in float64, within 10 %; {ratio} times the"
    " speed (95 % interval {interval})",
    SLOWER: "{where}: {contender} is {ratio} times as fast in float64 as in float32 (95 % interval"
    " {interval})",
    UNSETTLED: "{where}: cannot tell whether {contender} is faster in float32 or in float64;"
    " float32 runs at {ratio} times the speed (95 % interval {interval})",
}


def dtypes(rows: Mapping[str, Row]) -> Iterator[Finding]:
    """State what half the width of a number is worth, where a file holds both."""
    for cell, row in rows.items():
        double = sibling(rows, row, dtype="float64")
        if row["dtype"] == "float32" and double is not None:
            words = {"where": where(row).replace(", float32", "")}
            yield _pair("dtype", cell, double, row, DTYPES, words)


def _pair(
    kind: str,
    cell: str,
    slow: Row,
    fast: Row,
    sentences: Mapping[str, str],
    words: Mapping[str, str],
) -> Finding:
    ratio = ratio_of(slow, fast)
    state = compared(ratio)
    return Finding(
        id=f"{kind}/{cell}",
        state=state,
        sentence=hedged(sentences[state], ratio),
        words={
            "contender": called(fast["contender"]),
            **words,
        },
        numbers=told(ratio, inverted=state == SLOWER),
        cells=(str(slow["cell"]), str(fast["cell"])),
        interval=ratio,
        about={name: str(fast[name]) for name in ABOUT},
    )


def first_calls(rows: Mapping[str, Row]) -> Iterator[Finding]:
    """State for each contender which first call took longest, and how many later ones that is."""
    longest: dict[str, Row] = {}
    for row in rows.values():
        known = longest.get(str(row["contender"]))
        least = known["first_call_s"] if known is not None else 0.0
        if row["first_call_s"] > least:  # an absent one is not
            longest[str(row["contender"])] = row
    for contender, row in longest.items():
        yield Finding(
            id=f"first-call/{contender}",
            state="told",
            sentence="The longest first call of {contender} is that of {where}: {first}, {calls}"
            " times a later one",
            words={"contender": called(contender), "where": where(row)},
            numbers={
                "first": units.seconds(row["first_call_s"]),
                "calls": units.rounded(row["first_call_s"] / row["time_s"]),
            },
            cells=(str(row["cell"]),),
            about={name: str(row[name]) for name in ABOUT},
        )


GRADIENTS = {
    FASTER: "{where}: gradients by hand in NumPy take {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: autograd is {ratio} times as fast",
    SLOWER: "{where}: gradients by hand in NumPy take {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: by hand is {ratio} times as fast",
    TIE: "{where}: gradients by hand in NumPy take {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: they are equally fast, within 10 %",
    UNSETTLED: "{where}: gradients by hand in NumPy take {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: cannot tell which is faster",
}
DIFFERENTIATED = {"train_mlp": "autograd", "train_cnn": "", "gradient_cost": ""}


def gradients(rows: Mapping[str, Row]) -> Iterator[Finding]:
    """State what gradients by hand and by autograd take, in time and in lines of code.

    In training it is autograd's own rung, which differs from NumPy's in its gradients alone.
    """
    for row in rows.values():
        rung = DIFFERENTIATED.get(str(row["workload"]))
        hand = rows.get(ids.cell(row["case"], NUMPY))
        if row["library"] == NUMPY or rung is None or row["variant"] != rung:
            continue
        if hand is None or pd.isna(hand["code_lines"]) or pd.isna(row["code_lines"]):
            continue
        state = state_of(row)
        if state not in GRADIENTS:
            continue
        ratio = Interval(value=row["ratio"], low=row["low"], high=row["high"])
        words = {"where": where(row), "contender": str(row["contender"])}
        numbers = {
            "hand": units.seconds(hand["time_s"]),
            "auto": units.seconds(row["time_s"]),
            "hand_lines": f"{hand['code_lines']:.0f}",
            "auto_lines": f"{row['code_lines']:.0f}",
        }
        if state in {FASTER, SLOWER}:
            numbers["ratio"] = told(ratio, inverted=state == SLOWER)["ratio"]
        yield Finding(
            id=f"gradients/{row['cell']}",
            state=state,
            sentence=hedged(GRADIENTS[state], ratio),
            words=words,
            numbers=numbers,
            cells=(str(hand["cell"]), str(row["cell"])),
            of=dict.fromkeys(("hand", "hand_lines"), str(hand["cell"])),
            interval=ratio,
            about={name: str(row[name]) for name in ABOUT},
        )


def ladder(rows: Mapping[str, Row], case: str) -> list[Row]:
    """Return the rungs of a training case in order: NumPy, tensors, autograd, nn with optim."""
    names = [NUMPY, *(ids.contender(ids.TORCH, ids.CPU, rung) for rung in RUNGS)]
    found = [rows.get(ids.cell(case, name)) for name in names]
    whole = [row for row in found if row is not None]
    return whole if len(whole) == len(found) else []


LADDER = (
    "{where}: an epoch takes {numpy} in NumPy by hand ({numpy_lines} lines), {tensors} in tensors"
    " by hand ({tensors_lines}), {autograd} with autograd ({autograd_lines}), {nn} with nn and"
    " optim ({nn_lines})"
)


def ladders(rows: Mapping[str, Row]) -> Iterator[Finding]:
    """State the times and the lines of each rung of training, case by case."""
    for case in dict.fromkeys(str(row["case"]) for row in rows.values()):
        rungs = ladder(rows, case)
        if not rungs or any(pd.isna(row["code_lines"]) for row in rungs):
            continue
        named = dict(zip(("numpy", "tensors", "autograd", "nn"), rungs, strict=True))
        numbers = {key: units.seconds(row["time_s"]) for key, row in named.items()}
        lines = {f"{key}_lines": f"{row['code_lines']:.0f}" for key, row in named.items()}
        of = {key: str(row["cell"]) for key, row in named.items()}
        fastest = min(named, key=lambda key: float(named[key]["time_s"]))
        yield Finding(
            id=f"ladder/{case}",
            state=fastest,
            sentence=LADDER,
            words={"where": where(rungs[0])},
            numbers=numbers | lines,
            cells=tuple(of.values()),
            of=of | {f"{key}_lines": cell for key, cell in of.items()},
            about={name: str(rungs[0][name]) for name in ABOUT},
        )


def verification(result: Result) -> Finding:
    """State what verification found: how many agree, how near to their bound, how many do not."""
    table = result.table
    checked = table[table["rel_error"].notna() & (table["tolerance"] > 0)]
    wrong = table[table["status"] == "mismatch"]
    cells = tuple(str(cell) for cell in wrong["cell"])
    if not len(checked) and not len(wrong):
        return Finding(
            id="verification",
            state="absent",
            sentence="Nothing in this file was compared with a reference",
        )
    shares = checked["rel_error"] / checked["tolerance"]
    numbers = {"checked": str(len(set(checked["cell"]) | set(wrong["cell"])))}
    sentence = "{checked} results were compared with the other library's in float64"
    if len(checked):
        nearest = str(checked["cell"].iloc[int(shares.argmax())])
        numbers["share"] = units.share(float(shares.max())) if shares.max() > 0 else "0 %"
        sentence += "; the largest error is {share} of its bound, that of {nearest}"
        cells = (*cells, nearest)
    words = {"nearest": cells[-1] if cells else ""}
    if len(wrong):
        numbers["wrong"] = str(len(wrong))
        words["first"] = str(wrong["cell"].iloc[0])
        sentence += "; {wrong} do not agree and are left out, {first} first"
    else:
        sentence += "; all agree"
    return Finding(
        id="verification",
        state="mismatch" if len(wrong) else "ok",
        sentence=sentence,
        words=words,
        numbers=numbers,
        cells=cells,
    )
