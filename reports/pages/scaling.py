"""Builds the page on several ranks: whether a second one is worth it, and every point."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from bench.results import ids
from reports.findings.facts import group_facts
from reports.findings.findings import Findings
from reports.findings.point_figures import POINT_HEADS, point_figures, point_sort_keys
from reports.findings.statement import Finding
from reports.pages.rendering import render
from reports.pages.scaling_model import scaling_model
from reports.pages.subject import Subject
from reports.read.point import THREADS, Point

SCALING = "scaling.html"
LINE = "is a second rank worth it? what several processes, devices and machines gain"


def scaling_page(subject: Subject) -> Markup:
    """Return the body of the page on several ranks."""
    findings, result = subject.findings, subject.result
    rows = [_row(point) for point in result.points]
    gains = [finding for finding in findings.kind("ranks") if finding.has_numbers]
    return render(
        "scaling.html",
        result=result,
        findings=findings,
        answer=findings.all["second-rank"],
        further=further_answers(findings),
        oversubscribed=findings.all.get("oversubscribed"),
        speedups=subject.figure("scaling/speedup"),
        all_reduce=subject.figure("scaling/all-reduce"),
        strong=_of_mode(gains, "strong"),
        weak=_of_mode(gains, "weak"),
        threads=findings.kind("ranks-and-threads"),
        numpy=_of_mode(findings.kind("ranks-and-numpy"), "strong"),
        numpy_weak=_of_mode(findings.kind("ranks-and-numpy"), "weak"),
        communication=findings.kind("communication"),
        shares=findings.kind("share"),
        bandwidths=findings.kind("bandwidth"),
        verified=findings.all.get("points-verified"),
        faults=findings.kind("rank-fault"),
        skipped=findings.kind("skipped-points"),
        between=_between_points(subject),
        heads=[(name, head) for name, head in POINT_HEADS.items() if _any(rows, name)],
        rows=rows,
        facts=group_facts(result.scaling) if result.scaling else [],
        **scaling_model(result, {name: drawn.svg for name, drawn in subject.drawn.items()}),
    )


def _of_mode(findings: Sequence[Finding], mode: str) -> list[list[Finding]]:
    """Return the findings on strong or weak scaling: those on PyTorch's ranks, then the others."""
    chosen = [finding for finding in findings if finding.about["mode"] == mode]
    others = (ids.NUMPY, THREADS)
    return [
        [finding for finding in chosen if finding.about["contender"] not in others],
        [finding for finding in chosen if finding.about["contender"] in others],
    ]


def further_answers(findings: Findings) -> list[Finding]:
    """Return the answers about other computations and contenders than the first answer's."""
    first = findings.all["second-rank"]
    others = [each for each in findings.kind("second-rank") if each.id != first.id]
    return [each for each in others if each.about != first.about]


def _row(point: Point) -> dict[str, Any]:
    return {"point": point, "texts": point_figures(point), "sorts": point_sort_keys(point)}


def _any(rows: Sequence[dict[str, Any]], name: str) -> bool:
    """Return whether any point has a text in a column."""
    return any(row["texts"][name] for row in rows)


def _between_points(subject: Subject) -> list[str]:
    """Return the faults that belong to no point: those of points stand with the points."""
    scaling, ids = subject.result.scaling, {point.id for point in subject.result.points}
    lines = scaling.faults if scaling else []
    return [line for line in lines if line.partition(": ")[0] not in ids]
