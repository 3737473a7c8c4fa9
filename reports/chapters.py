"""A chapter: a percent-format script that runs, opens as a notebook, and becomes a page.

Prose cells are Jinja templates over the findings, so they quote results by name and never hold a
number of their own. Code cells are run, in one namespace a chapter, and shown with their output;
where PyTorch is missing they are shown without it, and the page says so.
"""

import ast
import contextlib
import importlib.util
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from reports.findings import Findings
from reports.sources import read_source
from reports.statement import Finding, markdown

ROOT = Path(__file__).resolve().parent.parent
NO_TORCH = "(not run: PyTorch is not installed where this page was built)"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
FORMATTER = HtmlFormatter(nowrap=False, cssclass="code")


class ChapterError(Exception):
    """A chapter that cannot be run or quotes what cannot be; the message names it and why."""


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter as read from its script."""

    path: Path
    notebook: NotebookNode

    @property
    def title(self) -> str:
        """The first heading."""
        first = self.notebook.cells[0].source.splitlines()[0]
        return str(first.lstrip("# "))

    @property
    def page(self) -> str:
        """The path of its page inside the site: `tutorial/1_basics/01_first_look.html`."""
        return self.path.relative_to(ROOT).with_suffix(".html").as_posix()


def read(path: Path) -> Chapter:
    """Read a chapter's script."""
    return Chapter(path=path, notebook=jupytext.read(path, fmt="py:percent"))


def find(root: Path = ROOT / "tutorial") -> list[Chapter]:
    """Return all chapters in reading order."""
    return [read(path) for path in sorted(root.glob("[0-9]_*/[0-9]*.py"))]


def render(chapter: Chapter, findings: Findings) -> Markup:
    """Run a chapter and return the body of its page, its prose filled from a result.

    Raises
    ------
    ChapterError : its code raises, or its prose names what does not exist.

    """
    namespace: dict[str, Any] = {"__name__": "__chapter__"}
    parts = []
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(_prose(chapter, cell.source, findings))
        else:
            parts += [code(cell.source), _output(chapter, cell.source, namespace)]
    return Markup("\n").join(parts)


def _prose(chapter: Chapter, text: str, findings: Findings) -> Markup:
    """Return prose as HTML.

    What comes from files, findings and code alike, goes in after Markdown, which would change its
    bytes, and which must not read what a result file says.
    """
    kept: list[Markup] = []

    def keep(part: Markup, tag: str) -> Markup:
        kept.append(part)
        return Markup('<{} id="kept-{}"></{}>').format(tag, len(kept) - 1, tag)

    names = {
        "machine": keep(escape(findings.result.label), "span"),
        "speedup": lambda *name, **kind: keep(quote(findings, *name, **kind).html, "span"),
        "source": lambda name: keep(code(read_source(name)), "div"),
    }
    html = MARKDOWN.render(fill(chapter, text, names))
    for number, part in enumerate(kept):
        for tag in ("span", "div"):
            html = html.replace(f'<{tag} id="kept-{number}"></{tag}>', part)
    return Markup(html)


def notebook(chapter: Chapter, findings: Findings) -> str:
    """Return the chapter as a notebook file, its prose filled from a result."""
    names = {
        "machine": Markup(markdown(findings.result.label)),
        "speedup": lambda *name, **kind: Markup(quote(findings, *name, **kind).markdown),
        "source": lambda name: Markup(f"```python\n{read_source(name)}```"),
    }
    copy = jupytext.reads(jupytext.writes(chapter.notebook, fmt="py:percent"), fmt="py:percent")
    for number, cell in enumerate(copy.cells):
        cell.id = f"{chapter.path.stem}-{number}"
        if cell.cell_type == "markdown":
            cell.source = fill(chapter, cell.source, names)
    return str(jupytext.writes(copy, fmt="ipynb"))


def fill(chapter: Chapter, prose: str, names: Mapping[str, Any]) -> str:
    """Fill the places in a chapter's prose that name a result, or a file to be shown."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    try:
        return environment.from_string(prose).render(names)
    except Exception as error:
        raise ChapterError(f"{chapter.path.name}: {error}") from error


def quote(
    findings: Findings,
    workload: str,
    size: str,
    *,
    contender: str = "torch-cpu",
    dtype: str = "float32",
) -> Finding:
    """Return the finding of a name; one that says so where nobody measured it.

    It is this machine's, on the fewest threads that it was asked for with; where this machine has
    no such device, a reference machine's, marked as that.
    """
    wanted = {"workload": workload, "size": size, "contender": contender, "dtype": dtype}
    own = findings.kind("speedup", **wanted)
    if not any(finding.told for finding in own):
        for reference in findings.references:
            theirs = [f for f in reference.findings.kind("speedup", **wanted) if f.told]
            if theirs:
                return theirs[0].elsewhere(reference.label, reference.file)
    if own:
        return own[0]
    return Finding(
        id=f"speedup/{workload}/{size}/{dtype}/{contender}",
        state="absent",
        sentence="{where}: not asked for in this run",
        words={"where": f"{workload} at {size}, {dtype}, {contender}"},
    )


def code(text: str) -> Markup:
    """Return Python, highlighted."""
    return Markup(highlight(text, PythonLexer(), FORMATTER))


def _output(chapter: Chapter, text: str, namespace: dict[str, Any]) -> Markup:
    if importlib.util.find_spec("torch") is None:
        return Markup('<pre class="output absent">{}</pre>').format(NO_TORCH)
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output), warnings.catch_warnings():
            warnings.simplefilter("error")
            for value in _run(text, namespace):
                print(repr(value))
    except Exception as error:
        raise ChapterError(f"{chapter.path.name}: {type(error).__name__}: {error}") from error
    if not output.getvalue():
        return Markup()
    return Markup('<pre class="output">{}</pre>').format(output.getvalue())


def _run(text: str, namespace: dict[str, Any]) -> Iterator[Any]:
    """Run a cell; yield the value of its last line where that is an expression, as notebooks do."""
    tree = ast.parse(text)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<chapter>", "exec"), namespace)  # noqa: S102 - running chapters is the job
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "<chapter>", "eval"), namespace)  # noqa: S307
        if value is not None:
            yield value
