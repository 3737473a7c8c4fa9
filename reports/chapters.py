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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from reports.findings import Finding, baselines_missing, speedup
from reports.load import Result

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


def render(chapter: Chapter, result: Result) -> Markup:
    """Run a chapter and return the body of its page, its prose filled from a result.

    Raises
    ------
    ChapterError : its code raises, or its prose names what does not exist.

    """
    namespace: dict[str, Any] = {"__name__": "__chapter__"}
    parts = []
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(_prose(chapter, cell.source, result))
        else:
            parts += [code(cell.source), _output(chapter, cell.source, namespace)]
    return Markup("\n").join(parts)


def _prose(chapter: Chapter, text: str, result: Result) -> Markup:
    """Return prose as HTML; source files go in after Markdown, which would change their bytes."""
    files: list[Markup] = []

    def keep(name: str) -> Markup:
        files.append(code(read_source(name)))
        return Markup('<div id="source-{}"></div>').format(len(files) - 1)

    html = MARKDOWN.render(fill(chapter, text, result, keep))
    for number, file in enumerate(files):
        html = html.replace(f'<div id="source-{number}"></div>', file)
    return Markup(html)


def notebook(chapter: Chapter, result: Result) -> str:
    """Return the chapter as a notebook file, its prose filled from a result."""

    def fence(name: str) -> Markup:
        return Markup(f"```python\n{read_source(name)}```")

    copy = jupytext.reads(jupytext.writes(chapter.notebook, fmt="py:percent"), fmt="py:percent")
    for number, cell in enumerate(copy.cells):
        cell.id = f"{chapter.path.stem}-{number}"
        if cell.cell_type == "markdown":
            cell.source = fill(chapter, cell.source, result, fence)
    return str(jupytext.writes(copy, fmt="ipynb"))


def fill(chapter: Chapter, prose: str, result: Result, show: Callable[[str], Markup]) -> str:
    """Fill the places in a chapter's prose that name a result, or a file that `show` shows."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    names = {
        "machine": result.label,
        "speedup": lambda *name, **kind: quote(result, *name, **kind).html,
        "source": show,
    }
    try:
        return environment.from_string(prose).render(names)
    except Exception as error:
        raise ChapterError(f"{chapter.path.name}: {error}") from error


def quote(
    result: Result,
    workload: str,
    size: str,
    *,
    contender: str = "torch-cpu",
    dtype: str = "float32",
) -> Finding:
    """Return the finding of a name; one that says so where this run did not ask for it."""
    table = result.table
    rows = table[
        (table["workload"] == workload)
        & (table["size"] == size)
        & (table["dtype"] == dtype)
        & (table["contender"] == contender)
    ]
    if len(rows):
        row = rows.to_dict("records")[0]
        return speedup(row, baselines_missing(result).get(row["case"], ""))
    case = f"{workload}/{size}/{dtype}"
    return Finding(
        id=f"speedup/{case}/{contender}",
        state="absent",
        sentence="{where}: not asked for in this run",
        words={"where": f"{workload} at {size}, {dtype}, {contender}"},
        cells=(),
    )


def read_source(name: str) -> str:
    """Return the text of a file of this project.

    Raises
    ------
    ChapterError : the name leads to no file inside the project.

    """
    path = (ROOT / name).resolve()
    if ROOT not in path.parents or not path.is_file():
        raise ChapterError(f"source({name!r}) must name a file of this project")
    return path.read_text(encoding="utf-8")


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
