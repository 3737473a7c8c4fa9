"""Everything that a result says, statement by statement, and what of it stands first.

Which sentence is said is chosen by the data; no sentence claims what its file does not show. All
statements of a result are found by their ids, so that a page can quote one and a check can draw it
anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, UNSETTLED, VERDICTS, verdict, verdicts
from reports import units
from reports.findings.largest import answers, bins
from reports.findings.lessons import lessons
from reports.findings.names import NUMPY
from reports.findings.roofline import roofs
from reports.findings.speedups import IMPLAUSIBLE, UNTOLD, Speedups
from reports.findings.statement import Finding
from reports.findings.trends import crossovers, growths
from reports.read.load import Result

CALM, NOISY = 0.05, 0.10  # half-width of a run's median interval: below the one, above the other
FEW_DISTURBED, MANY_DISTURBED = 0.05, 0.20  # share of a run's blocks
SCORE = "PyTorch is faster in {faster}, slower in {slower}, as fast within 10 % in {tie}"


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
            *answers(self.result),
            *bins(self.result),
            self._score(),
            steadiness(self.result),
            noise(self.result),
            card(self.result),
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

        A win is as large as the end of its interval that is nearer to 1: a wide interval makes no
        headline. Where an accelerator was measured the largest matmul is its own.
        """
        told = [f for f in self.speedups.values() if not f.about["variant"]]
        wins = [f for f in told if f.state == FASTER]
        losses = [f for f in told if f.state == SLOWER]
        matmul = [f for f in told if f.about["workload"] == "matmul" and f.told]
        chosen = [
            *sorted(wins, key=lambda f: f.interval.low if f.interval else 0.0, reverse=True)[:1],
            *sorted(losses, key=lambda f: f.interval.high if f.interval else 1.0)[:1],
            *matmul[-1:],
        ]
        return list({finding.id: finding for finding in chosen}.values())

    def answers(self) -> list[Finding]:
        """Return the answers to "should I care", one for each way of running PyTorch."""
        return self.kind("answer")

    def _score(self) -> Finding:
        """Count the verdicts on all PyTorch cells; what most of them are is said first."""
        judged = [f for f in self.speedups.values() if f.state not in UNTOLD]
        if not judged:
            sentence = "No speedup was measured in this run"
            return Finding(id="score", state="absent", sentence=sentence)
        states = [f.state for f in judged]
        counts = {state: states.count(state) for state in VERDICTS}
        mostly = 2 * counts[UNSETTLED] > len(states)
        return Finding(
            id="score",
            state=UNSETTLED if mostly else "told",
            sentence="Who is faster is unsettled in {unsettled} of {count} PyTorch cells; " + SCORE
            if mostly
            else "Of {count} PyTorch cells, " + SCORE + ", unsettled in {unsettled}",
            numbers={"count": str(len(states))} | {s: str(n) for s, n in counts.items()},
            cells=tuple(f.cells[-1] for f in judged),
        )


def steadiness(result: Result) -> Finding:
    """State how well the speedups of a run are known, and what is wrong with it."""
    every = result.table[result.table["time_s"].notna()]
    timed = every[every["status"] != IMPLAUSIBLE]
    width, disturbed = _noise_of(timed)
    if np.isnan(width) or np.isnan(disturbed):
        return Finding(id="steadiness", state="absent", sentence="No speedups")
    others = timed[(timed["contender"] != NUMPY) & timed["ratio"].notna()]
    judged = verdicts(others["low"], others["high"])
    numbers = {
        "half": f"{100 * width:.1f} %",
        "disturbed": f"{100 * disturbed:.1f} %",
        "unsettled": str(int((judged == UNSETTLED).sum())),
        "speedups": str(len(others)),
        "cells": str(len(timed)),
        "bimodal": str(int(sum(flag is True for flag in timed["bimodal"]))),
    }
    sentence = (
        "Half of all speedups are known to ±{half} or better; {disturbed} of blocks were disturbed;"
        " {unsettled} of {speedups} speedups are unsettled; {bimodal} of {cells} cells run at two"
        " speeds"
    )
    if once := int((timed["visits"] == 1).sum()):
        numbers["once"] = str(once)
        sentence += "; {once} of {cells} cells were visited once, which no other visit confirms"
    if impossible := len(every) - len(timed):
        numbers["implausible"] = str(impossible)
        sentence += "; {implausible} more cannot be true and are left out"
    return Finding(
        id="steadiness",
        state="told",
        sentence=sentence,
        numbers=numbers,
        cells=tuple(str(cell) for cell in timed["cell"][:1]),
    )


