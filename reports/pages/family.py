"""Builds the page of a family: its figures, and a section for each of its workloads."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from reports import units
from reports.findings.figures import DEVICE_HEADS, HEADS, device_figures, figures, sort_keys
from reports.findings.findings import Findings, about_accelerators, has_accelerator
from reports.findings.statement import QUOTED, Finding
from reports.pages.rendering import render
from reports.pages.subject import Subject
from reports.read import sources
from reports.read.grouping import at_largest_size, by_contender, by_curve, by_workload, grouped
from reports.read.result import Result
from reports.read.row import Timed

# columns that are shown even if they are empty
ALWAYS = {"size", "dtype", "threads", "contender", "time", "median"}
FIRST_DTYPE = "float32"  # its chart opens a section, if there is one


class Figure(NamedTuple):
    """A figure of a workload, and what it was drawn from."""

    kind: str
    dtype: str
    caption: str
    svg: Markup


def family_page(subject: Subject, family: str) -> Markup:
    """Return the body of a family's page."""
    rows = [row for row in subject.result.timed if row.family == family]
    in_training = family == "training"
    ladders = subject.findings.kind("ladder") if in_training else []
    first_ladder = max(ladders, key=lambda each: -_threads(each), default=None)
    return render(
        "family.html",
        result=subject.result,
        family=family,
        ladder=subject.figure("ladder") if in_training else None,
        losses=subject.figures("losses/") if in_training else [],
        throughput=subject.figures(f"throughput/{family}/"),
        first_ladder=first_ladder,
        ladders=[each for each in ladders if each is not first_ladder],
        untimed=list(untimed(subject.findings, family)),
        device_heads=DEVICE_HEADS,
        sections=[_section(subject, name, part) for name, part in by_workload(rows).items()],
    )


def untimed(findings: Findings, family: str) -> Iterator[tuple[str, Markup]]:
    """Yield the contenders that lack a time, some of them only at a few sizes, for each reason."""
    workloads = {row.workload for row in findings.result.timed if row.family == family}
    missing = [
        row
        for row in findings.result.rows
        if row.workload in workloads and row.reason and not isinstance(row, Timed)
    ]
    for reason, rows in grouped(missing, lambda row: row.reason).items():
        said = (findings.speedups.get(f"speedup/{row.cell}") for row in rows)
        finding = next((each for each in said if each and each.words.get(QUOTED) == reason), None)
        names = ", ".join(by_contender(rows))
        yield names, finding.number(QUOTED) if finding else Markup("<cite>{}</cite>").format(reason)


def _section(subject: Subject, name: str, rows: Sequence[Timed]) -> dict[str, Any]:
    """Return the values for a workload's section: what opens it, and what is folded."""
    findings = subject.findings
    drawn = list(_figures(subject, name))
    dtypes = {each.dtype for each in drawn if each.kind == "speedup"}
    dtype = FIRST_DTYPE if FIRST_DTYPE in dtypes else min(dtypes, default="")
    first = [each for each in drawn if each.kind == "speedup" and each.dtype == dtype]
    lines = [_line(row, subject.result) for row in _ordered(rows)]
    leads = lead_sentences(findings, name, dtype)
    said = [*findings.kind("crossover", workload=name), *findings.kind("gradients", workload=name)]
    answers = _answers(findings, name, rows)
    largest = {row.cell for group in by_curve(rows).values() for row in at_largest_size(group)}
    return {
        "name": name,
        "summary": (code := _code(rows[0])).summary,
        "code": code,
        "first": first,
        "beside": sum(each.svg.count("<svg") for each in first) == 1,
        "figures": [each for each in drawn if each not in first],
        "leads": [] if answers else leads,
        "answers": answers,
        "further": [finding for finding in said if finding not in leads],
        "largest": [
            finding
            for kind in ("speedup", "scaling", "dtype")
            for finding in findings.kind(kind, workload=name)
            if finding not in leads and finding not in answers and finding.cells[-1] in largest
        ],
        "growths": findings.kind("growth", workload=name),
        "references": list(_elsewhere(findings, name)),
        "heads": _heads(lines, subject.result),
        "rows": lines,
        "devices": [line for line in lines if line["device"]],
    }


def _answers(findings: Findings, workload: str, rows: Sequence[Timed]) -> list[Finding]:
    """Return the speedups of a workload that was measured at one size of each curve.

    Then each says all there is to say of its curve. Empty for other workloads, and if there is only
    one.
    """
    if any(len({row.size for row in group}) > 1 for group in by_curve(rows).values()):
        return []
    said = [each for each in findings.kind("speedup", workload=workload) if each.has_numbers]
    return said if len(said) > 1 else []


def lead_sentences(findings: Findings, workload: str, dtype: str) -> list[Finding]:
    """Return the sentences that open a workload: who is faster at which sizes of its first curve.

    One for each number of cores, the fewest first, then those about accelerators. Without curves,
    it is a speedup at the largest size.
    """
    about = {"workload": workload, "dtype": dtype, "variant": ""}
    if crossovers := findings.kind("crossover", **about):
        curve = crossovers[0].about["curve"]
        own = [each for each in crossovers if each.about["curve"] == curve]
        return sorted(own, key=lambda each: (about_accelerators(each), _threads(each)))
    return [each for each in findings.kind("speedup", **about) if each.has_numbers][-1:]


def _threads(finding: Finding) -> int:
    return int(finding.id.rpartition("threads=")[2].partition("/")[0])


def _ordered(rows: Sequence[Timed]) -> list[Timed]:
    return sorted(rows, key=lambda row: (row.curve, row.dtype, row.threads, row.axis_value))


def _heads(lines: Sequence[dict[str, Any]], result: Result) -> list[tuple[str, str]]:
    """Return the columns of the table; those that say nothing are left out."""
    filled = {key for line in lines for key, text in line["figures"].items() if text}
    silent = {"median", "by_medians"} if result.medians_alone else set()
    if all(line["figures"]["status"] == "ok" for line in lines):
        silent.add("status")
    return [(key, head) for key, head in HEADS.items() if key in (ALWAYS | filled) - silent]


def _line(row: Timed, result: Result) -> dict[str, Any]:
    return {
        "cell": row.cell,
        "state": row.state,
        "reason": row.reason,
        "figures": figures(row, result.machine.peaks),
        "sorts": sort_keys(row),
        "device": device_figures(row),
    }


def _figures(subject: Subject, name: str) -> Iterator[Figure]:
    for key, drawn in subject.drawn.items():
        kind, _, rest = key.partition("/")
        workload, _, setting = rest.partition("/")
        if workload != name or kind not in {"speedup", "time", "precision"}:
            continue
        dtype, _, threads = setting.partition("/")
        caption = {
            "speedup": f"{dtype}.",
            "time": f"CPU contenders on {units.count(int(threads or 0), 'core')}, {dtype}.",
        }
        yield Figure(kind=kind, dtype=dtype, caption=caption.get(kind, ""), svg=drawn.svg)


def _elsewhere(findings: Findings, workload: str) -> Iterator[Finding]:
    """Yield findings about reference machines' accelerators, if this run timed none."""
    if has_accelerator(findings.result):
        return
    for reference in findings.references:
        for finding in reference.findings.kind("crossover", workload=workload):
            if about_accelerators(finding) and not finding.about["variant"]:
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
