"""Findings on what further ranks gain: speedup and efficiency, and from which size a second pays.

Strong scaling: the ranks share the work of one. Weak scaling: each rank has as much work as one,
and the speedup is the work done a second, relative to one rank. The verdict is that of all
speedups: above 1, the ranks together are faster than one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.findings.ratios import hedged, quotient, ratio_texts, too_wide, verdict_on
from reports.findings.statement import QUOTED, Finding, used
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.point import Point
from reports.read.row import ABSENT, NO_SPEEDUP

SECOND = 2
NAMES = {"train_data_parallel": "data-parallel training", "matmul_sharded": "a product by rows"}
THINGS = {"train_data_parallel": "a step", "matmul_sharded": "the product"}
PREFERRED = ("torch-nccl", "torch-gloo", "torch-nccl-fsdp", ids.NUMPY)  # whose answer comes first

GAIN = "{ratio} times as fast ({interval}); efficiency {efficiency}"
STRONG = {
    FASTER: "{where}: {several} {make} {thing} " + GAIN,
    SLOWER: "{where}: {several} {make} {thing} slower, {ratio} times as long ({interval});"
    " efficiency {efficiency}",
    TIE: "{where}: {several} {make} {thing} no faster, " + GAIN,
    UNSETTLED: "{where}: whether {several} {make} {thing} faster is unsettled; " + GAIN,
}
DONE = "{ratio} times its work in the same time ({interval}); efficiency {efficiency}"
WEAK = {
    FASTER: "{where}, as much work for each of {parts} as for one: together they do more than one"
    " alone, " + DONE,
    SLOWER: "{where}, as much work for each of {parts} as for one: together they do less than one"
    " alone, " + DONE,
    TIE: "{where}, as much work for each of {parts} as for one: together they do no more than one"
    " alone, " + DONE,
    UNSETTLED: "{where}, as much work for each of {parts} as for one: whether together they do more"
    " than one alone is unsettled; " + DONE,
}
GROUP_OF_ONE = {
    FASTER: "{where}, one rank: {thing} is {ratio} times as fast as without a process group"
    " ({interval})",
    SLOWER: "{where}, one rank: {thing} takes {ratio} times as long as without a process group"
    " ({interval})",
    TIE: "{where}, one rank: {thing} is as fast as without a process group, {ratio} times"
    " ({interval})",
    UNSETTLED: "{where}, one rank: whether a process group costs time is unsettled; {thing} is"
    " {ratio} times as fast as without ({interval})",
}
THREADS = {
    FASTER: "{where}: {several} {are} better than {threads} of one process, {thing} is {ratio}"
    " times as fast ({interval})",
    SLOWER: "{where}: {several} {are} worse than {threads} of one process, {thing} takes {ratio}"
    " times as long ({interval})",
    TIE: "{where}: {several} {are} as good as {threads} of one process, {thing} is {ratio} times as"
    " fast ({interval})",
    UNSETTLED: "{where}: whether {several} {are} better than {threads} of one process is unsettled;"
    " {thing} is {ratio} times as fast ({interval})",
}
NUMPY = {
    FASTER: "{where}, {mode} scaling: {thing} with {parts} is {ratio} times as fast as with"
    " NumPy’s processes ({interval})",
    SLOWER: "{where}, {mode} scaling: {thing} with {parts} takes {ratio} times as long as with"
    " NumPy’s processes ({interval})",
    TIE: "{where}, {mode} scaling: {thing} with {parts} is as fast as with NumPy’s processes,"
    " {ratio} times ({interval})",
    UNSETTLED: "{where}, {mode} scaling: whether {thing} with {parts} is faster than with NumPy’s"
    " processes is unsettled; {ratio} times as fast ({interval})",
}
NO_MORE = "; its interval, {interval}, is too wide to say more"  # replaces what follows unsettled
WORTH, MIXED, NEVER = "worth", "mixed", "never"
AT = "{thing} is {ratio} times as fast as with one ({interval}), efficiency {efficiency}"
OR_A_THREAD = "; with a second thread of one process instead, {thread} times ({thread_interval})"
SIZES = {
    WORTH: "{what}: a second {part} is worth it {from}, where " + AT,
    MIXED: "{what}: the smallest size worth a second {part} is {size}, where "
    + AT
    + "; at {lost} of {larger} larger sizes it is not worth it",
    NEVER: "{what}: no size measured is worth a second {part}; at best, at {size}, " + AT,
    UNSETTLED: "{what}: whether a second {part} is worth it is unsettled at {unsettled} of {count}"
    " sizes; at best, at {size}, " + AT,
}
ONE_SIZE = {  # if only one was measured
    WORTH: "{what}: a second {part} is worth it at {size}, the one size measured, where " + AT,
    NEVER: "{what}: a second {part} is not worth it at {size}, the one size measured, where " + AT,
    UNSETTLED: "{what}: whether a second {part} is worth it is unsettled at {size}, the one size"
    " measured, where " + AT,
}
FROM = "from {size} on"
AT_LARGEST = "at {size}, the largest of {count} sizes"
NOTHING = "This run measured no ranks, so it does not tell whether a second one is worth it"
NO_ANSWER = "No point of this run tells whether a second rank is worth it"


def gains(points: Sequence[Point]) -> Iterator[Finding]:
    """State speedup and efficiency at 2 ranks and at all ranks, for each size and contender."""
    known = {point.id for point in points}
    for point in at_two_and_all(points):
        if point.baseline:
            yield _gain(point, (point.baseline,) if point.baseline in known else ())


def at_two_and_all(points: Sequence[Point]) -> list[Point]:
    """Return the points with 2 ranks, with the most that were tried, and of a group of one."""
    tried = [point.ranks for point in points if point.status != "skipped"]
    chosen = {1, SECOND, max(tried, default=SECOND)}
    return [point for point in points if point.ranks in chosen]


def _gain(point: Point, baseline: tuple[str, ...]) -> Finding:
    finding_id = f"ranks/{point.id}"
    if point.speedup is None or point.efficiency is None:
        missing = "no time" if point.time is None else "no time of one rank"
        why = point.reason or ("more ranks than cores" if point.oversubscribed else missing)
        return Finding(
            id=finding_id,
            state=ABSENT,
            sentence="{where}: no speedup with {parts} ({reason})",
            words={
                "where": f"{point.where}, {point.mode} scaling",
                "parts": point.parts,
                QUOTED: why,
            },
            cells=(point.id,),
            about=about_point(point),
        )
    sentences = GROUP_OF_ONE if point.ranks == 1 else WEAK if point.weak else STRONG
    numbers = {"efficiency": units.share(point.efficiency.value)} if point.ranks > 1 else {}
    return compared(
        finding_id,
        sentences,
        point,
        point.speedup,
        cells=(*baseline, point.id),
        numbers=numbers,
        inverted=not point.weak,
    )


def compared(
    finding_id: str,
    sentences: Mapping[str, str],
    point: Point,
    ratio: Interval,
    *,
    cells: tuple[str, ...],
    numbers: Mapping[str, str] | None = None,
    inverted: bool = True,
) -> Finding:
    """Return the finding on a ratio of a point's time; a slower point's ratio is inverted."""
    state = verdict_on(ratio)
    shown = ratio.inverted if inverted and state == SLOWER else ratio
    sentence = sentences[state]
    if state == UNSETTLED and too_wide(ratio):
        sentence = sentence.partition(";")[0] + NO_MORE
    return Finding(
        id=finding_id,
        state=state,
        sentence=hedged(sentence, shown),
        words=words_of(point),
        numbers=used(sentence, ratio_texts(shown) | dict(numbers or {})),
        cells=cells,
        interval=ratio,
        about=about_point(point),
    )


def words_of(point: Point) -> dict[str, str]:
    """Return the words of sentences about a point."""
    two = point.ranks == SECOND
    part = part_of(point)
    return {
        "where": point.where,
        "mode": point.mode,
        "parts": point.parts,
        "several": f"a second {part}" if two else point.parts,
        "make": "makes" if two else "make",
        "are": "is" if two else "are",
        "thing": THINGS.get(point.workload, "it"),
        "threads": "a second thread" if two else f"{point.ranks} threads",
    }


def part_of(point: Point) -> str:
    """Return what a point has several of: `rank`, `thread` or, of NumPy, `process`."""
    return "thread" if point.is_threads else "process" if point.is_numpy else "rank"


def about_point(point: Point) -> dict[str, str]:
    """Return the `about` of a finding on one point."""
    return {
        "workload": point.workload,
        "size": point.size,
        "mode": point.mode,
        "ranks": str(point.ranks),
        "contender": point.contender,
        "device": point.device,
        "variant": "",
    }


def against_threads(points: Sequence[Point]) -> Iterator[Finding]:
    """State whether several ranks are better than as many threads of one process."""
    threads = {
        (point.workload, point.size, point.dtype, point.ranks): point
        for point in points
        if point.is_threads and point.strong and point.usable
    }
    for point in at_two_and_all(points):
        key = (point.workload, point.size, point.dtype, point.ranks)
        other = threads.get(key)
        if not point.usable or not point.communicates or point.is_numpy or not point.strong:
            continue
        if other is None or other.time is None or point.time is None:
            continue
        ratio = quotient(other.time, point.time)
        cells = (other.id, point.id)
        yield compared(f"ranks-and-threads/{point.id}", THREADS, point, ratio, cells=cells)


def against_numpy(points: Sequence[Point]) -> Iterator[Finding]:
    """State how fast PyTorch's ranks are against as many processes of NumPy."""
    for point in at_two_and_all(points):
        if point.mode and point.communicates and point.against_numpy is not None:
            yield compared(
                f"ranks-and-numpy/{point.id}",
                NUMPY,
                point,
                point.against_numpy,
                cells=(point.id,),
            )


