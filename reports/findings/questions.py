"""Findings that answer the three questions of the first page: CPU, GPU, autograd.

Each answer is one sentence with one number to remember. Further findings say what the answer rests
on. An accelerator is judged by the near ends of its intervals, so "at least" is meant.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.findings.largest import Largest, largest, verdict_counts
from reports.findings.ratios import hedged, ratio_of, ratio_texts, verdict_on
from reports.findings.statement import NAMED, Finding, about_cell
from reports.read.grouping import at_largest_size, by_size, grouped
from reports.read.interval import Interval
from reports.read.result import Result
from reports.read.row import Timed

QUESTIONS = (
    "NumPy or PyTorch on this CPU?",
    "What does a GPU change?",
    "What does autograd save?",
)
ABOUT_CPU, ABOUT_GPU, ABOUT_AUTOGRAD = QUESTIONS
ON_GPU, COPIED = "data on the GPU", "copied there and back"
MOSTLY = 2 / 3  # of the computations: a side that is faster in more is faster "mostly"
MUCH = 2.0  # an accelerator that is at least this many times as fast changes much
REDUCED = ("bf16", "fp16", "tf32")  # variants in lower precision
MANY_UNSETTLED = 1 / 4  # of the computations: "mostly" speaks of those that are settled
CPU_LEADS = {
    FASTER: "PyTorch, mostly",
    SLOWER: "NumPy, mostly",
    f"settled {FASTER}": "PyTorch, where it is settled",
    f"settled {SLOWER}": "NumPy, where it is settled",
    UNSETTLED: "Mostly unsettled",
    "depends": "It depends",
}
COUNTED = "in {faster} of {count} {things}, NumPy in {slower}"
REST = {TIE: ", a tie in {tie}", UNSETTLED: ", unsettled in {unsettled}"}
CPU = "{lead}: on {cores} PyTorch is faster " + COUNTED
GPU = (
    "{lead}: in half of {count} {things}, {device} is at least {times} times as fast as NumPy on"
    " {cores}"
)
GPU_SLOW = "{lead}: {device} is faster than NumPy on {cores} " + COUNTED
WITH_COPIES = "If the data starts and ends in the CPU’s memory, {contender} is faster " + COUNTED
REDUCED_PRECISION = {
    FASTER: "Reduced precision: {where} is {ratio} times as fast in {precision} as in float32 (95 %"
    " interval {interval})",
    TIE: "Reduced precision: {where} is as fast in {precision} as in float32, within 10 %",
    SLOWER: "Reduced precision: {where} is {ratio} times as fast in float32 as in {precision} (95 %"
    " interval {interval})",
    UNSETTLED: "Reduced precision: whether {where} is faster in {precision} than in"
    " float32 is unsettled; {ratio} times the speed (95 % interval {interval})",
}
BILL = (
    "The bill of one call of {where}, from the CPU’s memory and back: {wall}, of which {to_device}"
    " to copy the inputs, {launch} to launch, {kernel} to compute and {to_host} to copy the result"
)
AUTOGRAD = (
    "Autograd spares you the derivation: with {p} parameters w, the gradient of the mean of"
    " (tanh(x w) − y)² takes {auto}, {ratio} times as fast (95 % interval {interval}) as finite"
    " differences in PyTorch, which take {finite}"
)
BY_HAND = {  # by the verdict on autograd against NumPy
    FASTER: "; by hand in NumPy it takes {hand}, and autograd is {by_hand} times as fast",
    SLOWER: "; by hand in NumPy it takes {hand}, {by_hand} times as fast as autograd",
    TIE: "; by hand in NumPy it takes {hand}, the same within 10 %",
    UNSETTLED: "; by hand in NumPy it takes {hand}, and which is faster is unsettled",
}
WIDE = 4.0  # high / low of an interval; above this, a sentence gives the near end
PARAMETERS = (
    "From {low} to {high} parameters, the time of autograd goes from {auto_low} to {auto_high},"
    " that of finite differences from {finite_low} to {finite_high}"
)
WIDTH = "How sure: half of these {count} speedups are known within ±{half}; unsettled: {unsettled}"
SCOPE = (
    "{workloads} workloads were timed, counted as computations (a workload with several curves or"
    " dtypes is several): {groups}"
)


def questions(result: Result, rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """Answer the three questions, as far as a result can; `rows` is keyed by cell id."""
    groups = on_cpu(result)
    for each in groups:
        yield _on_cpu(each)
    if groups:
        yield _width("cpu", [row for each in groups for row in each.rows])
        yield _scope(groups)
    if (group := on_gpu(result)) is not None:
        yield _on_gpu(group, _device(result))
        yield _width("gpu", group.rows)
        yield from _with_copies(result, group)
        yield from _reduced(rows, group)
        yield from _bill(result, group)
    yield from _autograd(result)


def on_cpu(result: Result) -> list[Largest]:
    """Return PyTorch's largest sizes on the CPU, the most cores first."""
    groups = [each for each in largest(result) if each.rows[0].on_cpu]
    return sorted(groups, key=lambda each: -each.threads)


