"""States a comparison as findings: how much sooner the work is done, and then like for like."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports import units
from reports.compare import processes
from reports.compare.best import DONE, ONE_CORE, REDUCED
from reports.compare.comparison import ALL, LIKE, Answer, Comparison
from reports.compare.names import NAME, offer
from reports.compare.pair import Mean, means_in
from reports.compare.verdicts import NOT_COMPARABLE, means
from reports.compare.wording import (
    GAIN,
    LIKE_FOR_LIKE,
    LOSS,
    OF_ONE_PROCESS,
    OF_VISITS,
    SAME,
    WORK,
    Speaker,
    Wording,
)
from reports.findings.statement import Finding

LONG = "long"  # in place of a family: work that one waits for
LONG_S = 1e-3  # on at least one of the two machines
BEST = ", {cells}; the best contender of each machine at IEEE precision)"
WITH_TRANSFERS = BEST.replace(")", ", transfers to a device and back included)")
SCOPES = {
    (LIKE, ALL): "Overall:",
    (DONE, ALL): "All in all,",
    (REDUCED, ALL): "With reduced precision allowed (TF32, bfloat16, float16),",
    (ONE_CORE, ALL): "On one core of each,",
    (DONE, LONG): "In work that takes at least {least} on one of them,",
}
FAMILY = "{family}:"


def statements(
    comparison: Comparison, machines: Collection[str] | None = None
) -> Iterator[Finding]:
    """Yield what each machine gains over the baseline: the work done first, then like for like.

    Parameters
    ----------
    machines : only these machines; None means all.

    """
    wanted = comparison.others if machines is None else list(machines)
    parts = {name: _by_machine(answer, wanted) for name, answer in comparison.answers.items()}
    for other in wanted:
        of = {name: part[other] for name, part in parts.items() if other in part}
        yield from _work(comparison, other, of)
        yield from _like_for_like(comparison, other, of)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One machine's part of an answer."""

    pairs: pd.DataFrame
    comparable: pd.DataFrame
    means: dict[str, Mean]

    def cells(self, family: str) -> tuple[str, ...]:
        """Return the cells of a family."""
        rows = self.comparable
        rows = rows if family == ALL else rows[rows["family"] == family]
        return tuple(rows["cell"].astype(str))


def _by_machine(answer: Answer, wanted: list[str]) -> dict[str, Part]:
    """Return the part of each of the wanted machines that has a pair."""
    rows = answer.pairs[answer.pairs["machine"].isin(wanted)]
    table = answer.means[answer.means["machine"].isin(wanted)]
    means_of = {str(name): part for name, part in table.groupby("machine", observed=True)}
    return {
        str(name): Part(
            pairs=pairs,
            comparable=pairs[pairs["verdict"] != NOT_COMPARABLE],
            means={mean.family: mean for mean in means_in(means_of.get(str(name), NO_MEANS))},
        )
        for name, pairs in rows.groupby("machine", observed=True)
    }


NO_MEANS = pd.DataFrame(columns=["machine", "family", "verdict", "cells", "ratio", "low", "high"])


def _work(comparison: Comparison, other: str, of: dict[str, Part]) -> Iterator[Finding]:
    """State how much sooner the work is done; nothing about files of other tools."""
    speaker = _speaker(comparison, other, DONE, WORK)
    done = of.get(DONE)
    if done is None:
        return
    if done.comparable.empty:
        yield speaker.nothing(done.pairs)
        return
    basis = WORK.basis.replace(", {cells})", WITH_TRANSFERS if comparison.transfers else BEST)
    yield (first := _mean(speaker, done, ALL, basis=basis))
    if first.state == SAME:
        return
    yield from _long(speaker, done)
    for question in (REDUCED, ONE_CORE):
        part = of.get(question)
        if part is not None and ALL in part.means and part.cells(ALL) != done.cells(ALL):
            yield _mean(_speaker(comparison, other, question, WORK), part, ALL)
    yield from _extremes_and_families(speaker, done)
    yield from _not_compared(speaker, done.pairs)


def _like_for_like(comparison: Comparison, other: str, of: dict[str, Part]) -> Iterator[Finding]:
    pairs = of[LIKE].pairs if LIKE in of else comparison.like.pairs.iloc[:0]
    files = next(iter(processes.counts(pairs)), None)
    speaker = _speaker(comparison, other, LIKE, _wording(files))
    if LIKE not in of or of[LIKE].comparable.empty:
        yield speaker.nothing(pairs)
        yield from _moved(comparison, speaker, pairs)
        return
    further = _further(files)
    if len(of[LIKE].comparable) == 1 and "confidence" in further:
        further = {"confidence": "95 %"}  # the interval is that of the only test
    yield (first := _mean(speaker, of[LIKE], ALL, **further))
    if first.state != SAME:
        yield from _extremes_and_families(speaker, of[LIKE])
        yield from _files(speaker, files)
    yield from _moved(comparison, speaker, pairs)


def _further(files: tuple[str, int, int] | None) -> dict[str, str]:
    """Return the further number of a mean of files of another tool."""
    if files is None:
        return {}
    if min(files[1:]) < processes.FEWEST:
        return {"allowance": f"{processes.ALLOWANCE:g}"}
    return {"confidence": processes.confidence(*files[1:])}


