"""States what a file of another suite holds: its tests by group, their times, how they ran.

One process measured each test, so rounds tell how that process ran. Nothing is known of what
differs between processes, and no sentence says that one test is faster than another.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.results.foreign import ForeignStats
from reports import units
from reports.findings.statement import NAMED, Finding
from reports.read.grouping import grouped
from reports.read.names import cut_names
from reports.read.result import Result
from reports.read.row import ForeignRow

HEADS = {
    "median": "median",
    "min": "min",
    "times": "× least",
    "iqr": "IQR",
    "ops": "OPS",
    "rounds": "rounds",
}
ITERATED = "{rounds} × {iterations}"
MOST_WHOLE = 1e15  # whole numbers from here on are written with an exponent
LONGEST = 100  # characters of a name in a table
MOST_PARAMETERS = 60  # characters of parameters by name
UNGROUPED = "tests without a group"


@dataclass(frozen=True, kw_only=True)
class Section:
    """The tests of a group; of a file, if they have no group.

    Attributes
    ----------
    number : its place on the page, from 1.
    grouped : whether the name is that of a group.
    rows : its tests; those with times first, the least median first.

    """

    number: int
    name: str
    grouped: bool
    rows: tuple[ForeignRow, ...]

    @property
    def timed(self) -> list[ForeignRow]:
        """The tests that have times."""
        return [row for row in self.rows if row.stats is not None]

    @property
    def finding(self) -> str:
        """The id of the finding about it."""
        return f"group/{self.number}"


def sections(result: Result) -> list[Section]:
    """Return the sections of a page: groups in the order of the file, then files."""
    groups = grouped(result.foreign, lambda row: (bool(row.group), row.group or row.file))
    order = sorted(groups, key=lambda key: not key[0])
    return [
        Section(
            number=number,
            name=name or UNGROUPED,
            grouped=in_group,
            rows=tuple(sorted(groups[in_group, name], key=_by_median)),
        )
        for number, (in_group, name) in enumerate(order, 1)
    ]


def _by_median(row: ForeignRow) -> tuple[bool, float]:
    return row.stats is None, row.stats.median if row.stats else 0.0


def about_tests(result: Result) -> Iterator[Finding]:
    """Yield the findings on a file of another suite."""
    timed = [row for row in result.foreign if row.stats is not None]
    yield _held(result, timed)
    if timed:
        yield _range(timed)
        yield from _rounds(timed)
    odd = tuple(row.cell for row in result.foreign if row.notes)
    if odd:
        yield Finding(
            id="odd",
            state="measured",
            sentence="Of {count} something was odd in the file; the row says what was done",
            numbers={"count": units.count(len(odd), "test")},
            cells=odd,
        )
    for section in sections(result):
        yield _of_section(section)


def _held(result: Result, timed: Sequence[ForeignRow]) -> Finding:
    count, groups = len(result.foreign), {row.group for row in result.foreign if row.group}
    cells = tuple(row.cell for row in result.foreign)
    if not count:
        return Finding(id="tests", state="absent", sentence="The file holds no test")
    sentence = "The file holds {count}"
    numbers = {"count": units.count(count, "test")}
    if groups:
        sentence += " in {groups}"
        numbers["groups"] = units.count(len(groups), "group")
    if without := count - len(timed):
        sentence += "; {without} of them without usable times"
        numbers["without"] = str(without)
    return Finding(id="tests", state="measured", sentence=sentence, numbers=numbers, cells=cells)


def _range(timed: Sequence[ForeignRow]) -> Finding:
    """State the shortest and the longest median."""
    least, most = min(timed, key=_by_median), max(timed, key=_by_median)
    if len(timed) == 1:
        return Finding(
            id="range",
            state="measured",
            sentence="Its median is {most}, its minimum {least}",
            numbers=_texts(least=_stats(least).min, most=_stats(least).median),
            cells=(least.cell,),
        )
    ends = _texts(least=_stats(least).median, most=_stats(most).median)
    same = ends["least"] == ends["most"]
    return Finding(
        id="range",
        state="measured",
        sentence="The medians are all {most}" if same else "The medians go from {least} to {most}",
        numbers={"most": ends["most"]} if same else ends,
        cells=(least.cell, most.cell),
        of={"least": least.cell},
    )


def _rounds(timed: Sequence[ForeignRow]) -> Iterator[Finding]:
    """State how much rounds differ within tests, and how many tests have one round alone."""
    cells = tuple(row.cell for row in timed)
    shares = [share for row in timed if (share := _spread(_stats(row))) is not None]
    if shares:
        middle = statistics.median(shares)
        yield Finding(
            id="rounds",
            state="measured",
            sentence="The middle half of its rounds spans {share} of its median"
            if len(shares) == 1
            else "Typically, the middle half of a test’s rounds spans {share} of its median"
            " ({tests})",
            numbers={"share": units.share(middle) if middle else "0 %"}
            | ({"tests": units.count(len(shares), "test")} if len(shares) > 1 else {}),
            cells=cells,
        )
    single = [row for row in timed if _stats(row).rounds == 1]
    if single:
        yield Finding(
            id="single",
            state="measured",
            sentence="{count} ran one round alone, so nothing is known of its spread",
            numbers={"count": units.count(len(single), "test")},
            cells=tuple(row.cell for row in single),
        )


def _spread(stats: ForeignStats) -> float | None:
    """Return the interquartile range as a share of the median, if there are rounds to differ."""
    if stats.iqr is None or stats.rounds == 1:
        return None
    return stats.iqr / stats.median


def _of_section(section: Section) -> Finding:
    timed = section.timed
    numbers = {"count": units.count(len(section.rows), "test")}
    sentence = "{count}"
    cells = tuple(row.cell for row in section.rows)
    of = {}
    if len(timed) > 1:
        ends = _texts(least=_stats(timed[0]).median, most=_stats(timed[-1]).median)
        same = ends["least"] == ends["most"]
        sentence += ", medians of {most}" if same else ", medians from {least} to {most}"
        numbers |= {"most": ends["most"]} if same else ends
        of = {"least": timed[0].cell, "most": timed[-1].cell}
    return Finding(
        id=section.finding,
        state="measured",
        sentence=sentence,
        words={NAMED: section.name},
        numbers=numbers,
        cells=cells,
        of=of,
    )


def _texts(**times_s: float) -> dict[str, str]:
    return {key: units.seconds(time_s) for key, time_s in times_s.items()}


def _stats(row: ForeignRow) -> ForeignStats:
    if row.stats is None:
        raise ValueError(f"a test with times expected, got {row.cell!r}")
    return row.stats


def figures_of_tests(result: Result) -> Mapping[str, Mapping[str, str]]:
    """Return the texts of each test in the table of its section, by its id and column."""
    return {cell: texts for section in sections(result) for cell, texts in section_figures(section)}


def section_figures(section: Section) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each test's id and its texts; the times of a section have one unit if they can."""
    timed = section.timed
    unit = units.common_prefix(
        [time_s for row in timed for time_s in (_stats(row).min, _stats(row).median)]
    )
    least_s = _stats(timed[0]).median if timed else 1.0
    functions, parameters = zip(*parameter_texts(section.rows), strict=True)
    cut = cut_names(functions, LONGEST), cut_names(parameters, LONGEST)
    for row, function, params in zip(section.rows, *cut, strict=True):
        names = {"test": function, "params": params, "note": _note(row)}
        yield row.cell, names | (_times(row.stats, least_s, unit) if row.stats else {})


