"""Runs chapters one after another in one process, and records the output of each cell.

`python -m reports.chapters.execution FOLDER CHAPTER...` is a separate process. So PyTorch and its
threads stay out of the process that builds pages, and nothing else runs while a chapter measures.
"""

import ast
import contextlib
import io
import json
import linecache
import os
import platform
import signal
import sys
import time
import types
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import cpuinfo
import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from reports.chapters.reading import Chapter, read
from reports.charts.drawing import COLOURS, Plot, inline, style, wrap

CYCLE = (  # colours of lines, in order
    "numpy",
    "torch-cpu",
    "accelerator",
    "second",
    "fifth",
    "first",
    "third",
    "sixth",
)
MODULE = "__chapter__"
CHAPTER_S, ALL_S = 60.0, 240.0  # time limits of a chapter, and of all chapters
MIN_ALARM_S = 0.001  # an alarm of 0 s would never ring
SIZE = (7.5, 3.6)  # of a figure in a notebook, inches
PAGE_IN = 4.6  # the width of a figure on a page: a phone shows it whole, with text of 11 px
LOWER = 0.85  # height of a figure on a page, as a share of its height in a notebook
TITLE_CHARS, LABEL_CHARS, HEADING_CHARS = 58, 50, 44  # of a line across a figure on a page
BETWEEN_CHARS, SHORTEST = 5, 7  # of the space between two panels, and of the shortest line


@dataclass(frozen=True, kw_only=True)
class CellOutput:
    """The output of a cell: the printed text with the value of its last line, and its figures.

    `html` is the value of the last line if it has an HTML form, as in a notebook. `seconds` is the
    running time.
    """

    text: str = ""
    html: str = ""
    figures: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, kw_only=True)
class ChapterRun:
    """The result of running a chapter.

    Attributes
    ----------
    place : the machine and the versions of the libraries.
    made : the date.
    seconds : the running time.
    cells : the output of each cell that ran, by the cell's key.
    failed : the key of the cell that raised an exception, else "".
    error : the exception as text, else "".

    """

    place: str = ""
    made: str = ""
    seconds: float = 0.0
    cells: Mapping[str, CellOutput] = field(default_factory=dict)
    failed: str = ""
    error: str = ""

    def as_json(self) -> str:
        """Return the run as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the JSON of `as_json`."""
        fields = json.loads(text)
        return cls(cells=cells_from(fields.pop("cells")), **fields)


def cells_from(stored: Mapping[str, Any]) -> dict[str, CellOutput]:
    """Return the outputs of cells, from parsed JSON."""
    return {
        key: CellOutput(**{**cell, "figures": tuple(cell["figures"])})
        for key, cell in stored.items()
    }


def run(
    chapter: Chapter, limit_s: float = CHAPTER_S, late: str = "", *, strict: bool = False
) -> ChapterRun:
    """Run a chapter until its end, the first cell that raises, or the time limit.

    `late` is the error text if the time limit is reached. A warning about the chapter's own code is
    an error. What a library warns of in its own code is ignored, except if `strict`: it may be
    another version than the chapter was written with.
    """
    module = types.ModuleType(MODULE)
    cells: dict[str, CellOutput] = {}
    start_s, failed, error = time.perf_counter(), "", ""
    late = late or f"the chapter took over {limit_s:g} s"
    sys.modules[MODULE] = module  # dataclasses and pickle look up a chapter's classes there
    try:
        for number, cell in enumerate(chapter.cells):
            if not cell.key or (cell.gpu and not _has_gpu()):
                continue
            cell_start_s = time.perf_counter()
            try:
                with _alarm(limit_s - (cell_start_s - start_s), late):
                    output = _cell_output(
                        chapter, number, cell.source, module.__dict__, strict=strict
                    )
                cells[cell.key] = replace(output, seconds=time.perf_counter() - cell_start_s)
            except Exception as exception:  # noqa: BLE001 - the page shows any error
                failed, error = cell.key, f"{type(exception).__name__}: {exception}"
                break
    finally:
        del sys.modules[MODULE]
        plt.close("all")
    return ChapterRun(
        made=datetime.now(UTC).date().isoformat(),
        seconds=time.perf_counter() - start_s,
        cells=cells,
        failed=failed,
        error=error,
    )


