"""What differs between machines, or between two runs of one: the account beside the ratios."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from reports import units
from reports.findings.facts import facts
from reports.read.result import Tabular

MEASURED = ("peaks.", "datetime")  # keys of what no two runs have alike: measured, not set
NAMED = 5  # of a list; of more, the count is told


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One fact that is not the same everywhere, and what each file says of it, "" for nothing."""

    key: str
    name: str
    texts: tuple[str, ...]

    @property
    def measured(self) -> bool:
        """Whether it was measured rather than chosen: it differs between any two runs."""
        return self.key.startswith(MEASURED)

    @property
    def spread(self) -> str:
        """What is said how often, the most frequent first, for more files than fit side by side."""
        counts = Counter(text or "not told" for text in self.texts).most_common()
        parts = [f"{text} ({number})" for text, number in counts[:NAMED]]
        if len(counts) > NAMED:
            parts.append(f"and {len(counts) - NAMED} more")
        return "; ".join(parts)


def account(results: Sequence[Tabular], baseline: int = 0) -> list[Difference]:
    """Return what differs, what was chosen before what was measured."""
    differing = [fact for fact in _facts(results, baseline) if len(set(fact.texts)) > 1]
    return sorted(differing, key=lambda fact: (fact.measured, fact.key == "datetime"))


def _facts(results: Sequence[Tabular], baseline: int) -> Iterator[Difference]:
    known = [{fact.key: fact for fact in facts(result)} for result in results]
    names = {key: fact.name for machine in known for key, fact in machine.items()}
    for key, name in names.items():
        texts = tuple(machine[key].text if key in machine else "" for machine in known)
        yield Difference(key=key, name=name, texts=texts)
    threads = tuple(_threads(result.table) for result in results)
    yield Difference(key="threads", name="cores used", texts=threads)
    codes = [_codes(result.table) for result in results]
    texts = tuple(_changed(code, codes[baseline]) for code in codes)
    yield Difference(key="code", name="workload code", texts=texts)


def _threads(table: pd.DataFrame) -> str:
    return ", ".join(f"{threads:.0f}" for threads in sorted(table["threads"].dropna().unique()))


Codes = dict[str, set[str]]


def _codes(table: pd.DataFrame) -> Codes:
    """Return what each workload's code was, by its checksums."""
    timed = table[["workload", "source_sha256"]].dropna().drop_duplicates()
    codes: Codes = {}
    for workload, checksum in timed.itertuples(index=False, name=None):
        codes.setdefault(workload, set()).add(checksum)
    return codes


def _changed(code: Codes, base: Codes) -> str:
    """Return which workloads have other code than the baseline's, of those that both have."""
    both = [name for name in code if name in base]
    other = [name for name in both if code[name] != base[name]]
    if not other:
        return "as the baseline" if both else ""
    more = ", …" if len(other) > NAMED else ""
    return f"{units.count(len(other), 'workload')} changed: {', '.join(other[:NAMED])}{more}"
