"""All findings of a result, and the headlines among them.

The data choose each sentence, so no sentence claims what its file does not show. Every finding has
an id, by which a page quotes it and `check` computes it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, UNSETTLED, VERDICTS
from reports.findings.calls import first_calls, overheads
from reports.findings.crossovers import crossovers
from reports.findings.forecasts import forecasts
from reports.findings.foreign import about_tests
from reports.findings.growth import growths
from reports.findings.largest import answers, bins
from reports.findings.layers import changed_models
from reports.findings.pairs import dtypes, scalings
from reports.findings.questions import QUESTIONS, questions
from reports.findings.roofline import roofs
from reports.findings.scaling import about_points
from reports.findings.speedups import Speedups
from reports.findings.statement import Finding
from reports.findings.training import gradients, ladders
from reports.findings.trust import card, noisiness, self_tested, steadiness
from reports.findings.verification import verification
from reports.read.grouping import grouped
from reports.read.result import Result
from reports.read.row import NO_SPEEDUP

SCORE = "PyTorch is faster in {faster}, slower in {slower}, as fast within 10 % in {tie}"


@dataclass(frozen=True)
class Reference:
    """A committed machine with an accelerator, quoted for readers whose own machine has none.

    Attributes
    ----------
    label : the machine's name.
    file : the path of its result file, relative to the page.

    """

    findings: "Findings"
    label: str
    file: str


@dataclass(frozen=True)
class Findings:
    """The findings of one result; `references` are machines with devices that this one lacks."""

    result: Result
    references: tuple[Reference, ...] = ()

    @cached_property
    def speedups(self) -> Mapping[str, Finding]:
        """The findings of kind speedup, by id."""
        return Speedups(self.result).all()

    @cached_property
    def all(self) -> Mapping[str, Finding]:
        """Every finding by its id; of another suite's file, those about its tests."""
        result = self.result
        if not result.own:
            return {finding.id: finding for finding in about_tests(result)}
        cells = {row.cell: row for row in result.plausible}
        findings = [
            *self.speedups.values(),
            *crossovers(result),
            *growths(result),
            *roofs(result),
            *overheads(result.plausible),
            *scalings(cells),
            *dtypes(cells),
            *first_calls(result.plausible),
            *gradients(cells),
            *ladders(cells),
            verification(result),
            *answers(result),
            *bins(result),
            *questions(result, cells),
            *changed_models(cells),
            self._score(),
            steadiness(result),
            noisiness(result),
            card(result),
            self_tested(result),
            *about_points(result),
            *forecasts(result),
        ]
        return {finding.id: finding for finding in findings}

    def kind(self, kind: str, **about: str) -> list[Finding]:
        """Return the findings of a kind whose `about` matches: workload="matmul", size="n=64"."""
        return [
            finding
            for finding in self._by_kind.get(kind, ())
            if all(finding.about.get(key) == value for key, value in about.items())
        ]

    @cached_property
    def _by_kind(self) -> Mapping[str, Sequence[Finding]]:
        return grouped(self.all.values(), lambda finding: finding.kind)

    def headlines(self) -> list[Finding]:
        """Return at most three: PyTorch's largest win, its largest loss, and the largest matmul.

        Wins and losses are ranked by the end of the interval nearer to 1, so that an uncertain
        speedup makes no headline. The largest matmul is an accelerator's if one was measured.
        """
        plain = [f for f in self.speedups.values() if not f.about["variant"]]
        matmul = [f for f in plain if f.about["workload"] == "matmul" and f.has_numbers]
        chosen = [*_clearest(plain), *matmul[-1:]]
        return list({finding.id: finding for finding in chosen}.values())

    def extremes(self, *, accelerators: bool = False) -> list[Finding]:
        """Return PyTorch's largest win and largest loss on the CPU, or on accelerators."""
        plain = (f for f in self.speedups.values() if not f.about["variant"])
        return _clearest([f for f in plain if about_accelerators(f) == accelerators])

    def least_certain(self) -> list[Finding]:
        """Return the speedups of plain contenders, those with the widest intervals first."""
        known = [f for f in self.speedups.values() if f.interval and not f.about["variant"]]
        return sorted(known, key=lambda f: f.interval.low / f.interval.high if f.interval else 1.0)

    def answers(self) -> dict[str, list[Finding]]:
        """Return the answers to the three questions: about the CPU, a GPU, and autograd."""
        reference = self.reference_with_gpu()
        source = reference.findings if reference else self
        gpus = [*source.kind("on-gpu"), *source.kind("on-gpu-with-copies")]
        if reference:
            gpus = [each.elsewhere(reference.label, reference.file) for each in gpus]
        answers = (self.kind("on-cpu"), gpus, self.kind("autograd"))
        return dict(zip(QUESTIONS, answers, strict=True))

    def reference_with_gpu(self) -> Reference | None:
        """Return the machine that answers for a GPU, if this result cannot answer itself."""
        if "on-gpu" in self.all:
            return None
        return next((each for each in self.references if "on-gpu" in each.findings.all), None)

    def _score(self) -> Finding:
        """Count the verdicts on all PyTorch cells; if most are unsettled, say so first."""
        known = [f for f in self.speedups.values() if f.state not in NO_SPEEDUP]
        if not known:
            sentence = "No speedup was measured in this run"
            return Finding(id="score", state="absent", sentence=sentence)
        states = [f.state for f in known]
        counts = {state: states.count(state) for state in VERDICTS}
        mostly = 2 * counts[UNSETTLED] > len(states)
        return Finding(
            id="score",
            state=UNSETTLED if mostly else "measured",
            sentence="Who is faster is unsettled in {unsettled} of {count} PyTorch cells; " + SCORE
            if mostly
            else "Of {count} PyTorch cells, " + SCORE + ", unsettled in {unsettled}",
            numbers={"count": str(len(states))} | {s: str(n) for s, n in counts.items()},
            cells=tuple(f.cells[-1] for f in known),
        )


def _clearest(findings: Sequence[Finding]) -> list[Finding]:
    """Return the largest win and the largest loss, by the end of the interval nearer to 1."""
    wins = [f for f in findings if f.state == FASTER]
    losses = [f for f in findings if f.state == SLOWER]
    return [
        *sorted(wins, key=lambda f: f.interval.low if f.interval else 0.0, reverse=True)[:1],
        *sorted(losses, key=lambda f: f.interval.high if f.interval else 1.0)[:1],
    ]


def has_accelerator(result: Result) -> bool:
    """Return whether a result has times of an accelerator."""
    return any(not row.on_cpu for row in result.timed)


def about_accelerators(finding: Finding) -> bool:
    """Return whether a finding is about an accelerator."""
    return finding.about.get("device", ids.CPU) != ids.CPU
