"""Renders templates into the bodies of pages."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments.formatters import HtmlFormatter

from reports import units
from reports.findings.ratios import RULE

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "units": units,
    "rule": RULE,
    "light": HtmlFormatter(style="xcode", cssclass="code").get_style_defs(),
    "dark": HtmlFormatter(style="github-dark", cssclass="code").get_style_defs(),
}


def render(template: str, **values: Any) -> Markup:
    """Return the body of a template, filled with values."""
    source = TEMPLATES.get_template(template)
    return Markup("".join(source.blocks["body"](source.new_context(values))))
