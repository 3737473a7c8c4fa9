"""Findings, charts and chapters -> pages: static, offline, each whole in one file."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments.formatters import HtmlFormatter

from reports import chapters, charts, units
from reports.findings import (
    NUMPY,
    Finding,
    headlines,
    of_roof,
    score,
    self_tested,
    speedups,
    state_of,
    trust,
)
from reports.load import Result

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "units": units,
    "light": HtmlFormatter(style="friendly", cssclass="code").get_style_defs(),
    "dark": HtmlFormatter(style="nord", cssclass="code").get_style_defs(),
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A workload on a page."""

    name: str
    family: str
    summary: str
    charts: Mapping[int, Markup]  # by threads
    accuracy: str
    saves: bool  # whether its rows tell what autograd keeps for the backward pass
    findings: Sequence[Finding]
    rows: Sequence[dict[Any, Any]]
    devices: Sequence[dict[Any, Any]]  # those rows that an accelerator's clock says more of
    code: Markup


def write(results: Sequence[Result], complaints: Sequence[str], out: Path) -> Path:
    """Write the site and return the path of its first page.

    The first result is the subject of the index and of the chapters; each further one gets a page.
    """
    read = chapters.find()
    for chapter in read:
        page(out / chapter.page, "chapter.html", chapter=chapter, result=results[0], root="../../",
             body=chapters.render(chapter, results[0]))  # fmt: skip
        text = chapters.notebook(chapter, results[0])
        (out / chapter.page).with_suffix(".ipynb").write_text(text, encoding="utf-8")
    names = ["index.html", *(f"{n}-{result.label}.html" for n, result in enumerate(results[1:], 2))]
    for name, result in zip(names, results, strict=True):
        page(
            out / name,
            "index.html",
            result=result,
            root="",
            headlines=headlines(result),
            score=score(result),
            trust=trust(result),
            self_tested=self_tested(result),
            sections=list(sections(result)),
            untimed=untimed(result),
            chapters=read,
            complaints=complaints,
            others=[(n, r.label) for n, r in zip(names, results, strict=True) if r is not result],
        )
    return out / names[0]


def page(path: Path, template: str, **values: Any) -> None:
    """Write one page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATES.get_template(template).render(values), encoding="utf-8")


def sections(result: Result) -> Iterator[Section]:
    """Yield a section for each workload that was timed, in the order of the file."""
    found = speedups(result)
    timed = result.table[result.table["typical_s"].notna() & result.table["workload"].notna()]
    for name, rows in timed.groupby("workload", sort=False):
        cells = rows[rows["contender"] != NUMPY]["cell"]
        drawn = rows[rows["dtype"] == rows["dtype"].iloc[0]]
        listed = [
            {**row, "state": state_of(row), "of_roof": of_roof(row, result.machine.peaks)}
            for row in rows.sort_values(["variant", "dtype", "threads", "axis_value"]).to_dict(
                "records"
            )
        ]
        yield Section(
            name=str(name),
            family=str(rows["family"].iloc[0]),
            summary=summary(rows),
            charts={
                int(threads): charts.time_against_size(part)
                for threads, part in drawn.groupby("threads", sort=False)
            },
            accuracy=accuracy(rows),
            saves=any("saved_bytes" in quality for quality in rows["quality"]),
            findings=[found[cell] for cell in cells],
            rows=listed,
            devices=[row for row in listed if row["latency_s"] == row["latency_s"]],
            code=sources(rows),
        )


def accuracy(rows: pd.DataFrame) -> str:
    """Return the range of what trained networks got right, or "" where nothing was trained."""
    shares = [100 * quality["accuracy"] for quality in rows["quality"] if "accuracy" in quality]
    return f"{min(shares):.1f} to {max(shares):.1f} %" if shares else ""


def sources(rows: pd.DataFrame) -> Markup:
    """Return the code that was timed, if these are still its bytes."""
    names = list(rows["sources"].iloc[0] or ())
    paths = [(ROOT / name).resolve() for name in names]
    if not names or not all(ROOT in path.parents and path.is_file() for path in paths):
        return Markup("<p>The code that was timed is not here.</p>")
    content = [path.read_bytes() for path in paths]
    if hashlib.sha256(b"".join(content)).hexdigest() != rows["source_sha256"].iloc[0]:
        return Markup("<p>The code has changed since it was timed; rerun to see both.</p>")
    parts = [
        Markup("<h4>{}</h4>").format(name) + chapters.code(text.decode())
        for name, text in zip(names, content, strict=True)
    ]
    return Markup().join(parts)


def summary(rows: pd.DataFrame) -> str:
    """Return the first sentence of a workload's file, which says what it computes."""
    names = list(rows["sources"].iloc[0] or ())
    path = (ROOT / names[0]).resolve() if names else ROOT
    if ROOT not in path.parents or not path.is_file():
        return ""
    match = re.match(r'"""(.+?)$', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return match[1] if match else ""


def untimed(result: Result) -> list[tuple[str, str, list[str]]]:
    """Return the cells without a time, by status and reason."""
    rows = result.table[result.table["typical_s"].isna()]
    groups = rows.groupby(["status", "reason"], sort=False)["cell"]
    return [(str(key[0]), str(key[1]), list(cells)) for key, cells in groups if len(cells)]
