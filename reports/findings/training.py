"""Findings on training: gradients by hand or by autograd, and the steps from NumPy to `nn`."""

from collections.abc import Iterator, Mapping

from bench.results import ids
from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.findings.ratios import hedged, ratio_texts
from reports.findings.statement import Finding, about_cell
from reports.read.interval import Interval
from reports.read.row import Timed

VARIANTS = ("tensors", "autograd", "")  # steps of the ladder: the library does more in each

GRADIENTS = {
    FASTER: "{where}: {what} {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: autograd is {ratio} times as fast",
    SLOWER: "{where}: {what} {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: by hand is {ratio} times as fast",
    TIE: "{where}: {what} {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: they are equally fast, within 10 %",
    UNSETTLED: "{where}: {what} {hand} and {hand_lines} lines of code,"
    " with autograd in {contender} {auto} and {auto_lines}: which is faster is unsettled",
}
EPOCH = "an epoch with gradients by hand in NumPy takes"
BY_HAND = {
    "train_mlp": EPOCH,
    "train_cnn": EPOCH,
    "gradient_cost": "gradients by hand in NumPy take",
}
# the variant of each workload that differs from NumPy only in using autograd
AUTOGRAD_VARIANT = {"train_mlp": "autograd", "train_cnn": "", "gradient_cost": ""}


def gradients(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State the time and the lines of code of gradients by hand and by autograd."""
    for row in rows.values():
        hand = rows.get(row.numpy_cell)
        if row.is_numpy or hand is None or row.variant != AUTOGRAD_VARIANT.get(row.workload):
            continue
        has_lines = hand.code_lines is not None and row.code_lines is not None
        if has_lines and row.speedup is not None and row.state in GRADIENTS:
            yield _gradients(hand, row, row.speedup)


def _gradients(hand: Timed, row: Timed, ratio: Interval) -> Finding:
    state = row.state
    numbers = {
        "hand": units.seconds(hand.time_s),
        "auto": units.seconds(row.time_s),
        "hand_lines": str(hand.code_lines),
        "auto_lines": str(row.code_lines),
    }
    if state in {FASTER, SLOWER}:
        numbers["ratio"] = ratio_texts(ratio.inverted if state == SLOWER else ratio)["ratio"]
    return Finding(
        id=f"gradients/{row.cell}",
        state=state,
        sentence=hedged(GRADIENTS[state], ratio),
        words={
            "where": row.case_text,
            "contender": row.contender,
            "what": BY_HAND[row.workload],
        },
        numbers=numbers,
        cells=(hand.cell, row.cell),
        of=dict.fromkeys(("hand", "hand_lines"), hand.cell),
        interval=ratio,
        about=about_cell(row),
    )


def ladder(rows: Mapping[str, Timed], case: str) -> list[Timed]:
    """Return the steps of a training case in order: NumPy, tensors, autograd, nn with optim.

    Empty if one of them has no time. `rows` is keyed by cell id.
    """
    names = [ids.NUMPY, *(ids.contender(ids.TORCH, ids.CPU, variant) for variant in VARIANTS)]
    known = [rows.get(ids.cell(case, name)) for name in names]
    steps = [row for row in known if row is not None]
    return steps if len(steps) == len(names) else []


LADDER = (
    "{where}: an epoch takes {numpy} in NumPy by hand ({numpy_lines} lines), {tensors} in tensors"
    " by hand ({tensors_lines}), {autograd} with autograd ({autograd_lines}), {nn} with nn and"
    " optim ({nn_lines})"
)


def ladders(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State the time and the lines of code of each step of the ladder, for each case."""
    for case in dict.fromkeys(row.case for row in rows.values()):
        steps = ladder(rows, case)
        if steps and all(row.code_lines is not None for row in steps):
            yield _ladder(
                case, dict(zip(("numpy", "tensors", "autograd", "nn"), steps, strict=True))
            )


def _ladder(case: str, steps: Mapping[str, Timed]) -> Finding:
    first = steps["numpy"]
    times = {key: units.seconds(row.time_s) for key, row in steps.items()}
    lines = {f"{key}_lines": str(row.code_lines) for key, row in steps.items()}
    of = {key: row.cell for key, row in steps.items()}
    return Finding(
        id=f"ladder/{case}",
        state=min(steps, key=lambda key: steps[key].time_s),
        sentence=LADDER,
        words={"where": first.case_text},
        numbers=times | lines,
        cells=tuple(of.values()),
        of=of | {f"{key}_lines": cell for key, cell in of.items()},
        about=about_cell(first),
    )