BUSY_BYTES = 2**31  # of a card's memory in use before a run; a driver holds some itself
NOISE = {
    "calm": "This machine was calm during the run",
    "some noise": "This machine had some noise during the run",
    "noisy": "This machine was noisy during the run, so small differences stay unsettled",
}


def noise(result: Result) -> Finding:
    """State in a line how noisy the machine was: by the intervals, and by the disturbed blocks."""
    every = result.table[result.table["time_s"].notna()]
    timed = every[every["status"] != IMPLAUSIBLE]
    width, disturbed = _noise_of(timed)
    if np.isnan(width) or np.isnan(disturbed):
        return Finding(id="noise", state="absent", sentence="How noisy it was is not known")
    state = "some noise"
    if width <= CALM and disturbed <= FEW_DISTURBED:
        state = "calm"
    elif width > NOISY or disturbed > MANY_DISTURBED:
        state = "noisy"
    return Finding(
        id="noise",
        state=state,
        sentence=NOISE[state] + ": half of all speedups are known to ±{half} or better, and"
        " {disturbed} of blocks were disturbed",
        numbers={"half": f"{100 * width:.1f} %", "disturbed": f"{100 * disturbed:.1f} %"},
        cells=tuple(str(cell) for cell in timed["cell"][:1]),
    )


def _noise_of(timed: pd.DataFrame) -> tuple[float, float]:
    """Return half the relative width of the median interval, and the share of disturbed blocks."""
    others = timed[timed["contender"] != NUMPY]
    widths = ((others["high"] - others["low"]) / (2 * others["ratio"])).dropna()
    blocks, disturbed = timed["blocks"].sum(), timed["disturbed_blocks"].sum()
    return (
        float(widths.median()) if len(widths) else np.nan,
        float(disturbed / blocks) if blocks else np.nan,
    )


def card(result: Result) -> Finding:
    """State whether a GPU was another's too before the run, or slowed down by its end."""
    begin, end = result.machine.gpu_states.begin, result.machine.gpu_states.end
    for state in begin:
        if state.processes or (state.used_bytes or 0) > BUSY_BYTES:
            return Finding(
                id="card",
                state="busy",
                sentence="Before the run {held} of the memory of {device} was in use, by others:"
                " its times may be longer than its own",
                words={"device": state.name},
                numbers={"held": units.size_bytes(state.used_bytes or 0)},
            )
    for state in end:
        if state.held_back:
            return Finding(
                id="card",
                state="held back",
                sentence="At the end of the run {device} was held back by {why}: its times may be"
                " longer than they can be",
                words={"device": state.name, "why": " and ".join(state.held_back)},
            )
    if not begin:
        return Finding(id="card", state="absent", sentence="What its GPUs did besides is not known")
    return Finding(id="card", state="free", sentence="Its GPUs were free before the run")


def self_tested(result: Result) -> Finding:
    """State what the self-test of a run found, or that it had none."""
    found = result.machine.self_test
    if found is None:
        sentence = "None in this run; --self-test compares every contender with itself"
        return Finding(id="self-test", state="absent", sentence=sentence)
    sentence = "{excluding} of {comparisons} comparisons of a contender with itself exclude 1"
    numbers = {"excluding": str(found.excluding_1), "comparisons": str(found.comparisons)}
    if found.widest_half_width is not None and found.furthest is not None:
        winners = sum(verdict(row.low, row.high) in {FASTER, SLOWER} for row in found.rows)
        numbers |= {
            "winners": str(winners),
            "widest": f"{100 * found.widest_half_width:.1f} %",
            "furthest": f"{100 * (np.exp(found.furthest) - 1):.1f} %",
        }
        sentence += (
            " (of 95 % intervals one in twenty does); {winners} would be called a winner; the"
            " widest interval is ±{widest}, and the same code was measured at most {furthest} apart"
        )
    return Finding(id="self-test", state="told", sentence=sentence, numbers=numbers)


def has_accelerator(result: Result) -> bool:
    """Tell whether a result holds times of an accelerator."""
    devices = result.table[result.table["time_s"].notna()]["device"].dropna()
    return bool((devices != "cpu").any())


def about_accelerators(finding: Finding) -> bool:
    """Tell whether a finding is of an accelerator."""
    return finding.about.get("device", ids.CPU) != ids.CPU
