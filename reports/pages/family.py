"""The page of one family: its figures, and a section for each of its workloads."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from reports.findings.figures import DEVICE_HEADS, HEADS, device_figures, figures, sort_keys
from reports.findings.findings import Findings, about_accelerators, has_accelerator
from reports.findings.statement import Finding
from reports.pages.rendering import render
from reports.pages.subject import Subject
from reports.read import sources
from reports.read.grouping import by_workload
from reports.read.result import Result
from reports.read.row import Timed

ALWAYS = {"size", "dtype", "threads", "contender", "time", "median", "status"}


def family_page(subject: Subject, family: str) -> Markup:
    """Return the body of a family's page."""
    rows = [row for row in subject.result.timed if row.family == family]
    drawn = {
        "ladder": subject.figure("ladder") if family == "training" else None,
        "losses": subject.figures("losses/") if family == "training" else [],
        "throughput": subject.figures(f"throughput/{family}/"),
    }
    return render(
        "family.html",
        result=subject.result,
        family=family,
        figures=drawn,
        ladders=subject.findings.kind("ladder"),
        device_heads=DEVICE_HEADS,
        sections=[_section(subject, name, part) for name, part in by_workload(rows).items()],
    )


def _section(subject: Subject, name: str, rows: Sequence[Timed]) -> dict[str, Any]:
    """Return what a family's page says of a workload."""
    findings = subject.findings
    order = sorted(rows, key=lambda row: (row.curve, row.dtype, row.threads, row.axis_value))
    lines = [_line(row, subject.result) for row in order]
    filled = {key for line in lines for key, text in line["figures"].items() if text}
    twice = {"median", "by_medians"} if subject.result.medians_alone else set()
    return {
        "name": name,
        "summary": (code := _code(rows[0])).summary,
        "code": code,
        "figures": list(_figures(subject, name)),
        "trends": findings.kind("crossover", workload=name)
        + findings.kind("gradients", workload=name),
        "references": list(_elsewhere(findings, name)),
        "speedups": findings.kind("speedup", workload=name),
        "further": [
            finding
            for kind in ("roof", "scaling", "dtype", "growth")
            for finding in findings.kind(kind, workload=name)
        ],
        "heads": [(key, head) for key, head in HEADS.items() if key in (ALWAYS | filled) - twice],
        "rows": lines,
        "devices": [line for line in lines if line["device"]],
    }


def _line(row: Timed, result: Result) -> dict[str, Any]:
    return {
        "cell": row.cell,
        "state": row.state,
        "reason": row.reason,
        "figures": figures(row, result.machine.peaks),
        "sorts": sort_keys(row),
        "device": device_figures(row),
    }


def _figures(subject: Subject, name: str) -> Iterator[dict[str, Any]]:
    for key, drawn in subject.drawn.items():
        kind, _, rest = key.partition("/")
        workload, _, further = rest.partition("/")
        if workload != name or kind not in {"speedup", "time", "precision"}:
            continue
        dtype, _, threads = further.partition("/")
        cores = (
            "One core against one core" if threads == "1" else f"{threads} cores against as many"
        )
        yield {"svg": drawn.svg, "caption": f"{cores}, {dtype}." if kind == "time" else ""}


def _elsewhere(findings: Findings, workload: str) -> Iterator[Finding]:
    """Yield what a reference machine's accelerator did, where this machine has none."""
    if has_accelerator(findings.result):
        return
    for reference in findings.references:
        theirs = reference.findings
        findings_there = theirs.kind("crossover", workload=workload)
        findings_there += theirs.kind("speedup", workload=workload)
        for finding in filter(about_accelerators, findings_there):
            if finding.has_numbers and not finding.about["variant"]:
                yield finding.elsewhere(reference.label, reference.file)


def _code(row: Timed) -> sources.TimedCode:
    """Return the code of a cell's workload, highlighted."""
    code = sources.timed_code(row.sources, row.source_sha256)
    return sources.TimedCode(
        state=code.state,
        summary=code.summary,
        bodies={side: sources.highlighted(text) for side, text in code.bodies.items()},
        files={name: sources.highlighted(text) for name, text in code.files.items()},
    )
