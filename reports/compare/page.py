"""Prepares what the comparison page shows: findings, and tables of formatted numbers.

Up to eight machines are compared case by case. With more, a case has one row: its lowest, median
and highest ratio, and the machines of the lowest and the highest. Three machines and more are
ranked.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.results.verdicts import UNSETTLED
from reports.compare import processes
from reports.compare.best import DONE, QUESTIONS
from reports.compare.comparison import (
    ALL,
    LIKE,
    MOST_SHOWN,
    SIDE_BY_SIDE,
    Comparison,
    furthest,
)
from reports.compare.point_statements import point_statements
from reports.compare.points import MANY_STEPS, POINTS, STEPS
from reports.compare.ranks import FEWEST, rank_statements
from reports.compare.rows import (
    NAMES,
    MachineRow,
    PairRow,
    RankTable,
    SpreadRow,
    cause_rows,
    count_texts,
    family_rows,
    machine_rows,
    pair_rows,
    rank_tables,
    reason_rows,
    spread_rows,
    step_rows,
    work_rows,
)
from reports.compare.statements import statements
from reports.findings.statement import Finding

ENDS = 3  # fastest and slowest machines that get sentences, if there are more
NOTE = (
    "Each interval covers the noise within the two runs. Sometimes two runs of one machine differ"
    " by more than that. Compare two runs of one machine to see by how much."
)
TIMES = {
    False: "A time is that of the fastest blocks, because interference can only add time.",
    True: "Times are medians, because another tool's file or an older file has only these.",
}
HOW = (
    "Work is a workload at one size, in one dtype. Each machine does it with its best contender,"
    " NumPy or PyTorch, on whatever cores and device. The best is the one with the least measured"
    " time, among those that were verified. Of several that are about as fast, this favours a lucky"
    " one a little; its own interval is given. First calls, such as compilation, are not counted."
    " Copies to a device are left out, because not every machine has one."
)
DATA = {
    False: "The data of a GPU are in its memory.",
    True: "The time of a GPU includes the transfers to it and back.",
}


OF_PROCESSES = (
    "Files of other tools hold one process each. A ratio is of the minimum of the rounds; beside it"
    " stands the ratio of their medians. With one file a side, an interval is that of both ratios,"
    f" divided and multiplied by {processes.ALLOWANCE:g}, because a test can differ by nearly that"
    " between processes of one commit, however well its rounds agree. Of several, each is a visit:"
    " a test's interval is at least as wide as the largest spread of a test within a side. The"
    " ratio over all tests is the mean of the middle half of the tests' ratios, each between the"
    " fastest files."
)


def of_processes(comparison: Comparison) -> bool:
    """Whether files of other tools are compared."""
    return bool(processes.foreign(comparison.like.pairs).any())


def note(comparison: Comparison) -> str:
    """Return what the intervals cover."""
    return OF_PROCESSES if of_processes(comparison) else NOTE


def page_values(comparison: Comparison) -> dict[str, Any]:
    """Return the values for `compare.html`, except its heat map and downloads."""
    many = len(comparison.labels) > SIDE_BY_SIDE
    said = list(spoken(comparison))
    several = len(comparison.others) > 1
    work = [finding for finding in said if finding.about.get("question") in QUESTIONS]
    like = [finding for finding in said if finding.about.get("question") == LIKE]
    steps = [finding for finding in said if finding.about.get("question") == STEPS]
    with_work = not comparison.done.comparable.empty
    return {
        "title": "Machines side by side",
        "base": comparison.base,
        "labels": comparison.labels,
        "others": comparison.others,
        "many": many,
        "all_name": ALL,
        "headlines": [finding for finding in work if headline(finding, several=several)],
        "work_findings": [
            finding
            for finding in work
            if not headline(finding, several=several)
            and (of_all(finding) if several else finding.state != UNSETTLED)
        ],
        "headlines_like": list(filter(of_all, like)),
        "findings": [finding for finding in like if not of_all(finding)],
        "with_work": with_work,
        "with_cells": not comparison.of_points_alone,
        "steps": steps,
        "step_rows": step_rows(comparison),
        "many_steps": f"{MANY_STEPS:,}",
        "points": [finding for finding in said if finding.about.get("question") == POINTS],
        "point_reasons": reason_rows(comparison.answers[POINTS].pairs)
        if POINTS in comparison.answers
        else [],
        "how": f"{HOW} {DATA[comparison.transfers]}",
        "names": NAMES,
        "work_families": family_rows(comparison) if with_work and not many else [],
        "work_counts": {} if many else count_texts(comparison, DONE),
        "works": work_rows(comparison) if not many else [],
        "work_spreads": spread_rows(comparison.done) if many else [],
        "ranks": rank_tables(comparison) if len(comparison.labels) >= FEWEST else [],
        "causes": [] if many else cause_rows(comparison),
        "families": comparison.like.families,
        "means": machine_rows(comparison, LIKE),
        "account": comparison.account.differences,
        "nothing_differs": comparison.account.nothing,
        "same": comparison.account.same,
        "unstated": comparison.account.unstated,
        "chosen_differ": any(not fact.measured for fact in comparison.account.differences),
        "pairs": [] if many else pair_rows(comparison.like),
        "spreads": spread_rows(comparison.like) if many else [],
        "reasons": reason_rows(comparison.like.pairs),
        "work_reasons": reason_rows(comparison.done.pairs),
        "most": MOST_SHOWN if len(comparison.others) > MOST_SHOWN else 0,
        "mapped": furthest(comparison, MOST_SHOWN),
        "of_processes": of_processes(comparison),
        "times": "" if of_processes(comparison) else TIMES[comparison.of_medians],
        "note": note(comparison),
    }


def spoken(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings that are shown: of many machines, only of the fastest and slowest."""
    many = len(comparison.labels) > SIDE_BY_SIDE
    yield from rank_statements(comparison)
    yield from statements(comparison, _ends(comparison) if many else None)
    few = _ends(comparison) or comparison.others[: 2 * ENDS]
    yield from point_statements(comparison, few if many else None)


