"""Findings on how far to trust a run: width of intervals, noise, state of the GPUs, self-test."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.results.verdicts import FASTER, SLOWER, UNSETTLED, verdict
from reports import units
from reports.findings.statement import Finding, used
from reports.read.result import Result
from reports.read.row import Timed

CALM, NOISY = 0.05, 0.10  # half-width of the median interval: at most for calm, more for noisy
FEW_DISTURBED, MANY_DISTURBED = 0.05, 0.20  # share of disturbed blocks: likewise


@dataclass(frozen=True, kw_only=True)
class Noisiness:
    """How noisy a run was.

    Attributes
    ----------
    speedups : their number.
    half_width : the median over all speedups of half the interval's width divided by the speedup.
    disturbed : the share of blocks that were disturbed.

    """

    speedups: int
    half_width: float
    disturbed: float

    @property
    def texts(self) -> dict[str, str]:
        """The numbers as text."""
        return {
            "half": units.share(self.half_width),
            "disturbed": units.share(self.disturbed),
            "speedups": str(self.speedups),
        }


def noise_of(rows: Sequence[Timed]) -> Noisiness | None:
    """Return how noisy a run was, given its plausible cells; None without speedups or blocks."""
    ratios = [row.speedup for row in rows if not row.is_numpy and row.speedup is not None]
    blocks = sum(row.blocks for row in rows)
    if not ratios or not blocks:
        return None
    widths = [ratio.half_width for ratio in ratios]
    disturbed = sum(row.disturbed_blocks for row in rows)
    return Noisiness(
        speedups=len(ratios),
        half_width=float(np.median(widths)),
        disturbed=disturbed / blocks,
    )


def steadiness(result: Result) -> Finding:
    """State how narrow the intervals of a run are, and what may be wrong with its times."""
    rows = result.plausible
    noise = noise_of(rows)
    if noise is None:
        return Finding(id="steadiness", state="absent", sentence="No speedups")
    ratios = [row.speedup for row in rows if not row.is_numpy and row.speedup is not None]
    unsettled = sum(verdict(ratio.low, ratio.high) == UNSETTLED for ratio in ratios)
    numbers = noise.texts | {
        "unsettled": str(unsettled),
        "cells": str(len(rows)),
        "bimodal": str(sum(row.bimodal for row in rows)),
    }
    sentence = (
        "Half of all {speedups} speedups are known to ±{half} or better, and {unsettled} are"
        " unsettled; {disturbed} of blocks were disturbed by another process; {bimodal} of {cells}"
        " cells run at two speeds"
    )
    if once := sum(row.visits == 1 for row in rows):
        numbers["once"] = str(once)
        sentence += "; {once} of {cells} cells were visited once, which no other visit confirms"
    if impossible := len(result.timed) - len(rows):
        numbers["implausible"] = str(impossible)
        sentence += "; {implausible} more cannot be true and are left out"
    return Finding(
        id="steadiness", state="measured", sentence=sentence, numbers=numbers, cells=(rows[0].cell,)
    )


BUSY_BYTES = 2**31  # memory in use before a run; less may be what the driver itself uses
NOISE = {
    "calm": "This machine was calm during the run: half of all {speedups} speedups are known to"
    " ±{half} or better",
    "some noise": "This machine had some noise during the run: half of all {speedups} speedups are"
    " uncertain by ±{half} or more",
    "noisy": "This machine was noisy during the run, so small differences stay unsettled: half of"
    " all {speedups} speedups are uncertain by ±{half} or more",
}
DISTURBED = ", and {disturbed} of blocks were disturbed by another process"


def noisiness(result: Result) -> Finding:
    """State how noisy the machine was, by the width of intervals and the disturbed blocks."""
    noise = noise_of(result.plausible)
    if noise is None:
        return Finding(id="noise", state="absent", sentence="How noisy it was is not known")
    state = "some noise"
    if noise.half_width <= CALM and noise.disturbed <= FEW_DISTURBED:
        state = "calm"
    elif noise.half_width > NOISY or noise.disturbed > MANY_DISTURBED:
        state = "noisy"
    sentence = NOISE[state] + DISTURBED * (noise.disturbed > FEW_DISTURBED)
    return Finding(
        id="noise",
        state=state,
        sentence=sentence,
        numbers=used(sentence, noise.texts),
        cells=(result.plausible[0].cell,),
    )


def card(result: Result) -> Finding:
    """State whether others used a GPU before the run, or a limit slowed it down at the end."""
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
    """State the outcome of a run's self-test, or that it had none."""
    test = result.machine.self_test
    if test is None:
        sentence = (
            "This run had no self-test; with --self-test, it shows how far two measurements of the"
            " same code differ"
        )
        return Finding(id="self-test", state="absent", sentence=sentence)
    sentence = "{excluding} of {comparisons} comparisons of a contender with itself exclude 1"
    numbers = {"excluding": str(test.excluding_1), "comparisons": str(test.comparisons)}
    if test.widest_half_width is not None and test.furthest is not None:
        winners = sum(verdict(row.low, row.high) in {FASTER, SLOWER} for row in test.rows)
        numbers |= {
            "winners": str(winners),
            "widest": f"{100 * test.widest_half_width:.1f} %",
            "furthest": f"{100 * (math.exp(test.furthest) - 1):.1f} %",
        }
        sentence += (
            " (of 95 % intervals one in twenty does); {winners} would be called a winner; the"
            " widest interval is ±{widest}, and the same code was measured at most {furthest} apart"
        )
    return Finding(id="self-test", state="measured", sentence=sentence, numbers=numbers)
