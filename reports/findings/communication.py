"""Findings on what communication costs: its share of a step, the bandwidth and latency of messages.

The share is that of an iteration in which PyTorch's profiler saw a collective, of the rank that saw
least: the others wait for it. The bus bandwidth is what each link must carry at least (NVIDIA,
nccl-tests, doc/PERFORMANCE.md); it is held against the bandwidth at which a rank copies memory.
"""

from collections.abc import Iterator, Sequence

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.findings.ratios import too_wide, verdict_on
from reports.findings.second_rank import THINGS, about_point, at_two_and_all
from reports.findings.statement import Finding, used
from reports.read.grouping import grouped
from reports.read.interval import Interval
from reports.read.point import Point

HALF = 0.5
OUTWEIGHS, LESS = "outweighs", "less"
NOWHERE, EVERYWHERE, UP_TO, SOME = "nowhere", "everywhere", "small", "some"
SHARES = {
    OUTWEIGHS: "{where}, {mode} scaling, {parts}: under the profiler, collectives take {share} of"
    " {thing}, more than its work",
    LESS: "{where}, {mode} scaling, {parts}: under the profiler, collectives take {share} of"
    " {thing}, no more than its work",
}
ALONE = "; without it, {thing} takes {time}, and the same work without messages {compute}"
ONE_SIZE = "{what}: communication takes {share} of {thing} at {size}, the one size with a time"
OUTWEIGHED = {
    NOWHERE: "{what}: communication takes at most half of {thing} at all {count} sizes, most at"
    " {size}, {share}",
    EVERYWHERE: "{what}: communication takes more than half of {thing} at all {count} sizes, still"
    " {share} at {size}",
    UP_TO: "{what}: communication takes more than half of {thing} up to {size}, where it takes"
    " {share}; at {rest} larger of {count} sizes it takes at most half",
    SOME: "{what}: communication takes more than half of {thing} at {outweighed} of {count} sizes,"
    " {share} at {size}, the largest of them",
}
BUS = {
    FASTER: "faster than a copy",
    SLOWER: "slower than a copy",
    TIE: "as fast as a copy",
    UNSETTLED: "whether it is slower than a copy is unsettled",
}
BANDWIDTH = (
    "all_reduce, {contender}, {parts}: at the largest message, {largest}, the bus bandwidth is"
    " {bus} ({low} to {high}){against}; the smallest, {smallest}, takes {latency}"
)
LATENCY, LATENCY_NOT_KNOWN = "takes {latency}", "takes between {least} and {most}"
OF_SMALLEST = {"smallest", "latency", "least", "most"}  # the numbers of the smallest message
NOT_KNOWN = "not known: between {low} and {high}"
AGAINST = ", {share} of the {copy} at which a rank copies memory: {verdict}"


def shares(points: Sequence[Point]) -> Iterator[Finding]:
    """State the share of an iteration that collectives take, at 2 and at all ranks."""
    chosen = [p for p in at_two_and_all(points) if p.usable and p.communication_share is not None]
    for (workload, contender, mode, ranks), group in grouped(
        (point for point in chosen if point.ranks > 1),
        lambda point: (point.workload, point.contender, point.mode, point.ranks),
    ).items():
        name = f"communication/{workload}/{mode}/ranks={ranks}/{contender}"
        yield _outweighed(name, sorted(group, key=lambda point: point.work))
        yield from map(_share, group)


def _share_of(point: Point) -> float:
    return point.communication_share or 0.0


def _share(point: Point) -> Finding:
    state = OUTWEIGHS if _share_of(point) > HALF else LESS
    sentence, numbers = SHARES[state], {"share": units.share(_share_of(point))}
    compute_s, time = point.compute_s, point.time
    if compute_s and time and compute_s <= time.value:
        sentence += ALONE
        numbers |= {"compute": units.seconds(compute_s), "time": units.seconds(time.value)}
    return Finding(
        id=f"share/{point.id}",
        state=state,
        sentence=sentence,
        words={
            "where": point.where,
            "mode": point.mode or "strong",
            "parts": point.parts,
            "thing": THINGS.get(point.workload, "it"),
        },
        numbers=numbers,
        cells=(point.id,),
        about=about_point(point),
    )


