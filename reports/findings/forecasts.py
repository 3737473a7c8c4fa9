"""States the scaling model as findings. Each sentence says that it is a model's, not measured."""

from collections.abc import Callable, Iterator

from bench.results.scaling import STRONG
from reports import units
from reports.findings.alpha_beta import NORMAL, RING, Fit
from reports.findings.ratios import TOO_WIDE, hedged, too_wide
from reports.findings.scaling_model import (
    LINKS,
    MODES,
    PRESETS,
    RANKS,
    Model,
    Preset,
    Step,
    efficiency,
    models,
)
from reports.findings.statement import NAMED, Finding
from reports.read.interval import Interval
from reports.read.result import FileHead

KIND = "scaling-model"
FITS, POOR, UNCHECKED, ABSENT, UNKNOWN, MODELLED, ASSUMED = (
    "fits",
    "poor",
    "unchecked",
    "absent",
    "unknown",
    "model",
    "assumed",
)
ALGORITHMS = {RING: "a ring", "tree": "recursive halving and doubling"}
ASSUMED_TOO = " (assumed: too few numbers of ranks to tell)"
OF_MODEL = "Model, not measured: "
LINK = (
    OF_MODEL + "an all-reduce of {contender} is {algorithm} over a link with a latency of"
    " {latency} ({latency_interval}) and a bandwidth of {bandwidth} ({bandwidth_interval}), fitted"
    " to {fitted}"
)
BEGINS = {FITS: "; on {held} that ", POOR: ". It fits poorly: on {held} that "}
OF_ONE = "was not fitted, its error is {error}"
OF_SEVERAL = "were not fitted, its typical error is {error}, its largest {worst}"
INSIDE = " ({inside} of {all} in its 95 % interval)"
OWN_ERRORS = {
    FITS: "; no point was left to check it, and its typical error on its own is {error}",
    POOR: ". It fits poorly: its typical error on its own points is {error}",
}
NOT_CHECKED = "; no point was left to check it"
OF_STEP = OF_MODEL + "at {where}, the work of a rank takes {work}, and a step waits for {wait}"
WORK, FIXED, PER_EXAMPLE = (
    "{fixed} and {example} an example",
    "{fixed}, however many its examples",
    "{example} an example",
)
WAITS = "{exposed} of the modelled all-reduce of {gradients} of gradients"
MISFIT = (
    "its gradients of {gradients} {exposed} times as long as the modelled all-reduce takes: the"
    " model does not fit"
)
KEEPS = (
    OF_MODEL + "on {ranks} ranks over {device}, {mode} scaling at {where} has an efficiency of"
    " {ratio} (95 % band {interval})"
)
NOT_KNOWN = (
    OF_MODEL + "on {ranks} ranks over {device}, the efficiency of {mode} scaling at {where} is not"
    " known within a factor of 10"
)
TOO_MANY = (
    OF_MODEL + "on {ranks} ranks, strong scaling at {where} is impossible: its {batch} examples"
    " leave some ranks without one"
)
FEW = "No model of {contender}: it needs all-reduces of two sizes or more with a verified time"
SHARED = (
    "No model of steps of {contender}: its ranks shared cores or devices, so that the times of"
    " their work show nothing"
)
TOO_FEW = (
    "No model of steps of {contender}: its all-reduce was fitted to {fitted}, too few to predict"
    " more ranks"
)
NO_STEPS = (
    "No model of steps of {contender}: it needs verified steps of one rank and of several, with"
    " two numbers of examples a rank"
)
LEAST_S, MOST_BYTES_S = 1e-9, 1e14  # beyond these the points do not say how much it is
LEAST_PERCENT = 1e-3  # the end of an interval below it is written 0
WIDE = 2.0  # an interval wider than this factor has two digits at each end
LEAST_SHARE, MOST_SHARE = 1e-5, 10.0  # an error beyond these says no more
MOST_TIMES = 10.0  # as long as the model says; more is said no more exactly