def _wording(files: tuple[str, int, int] | None) -> Wording:
    """Return the wording for the numbers of files of another tool; None for this suite's."""
    if files is None:
        return LIKE_FOR_LIKE
    return OF_VISITS if min(files[1:]) >= processes.FEWEST else OF_ONE_PROCESS


def _files(speaker: Speaker, files: tuple[str, int, int] | None) -> Iterator[Finding]:
    """Say what files of another tool are: visits, or one process of which little can be said."""
    if files is None:
        return
    several = min(files[1:]) >= processes.FEWEST
    numbers = {name: units.count(n, "file") for name, n in zip(FILES, files[1:], strict=True)}
    yield Finding(
        id=f"compare/{speaker.question}/{speaker.other}/files",
        state="visits" if several else "one-process",
        sentence=VISITS if several else ONE_PROCESS,
        words={"other": speaker.other, "base": speaker.base},
        numbers=numbers if several else numbers | {"allowance": f"{processes.ALLOWANCE:g}"},
        about={"question": speaker.question},
    )


FILES = ("others", "bases")
VISITS = (
    "{others} of {other} and {bases} of {base} are visits, one process each. Intervals come from"
    " what differs between them; more files, measured in turn, make them narrower"
)
ONE_PROCESS = (
    "Compared: {others} of {other}, {bases} of {base}. A file is one process, and how much the next"
    " one differs is unknown. So only a difference of more than {allowance} times counts. Give"
    " several files of each commit to get an interval: compare A1,A2,A3 B1,B2,B3"
)


def _moved(comparison: Comparison, speaker: Speaker, pairs: pd.DataFrame) -> Iterator[Finding]:
    """Offer to match tests whose folder or file has moved, or say that they are."""
    if comparison.matching == NAME:
        sentence, numbers = "Tests are matched by name, whatever their folder", {}
        if not processes.foreign(pairs).any():
            return
    else:
        offered = offer(pairs)
        counted = {"folders": offered.folders, "files": offered.files}
        numbers = {name: units.count(n, "test") for name, n in counted.items() if n}
        if not numbers:
            return
        parts = [
            text.replace("differs", "differs" if counted[name] == 1 else "differ")
            for name, text in MOVED.items()
            if name in numbers
        ]
        them = "it" if sum(counted.values()) == 1 else "them"
        sentence = f"{', '.join(parts)}; --match name compares {them}"
    yield Finding(
        id=f"compare/{speaker.question}/{speaker.other}/matching",
        state="counted",
        sentence=sentence,
        words={"other": speaker.other, "base": speaker.base},
        numbers=numbers,
        about={"question": speaker.question},
    )


MOVED = {
    "folders": "{folders} differs in the folder alone",
    "files": "{files} differs in folder or file",
}


def _speaker(comparison: Comparison, other: str, question: str, wording: Wording) -> Speaker:
    return Speaker(question=question, wording=wording, other=other, base=comparison.base)


def _mean(speaker: Speaker, part: Part, family: str, **further: str) -> Finding:
    scope = SCOPES.get((speaker.question, family), FAMILY)
    return speaker.mean(part.means[family], part.cells(family), scope, **further)


def _extremes_and_families(speaker: Speaker, part: Part) -> Iterator[Finding]:
    yield speaker.extreme(part.comparable, GAIN)
    yield speaker.extreme(part.comparable, LOSS)
    for family in part.means:
        if family != ALL:
            yield _mean(speaker, part, family)


def _long(speaker: Speaker, done: Part) -> Iterator[Finding]:
    """State the mean of the work that takes long on at least one of the two machines."""
    times_s = done.comparable[["time_base_s", "time_s"]].max(axis=1)
    rows = done.comparable[times_s >= LONG_S]
    if not 0 < len(rows) < len(done.comparable):
        return
    table = means(rows, ["machine"]).reset_index().assign(family=LONG)
    (mean,) = means_in(table)
    cells = tuple(rows["cell"].astype(str))
    scope = SCOPES[DONE, LONG]
    yield speaker.mean(mean, cells, scope, least=units.tick_seconds(LONG_S))


def _not_compared(speaker: Speaker, pairs: pd.DataFrame) -> Iterator[Finding]:
    """Count the work that is not compared, by the machine that lacks it."""
    lacking = {
        name: int(np.sum(pairs[column].isna() | (pairs[column] == "")))
        for name, column in (("base_lacks", "cell_base"), ("other_lacks", "cell"))
    }
    differs = int((pairs["verdict"] == NOT_COMPARABLE).sum()) - sum(lacking.values())
    texts = {
        "other_lacks": "{other_lacks} that only {base} did",
        "base_lacks": "{base_lacks} that only {other} did",
        "differs": "{differs} of different work",
    }
    numbers = {
        name: units.count(number, "case")
        for name, number in (lacking | {"differs": differs}).items()
        if number
    }
    if numbers:
        listed = [text for name, text in texts.items() if name in numbers]
        yield Finding(
            id=f"compare/{speaker.question}/{speaker.other}/not-compared",
            state="counted",
            sentence="Not compared: " + ", ".join(listed),
            words={"other": speaker.other, "base": speaker.base},
            numbers=numbers,
            about={"question": speaker.question},
        )
