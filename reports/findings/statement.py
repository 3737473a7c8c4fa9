"""A finding: one sentence about a result, whose numbers name the cells they come from.

Words and numbers of the sentence are kept apart. So a page can mark each number with its finding
and its cell, and `python -m reports check` can compute it again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from markupsafe import Markup, escape

from reports.read.interval import Interval
from reports.read.row import Row

QUOTED = "reason"  # the key of a word quoted from the file, which may contain numbers
NAMED = "device"  # the key of a product name, which may contain numbers: H100 80GB
# keys of words that are names of files, machines and tests, and may contain numbers: run 5 s
OF_FILE = frozenset({"other", "base", "where", "by", "by_base", "machine"})
NUMBERED = re.compile(r"\d")
NOT_YOURS = "†"  # marks every number that was measured on another machine than the reader's


def markdown(text: str) -> str:
    """Return a text with its Markdown escaped."""
    return re.sub(r"([\\`*_\[\]<>#|!&~$])", r"\\\1", " ".join(text.split()))


def used(sentence: str, numbers: Mapping[str, str]) -> dict[str, str]:
    """Return those numbers whose names stand in braces in the sentence."""
    return {key: number for key, number in numbers.items() if f"{{{key}}}" in sentence}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about a result.

    Attributes
    ----------
    id : the kind, then the subject: `speedup/matmul/n=64/float32/threads=1/torch-cpu`.
    state : the verdict, `absent`, `implausible`, or another state of this kind of finding.
    sentence : a format string with fields for `words` and `numbers`.
    cells : the cells that the finding is computed from; numbers come from the last unless `of` says
        otherwise.
    of : the source cell of each number that does not come from the last of `cells`.
    interval : the main quantity, None if there is none.
    cause : a clause, with the same fields, that names the likely cause; "" if none is known.
    about : workload, size, contender and so on, by which findings are selected.
    machine : the machine that was measured, "" if it is the page's own.
    file : the result file of that machine, "" if it is the page's own.

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
        """The first part of the id."""
        return self.id.partition("/")[0]

    @property
    def has_numbers(self) -> bool:
        """Whether the sentence has numbers."""
        return bool(self.numbers)

    @property
    def text(self) -> str:
        """The sentence as plain text."""
        mark = NOT_YOURS if self.machine else ""
        numbers = {key: number + mark for key, number in self.numbers.items()}
        return (self.sentence + self.cause).format(**self.words, **numbers) + "."

    @property
    def markdown(self) -> str:
        """The sentence as Markdown, with all words from the file escaped."""
        mark = NOT_YOURS if self.machine else ""
        words = {key: markdown(word) for key, word in self.words.items()}
        numbers = {key: number + mark for key, number in self.numbers.items()}
        return (self.sentence + self.cause).format(**words, **numbers) + "."

    @property
    def html(self) -> Markup:
        """The sentence as HTML; a `data` element around each number names its finding and cell."""
        words = {
            key: self._number(key, word)
            if key == QUOTED
            else Markup("<cite>{}</cite>").format(word)
            if key == NAMED or (key in OF_FILE and NUMBERED.search(word))
            else escape(word)
            for key, word in self.words.items()
        }
        numbers = {key: self._number(key, number) for key, number in self.numbers.items()}
        return Markup(self.sentence + self.cause).format(**words, **numbers) + Markup(".")

    def number(self, key: str) -> Markup:
        """Return a number, or a quoted reason, as HTML, marked with its finding and cell."""
        return self._number(key, self.words[key] if key == QUOTED else self.numbers[key])

    def _number(self, key: str, number: str) -> Markup:
        cell = self.of.get(key, self.cells[-1] if self.cells else self.id)
        tag = Markup('<data class="{}" value="{}" data-finding="{}" data-key="{}" data-cell="{}"')
        tag = tag.format(self.state, number, self.id, key, cell)
        if not self.machine:
            return tag + Markup(">{}</data>").format(number)
        tag += Markup(' data-file="{}" title="measured on {}, not on this machine">')
        return tag.format(self.file, self.machine) + Markup("{}<sup>{}</sup></data>").format(
            number, NOT_YOURS
        )

    def elsewhere(self, machine: str, file: str) -> Self:
        """Return the finding marked as measured on another machine than the page's own."""
        return replace(self, machine=machine, file=file)


def about_cell(row: Row) -> dict[str, str]:
    """Return the `about` of a finding on one cell."""
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
    """Return the `about` of a finding on the curve of a cell."""
    about = about_cell(row)
    del about["size"]
    return about | {"curve": row.curve}
