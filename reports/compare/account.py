"""Lists the facts that differ between machines, or between two runs of one machine."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports import units
from reports.compare.sides import Side
from reports.findings.facts import facts
from reports.read.result import Tabular

MEASURED = (  # beginnings of keys of facts that every run measures: they always differ
    "peaks.",
    "datetime",
    "option.rounds",
    "option.iterations",
    "option.extra_info",
    "machine_info.cpu.hz_actual",
)
STATED = {  # names of what a file of another tool states, by the field
    "machine_info.node": "host name",
    "machine_info.python_compiler": "compiler of Python",
    "machine_info.python_build": "build of Python",
    "version": "pytest-benchmark",
    "option.timer": "timer",
    "option.disable_gc": "garbage collection off (disable_gc)",
    "option.warmup": "warmup",
    "option.rounds": "rounds",
    "option.iterations": "iterations of a round (calibration)",
    "option.params": "parameters of a test",
}
MOST_LISTED = 5  # entries of a list that are shown; the others are counted


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A fact that differs, and its text in each file ("" if the file does not have it)."""

    key: str
    name: str
    texts: tuple[str, ...]

    @property
    def measured(self) -> bool:
        """Whether every run measures this fact, so that it differs between any two runs."""
        return self.key.startswith(MEASURED)

    @property
    def spread(self) -> str:
        """Each text with its number of files, the most frequent first."""
        counts = Counter(text or "not stated" for text in self.texts).most_common()
        shown = [f"{text} ({number})" for text, number in counts[:MOST_LISTED]]
        if len(counts) > MOST_LISTED:
            shown.append(f"and {len(counts) - MOST_LISTED} more")
        return "; ".join(shown)


@dataclass(frozen=True, kw_only=True)
class Account:
    """What differs between files, and which facts were compared.

    Attributes
    ----------
    same : the names of the facts that all files state alike.
    unstated : of the facts that comparisons of times rest on, those that no file states.

    """

    differences: tuple[Difference, ...] = ()
    same: tuple[str, ...] = ()
    unstated: tuple[str, ...] = ()

    @property
    def nothing(self) -> str:
        """What to say if nothing differs: no more than what was read."""
        text = f"The files show no difference in {', '.join(self.same) or 'what they state'}."
        return text + (f" They do not state: {', '.join(self.unstated)}." if self.unstated else "")


EXPECTED = {  # facts that comparisons of times rest on, by key
    "cpu": "processor",
    "kernel": "kernel",
    "python": "Python",
    "implementation": "Python implementation",
    "commit": "commit",
}
OF_PROCESSES = {  # further ones of other tools' files
    "option.timer": "timer",
    "option.disable_gc": "disable_gc",
    "option.min_rounds": "min_rounds",
    "option.warmup": "warmup",
}


def account(results: Sequence[Tabular], baseline: int = 0) -> Account:
    """Return the facts that differ, settings first and measured facts last, and all others."""
    every = list(_facts(results, baseline))
    differing = [fact for fact in every if len(set(fact.texts)) > 1]
    known = {fact.key for fact in every}
    others = any(result.process is not None for result in results)
    expected = EXPECTED | (OF_PROCESSES if others else {})
    return Account(
        differences=tuple(
            sorted(differing, key=lambda fact: (fact.measured, fact.key == "datetime"))
        ),
        same=tuple(fact.name for fact in every if len(set(fact.texts)) == 1 and fact.texts[0]),
        unstated=tuple(name for key, name in expected.items() if key not in known),
    )


def _facts(results: Sequence[Tabular], baseline: int) -> Iterator[Difference]:
    by_key = [_of_side(result) for result in results]
    names = {key: name for each in by_key for key, (name, _) in each.items()}
    for key, name in names.items():
        texts = tuple(each[key][1] if key in each else "" for each in by_key)
        yield Difference(key=key, name=name, texts=texts)
    yield from _options(results, baseline)
    threads = tuple(_threads(result.table) for result in results)
    yield Difference(key="threads", name="cores used", texts=threads)
    codes = [_codes(result.table) for result in results]
    texts = tuple(_changed(code, codes[baseline]) for code in codes)
    yield Difference(key="code", name="workload code", texts=texts)