def second_ranks(points: Sequence[Point]) -> Iterator[Finding]:
    """State the smallest size that is worth a second rank; the first answers for the file."""
    second = [p for p in points if p.communicates and p.strong and p.ranks == SECOND]
    groups = grouped(second, lambda point: (point.workload, point.contender))
    threads = {
        (point.workload, point.size): point
        for point in points
        if point.is_threads and point.strong and point.ranks == SECOND
    }
    answers = [
        answer
        for (workload, contender), group in groups.items()
        if (answer := _smallest(f"second-rank/{workload}/{contender}", group, threads)) is not None
    ]
    if not answers:
        sentence = NO_ANSWER if points else NOTHING
        yield Finding(id="second-rank", state=ABSENT, sentence=sentence)
        return
    yield replace(min(answers, key=_rank_of_answer), id="second-rank")
    yield from answers


def _rank_of_answer(answer: Finding) -> tuple[bool, int]:
    training = answer.about["workload"] == "train_data_parallel"
    contender = answer.about["contender"]
    place = PREFERRED.index(contender) if contender in PREFERRED else len(PREFERRED)
    return not training, place


def _smallest(
    finding_id: str, group: Sequence[Point], threads: Mapping[tuple[str, str], Point]
) -> Finding | None:
    """Return the finding on the smallest size worth a second rank; None without speedups.

    `threads` are the points with a second thread instead, by workload and size.
    """
    known = sorted((p for p in group if p.state not in NO_SPEEDUP), key=lambda p: p.work)
    if not known:
        return None
    states = [point.state for point in known]
    chosen = max(known, key=_gained)
    numbers = {"count": str(len(known))}
    if FASTER in states:
        first = states.index(FASTER)
        chosen, larger = known[first], states[first + 1 :]
        lost = sum(each != FASTER for each in larger)
        state = MIXED if lost else WORTH
        numbers |= {"larger": str(len(larger)), "lost": str(lost)}
    elif UNSETTLED in states:
        state = UNSETTLED
        numbers |= {"unsettled": str(states.count(UNSETTLED))}
    else:
        state = NEVER
    sentence = ONE_SIZE[state] if len(known) == 1 else SIZES[state]
    sentence = sentence.replace("{from}", AT_LARGEST if chosen is known[-1] else FROM)
    thread = threads.get((chosen.workload, chosen.size))
    cells = [point.id for point in known if point.id != chosen.id]
    of = {}
    own = chosen.on_cpu and not chosen.is_numpy  # whose threads they are
    if own and thread is not None and thread.speedup is not None:
        sentence += OR_A_THREAD
        texts = ratio_texts(thread.speedup)
        numbers |= {"thread": texts["ratio"], "thread_interval": texts["interval"]}
        of = dict.fromkeys(("thread", "thread_interval"), thread.id)
        cells.append(thread.id)
    return _answer(finding_id, state, sentence, chosen, numbers, cells, of)


def _gained(point: Point) -> float:
    return point.speedup.value if point.speedup else 0.0


def _answer(
    finding_id: str,
    state: str,
    sentence: str,
    chosen: Point,
    numbers: Mapping[str, str],
    others: Sequence[str],
    of: Mapping[str, str],
) -> Finding:
    ratio = chosen.speedup or Interval(value=1.0, low=1.0, high=1.0)
    efficiency = chosen.efficiency.value if chosen.efficiency else ratio.value / SECOND
    name = NAMES.get(chosen.workload, chosen.workload)
    about = about_point(chosen)
    del about["size"]
    return Finding(
        id=finding_id,
        state=state,
        sentence=hedged(sentence, ratio),
        words={
            "what": f"{name[:1].upper()}{name[1:]}, {chosen.contender_name}",
            "part": part_of(chosen),
            "size": chosen.spaced_size,
            "thing": THINGS.get(chosen.workload, "it"),
        },
        numbers=used(
            sentence, ratio_texts(ratio) | {"efficiency": units.share(efficiency)} | dict(numbers)
        ),
        cells=(*others, chosen.id),
        of=of,
        interval=ratio,
        about=about,
    )
