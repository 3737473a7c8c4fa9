"""Everything that a result says, statement by statement, and what of it stands first.

Which sentence is said is chosen by the data; no sentence claims what its file does not show. All
statements of a result are found by their ids, so that a page can quote one and a check can draw it
anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.results import ids
from bench.results.verdicts import UNSETTLED
from reports.lessons import lessons
from reports.load import Result, records
from reports.names import NUMPY
from reports.roofline import roofs
from reports.speedups import MARGIN, UNTOLD, Speedups, state_of
from reports.statement import Finding
from reports.trends import crossovers, growths

STATES = ("wins", "tie", "loses", "unstable")
CALLED = {"wins": "wins", "tie": "ties", "loses": "loses"}


@dataclass(frozen=True)
class Reference:
    """Another machine, whose accelerator stands in for one that the reader has not.

    Attributes
    ----------
    label : its name.
    file : where a page finds its result.

    """

    findings: "Findings"
    label: str
    file: str


@dataclass(frozen=True)
class Findings:
    """The findings of one result; `references` tell what its machine has no device for."""

    result: Result
    references: tuple[Reference, ...] = ()

    @cached_property
    def speedups(self) -> Mapping[str, Finding]:
        """Those of kind speedup, by id."""
        return Speedups(self.result).all()

    @cached_property
    def all(self) -> Mapping[str, Finding]:
        """Every finding by its id."""
        found = [
            *self.speedups.values(),
            *crossovers(self.result),
            *growths(self.result),
            *roofs(self.result),
            *lessons(self.result),
            *self._answers(),
            self._score(),
            steadiness(self.result),
            self_tested(self.result),
        ]
        return {finding.id: finding for finding in found}

    def kind(self, kind: str, **about: str) -> list[Finding]:
        """Return those of a kind that are about something: workload="matmul", dtype="float32"."""
        return [
            finding
            for finding in self.all.values()
            if finding.kind == kind
            and all(finding.about.get(key) == value for key, value in about.items())
        ]

    def headlines(self) -> list[Finding]:
        """Return at most three: PyTorch's largest win, its largest loss, and the largest matmul.

        Where an accelerator was measured the largest matmul is its own.
        """
        told = [f for f in self.speedups.values() if not f.about["variant"]]
        wins = [f for f in told if f.state == "wins"]
        losses = [f for f in told if f.state == "loses"]
        matmul = [f for f in told if f.about["workload"] == "matmul" and f.told]
        chosen = [
            *sorted(wins, key=_value, reverse=True)[:1],
            *sorted(losses, key=_value)[:1],
            *matmul[-1:],
        ]
        return list({finding.id: finding for finding in chosen}.values())

    def answers(self) -> list[Finding]:
        """Return the answers to "should I care", one for each way of running PyTorch."""
        return self.kind("answer")

    def _answers(self) -> Iterator[Finding]:
        """State at how many workloads' largest sizes each contender wins, ties and loses."""
        timed = self.result.timed
        usual = timed[timed["plain"]]
        for (contender, threads), rows in usual.groupby(["contender", "threads"], sort=False):
            at = rows.groupby(["workload", "curve", "dtype"], sort=False)["axis_value"]
            largest = records(rows[rows["axis_value"] == at.transform("max")])
            states = [state_of(row) for row in largest]
            told = [state for state in states if state not in UNTOLD]
            if not told:
                continue
            counts = {state: told.count(state) for state in STATES}
            cores = "one core" if threads == 1 else f"{threads:.0f} cores"
            settled = ", ".join(f"{CALLED[state]} {{{state}}}" for state in CALLED)
            unstable = "; {unstable} too unsettled to call" if counts["unstable"] else ""
            yield Finding(
                id=f"answer/{contender}/threads={threads:.0f}",
                state=max(CALLED, key=lambda state: counts[state]),
                sentence="Of {count} {things}, each at its largest size, {contender} on {cores}"
                f" {settled}{unstable}",
                words={
                    "contender": str(contender),
                    "things": "computation" if len(told) == 1 else "computations",
                    "cores": cores
                    if largest[0]["device"] == ids.CPU
                    else f"{cores} and its device",
                },
                numbers={"count": str(len(told))}
                | {
                    state: str(count) for state, count in counts.items() if state in CALLED or count
                },
                cells=tuple(str(row["cell"]) for row in largest),
                about={name: str(largest[0][name]) for name in ("contender", "device")},
            )

    def _score(self) -> Finding:
        states = [f.state for f in self.speedups.values() if f.state not in UNTOLD]
        counts = {state: states.count(state) for state in STATES}
        return Finding(
            id="score",
            state="told" if states else "absent",
            sentence="Of {count} PyTorch cells with a speedup, PyTorch wins {wins}, loses {loses}"
            " and ties {tie}; {unstable} are too unsettled here to call"
            if states
            else "No speedup was measured in this run",
            numbers={"count": str(len(states))} | {s: str(n) for s, n in counts.items()}
            if states
            else {},
            cells=tuple(f.cells[-1] for f in self.speedups.values() if f.state not in UNTOLD),
        )