def of_all(finding: Finding) -> bool:
    """Whether a finding is about all families."""
    return finding.about.get("family", ALL) in {ALL, "long"}


def headline(finding: Finding, *, several: bool) -> bool:
    """Whether a finding on the work stands at the top: of several machines, only the sums."""
    if not several:
        return of_all(finding)
    in_all = (finding.about["question"], finding.about.get("family")) == (DONE, ALL)
    return in_all or finding.state == "absent" or "rank" in finding.about


def _ends(comparison: Comparison) -> list[str]:
    """Return the fastest and the slowest machines, by their overall mean."""
    table = comparison.first.means
    overall = table[table["family"] == ALL].sort_values("ratio")
    names = [str(name) for name in overall["machine"]]
    return list(dict.fromkeys([*names[: -ENDS - 1 : -1], *names[:ENDS]]))


def findings(comparison: Comparison) -> dict[str, Finding]:
    """Return the findings on the page by id, for `check`."""
    return {finding.id: finding for finding in spoken(comparison)}


Place = tuple[str, ...]  # of a text in a table: machine, family or pair, and column


def field_texts(comparison: Comparison) -> Mapping[Place, str]:
    """Return every text in the page's tables by machine, family or pair, and column."""
    return dict(_texts(page_values(comparison)))


def _texts(values: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for row in values["means"]:
        yield from _mean_texts(row)
    for row in values["work_families"]:
        for question, mean in row.means.items():
            yield (row.machine, row.family, f"{question}-mean"), mean.text
    for prefix, name in (("", "pairs"), (f"{DONE}-", "works"), (f"{STEPS}-", "step_rows")):
        for row in values[name]:
            yield from _pair_texts(row, prefix)
    for prefix, name in (("", "spreads"), (f"{DONE}-", "work_spreads")):
        for row in values[name]:
            yield from _spread_texts(row, prefix)
    for row in values["causes"]:
        yield (row.machine, row.cause, "cause-mean"), row.mean
        yield (row.machine, row.cause, "cause-cases"), str(row.cases)
    for table in values["ranks"]:
        yield from _rank_texts(table)


def _mean_texts(row: MachineRow) -> Iterator[tuple[Place, str]]:
    for family, mean in row.means.items():
        yield (row.machine, family, "mean"), mean.text
    for verdict, number in row.counts.items():
        yield (row.machine, "", verdict), str(number)


def _pair_texts(row: PairRow, prefix: str) -> Iterator[tuple[Place, str]]:
    texts = {"ratio": row.ratio, "time": row.time, "time_base": row.time_base}
    texts |= {"medians": row.medians} if row.medians else {}
    texts |= {"reduced": row.reduced, "verdict": row.pair.verdict}
    for name, text in texts.items():
        yield (row.pair.machine, row.pair.key, f"{prefix}{name}"), text


def _spread_texts(row: SpreadRow, prefix: str) -> Iterator[tuple[Place, str]]:
    for name in ("min", "median", "max"):
        yield ("", row.slowest.key, f"{prefix}{name}"), getattr(row, name)


def _rank_texts(table: RankTable) -> Iterator[tuple[Place, str]]:
    for row in table.rows:
        machine = row.standing.machine
        yield (machine, "", f"rank-{table.question}"), str(row.standing.rank)
        yield (machine, "", f"cases-{table.question}"), str(row.standing.cases)
        for family, mean in row.means.items():
            yield (machine, family, f"ranked-{table.question}"), mean.text
    for texts in table.spreads:
        for name, text in texts.items():
            yield ("", texts["family"], f"{name}-{table.question}"), text
