"""Prepares the model's part of the scaling page: what `scaling_model.html` shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reports.charts.drawing import inline
from reports.charts.naming import slug
from reports.charts.scaling_model import all_reduce_name, efficiency_name, model_plans
from reports.findings.forecasts import (
    all_reduce_id,
    forecast_id,
    forecasts,
    link_id,
    step_id,
    where,
)
from reports.findings.scaling_model import LINKS, MEASURED, MODES, RANKS, Model, Step, models
from reports.findings.statement import Finding
from reports.read.result import FileHead

IMPOSSIBLE = Markup('<span title="fewer examples than ranks">not possible</span>')
NOT_KNOWN = Markup('<span title="not known within a factor of 10">not known</span>')


@dataclass(frozen=True, kw_only=True)
class Row:
    """The predicted efficiencies of one size and mode, as texts by number of ranks."""

    size: str
    mode: str
    cells: tuple[Markup, ...]


@dataclass(frozen=True, kw_only=True)
class LinkPanel:
    """What is shown of one link: what is assumed of it, its chart and its table."""

    name: str
    label: str
    measured: bool
    about: Markup
    figure: Markup | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """What is shown of the model of one contender.

    Attributes
    ----------
    key : valid in an id.
    absent : why there are no predictions, None if there are.

    """

    key: str
    contender: str
    all_reduce: Finding
    figure: Markup | None
    steps: tuple[Finding, ...]
    absent: Finding | None
    links: tuple[LinkPanel, ...]


def scaling_model(result: FileHead, figures: Mapping[str, Markup] | None = None) -> dict[str, Any]:
    """Return the values of `scaling_model.html`; without ranks that communicated, no models.

    Parameters
    ----------
    figures : the drawn figures of the page, which has those of `model_plans`; None draws them.

    """
    known = {finding.id: finding for finding in forecasts(result)}
    drawn = dict(_drawn(result)) if figures is None else figures
    return {
        "models": [_view(model, known, drawn) for model in models(result)],
        "model_ranks": [f"{ranks:,}" for ranks in RANKS],
    }


def _drawn(result: FileHead) -> Iterator[tuple[str, Markup]]:
    for name, plan in model_plans(result).items():
        if plot := plan():
            yield name, inline(plot)


def _view(model: Model, known: Mapping[str, Finding], drawn: Mapping[str, Markup]) -> ModelView:
    contender = model.contender
    return ModelView(
        key=slug(contender),
        contender=contender,
        all_reduce=known[all_reduce_id(contender)],
        figure=drawn.get(all_reduce_name(contender)),
        steps=tuple(known[step_id(contender, step.size)] for step in model.steps),
        absent=known.get(step_id(contender, "none")),
        links=tuple(_panel(model, name, known, drawn) for name in LINKS) if model.steps else (),
    )


def _panel(
    model: Model, name: str, known: Mapping[str, Finding], drawn: Mapping[str, Markup]
) -> LinkPanel:
    measured = name == MEASURED
    about = all_reduce_id(model.contender) if measured else link_id(name)
    return LinkPanel(
        name=name,
        label="measured here" if measured else LINKS[name],
        measured=measured,
        about=Markup() if measured else known[about].html,
        figure=drawn.get(efficiency_name(model.contender, name)),
        rows=tuple(_row(model, step, name, mode, known) for step in model.steps for mode in MODES),
    )


def _row(model: Model, step: Step, name: str, mode: str, known: Mapping[str, Finding]) -> Row:
    said = [known[forecast_id(model.contender, step.size, name, mode, ranks)] for ranks in RANKS]
    return Row(size=where(step), mode=mode, cells=tuple(map(_cell, said)))


def _cell(finding: Finding) -> Markup:
    """Return an efficiency with its band."""
    if "ratio" not in finding.numbers:
        return IMPOSSIBLE if finding.interval is None else NOT_KNOWN
    return Markup("{} <small>({})</small>").format(
        finding.number("ratio"), finding.number("interval")
    )
