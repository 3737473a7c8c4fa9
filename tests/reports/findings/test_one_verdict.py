"""Every part that names a winner follows the one rule, on a grid of intervals."""

import itertools
import math

import pytest

from bench.results.verdicts import MARGIN, SLOWER, TIE, TIE_WITHIN, UNSETTLED, verdict
from reports import units
from reports.charts.crossovers import speedup_against_size
from reports.charts.drawing import PAPER
from reports.charts.overview import overview
from reports.charts.sizes import STATES, sizes_title, time_against_size
from reports.compare.comparison import compare
from reports.compare.gate import regressions
from reports.findings.crossing import size_verdicts
from reports.findings.findings import Findings
from reports.findings.largest import answers
from reports.findings.ratios import verdict_on
from reports.pages.readme import readme
from reports.read.interval import Interval
from reports.read.load import load
from tests.conftest import CASE, ONE, content, entry

ENDS = (0.1, 0.5, 0.92, 0.96, 1.01, 1.04, 1.06, 1.08, 1.11, 9.0)
GRID = [
    *itertools.combinations(ENDS, 2),
    (MARGIN, 2.0),
    (0.5, 1 / MARGIN),
    (1 / TIE_WITHIN, TIE_WITHIN),
    (1.0, 1.0),
]
CELL = CASE.format(16)


def middle(low, high):
    return math.sqrt(low * high)


def file(write, low, high, name="result.json", **info):
    speedup = (middle(low, high), low, high)
    timed = [
        entry(f"{CELL}/numpy", 1e-3, ONE, axis="n", axis_value=16.0),
        entry(f"{CELL}/torch-cpu", 1e-3 / speedup[0], speedup, axis="n", axis_value=16.0, **info),
    ]
    return load(write(content(timed), name))


def two_runs(write, low, high):
    """Return two results of one cell each; the ratio of their times has this interval."""
    half = math.sqrt(high / low)
    times = {"a": (1e-3, 1.0), "b": (1e-3 / middle(low, high), half)}
    results = []
    for label, (time_s, spread) in times.items():
        ends = {"time_low_s": time_s / spread, "time_high_s": time_s * spread}
        timed = [entry(f"{CELL}/numpy", time_s, ONE, **ends)]
        results.append(load(write(content(timed, label=label), f"{label}.json")))
    return results


def hollow(plot):
    """Return whether a figure has a hollow point."""
    marks = [line for axes in plot.figure.axes for line in axes.lines]
    return any(line.get_marker() == "o" and line.get_markerfacecolor() == PAPER for line in marks)


@pytest.mark.parametrize(("low", "high"), GRID, ids=lambda end: f"{end:.3g}")
def test_findings_charts_and_readme_follow_the_one_rule(write, low, high):
    expected = verdict(low, high)
    result = file(write, low, high)
    findings = Findings(result)
    (speedup,) = findings.speedups.values()
    assert speedup.state == expected
    (row,) = [row for row in result.timed if row.contender == "torch-cpu"]
    assert row.state == expected
    assert [each.verdict for each in size_verdicts([row])] == [expected]
    assert verdict_on(Interval(value=middle(low, high), low=low, high=high)) == expected
    (answer,) = answers(result)
    assert answer.state == expected
    assert sizes_title([row]) == f"torch-cpu: {STATES[expected]} at 1 of 1"
    marked = {TIE: "| {} |", UNSETTLED: "| *{}* |"}.get(expected, "| **{}** |")
    assert marked.format(units.ratio(*row.speedup)) in readme([result])
    for plot in (
        time_against_size(result.timed),
        speedup_against_size(result.timed),
        overview(result.timed, 1),
    ):
        assert hollow(plot) == (expected == UNSETTLED)


@pytest.mark.parametrize(("low", "high"), GRID, ids=lambda end: f"{end:.3g}")
def test_comparison_and_gate_follow_the_one_rule(write, low, high):
    comparison = compare(two_runs(write, low, high))
    pair = comparison.like.pairs.iloc[0]
    known = verdict(pair["low"], pair["high"])
    assert pair["verdict"] == known
    assert (pair["low"], pair["high"]) == pytest.approx((low, high))
    assert list(comparison.like.means["verdict"]) == [known] * 2
    assert len(regressions(comparison.like, MARGIN - 1)) == (known == SLOWER)
    assert len(regressions(comparison.like, 0)) == (pair["high"] < 1)