def _times(stats: ForeignStats, least_s: float, unit: str | None) -> dict[str, str]:
    rounds = "" if stats.rounds is None else f"{stats.rounds:,}".replace(",", "\N{THIN SPACE}")
    if rounds and stats.iterations and stats.iterations > 1:
        iterations = f"{stats.iterations:,}".replace(",", "\N{THIN SPACE}")
        rounds = ITERATED.format(rounds=rounds, iterations=iterations)
    return {
        "median": units.seconds(stats.median, unit),
        "min": units.seconds(stats.min, unit),
        "times": units.significant(stats.median / least_s, 3),
        "iqr": "" if stats.iqr is None or stats.rounds == 1 else _spread_text(stats, unit),
        "ops": units.per_second(1 / stats.mean) if stats.mean else "",
        "rounds": rounds,
    }


def _spread_text(stats: ForeignStats, unit: str | None) -> str:
    return units.seconds(stats.iqr, unit) if stats.iqr else "0"


def sort_keys(row: ForeignRow) -> dict[str, float | None]:
    """Return the numbers by which the columns of a table are sorted."""
    stats = row.stats
    if stats is None:
        return dict.fromkeys(HEADS)
    return {
        "median": stats.median,
        "min": stats.min,
        "times": stats.median,
        "iqr": stats.iqr,
        "ops": 1 / stats.mean if stats.mean else None,
        "rounds": stats.rounds,
    }


def _note(row: ForeignRow) -> str:
    """Return what is odd in a test: why it has no times, and what was done to read it."""
    return "; ".join(filter(None, (row.reason, *row.notes)))


def parameter_texts(rows: Sequence[ForeignRow]) -> list[tuple[str, str]]:
    """Return the function and the parameters of each test, as one section shows them.

    A parameter that is the same in all tests is left out, if the others keep the tests distinct. A
    function has its file before it where two files have one of that name.
    """
    functions = _functions(rows)
    shared = _shared_parameters(rows)
    short = [_parameters(row, shared) for row in rows]
    pairs = list(zip(functions, short, strict=True))
    if len(set(pairs)) < len(rows):
        pairs = [(f, row.param) for f, row in zip(functions, rows, strict=True)]
    if len(set(pairs)) < len(rows):
        pairs = [(row.cell, "") for row in rows]
    return pairs


def _functions(rows: Sequence[ForeignRow]) -> list[str]:
    several = {
        name
        for name, group in grouped(rows, lambda row: row.contender).items()
        if len({row.cell for row in group}) > 1
    }
    return [
        row.cell.partition("[")[0] if row.contender in several else _plain_name(row) for row in rows
    ]


def _plain_name(row: ForeignRow) -> str:
    return row.function if row.param else row.contender


def _shared_parameters(rows: Sequence[ForeignRow]) -> set[str]:
    """Return the names of parameters that have one value in all tests of several."""
    values = grouped((pair for row in rows for pair in row.params), lambda pair: pair[0])
    return {
        name
        for name, pairs in values.items()
        if 1 < len(rows) == len(pairs) and len({value for _, value in pairs}) == 1
    }


def _parameters(row: ForeignRow, left_out: set[str]) -> str:
    kept = [(name, value) for name, value in row.params if name not in left_out]
    if any(isinstance(value, str) and value.startswith("<") for _, value in kept):
        return row.param
    text = ", ".join(f"{name}={_value(value)}" for name, value in kept)
    return text if len(text) <= MOST_PARAMETERS and (kept or row.params) else row.param


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if value == int(value) and abs(value) < MOST_WHOLE else f"{value:g}"
