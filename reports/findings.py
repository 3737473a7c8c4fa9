"""Table -> findings: statements that the data chose, each with the cells that it rests on.

A sentence about speed is picked by the state of its speedup: PyTorch wins or loses where the whole
interval lies more than 5 % away from 1, and ties where it is narrow and reaches nearer: of 95 %
intervals one in twenty is wrong by a little, and no winner may rest on that. A cell too unsettled
to tell is unstable, and one without a time is absent, with its reason. A number gets the digits its
interval deserves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from reports import units
from reports.load import Result
from reports.schema import Peaks

NUMPY = "numpy"
MARGIN = 1.05  # a smaller difference makes no winner: the same code is found 4 % apart now and then
PILED_UP = 3.0  # typical over best: such times have no single speedup
CACHES = 4  # data that is so many times larger than a cache comes from memory
MIN_VISITS = 3  # fewer do not tell how visits differ
SENTENCES = {
    "wins": "{where}: {contender} is {ratio} times as fast as NumPy (95 % interval {interval})",
    "loses": "{where}: NumPy is {ratio} times as fast as {contender} (95 % interval {interval})",
    "tie": "{where}: too close to call; {contender} runs at {ratio} times NumPy's speed"
    " (95 % interval {interval})",
    "unstable": "{where}: {contender} runs at about {ratio} times NumPy's speed, too unsettled here"
    " to tell who is faster (95 % interval {interval})",
    "absent": "{where}: no speedup of {contender}, since {reason}",
    "implausible": "{where}: the time of {contender} cannot be true and counts for nothing:"
    " {reason}",
}
UNTOLD = {"absent", "implausible"}  # states without a speedup to quote


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statement: its id, state, sentence, the numbers in it, and the cells it rests on."""

    id: str
    state: str
    sentence: str
    words: Mapping[str, str]
    numbers: Mapping[str, str] = field(default_factory=dict)
    cells: tuple[str, ...]
    speedup: float | None = None

    @property
    def text(self) -> str:
        """The statement as plain text."""
        return self.sentence.format(**self.words, **self.numbers) + "."

    @property
    def html(self) -> Markup:
        """The statement with every number tied to the cell that it comes from."""
        words = {key: escape(word) for key, word in self.words.items()}
        numbers = {
            key: Markup('<data class="{}" value="{}" data-cell="{}">{}</data>').format(
                self.state, number, self.cells[-1], number
            )
            for key, number in self.numbers.items()
        }
        return Markup(self.sentence).format(**words, **numbers) + Markup(".")


def speedups(result: Result) -> dict[str, Finding]:
    """Return what each PyTorch cell says of NumPy against PyTorch, by the cell's id."""
    rows = result.table[result.table["contender"] != NUMPY]
    missing = baselines_missing(result)
    return {
        row["cell"]: speedup(row, missing.get(row["case"], "")) for row in rows.to_dict("records")
    }


def baselines_missing(result: Result) -> dict[str, str]:
    """Return by case why NumPy has no time to compare with, where it has none."""
    rows = result.table[result.table["contender"] == NUMPY]
    rows = rows[~rows["status"].isin(["ok", "unstable"]) & (rows["reason"] != "")]
    return dict(zip(rows["case"], rows["reason"], strict=True))


def speedup(row: Mapping[Any, Any], missing: str = "") -> Finding:
    """State one cell's speedup over NumPy, or why there is none: NumPy's time may be `missing`."""
    state = state_of(row)
    where = f"{row['workload']} at {str(row['size']).replace(',', ', ')}, {row['dtype']}"
    threads = str(row["case"]).rpartition("threads=")[2]
    words = {
        "where": where if threads == "1" else f"{where}, {threads} threads",
        "contender": str(row["contender"]),
    }
    if state in UNTOLD:
        words["reason"] = str(row["reason"]) or missing or "NumPy has no time in this case"
    return Finding(
        id=f"speedup/{row['cell']}",
        state=state,
        sentence=SENTENCES[state] + _best_clause(row, state),
        words=words,
        numbers={} if state in UNTOLD else _numbers(row, state),
        cells=(f"{row['case']}/{NUMPY}", str(row["cell"])),
        speedup=None if state in UNTOLD else float(row["ratio"]),
    )


def state_of(row: Mapping[Any, Any]) -> str:
    """Return wins, loses, tie, unstable, absent or implausible."""
    if row["status"] == "implausible":
        return "implausible"
    if pd.isna(row["ratio"]) or row["status"] not in {"ok", "unstable"}:
        return "absent"
    few = pd.notna(row["visits"]) and row["visits"] < MIN_VISITS
    if few or row["typical_s"] > PILED_UP * row["best_s"]:
        return "unstable"
    if row["low"] > MARGIN or row["high"] < 1 / MARGIN:
        return "wins" if row["low"] > MARGIN else "loses"
    return "unstable" if row["status"] == "unstable" else "tie"