def forecasts(result: FileHead) -> Iterator[Finding]:
    """Yield what the model says: of links, all-reduces, steps, and efficiencies."""
    built = models(result)
    if any(model.steps for model in built):
        yield from map(_assumed, PRESETS)
    for model in built:
        yield _all_reduce(model)
        if model.fit and not model.steps:
            yield _no_steps(model, model.fit)
        for step in model.steps:
            yield _of_step(model, step)
            for name in LINKS:
                for mode in MODES:
                    for ranks in RANKS:
                        yield _forecast(model, step, name, mode, ranks)


def forecast_id(contender: str, size: str, link: str, mode: str, ranks: int) -> str:
    """Return the id of the finding on one predicted efficiency."""
    return f"{KIND}/{contender}/{size}/{link}/{mode}/ranks={ranks}"


def all_reduce_id(contender: str) -> str:
    """Return the id of the finding on the fitted all-reduce."""
    return f"{KIND}/{contender}/all-reduce"


def step_id(contender: str, size: str) -> str:
    """Return the id of the finding on the model of a step; without size, on why there is none."""
    return f"{KIND}/{contender}/step/{size}"


def link_id(name: str) -> str:
    """Return the id of the finding on an assumed link."""
    return f"{KIND}/link/{name}"


def where(step: Step) -> str:
    """Return a size as a sentence names it."""
    return step.size.replace(",", ", ")


def percent(share: Interval) -> tuple[str, str]:
    """Return a share and its interval in percent, with the digits that the interval supports."""
    ends = Interval(value=100 * share.value, low=100 * share.low, high=100 * share.high)
    if share.high > WIDE * share.low:
        low = units.significant(ends.low, 2) if ends.low > LEAST_PERCENT else "0"
        return f"{units.ratio(*ends)} %", f"{low} to {share_text(share.high)}"
    return f"{units.ratio(*ends)} %", f"{units.interval(*ends)} %"


def _assumed(preset: Preset) -> Finding:
    return Finding(
        id=link_id(preset.name),
        state=ASSUMED,
        sentence="Assumed, not measured: {device} has a latency of {latency} and a bandwidth of"
        " {bandwidth} ({by})",
        words={NAMED: preset.label, "by": preset.source},
        numbers={
            "latency": units.seconds(preset.link.alpha_s),
            "bandwidth": units.rate(preset.link.bandwidth_bytes_s, "B/s"),
        },
        about={"link": preset.name},
    )


def _all_reduce(model: Model) -> Finding:
    fit, words = model.fit, {"contender": model.contender}
    about = {"contender": model.contender}
    name = all_reduce_id(model.contender)
    if fit is None:
        return Finding(id=name, state=ABSENT, sentence=FEW, words=words, about=about)
    state, ending, numbers = _checked(fit)
    return Finding(
        id=name,
        state=state,
        sentence=LINK + ending,
        words=words | {"algorithm": ALGORITHMS[fit.algorithm] + ASSUMED_TOO * fit.assumed},
        numbers={
            "latency": _seconds(fit.link.alpha_s),
            "latency_interval": _interval(*fit.interval(0), _seconds),
            "bandwidth": _rate(fit.link.bandwidth_bytes_s),
            "bandwidth_interval": _interval(*fit.interval(1), _rate),
            "fitted": units.count(len(fit.fitted), "point"),
            **numbers,
        },
        cells=_cells(fit),
        about=about,
    )


def _cells(fit: Fit) -> tuple[str, ...]:
    return (*(each.point.id for each in fit.held), *(point.id for point in fit.fitted))


def _checked(fit: Fit) -> tuple[str, str, dict[str, str]]:
    """Return the state of a fit, how the sentence on it ends, and the numbers of that."""
    if fit.typical_error is None:
        return UNCHECKED, NOT_CHECKED, {}
    state = POOR if fit.poor else FITS
    numbers = {"error": share_text(fit.typical_error)}
    if not fit.held:
        return state, OWN_ERRORS[state], numbers
    numbers["held"] = units.count(len(fit.held), "point")
    numbers["inside"] = str(sum(each.inside for each in fit.held))
    numbers["all"] = str(len(fit.held))
    if len(fit.held) == 1:
        return state, BEGINS[state] + OF_ONE + INSIDE, numbers
    numbers["worst"] = share_text(max(map(abs, fit.errors)))
    return state, BEGINS[state] + OF_SEVERAL + INSIDE, numbers


