"""Builds the page of a family: its figures, and a section for each of its workloads."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from reports import units
from reports.findings.figures import DEVICE_HEADS, HEADS, device_figures, figures, sort_keys
from reports.findings.findings import Findings, about_accelerators, has_accelerator
from reports.findings.statement import Finding
from reports.pages.rendering import render
from reports.pages.subject import Subject
from reports.read import sources
from reports.read.grouping import by_workload
from reports.read.result import Result
from reports.read.row import Timed

# columns that are shown even if they are empty
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
    """Return the values for a workload's section."""
    findings = subject.findings
    ordered = sorted(rows, key=lambda row: (row.curve, row.dtype, row.threads, row.axis_value))
    lines = [_line(row, subject.result) for row in ordered]
    filled = {key for line in lines for key, text in line["figures"].items() if text}
    duplicates = {"median", "by_medians"} if subject.result.medians_alone else set()
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
        "heads": [
            (key, head) for key, head in HEADS.items() if key in (ALWAYS | filled) - duplicates
        ],
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
        workload, _, setting = rest.partition("/")
        if workload != name or kind not in {"speedup", "time", "precision"}:
            continue
        dtype, _, threads = setting.partition("/")
        caption = ""
        if kind == "time":
            caption = f"CPU contenders on {units.count(int(threads), 'core')}, {dtype}."
        yield {"svg": drawn.svg, "caption": caption}


def _elsewhere(findings: Findings, workload: str) -> Iterator[Finding]:
    """Yield findings about reference machines' accelerators, if this run timed none."""
    if has_accelerator(findings.result):
        return
    for reference in findings.references:
        findings_of_machine = reference.findings
        chosen = findings_of_machine.kind("crossover", workload=workload)
        chosen += findings_of_machine.kind("speedup", workload=workload)
        for finding in filter(about_accelerators, chosen):
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
