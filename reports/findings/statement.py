"""A finding: one statement drawn from the data, and every number in it tied to where it came from.

The words of a statement and its numbers are kept apart, so that a page can mark each number with
the finding and the cell that it rests on, and `python -m reports check` can draw it anew.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from markupsafe import Markup, escape

from reports.read.interval import Interval
from reports.read.row import Row

QUOTED = "reason"  # the word that a file says itself, which may hold numbers
NAMED = "device"  # the word that is a maker's name, which may hold numbers: H100 80GB
NOT_YOURS = "†"  # stands after every number that another machine than the reader's gave


def markdown(text: str) -> str:
    """Return a text that Markdown shows as it stands."""
    return re.sub(r"([\\`*_\[\]<>#|!&~$])", r"\\\1", " ".join(text.split()))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statement.

    Attributes
    ----------
    id : its kind, then what it is about: `speedup/matmul/n=64/float32/threads=1/torch-cpu`.
    state : what the data chose: a verdict, absent, implausible, or a word of the kind's own.
    sentence : its text with places for `words` and `numbers`.
    cells : what it rests on; the numbers are the last one's where nothing else is said.
    of : the cell of each number that is another's.
    interval : the quantity behind it, None where there is none.
    cause : why it is so, as far as the file shows it: a clause with the same places, or "".
    about : what it is about, for choosing among findings: workload, size, contender ...
    machine : the machine that it is of, where that is not the page's own.
    file : the result file that the numbers stand in, where that is not the page's own.

    """

    id: str
    state: str
    sentence: str
    words: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    of: Mapping[str, str] = field(default_factory=dict)
    interval: Interval | None = None
    cause: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    machine: str = ""
    file: str = ""

    @property
    def kind(self) -> str:
        """The first part of its id."""
        return self.id.partition("/")[0]

    @property
    def has_numbers(self) -> bool:
        """Whether it holds a number."""
        return bool(self.numbers)

    @property
    def text(self) -> str:
        """The statement as plain text."""
        mark = NOT_YOURS if self.machine else ""
        numbers = {key: number + mark for key, number in self.numbers.items()}
        return (self.sentence + self.cause).format(**self.words, **numbers) + "."

    @property
    def markdown(self) -> str:
        """The statement as Markdown, in which nothing that a file says has a meaning."""
        mark = NOT_YOURS if self.machine else ""
        words = {key: markdown(word) for key, word in self.words.items()}
        numbers = {key: number + mark for key, number in self.numbers.items()}
        return (self.sentence + self.cause).format(**words, **numbers) + "."

    @property
    def html(self) -> Markup:
        """The statement with every number tied to the finding and the cell that it comes from."""
        words = {
            key: self._number(key, word)
            if key == QUOTED
            else Markup("<cite>{}</cite>").format(word)
            if key == NAMED
            else escape(word)
            for key, word in self.words.items()
        }
        numbers = {key: self._number(key, number) for key, number in self.numbers.items()}
        return Markup(self.sentence + self.cause).format(**words, **numbers) + Markup(".")

    def _number(self, key: str, number: str) -> Markup:
        cell = self.of.get(key, self.cells[-1] if self.cells else self.id)
        tied = Markup('<data class="{}" value="{}" data-finding="{}" data-key="{}" data-cell="{}"')
        tied = tied.format(self.state, number, self.id, key, cell)
        if not self.machine:
            return tied + Markup(">{}</data>").format(number)
        tied += Markup(' data-file="{}" title="measured on {}, not on this machine">')
        return tied.format(self.file, self.machine) + Markup(
            "{}<sup>{}</sup></data>"
        ).format(number, NOT_YOURS)  # fmt: skip

    def elsewhere(self, machine: str, file: str) -> Self:
        """Return the same statement as that of another machine than the page's own."""
        return replace(self, machine=machine, file=file)


def about_cell(row: Row) -> dict[str, str]:
    """Return what a finding of one cell is about."""
    return {
        "workload": row.workload,
        "family": str(row.family),
        "size": row.size,
        "dtype": row.dtype,
        "contender": row.contender,
        "device": row.device,
        "variant": row.variant,
    }


def about_curve(row: Row) -> dict[str, str]:
    """Return what a finding of the curve of a cell is about."""
    about = about_cell(row)
    del about["size"]
    return about | {"curve": row.curve}
