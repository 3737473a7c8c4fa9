"""Everything that a result says, statement by statement, and what of it stands first.

Which sentence is said is chosen by the data; no sentence claims what its file does not show. All
statements of a result are found by their ids, so that a page can quote one and a check can draw it
anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, UNSETTLED, VERDICTS
from reports.findings.calls import first_calls, overheads
from reports.findings.crossovers import crossovers
from reports.findings.growth import growths
from reports.findings.largest import answers, bins
from reports.findings.pairs import dtypes, scalings
from reports.findings.roofline import roofs
from reports.findings.speedups import Speedups
from reports.findings.statement import Finding
from reports.findings.training import gradients, ladders
from reports.findings.trust import card, noisiness, self_tested, steadiness
from reports.findings.verification import verification
from reports.read.result import Result
from reports.read.row import NO_SPEEDUP

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
    """The findings of one result; `references` are of machines with devices that its own lacks."""

    result: Result
    references: tuple[Reference, ...] = ()

    @cached_property
    def speedups(self) -> Mapping[str, Finding]:
        """Those of kind speedup, by id."""
        return Speedups(self.result).all()

    @cached_property
    def all(self) -> Mapping[str, Finding]:
        """Every finding by its id."""
        result = self.result
        cells = {row.cell: row for row in result.believed}
        findings = [
            *self.speedups.values(),
            *crossovers(result),
            *growths(result),
            *roofs(result),
            *overheads(result.believed),
            *scalings(cells),
            *dtypes(cells),
            *first_calls(result.believed),
            *gradients(cells),
            *ladders(cells),
            verification(result),
            *answers(result),
            *bins(result),
            self._score(),
            steadiness(result),
            noisiness(result),
            card(result),
            self_tested(result),
        ]
        return {finding.id: finding for finding in findings}

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
        usual = [f for f in self.speedups.values() if not f.about["variant"]]
        wins = [f for f in usual if f.state == FASTER]
        losses = [f for f in usual if f.state == SLOWER]
        matmul = [f for f in usual if f.about["workload"] == "matmul" and f.has_numbers]
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
        judged = [f for f in self.speedups.values() if f.state not in NO_SPEEDUP]
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


def has_accelerator(result: Result) -> bool:
    """Tell whether a result holds times of an accelerator."""
    return any(not row.on_cpu for row in result.timed)


def about_accelerators(finding: Finding) -> bool:
    """Tell whether a finding is of an accelerator."""
    return finding.about.get("device", ids.CPU) != ids.CPU
