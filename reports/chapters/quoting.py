"""Chooses the finding for a quote: of this machine, of a reference machine, or that none exists."""

from collections.abc import Mapping

from bench.results import ids
from reports.findings.findings import Findings, about_accelerators, has_accelerator
from reports.findings.statement import Finding

NOT_MEASURED = "not measured in this run"
NAMES = {  # of findings that are about no workload of their own
    "on-gpu": "What a GPU changes",
    "on-gpu-with-copies": "What a GPU changes with its copies",
    "bill": "The bill of one call",
    "ranks-and-threads": "A second rank against a second thread",
    "communication": "What communication takes of a step",
}
NO_ACCELERATOR = "this run timed no accelerator, and no reference machine has timed this yet"


def finding_about(findings: Findings, kind: str, about: Mapping[str, str]) -> Finding:
    """Return the finding of a kind about a subject, for example `{"workload": "matmul"}`.

    If this machine has no numbers about it, return a reference machine's finding about an
    accelerator, marked as such. If there is none, either, return a finding that says so.
    """
    own = findings.kind(kind, **about)
    if with_numbers := [finding for finding in own if finding.has_numbers]:
        return with_numbers[0]
    for reference in findings.references:
        theirs = [f for f in reference.findings.kind(kind, **about) if f.has_numbers]
        if theirs and about_accelerators(theirs[0]):
            return theirs[0].elsewhere(reference.label, reference.file)
    return own[0] if own else not_measured(kind, about, alone=not has_accelerator(findings.result))


def findings_about(findings: Findings, kind: str, about: Mapping[str, str]) -> list[Finding]:
    """Return all findings of a kind about a subject that have numbers."""
    own = [finding for finding in findings.kind(kind, **about) if finding.has_numbers]
    return own or [finding_about(findings, kind, about)]


def not_measured(kind: str, about: Mapping[str, str], *, alone: bool) -> Finding:
    """Return a finding that says that this was not measured; `alone`: nor on any accelerator."""
    size = about.get("size", "").replace(",", ", ")
    case = f"{about['workload']} at {size}" if size and "workload" in about else ""
    others = [about[key] for key in ("dtype", "contender") if key in about and kind not in NAMES]
    device = about.get("device") or ids.read_contender(about.get("contender", ids.NUMPY)).device
    first = case or about.get("workload") or NAMES.get(kind, kind)
    return Finding(
        id="/".join([kind, *about.values()]),
        state="absent",
        sentence="{where}: " + (NO_ACCELERATOR if alone and device != ids.CPU else NOT_MEASURED),
        words={"where": ", ".join([first, *others])},
    )