def _outweighed(finding_id: str, points: Sequence[Point]) -> Finding:
    """State at which sizes communication outweighs work; `points` are of ascending size."""
    above = [_share_of(point) > HALF for point in points]
    count = sum(above)
    numbers = {"count": str(len(points))} if len(points) > 1 else {}
    if not count:
        state, chosen = NOWHERE, max(points, key=_share_of)
    elif count == len(points):
        state, chosen = EVERYWHERE, points[-1]
    else:
        chosen = [point for point, more in zip(points, above, strict=True) if more][-1]
        state = UP_TO if all(above[:count]) else SOME
        more = {"rest": len(points) - count} if state == UP_TO else {"outweighed": count}
        numbers |= {key: str(number) for key, number in more.items()}
    about = about_point(chosen)
    del about["size"]
    return Finding(
        id=finding_id,
        state=state,
        sentence=OUTWEIGHED[state] if len(points) > 1 else ONE_SIZE,
        words={
            "what": f"{chosen.workload}, {chosen.mode} scaling, {chosen.contender}, {chosen.parts}",
            "thing": THINGS.get(chosen.workload, "it"),
            "size": chosen.spaced_size,
        },
        numbers=numbers | {"share": units.share(_share_of(chosen))},
        cells=(*(p.id for p in points if p.id != chosen.id), chosen.id),
        about=about,
    )


def bandwidths(points: Sequence[Point], copy_bytes_s: float | None) -> Iterator[Finding]:
    """State the bus bandwidth of the largest all-reduce and the latency of the smallest."""
    reduced = [p for p in at_two_and_all(points) if p.usable and p.bus_bytes_s and p.message_bytes]
    groups = grouped(reduced, lambda point: (point.contender, point.ranks))
    for (contender, ranks), group in groups.items():
        ordered = sorted(group, key=lambda point: point.message_bytes or 0.0)
        name = f"bandwidth/ranks={ranks}/{contender}"
        on_cpu = ordered[-1].on_cpu  # a copy is one in the memory of the CPU
        yield _bandwidth(name, ordered[0], ordered[-1], copy_bytes_s if on_cpu else None)


def bus_of(point: Point) -> Interval | None:
    """Return the bus bandwidth of a point with the interval that its time has."""
    if point.time is None or not point.bus_bytes_s:
        return None
    times = point.bus_bytes_s * point.time.value
    value = point.bus_bytes_s
    return Interval(value=value, low=times / point.time.high, high=times / point.time.low)


def _bandwidth(
    finding_id: str, smallest: Point, largest: Point, copy_bytes_s: float | None
) -> Finding:
    bus = bus_of(largest) or Interval(value=1.0, low=1.0, high=1.0)
    numbers = {
        "largest": units.message_bytes(largest.message_bytes or 0.0),
        "bus": units.byte_rate(bus.value),
        "low": units.byte_rate(bus.low),
        "high": units.byte_rate(bus.high),
        "smallest": units.message_bytes(smallest.message_bytes or 0.0),
        "latency": units.seconds(smallest.time.value if smallest.time else 0.0),
    }
    if smallest.time:
        numbers |= {
            "least": units.seconds(smallest.time.low),
            "most": units.seconds(smallest.time.high),
        }
    words = {"contender": largest.contender_name, "parts": largest.parts}
    state, sentence = "measured", BANDWIDTH.replace("{against}", "")
    if too_wide(bus):
        sentence = sentence.replace("{bus} ({low} to {high})", NOT_KNOWN)
    elif copy_bytes_s:
        share = Interval(
            value=bus.value / copy_bytes_s,
            low=bus.low / copy_bytes_s,
            high=bus.high / copy_bytes_s,
        )
        state, sentence = verdict_on(share), BANDWIDTH.replace("{against}", AGAINST)
        words["verdict"] = BUS[state]
        numbers |= {"share": units.share(share.value), "copy": units.byte_rate(copy_bytes_s)}
    if smallest.time and too_wide(smallest.time):
        sentence = sentence.replace(LATENCY, LATENCY_NOT_KNOWN)
    about = about_point(largest)
    del about["size"]
    return Finding(
        id=finding_id,
        state=state,
        sentence=sentence,
        words=words,
        numbers=used(sentence, numbers),
        cells=(smallest.id, largest.id),
        of=dict.fromkeys(OF_SMALLEST & used(sentence, numbers).keys(), smallest.id),
        interval=bus,
        about=about,
    )