def _value(finding: Finding) -> float:
    return finding.interval.value if finding.interval else np.nan


def steadiness(result: Result) -> Finding:
    """State what tells how far a run can be trusted: its noise and its failures."""
    every = result.table[result.table["typical_s"].notna()]
    timed = every[every["status"] != "implausible"]
    blocks, disturbed = timed["blocks"].sum(), timed["disturbed_blocks"].sum()
    others = timed[timed["contender"] != NUMPY]
    widths = ((others["high"] - others["low"]) / (2 * others["ratio"])).dropna()
    if not len(widths) or not blocks:
        return Finding(id="steadiness", state="absent", sentence="No speedups")
    numbers = {
        "half": f"{100 * widths.median():.1f} %",
        "disturbed": f"{100 * disturbed / blocks:.1f} %",
        "unstable": str(int((timed["verdict"] == UNSETTLED).sum())),
        "cells": str(len(timed)),
        "bimodal": str(int(sum(flag is True for flag in timed["bimodal"]))),
    }
    sentence = (
        "Half of all speedups are known to ±{half} or better; {disturbed} of blocks were disturbed;"
        " {unstable} of {cells} cells did not settle, {bimodal} run at two speeds"
    )
    if impossible := len(every) - len(timed):
        numbers["implausible"] = str(impossible)
        sentence += "; {implausible} more cannot be true and count for nothing"
    return Finding(
        id="steadiness",
        state="told",
        sentence=sentence,
        numbers=numbers,
        cells=tuple(str(cell) for cell in timed["cell"][:1]),
    )


def self_tested(result: Result) -> Finding:
    """State what the self-test of a run found, or that it had none."""
    found = result.machine.self_test
    if found is None:
        sentence = "None in this run; --self-test compares every contender with itself"
        return Finding(id="self-test", state="absent", sentence=sentence)
    sentence = "{excluding} of {comparisons} comparisons of a contender with itself exclude 1"
    numbers = {"excluding": str(found.excluding_1), "comparisons": str(found.comparisons)}
    if found.widest_half_width is not None and found.furthest is not None:
        wins = sum(row.low > MARGIN or row.high < 1 / MARGIN for row in found.rows)
        numbers |= {
            "wins": str(wins),
            "widest": f"{100 * found.widest_half_width:.1f} %",
            "furthest": f"{100 * (np.exp(found.furthest) - 1):.1f} %",
        }
        sentence += (
            " (of 95 % intervals one in twenty does), {wins} by so much that it would be called a"
            " winner; the widest is ±{widest}, and the same code was found at most {furthest} apart"
        )
    return Finding(id="self-test", state="told", sentence=sentence, numbers=numbers)


def has_accelerator(result: Result) -> bool:
    """Tell whether a result holds times of an accelerator."""
    devices = result.table[result.table["typical_s"].notna()]["device"].dropna()
    return bool((devices != "cpu").any())


def about_accelerators(finding: Finding) -> bool:
    """Tell whether a finding is of an accelerator."""
    return finding.about.get("device", ids.CPU) != ids.CPU
