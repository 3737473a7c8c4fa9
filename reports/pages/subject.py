"""The inputs for the pages of one result, and a page before it is written."""

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
    """A result file in a site: its path there, the hash of its bytes, and its label on pages.

    The label is "" for a file without one: the CSV of a comparison.
    """

    file: str
    sha256: str
    label: str = ""


ROOFLINE = "roofline.html"


@dataclass(frozen=True, kw_only=True)
class SitePage:
    """One page before it is written.

    Attributes
    ----------
    path : in the site.
    name : in the menu; "" keeps the page out of it.
    body : the HTML inside `<main>`.

    """

    path: str
    title: str
    name: str
    body: Markup
    sources: Sequence[SourceFile]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The inputs for the pages of one result.

    Attributes
    ----------
    prefix : the folder of its pages in the site, "" or ending in a slash.
    downloads : paths from that folder, and their names.
    others : the first pages of the other results, from that folder, with their labels.
    outputs : the outputs of each chapter, by the stem of its file.
    with_comparison : the site has a page that compares its results.

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
    def linked(self) -> dict[str, str]:
        """The pages that chapters link to, by name; a file of points alone has none of them."""
        roofline = {"roofline": ROOFLINE} if self.result.rows else {}
        return {name: family_path(name) for name in self.families} | roofline

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
            figure=self.figure,
            contents=self.chapters,
            families=self.linked,
        )

    def figure(self, name: str) -> Markup | None:
        """Return a figure; None if there was nothing to draw."""
        return self.drawn[name].svg if name in self.drawn else None

    def figures(self, prefix: str) -> list[Markup]:
        """Return the figures whose names start with a prefix."""
        return [drawn.svg for name, drawn in self.drawn.items() if name.startswith(prefix)]


def family_path(family: str) -> str:
    """Return the path of a family's page; a family's name cannot change its folder."""
    safe = "".join(char if char.isalnum() and char.isascii() else "-" for char in family)
    return f"family-{safe[:40]}.html"
