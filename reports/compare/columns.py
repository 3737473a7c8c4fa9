"""A column of names in the terminal: each is cut to the width that is left, and stays distinct."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from reports.read.names import LEAST, cut_names

LONG = 100  # columns of a name
NARROWEST = 16  # columns that a name keeps, if it has as many


@dataclass(frozen=True)
class Column:
    """The names of a column, the most columns of one, and their cuts to each width asked for."""

    names: Sequence[str]
    most: int
    cuts: dict[int, list[str]] = field(default_factory=dict)

    def cut(self, width: int) -> list[str]:
        """Return the names cut so that none takes more than `width` columns of a terminal."""
        if width not in self.cuts:
            most = width
            cuts = cut_names(self.names, most)
            while most > LEAST and any(cell_len(cut) > width for cut in cuts):
                most -= 1  # some characters are two columns wide
                cuts = cut_names(self.names, most)
            self.cuts[width] = cuts
        return self.cuts[width]


@dataclass(frozen=True)
class Name:
    """One name of a column, which rich draws in the width that the column gets."""

    column: Column
    place: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the name on one line, cut to the width of the column."""
        yield Text(self.column.cut(options.max_width)[self.place], no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the least and the greatest width that the name can use."""
        longest = cell_len(" ".join(self.column.names[self.place].split()))
        longest = min(longest, self.column.most, options.max_width)
        return Measurement(min(longest, NARROWEST), longest)


def column_of(names: Sequence[str], most: int = LONG) -> list[Name]:
    """Return the cells of a column of names, each of at most `most` columns of a terminal."""
    column = Column(names, most)
    return [Name(column, place) for place in range(len(names))]