def _of_side(result: Tabular) -> dict[str, tuple[str, str]]:
    """Return the name and the text of each fact; files of one side may differ in it, too."""
    texts: dict[str, dict[str, None]] = {}
    names: dict[str, str] = {}
    for file in _files(result):
        for fact in facts(file):
            names[fact.key] = fact.name
            texts.setdefault(fact.key, {})[fact.text] = None
        for key, text in (file.process.stated if file.process else {}).items():
            names[key] = STATED.get(key, key.removeprefix("machine_info."))
            texts.setdefault(key, {})[text] = None
    return {key: (name, "; ".join(texts[key])) for key, name in names.items()}


def _files(result: Tabular) -> tuple[Tabular, ...]:
    return result.files if isinstance(result, Side) else (result,)


Options = dict[str, dict[str, str]]  # texts by test, by option


def _options(results: Sequence[Tabular], baseline: int) -> Iterator[Difference]:
    """Yield the options that tests were measured with: a text for each side."""
    of_sides = [_options_of(result) for result in results]
    for option in dict.fromkeys(key for options in of_sides for key in options):
        tests = [options.get(option, {}) for options in of_sides]
        texts = tuple(
            _summary(option, own, tests[baseline] if place != baseline else own)
            for place, own in enumerate(tests)
        )
        key = f"option.{option}"
        yield Difference(key=key, name=STATED.get(key, option), texts=texts)


def _options_of(result: Tabular) -> Options:
    """Return the options of a side: those of its files, joined where they differ."""
    joined: dict[str, dict[str, dict[str, None]]] = {}
    for file in _files(result):
        for option, tests in (file.process.options if file.process else {}).items():
            for test, text in tests.items():
                joined.setdefault(option, {}).setdefault(test, {})[text] = None
    return {
        option: {test: " or ".join(texts) for test, texts in tests.items()}
        for option, tests in joined.items()
    }


def _summary(option: str, tests: dict[str, str], base: dict[str, str]) -> str:
    """Return the values of an option and their numbers of tests, and where it differs."""
    if not tests:
        return ""
    shared = [test for test in tests if test in base]
    other = sum(tests[test] != base[test] for test in shared)
    differs = f", differs from the baseline in {units.count(other, 'test')}" if other else ""
    if option in PER_TEST:
        return "stated" + differs
    counts = Counter(tests.values()).most_common()
    if all(text.isdecimal() for text in tests.values()):
        numbers = sorted(map(int, tests.values()))
        low, high = f"{numbers[0]:,}", f"{numbers[-1]:,}"
        return (low if low == high else f"{low} to {high}") + differs
    shown = [text if len(counts) == 1 else f"{text} ({n})" for text, n in counts[:MOST_LISTED]]
    more = ["…"] if len(counts) > MOST_LISTED else []
    return "; ".join(shown + more) + differs


PER_TEST = frozenset({"params", "extra_info"})  # options whose values say little in a list


def _threads(table: pd.DataFrame) -> str:
    threads = np.unique(table["threads"].to_numpy())
    return ", ".join(f"{number:.0f}" for number in threads if not np.isnan(number))


Codes = dict[str, set[str]]  # checksums by workload


def _codes(table: pd.DataFrame) -> Codes:
    """Return the checksums of each workload's code."""
    columns = (table[name].to_numpy() for name in ("workload", "source_sha256"))
    codes: Codes = {}
    for workload, checksum in dict.fromkeys(zip(*columns, strict=True)):
        if isinstance(workload, str) and isinstance(checksum, str):
            codes.setdefault(workload, set()).add(checksum)
    return codes


def _changed(code: Codes, base: Codes) -> str:
    """Name the workloads in both files whose code differs from the baseline's."""
    shared = [name for name in code if name in base]
    changed = [name for name in shared if code[name] != base[name]]
    if not changed:
        return "same as the baseline" if shared else ""
    more = ", …" if len(changed) > MOST_LISTED else ""
    return (
        f"{units.count(len(changed), 'workload')} changed: {', '.join(changed[:MOST_LISTED])}{more}"
    )
