"""Which finding a quote means: this machine's, a reference machine's, or that there is none."""

from collections.abc import Mapping

from bench.results import ids
from reports.findings.findings import Findings, about_accelerators, has_accelerator
from reports.findings.statement import Finding

UNASKED = "not asked for in this run"
ALONE = "no accelerator was timed in this run, nor this by a reference machine yet"


def one(findings: Findings, kind: str, about: Mapping[str, str]) -> Finding:
    """Return the finding of a kind that is about something; one that says so where there is none.

    Where this machine has nothing to tell of it, a reference machine's of the same, if that is of
    an accelerator, marked as that.
    """
    own = findings.kind(kind, **about)
    if with_numbers := [finding for finding in own if finding.has_numbers]:
        return with_numbers[0]
    for reference in findings.references:
        theirs = [f for f in reference.findings.kind(kind, **about) if f.has_numbers]
        if theirs and about_accelerators(theirs[0]):
            return theirs[0].elsewhere(reference.label, reference.file)
    return own[0] if own else unasked(kind, about, alone=not has_accelerator(findings.result))


def every(findings: Findings, kind: str, about: Mapping[str, str]) -> list[Finding]:
    """Return all findings of a kind that are about something and hold a number."""
    own = [finding for finding in findings.kind(kind, **about) if finding.has_numbers]
    return own or [one(findings, kind, about)]


def unasked(kind: str, about: Mapping[str, str], *, alone: bool) -> Finding:
    """Return a finding that says that nothing of this was asked for; `alone`, without a GPU."""
    size = about.get("size", "").replace(",", ", ")
    named = f"{about['workload']} at {size}" if size and "workload" in about else ""
    rest = [about[key] for key in ("dtype", "contender") if key in about]
    device = ids.read_contender(about.get("contender", ids.NUMPY)).device
    first = named or about.get("workload") or kind
    return Finding(
        id="/".join([kind, *about.values()]),
        state="absent",
        sentence="{where}: " + (ALONE if alone and device != ids.CPU else UNASKED),
        words={"where": ", ".join([first, *rest])},
    )
