"""Recomputes what the results of a site say, for `check` to compare with its pages."""

import hashlib
import posixpath
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from reports.compare.comparison import from_csv
from reports.compare.page import field_texts, findings
from reports.findings.facts import facts, group_facts
from reports.findings.figures import device_figures, figures
from reports.findings.findings import Findings
from reports.findings.foreign import figures_of_tests
from reports.findings.point_figures import point_figures
from reports.read.intake import UnreadableError
from reports.read.load import load


class Recomputed:
    """The recomputed results and comparisons of a site, each read once."""

    def __init__(self, content: Callable[[str], bytes]) -> None:
        self._content = content
        self._results: dict[str, RecomputedResult | str] = {}
        self._comparisons: dict[str, RecomputedComparison | str] = {}

    def result(self, file: str) -> "RecomputedResult | str":
        """Return a recomputed result, or the reason why it cannot be read."""
        if file not in self._results:
            try:
                self._results[file] = RecomputedResult(self._content(file), file)
            except (UnreadableError, OSError, ValueError) as error:
                self._results[file] = str(error)
        return self._results[file]

    def comparison(self, file: str) -> "RecomputedComparison | str":
        """Return a recomputed comparison, or the reason why its CSV cannot be read."""
        if file not in self._comparisons:
            try:
                self._comparisons[file] = RecomputedComparison(self._content(file))
            except (OSError, ValueError) as error:
                self._comparisons[file] = str(error)
        return self._comparisons[file]


class RecomputedComparison:
    """A comparison from its CSV, with its findings and the texts of its tables."""

    def __init__(self, content: bytes) -> None:
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.text = content.decode()
        self.comparison = from_csv(self.text)
        self.findings = findings(self.comparison)

    @cached_property
    def fields(self) -> Mapping[tuple[str, ...], str]:
        """The texts of its tables, by machine, family or pair, and column."""
        return field_texts(self.comparison)


class RecomputedResult:
    """A result, with its findings, facts and the texts of its tables."""

    def __init__(self, content: bytes, file: str) -> None:
        self.sha256 = hashlib.sha256(content).hexdigest()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, posixpath.basename(file))
            path.write_bytes(content)
            self.findings = Findings(load(path))

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, str]]:
        """The texts of each timed cell, point, or another suite's test, in its table, by id."""
        result = self.findings.result
        if not result.own:
            return figures_of_tests(result)
        of_cells = {row.cell: figures(row, result.machine.peaks) for row in result.timed}
        return of_cells | {point.id: point_figures(point) for point in result.points}

    @cached_property
    def devices(self) -> Mapping[str, Mapping[str, str]]:
        """The texts of each timed cell in the table of device times, by cell id."""
        return {row.cell: device_figures(row) for row in self.findings.result.timed}

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """The facts about its machine and its group of ranks, by key."""
        result = self.findings.result
        of_group = group_facts(result.scaling) if result.scaling else []
        return {fact.key: fact.text for fact in (*facts(result), *of_group)}