def _numbers(row: Mapping[Any, Any], state: str) -> dict[str, str]:
    def of(ratio: float, low: float, high: float) -> tuple[float, float, float]:
        return (1 / ratio, 1 / high, 1 / low) if state == "loses" else (ratio, low, high)

    typical = of(row["ratio"], row["low"], row["high"])
    best = of(row["best_ratio"], row["best_low"], row["best_high"])
    return {
        "ratio": units.ratio(*typical),
        "interval": units.interval(*typical),
        "best": units.ratio(*best),
    }


def _best_clause(row: Mapping[Any, Any], state: str) -> str:
    """Quote the best beside the typical where their intervals are apart."""
    apart = row["best_low"] > row["high"] or row["best_high"] < row["low"]
    return "; {best} times at best" if state not in UNTOLD and apart else ""


def headlines(result: Result) -> list[Finding]:
    """Return at most three: PyTorch's largest win, its largest loss, and the largest matmul."""
    main = [f for f in speedups(result).values() if f.words["contender"].count("-") == 1]
    wins = [f for f in main if f.state == "wins"]
    losses = [f for f in main if f.state == "loses"]
    matmul = [f for f in main if f.cells[0].startswith("matmul/") and f.speedup is not None]
    chosen = [
        *sorted(wins, key=lambda f: -(f.speedup or 0))[:1],
        *sorted(losses, key=lambda f: f.speedup or 0)[:1],
        *matmul[-1:],
    ]
    return list({finding.id: finding for finding in chosen}.values())


def score(result: Result) -> dict[str, int]:
    """Count the states of all PyTorch cells that were timed."""
    states = [f.state for f in speedups(result).values() if f.state not in UNTOLD]
    return {state: states.count(state) for state in ("wins", "tie", "loses", "unstable")}


def of_roof(row: Mapping[Any, Any], peaks: Mapping[str, Peaks] | None) -> tuple[float, str]:
    """Return which part of its device's measured peak a result gets, and of what; 0, "" if unknown.

    The roofline (Williams, Waterman & Patterson, 2009): of operations or of bytes, whichever takes
    longer at the peak; bytes count where they do not fit a cache.
    """
    threads = f"cpu/threads={row['threads']:.0f}"
    peak = (peaks or {}).get(threads if row["device"] == "cpu" else str(row["device"]))
    if peak is None:
        return 0.0, ""
    flop_s = peak.flop_s.get(str(row["precision"]), 0.0)
    bytes_s = max(peak.copy_bytes_s, peak.read_bytes_s)
    beyond = peak.cache_bytes is not None and row["bytes"] > CACHES * peak.cache_bytes
    shares = {
        "FLOP/s": row["flops"] / flop_s / row["typical_s"] if flop_s else 0.0,
        "bytes/s": row["bytes"] / bytes_s / row["typical_s"] if bytes_s and beyond else 0.0,
    }
    unit = max(shares, key=shares.__getitem__)
    return (shares[unit], unit) if shares[unit] else (0.0, "")


def trust(result: Result) -> dict[str, float]:
    """Return what tells how far a run can be trusted: its noise and its failures."""
    timed = result.table[result.table["typical_s"].notna()]
    blocks, disturbed = timed["blocks"].sum(), timed["disturbed_blocks"].sum()
    widths = ((timed["high"] - timed["low"]) / (2 * timed["ratio"]))[timed["contender"] != NUMPY]
    return {
        "cells": len(timed),
        "unstable": int((timed["status"] == "unstable").sum()),
        "implausible": int((timed["status"] == "implausible").sum()),
        "bimodal": int((timed["bimodal"] == True).sum()),  # noqa: E712 - a column, not a flag
        "disturbed_share": float(disturbed / blocks) if blocks else np.nan,
        "half_width": float(widths.median()) if len(widths) else np.nan,
    }


def self_tested(result: Result) -> str:
    """Return what the self-test of a run found, or that it had none."""
    found = result.machine.self_test
    if found is None:
        return "none in this run; --self-test compares every contender with itself"
    counted = units.count(found.comparisons, "comparison")
    text = f"{found.excluding_1} of {counted} of a contender with itself exclude 1"
    if found.widest_half_width is None or found.furthest is None:
        return text
    wins = sum(row.low > MARGIN or row.high < 1 / MARGIN for row in found.rows)
    return (
        f"{text} (of 95 % intervals one in twenty does), {wins or 'none'} by so much that it would "
        f"be called a winner; the widest is ±{100 * found.widest_half_width:.1f} %, and the same "
        f"code was found at most {100 * (np.exp(found.furthest) - 1):.1f} % apart"
    )
