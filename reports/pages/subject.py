"""What the pages of one result are made from, and what a page is before it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from reports.chapters.outputs import Outputs
from reports.chapters.prose import Prose
from reports.chapters.reading import Chapter
from reports.charts.plans import Drawn
from reports.findings.findings import Findings
from reports.read.grouping import by_family, by_workload
from reports.read.result import Result


class SourceFile(NamedTuple):
    """A result file as a site holds it: its path there, and the hash of its bytes."""

    file: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class SitePage:
    """One page before it is written.

    Attributes
    ----------
    path : in the site.
    name : in the menu, "" for none.
    body : what stands between head and foot.

    """

    path: str
    title: str
    name: str
    body: Markup
    sources: Sequence[SourceFile]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the pages of one result are made from.

    Attributes
    ----------
    prefix : the folder of its pages in the site, "" or ending in a slash.
    downloads : paths from there, and what they are called.
    others : the first pages of other results, from the site's root, with their labels.
    outputs : what each chapter's code shows, by the stem of its file.
    with_comparison : whether the site compares its results on a page.

    """

    findings: Findings
    drawn: Mapping[str, Drawn]
    source: SourceFile
    references: Sequence[SourceFile] = ()
    prefix: str = ""
    downloads: Sequence[tuple[str, str]] = ()
    others: Sequence[tuple[str, str]] = ()
    complaints: Sequence[str] = ()
    chapters: Sequence[Chapter] = ()
    outputs: Mapping[str, Outputs] = field(default_factory=dict)
    with_comparison: bool = False

    @property
    def result(self) -> Result:
        """The result."""
        return self.findings.result

    @property
    def families(self) -> dict[str, list[str]]:
        """The workloads of each family that was timed."""
        families = by_family(self.result.timed)
        return {name: list(by_workload(rows)) for name, rows in families.items()}

    def prose(self, chapter: Chapter) -> Prose:
        """Return the prose of a chapter over this result."""
        return Prose(
            chapter=chapter,
            findings=self.findings,
            figures={name: drawn.svg for name, drawn in self.drawn.items()},
            contents=self.chapters,
            families={name: family_path(name) for name in self.families},
        )

    def figure(self, name: str) -> Markup | None:
        """Return a figure, None where there was nothing to draw."""
        return self.drawn[name].svg if name in self.drawn else None

    def figures(self, prefix: str) -> list[Markup]:
        """Return the figures whose names begin so."""
        return [drawn.svg for name, drawn in self.drawn.items() if name.startswith(prefix)]


def family_path(family: str) -> str:
    """Return a family's page; what a file calls a family names no path."""
    kept = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in family)
    return f"family-{kept[:40]}.html"