def on_gpu(result: Result) -> Largest | None:
    """Return an accelerator's largest sizes, without those that only copy; None if there are none.

    It is the accelerator and the number of cores beside it with the most of them.
    """
    found = [
        replace(each, rows=[row for row in each.rows if row.family != ids.COPYING])
        for each in largest(result)
        if not each.rows[0].on_cpu
    ]
    most = max(found, key=lambda each: len(each.rows), default=None)
    return most if most is not None and most.rows else None


def gpu_groups(result: Result) -> dict[str, Sequence[Timed]]:
    """Return the computations on a GPU at their largest sizes: without copies, and with them."""
    group = on_gpu(result)
    if group is None:
        return {}
    groups = {ON_GPU: group.rows, COPIED: _copied(result, group)}
    return {name: rows for name, rows in groups.items() if rows}


def _copied(result: Result, group: Largest) -> list[Timed]:
    """Return the times of the same computations that include the copies to the GPU and back."""
    sizes = {(row.computation, row.size, row.dtype) for row in group.rows}
    return [
        row
        for row in result.plausible
        if row.variant == ids.TRANSFER
        and row.device == group.rows[0].device
        and (row.computation, row.size, row.dtype) in sizes
        and row.speedup is not None
    ]


def gpu_lines(result: Result) -> dict[str, list[Timed]]:
    """Return the matrix product's curves on an accelerator, by name: what it changes by size."""
    group = on_gpu(result)
    if group is None:
        return {}
    known = [
        row
        for row in result.plausible
        if row.workload == "matmul"
        and row.device == group.rows[0].device
        and row.threads == group.threads
        and row.dtype == "float32"
        and row.speedup is not None
    ]
    by_variant = grouped(known, lambda row: row.variant)
    names = {"": ON_GPU, ids.TRANSFER: COPIED, "bf16": "in bfloat16"}
    return {name: by_variant[key] for key, name in names.items() if key in by_variant}


BY_HAND_LINE, AUTOGRAD_LINE, FINITE_LINE = "by hand, NumPy", "autograd", "finite differences"


def autograd_lines(result: Result) -> dict[str, list[Timed]]:
    """Return the curves of one gradient on the CPU, by the way it is computed."""
    known = [
        row
        for row in result.plausible
        if row.workload == "gradient_cost" and row.on_cpu and row.dtype == "float32"
    ]
    by_contender = grouped(known, lambda row: (row.library, row.variant))
    names = {
        (ids.NUMPY, ""): BY_HAND_LINE,
        (ids.TORCH, ""): AUTOGRAD_LINE,
        (ids.TORCH, "finite"): FINITE_LINE,
    }
    return {name: by_contender[key] for key, name in names.items() if key in by_contender}


def _on_cpu(group: Largest) -> Finding:
    counts = verdict_counts(group.rows)
    lead = _lead(counts, len(group.rows))
    return Finding(
        id=f"on-cpu/threads={group.threads}",
        state=lead.rpartition(" ")[2],
        sentence=CPU + _rest(counts),
        words={"lead": CPU_LEADS[lead], "cores": group.cores, "things": group.things},
        numbers=_shown(counts),
        cells=tuple(row.cell for row in group.rows),
        about={"threads": str(group.threads)},
    )


def _rest(counts: Mapping[str, int]) -> str:
    """Return the words for ties and unsettled computations, so that all counts add up."""
    return "".join(words for state, words in REST.items() if counts[state])


def _shown(counts: Mapping[str, int]) -> dict[str, str]:
    """Return the texts of the numbers in COUNTED and in the words after it."""
    shown = {state: str(n) for state, n in counts.items() if n or state not in REST}
    return {"count": str(sum(counts.values()))} | shown