@contextlib.contextmanager
def _alarm(limit_s: float, reason: str) -> Iterator[None]:
    """Raise a TimeoutError if the body takes too long; on a system without alarms, do nothing."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def raise_it(*_: object) -> None:
        raise TimeoutError(reason)

    previous = signal.signal(signal.SIGALRM, raise_it)
    signal.setitimer(signal.ITIMER_REAL, max(limit_s, MIN_ALARM_S))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _has_gpu() -> bool:
    """Whether a chapter has imported PyTorch, and PyTorch finds a GPU."""
    torch = sys.modules.get("torch")
    return torch is not None and torch.cuda.is_available()


def _cell_output(
    chapter: Chapter, number: int, code: str, namespace: dict[str, Any], *, strict: bool
) -> CellOutput:
    output = io.StringIO()
    filename = f"<chapter {chapter.path.stem}, cell {number}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    defaults: dict[Any, Any] = {
        "axes.prop_cycle": cycler(color=[COLOURS[name] for name in CYCLE]),
        "figure.figsize": SIZE,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "legend.frameon": False,
    }
    stem = f"{chapter.path.stem}-{number}"
    with (
        contextlib.redirect_stdout(output),
        warnings.catch_warnings(),
        style(stem, mathematics=True),
        mpl.rc_context(defaults),
    ):
        warnings.simplefilter("error" if strict else "ignore")
        warnings.filterwarnings("error", module=MODULE)
        page = ""
        for value in _values(code, filename, namespace):
            page = value._repr_html_() if hasattr(value, "_repr_html_") else ""
            if not page:
                print(repr(value))
        figures = [plt.figure(each) for each in plt.get_fignums()]
        svgs = tuple(
            str(inline(_plot(f"{stem}-{place}", figure))) for place, figure in enumerate(figures)
        )
    plt.close("all")
    return CellOutput(text=output.getvalue(), html=page, figures=svgs)


def _values(code: str, filename: str, namespace: dict[str, Any]) -> Iterator[Any]:
    """Run a cell; yield the value of its last line where that is an expression, as notebooks do."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec"), namespace)  # noqa: S102 - running chapters is the job
    if isinstance(last, ast.Expr) and not code.rstrip().endswith(";"):
        expression = compile(ast.Expression(last.value), filename, "eval")
        value = eval(expression, namespace)  # noqa: S307 - running chapters is the job
        if value is not None:
            yield value
    elif isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), filename, "exec"), namespace)  # noqa: S102 - the same


def _plot(name: str, figure: Figure) -> Plot:
    description = _description(figure)
    _narrow(figure)
    return Plot(name=name, figure=figure, description=description, mathematics=True)


def _narrow(figure: Figure) -> None:
    """Make a figure narrow enough for a phone; its long titles and labels get more lines."""
    width, height = figure.get_size_inches()
    if width <= PAGE_IN:
        return
    figure.set_size_inches(PAGE_IN, height * LOWER)
    if figure.get_suptitle():
        figure.suptitle(wrap(figure.get_suptitle(), HEADING_CHARS))
    for axes in figure.axes:
        spec = axes.get_subplotspec()
        across = spec.get_gridspec().ncols if spec is not None else 1
        for place in ("left", "center", "right"):
            axes.set_title(wrap(axes.get_title(place), _part(TITLE_CHARS, across)), loc=place)
        axes.set_xlabel(wrap(axes.get_xlabel(), _part(LABEL_CHARS, across)))


def _part(chars: int, across: int) -> int:
    """Return how many of `chars` fit a line of one panel, if `across` panels stand side by side."""
    return max(chars // across - BETWEEN_CHARS * (across > 1), SHORTEST)


def _description(figure: Figure) -> str:
    """Return the alternative text of a figure: its titles, axes and legend.

    Raises
    ------
    ValueError : it has no title.

    """
    parts = [figure.get_suptitle()] if figure.get_suptitle() else []
    for axes in figure.axes:
        title = axes.get_title() or axes.get_title("left")
        labels = [
            f"{axis}: {label}"
            for axis, label in (("across", axes.get_xlabel()), ("up", axes.get_ylabel()))
            if label
        ]
        lines = [text for text in axes.get_legend_handles_labels()[1] if not text.startswith("_")]
        parts.append("; ".join(filter(None, [title, *labels, ", ".join(lines)])))
    if not any(axes.get_title() or axes.get_title("left") for axes in figure.axes) and not parts[0]:
        raise ValueError("a figure needs a title that says what it shows")
    return ". ".join(filter(None, parts))


@cache
def here() -> str:
    """Describe the machine and the libraries that chapters run on."""
    libraries = [
        f"{name} {version(package)}" for name, package in (("PyTorch", "torch"), ("NumPy", "numpy"))
    ]
    model = cpuinfo.get_cpu_info().get("brand_raw") or platform.processor() or "unknown processor"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch = sys.modules.get("torch")
    gpu = [torch.cuda.get_device_name()] if torch is not None and _has_gpu() else []
    python = f"Python {platform.python_version()}"
    return ", ".join([model, f"{cores} cores", *gpu, *libraries, python])


def main(folder: str, *paths: str) -> None:
    """Run chapters; write the result of each into a folder as soon as it ends."""
    deadline_s = time.perf_counter() + ALL_S
    for path in map(Path, paths):
        left_s = deadline_s - time.perf_counter()
        late = f"all chapters together took over {ALL_S:g} s" if left_s < CHAPTER_S else ""
        result = run(read(path), min(CHAPTER_S, left_s), late)
        text = replace(result, place=here()).as_json()
        (Path(folder) / f"{path.stem}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