def share_text(value: float) -> str:
    """Return a share in percent; one that is too small or too large to matter as a limit."""
    if value > MOST_SHARE:
        return f"over {units.share(MOST_SHARE)}"
    return units.share(value) if value >= LEAST_SHARE else f"under {units.share(LEAST_SHARE)}"


def _seconds(value: float) -> str:
    return units.seconds(value) if value >= LEAST_S else f"under {units.tick_seconds(LEAST_S)}"


def _rate(value: float) -> str:
    return units.rate(min(value, MOST_BYTES_S), "B/s")


def _interval(low: float, high: float, text: Callable[[float], str]) -> str:
    if high > TOO_WIDE * low:
        return "not known within a factor of 10"
    return f"95 % interval {text(low)} to {text(high)}"


def _no_steps(model: Model, fit: Fit) -> Finding:
    few = not model.oversubscribed and not fit.degrees
    sentence = TOO_FEW if few else SHARED if model.oversubscribed else NO_STEPS
    return Finding(
        id=step_id(model.contender, "none"),
        state=ABSENT,
        sentence=sentence,
        words={"contender": model.contender},
        numbers={"fitted": units.count(len(fit.fitted), "point")} if few else {},
        cells=_cells(fit),
        about={"contender": model.contender},
    )


def _of_step(model: Model, step: Step) -> Finding:
    half = NORMAL * step.exposed_deviation
    ends = [step.exposed, step.exposed - half, step.exposed + half]
    work = PER_EXAMPLE if not step.fixed_s else WORK if step.example_s else FIXED
    numbers = {"gradients": units.size_bytes(step.message_bytes)}
    if misfit := step.exposed > 1:
        numbers["exposed"] = units.ratio(*ends) if step.exposed < MOST_TIMES else "over 10"
    elif step.exposed:
        numbers["exposed"] = f"{units.ratio(*(100 * each for each in ends))} %"
    else:
        numbers["exposed"] = "0 %"
    times = {"fixed": step.fixed_s, "example": step.example_s}
    return Finding(
        id=step_id(model.contender, step.size),
        state=POOR if misfit else MODELLED,
        sentence=OF_STEP.replace("{work}", work).replace("{wait}", MISFIT if misfit else WAITS),
        words={"where": where(step)},
        numbers={key: units.seconds(s) for key, s in times.items() if s} | numbers,
        cells=_sources(model, step),
        about={"contender": model.contender, "size": step.size},
    )


def _sources(model: Model, step: Step) -> tuple[str, ...]:
    """Return the points that a prediction rests on: those of the all-reduce, then of the step."""
    fitted = tuple(point.id for point in model.fit.fitted) if model.fit else ()
    return (*fitted, *(point.id for point in step.points))


def _forecast(model: Model, step: Step, name: str, mode: str, ranks: int) -> Finding:
    kept = efficiency(model, step, mode, name, ranks)
    words = {"where": where(step), NAMED: LINKS[name], "mode": mode}
    numbers = {"ranks": f"{ranks:,}"}
    if kept is None:
        state, sentence = ABSENT, TOO_MANY
        numbers["batch"] = str(step.batch)
    elif too_wide(kept):
        state, sentence = UNKNOWN, NOT_KNOWN
    else:
        state, sentence = MODELLED, hedged(KEEPS, kept)
        numbers["ratio"], numbers["interval"] = percent(kept)
    return Finding(
        id=forecast_id(model.contender, step.size, name, mode, ranks),
        state=state,
        sentence=sentence,
        words=words,
        numbers=numbers,
        cells=_sources(model, step),
        interval=kept,
        about={
            "contender": model.contender,
            "size": step.size,
            "link": name,
            "mode": mode,
            "strong": "yes" if mode == STRONG else "no",
            "ranks": str(ranks),
        },
    )