def _lead(counts: Mapping[str, int], count: int) -> str:
    """Return the key of CPU_LEADS for so many verdicts of each kind."""
    settled = count - counts[UNSETTLED]
    if 2 * settled < count:
        return UNSETTLED
    winner = next((key for key in (FASTER, SLOWER) if counts[key] > MOSTLY * settled), "")
    if not winner:
        return "depends"
    return f"settled {winner}" if counts[UNSETTLED] > MANY_UNSETTLED * count else winner


def _device(result: Result) -> str:
    """Return the product name of the only accelerator, else ""."""
    names = [gpu.name for gpu in result.machine.gpus if gpu.name]
    return names[0] if len(names) == 1 else ""


def _on_gpu(group: Largest, device: str) -> Finding:
    """State how much an accelerator changes; `device` is its product name, "" if unknown."""
    counts = verdict_counts(group.rows)
    times = median(row.known_speedup.low for row in group.rows)
    much = times >= MUCH
    sentence = GPU if much else GPU_SLOW + _rest(counts)
    numbers = _shown(counts)
    if much:
        numbers = {"count": numbers["count"], "times": units.rounded_down(times)}
    return Finding(
        id="on-gpu",
        state=FASTER if much else "little",
        sentence=sentence.replace("{device}", "the {device}") if device else sentence,
        words={
            "lead": "Much, for large arrays" if much else "Little here",
            NAMED: device or group.contender,
            "cores": units.count(group.threads, "core"),
            "things": group.things,
        },
        numbers=numbers,
        cells=tuple(row.cell for row in group.rows),
        about={"contender": group.contender, "device": group.rows[0].device},
    )


def _with_copies(result: Result, group: Largest) -> Iterator[Finding]:
    """State how the same computations end if an accelerator's copies are counted too."""
    rows = _copied(result, group)
    if rows:
        counts = verdict_counts(rows)
        yield Finding(
            id="on-gpu-with-copies",
            state="counted",
            sentence=WITH_COPIES + _rest(counts),
            words={"contender": rows[0].contender, "things": replace(group, rows=rows).things},
            numbers=_shown(counts),
            cells=tuple(row.cell for row in rows),
            about={"device": group.rows[0].device},
        )


def _reduced(rows: Mapping[str, Timed], group: Largest) -> Iterator[Finding]:
    """State what lower precision adds to the largest matrix product."""
    products = [row for row in group.rows if row.workload == "matmul"]
    for plain in at_largest_size(products) if products else []:
        names = [ids.contender(plain.library, plain.device, variant) for variant in REDUCED]
        lower = [rows.get(ids.cell(plain.case, name)) for name in names]
        if known := [row for row in lower if row is not None]:
            fastest = min(known, key=lambda row: row.time_s)
            ratio = ratio_of(plain, fastest)
            state = verdict_on(ratio)
            yield Finding(
                id="reduced-precision",
                state=state,
                sentence=hedged(REDUCED_PRECISION[state], ratio),
                words={"where": _where(plain), "precision": fastest.precision},
                numbers=ratio_texts(ratio.inverted if state == SLOWER else ratio),
                cells=(plain.cell, fastest.cell),
                interval=ratio,
                about=about_cell(fastest),
            )


def _bill(result: Result, group: Largest) -> Iterator[Finding]:
    """State where the time of one call goes, at the largest matrix product with a ledger."""
    known = [
        row
        for row in result.plausible
        if row.workload == "matmul" and row.contender == group.contender and row.ledger is not None
    ]
    for row in at_largest_size(known)[:1] if known else []:
        ledger = row.ledger
        assert ledger is not None, "chosen above"  # noqa: S101 - for the type checker
        parts_s = {
            "wall": ledger.wall_s,
            "to_device": ledger.host_to_device_s,
            "launch": ledger.launch_s,
            "kernel": ledger.kernel_s,
            "to_host": ledger.device_to_host_s,
        }
        yield Finding(
            id="bill",
            state="measured",
            sentence=BILL,
            words={"where": _where(row)},
            numbers={key: units.seconds(s) if s else "0 s" for key, s in parts_s.items()},
            cells=(row.cell,),
            about=about_cell(row),
        )


