"""What a site's own results say, drawn anew: what `check` holds its pages against."""

import hashlib
import posixpath
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from reports.compare.comparison import from_csv
from reports.compare.page import page_values
from reports.compare.statements import statements
from reports.findings.facts import facts
from reports.findings.figures import device_figures, figures
from reports.findings.findings import Findings
from reports.read.intake import UnreadableError
from reports.read.load import load


class Known:
    """What a site's own results say, drawn anew."""

    def __init__(self, content: Callable[[str], bytes]) -> None:
        self._content = content
        self._results: dict[str, KnownResult | str] = {}
        self._comparisons: dict[str, KnownComparison | str] = {}

    def result(self, file: str) -> "KnownResult | str":
        """Return what a result says, or why it cannot be read."""
        if file not in self._results:
            try:
                self._results[file] = KnownResult(self._content(file), file)
            except (UnreadableError, OSError, ValueError) as error:
                self._results[file] = str(error)
        return self._results[file]

    def comparison(self, file: str) -> "KnownComparison | str":
        """Return what a table of a comparison says, or why it cannot be read."""
        if file not in self._comparisons:
            try:
                self._comparisons[file] = KnownComparison(self._content(file))
            except (OSError, ValueError) as error:
                self._comparisons[file] = str(error)
        return self._comparisons[file]


class KnownComparison:
    """Machines side by side, and everything that is said of them."""

    def __init__(self, content: bytes) -> None:
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.text = content.decode()
        self.comparison = from_csv(self.text)
        self.findings = {finding.id: finding for finding in statements(self.comparison)}

    @cached_property
    def fields(self) -> Mapping[tuple[str, ...], str]:
        """The figures of its tables, by what each row and column is."""
        values = page_values(self.comparison)
        texts: dict[tuple[str, ...], str] = {}
        for machine in values["means"]:
            for family, mean in machine.means.items():
                texts[machine.machine, family, "mean"] = mean.text
            for verdict, number in machine.counts.items():
                texts[machine.machine, "", verdict] = str(number)
        for row in values["pairs"]:
            place = (row.pair.machine, row.pair.key)
            texts[*place, "ratio"] = row.ratio
            texts[*place, "verdict"] = row.pair.verdict
            texts[*place, "time"] = row.time
            texts[*place, "time_base"] = row.time_base
        for spread in values["spreads"]:
            texts["", spread.slowest.key, "min"] = spread.min
            texts["", spread.slowest.key, "median"] = spread.median
            texts["", spread.slowest.key, "max"] = spread.max
        return texts


class KnownResult:
    """A result, and everything that can be said of it."""

    def __init__(self, content: bytes, file: str) -> None:
        self.sha256 = hashlib.sha256(content).hexdigest()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, posixpath.basename(file))
            path.write_bytes(content)
            self.findings = Findings(load(path))

    @cached_property
    def figures(self) -> Mapping[str, Mapping[str, str]]:
        """The figures of each timed cell, by its id."""
        peaks = self.findings.result.machine.peaks
        return {row.cell: figures(row, peaks) for row in self.findings.result.timed}

    @cached_property
    def devices(self) -> Mapping[str, Mapping[str, str]]:
        """What an accelerator's clock says of each cell, by its id."""
        return {row.cell: device_figures(row) for row in self.findings.result.timed}

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """The facts of its machine, by key."""
        return {fact.key: fact.text for fact in facts(self.findings.result)}
