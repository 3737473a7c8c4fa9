"""Lists the facts that differ between machines, or between two runs of one machine."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports import units
from reports.findings.facts import facts
from reports.read.result import Tabular

MEASURED = ("peaks.", "datetime")  # keys of facts that every run measures: they always differ
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


def account(results: Sequence[Tabular], baseline: int = 0) -> list[Difference]:
    """Return the facts that differ: settings first, measured facts last."""
    differing = [fact for fact in _facts(results, baseline) if len(set(fact.texts)) > 1]
    return sorted(differing, key=lambda fact: (fact.measured, fact.key == "datetime"))


def _facts(results: Sequence[Tabular], baseline: int) -> Iterator[Difference]:
    by_key = [{fact.key: fact for fact in facts(result)} for result in results]
    names = {key: fact.name for each in by_key for key, fact in each.items()}
    for key, name in names.items():
        texts = tuple(each[key].text if key in each else "" for each in by_key)
        yield Difference(key=key, name=name, texts=texts)
    threads = tuple(_threads(result.table) for result in results)
    yield Difference(key="threads", name="cores used", texts=threads)
    codes = [_codes(result.table) for result in results]
    texts = tuple(_changed(code, codes[baseline]) for code in codes)
    yield Difference(key="code", name="workload code", texts=texts)


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