def _autograd(result: Result) -> Iterator[Finding]:
    """State what autograd saves over finite differences: with the most parameters, and growth."""
    lines = autograd_lines(result)
    finite = {row.case: row for row in lines.get(FINITE_LINE, [])}
    automatic = by_size(lines.get(AUTOGRAD_LINE, []))
    pairs = [(row, finite[row.case]) for row in automatic if row.case in finite]
    if not pairs:
        return
    auto, differences = pairs[-1]
    ratio = ratio_of(differences, auto)
    numbers = {
        "p": units.whole(auto.axis_value),
        "auto": units.seconds(auto.time_s),
        "finite": units.seconds(differences.time_s),
        **ratio_texts(ratio),
    }
    sentence = hedged(AUTOGRAD, ratio)
    if is_wide(ratio):
        numbers["ratio"] = units.rounded_down(ratio.low)
        sentence = AUTOGRAD.replace("{ratio}", "at least {ratio}")
    of = {"finite": differences.cell}
    by_hand = {row.case: row for row in lines.get(BY_HAND_LINE, [])}
    hand = by_hand.get(auto.case)
    if hand is not None and auto.speedup is not None and auto.state in BY_HAND:
        gain = auto.speedup.inverted if auto.state == SLOWER else auto.speedup
        sentence += hedged(BY_HAND[auto.state], gain, "by_hand")
        numbers |= {"hand": units.seconds(hand.time_s), "by_hand": units.ratio(*gain)}
        of["hand"] = hand.cell
    yield Finding(
        id="autograd",
        state=verdict_on(ratio),
        sentence=sentence,
        numbers=numbers,
        cells=(*of.values(), auto.cell),
        of=of,
        interval=ratio,
        about=about_cell(auto),
    )
    ratios = {row.cell: ratio_of(other, row) for row, other in pairs}
    if known := {cell: each for cell, each in ratios.items() if not math.isnan(each.low)}:
        yield _width_of("autograd", known)
    if len(pairs) > 1:
        yield _parameters(pairs[0], pairs[-1])


def is_wide(ratio: Interval) -> bool:
    """Return whether a sentence gives the near end of an interval, because it is wide."""
    return ratio.high > WIDE * ratio.low


def _parameters(first: tuple[Timed, Timed], last: tuple[Timed, Timed]) -> Finding:
    cells = {
        "auto_low": first[0],
        "finite_low": first[1],
        "auto_high": last[0],
        "finite_high": last[1],
    }
    of = {key: row.cell for key, row in cells.items()}
    return Finding(
        id="parameters",
        state="measured",
        sentence=PARAMETERS,
        numbers={
            "low": units.whole(first[0].axis_value),
            "high": units.whole(last[0].axis_value),
            **{key: units.seconds(row.time_s) for key, row in cells.items()},
        },
        cells=tuple(of.values()),
        of={"low": first[0].cell, "high": last[0].cell, **of},
        about=about_cell(last[0]),
    )


def _width(key: str, rows: Sequence[Timed]) -> Finding:
    """State how well the speedups behind an answer are known."""
    return _width_of(key, {row.cell: row.known_speedup for row in rows})


def _width_of(key: str, ratios: Mapping[str, Interval]) -> Finding:
    """State how well some ratios are known; their keys are cells."""
    states = [verdict_on(ratio) for ratio in ratios.values()]
    return Finding(
        id=f"width/{key}",
        state="counted",
        sentence=WIDTH,
        numbers={
            "count": str(len(ratios)),
            "half": units.share(median(ratio.half_width for ratio in ratios.values())),
            "unsettled": str(states.count(UNSETTLED)),
        },
        cells=tuple(ratios),
    )


def _scope(groups: Sequence[Largest]) -> Finding:
    """State how many workloads and computations were timed, on how many cores."""
    numbers = {f"count{n}": str(len(each.rows)) for n, each in enumerate(groups)}
    parts = [f"{{count{n}}} on {each.cores}" for n, each in enumerate(groups)]
    rows = [row for each in groups for row in each.rows]
    return Finding(
        id="scope",
        state="counted",
        sentence=SCOPE.replace("{groups}", " and ".join(parts)),
        numbers={"workloads": str(len({row.workload for row in rows})), **numbers},
        cells=tuple(row.cell for row in rows),
    )


def _where(row: Timed) -> str:
    return f"{row.workload} at {row.spaced_size}"
