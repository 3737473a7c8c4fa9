"""Run chapters, one after the other in one process, and write down what each cell shows.

`python -m reports.chapters.execution FOLDER CHAPTER...` is a process of its own, so that PyTorch,
its threads and whatever a chapter does stay out of the one that builds pages, and so that nothing
else runs in it while a chapter measures.
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
from reports.charts.drawing import COLOURS, Plot, inline, style

CYCLE = ("numpy", "torch-cpu", "accelerator", "second", "fifth", "first", "third", "sixth")
MODULE = "__chapter__"
CHAPTER_S, ALL_S = 60.0, 240.0  # most that a chapter may take, and all: then what is left fails
SOON_S = 0.001
SIZE = (7.5, 3.6)  # of a figure, inches


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a cell shows: what it printed with the value of its last line, and its figures.

    `seconds` is how long it took.
    """

    text: str = ""
    figures: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of a chapter's code.

    Attributes
    ----------
    place : the machine and the libraries that it ran on.
    made : when, as a date.
    seconds : how long it took.
    cells : what each cell shows, by its key; one that did not run is not there.
    failed : the key of the cell that raised, "" for none.
    error : what it raised.

    """

    place: str = ""
    made: str = ""
    seconds: float = 0.0
    cells: Mapping[str, Shown] = field(default_factory=dict)
    failed: str = ""
    error: str = ""

    def as_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what `as_json` wrote."""
        known = json.loads(text)
        return cls(cells=cells_from(known.pop("cells")), **known)


def cells_from(stored: Mapping[str, Any]) -> dict[str, Shown]:
    """Return what cells show, as read from JSON."""
    return {
        key: Shown(**{**cell, "figures": tuple(cell["figures"])}) for key, cell in stored.items()
    }


def run(chapter: Chapter, limit_s: float = CHAPTER_S, reason: str = "") -> Ran:
    """Run a chapter's code, up to the end, to the first cell that raises, or to the time limit."""
    module = types.ModuleType(MODULE)
    cells: dict[str, Shown] = {}
    began, failed, error = time.perf_counter(), "", ""
    reason = reason or f"the chapter took over {limit_s:g} s"
    sys.modules[MODULE] = module  # where dataclasses and pickle look for what a chapter defines
    try:
        for number, cell in enumerate(chapter.cells):
            if not cell.key or (cell.gpu and not _has_gpu()):
                continue
            start = time.perf_counter()
            try:
                with _alarm(limit_s - (start - began), reason):
                    shown = _shown(chapter, number, cell.source, module.__dict__)
                cells[cell.key] = replace(shown, seconds=time.perf_counter() - start)
            except Exception as raised:  # noqa: BLE001 - whatever it is, the page says it
                failed, error = cell.key, f"{type(raised).__name__}: {raised}"
                break
    finally:
        del sys.modules[MODULE]
        plt.close("all")
    return Ran(
        made=datetime.now(UTC).date().isoformat(),
        seconds=time.perf_counter() - began,
        cells=cells,
        failed=failed,
        error=error,
    )


@contextlib.contextmanager
def _alarm(limit_s: float, reason: str) -> Iterator[None]:
    """Raise a TimeoutError if what is done takes too long, where the system has alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def raise_it(*_: object) -> None:
        raise TimeoutError(reason)

    before = signal.signal(signal.SIGALRM, raise_it)
    signal.setitimer(signal.ITIMER_REAL, max(limit_s, SOON_S))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _has_gpu() -> bool:
    """Tell whether the PyTorch that a chapter has imported finds one."""
    torch = sys.modules.get("torch")
    return torch is not None and torch.cuda.is_available()


def _shown(chapter: Chapter, number: int, text: str, namespace: dict[str, Any]) -> Shown:
    output = io.StringIO()
    name = f"<chapter {chapter.path.stem}, cell {number}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    chosen: dict[Any, Any] = {
        "axes.prop_cycle": cycler(color=[COLOURS[name] for name in CYCLE]),
        "figure.figsize": SIZE,
        "figure.constrained_layout.use": True,
        "legend.frameon": False,
    }
    drawn = f"{chapter.path.stem}-{number}"
    with (
        contextlib.redirect_stdout(output),
        warnings.catch_warnings(),
        style(drawn, mathematics=True),
        mpl.rc_context(chosen),
    ):
        warnings.simplefilter("error")
        for value in _values(text, name, namespace):
            print(repr(value))
        figures = [plt.figure(each) for each in plt.get_fignums()]
        written = tuple(
            str(inline(_plot(f"{drawn}-{each}", figure))) for each, figure in enumerate(figures)
        )
    plt.close("all")
    return Shown(text=output.getvalue(), figures=written)


def _values(text: str, name: str, namespace: dict[str, Any]) -> Iterator[Any]:
    """Run a cell; yield the value of its last line where that is an expression, as notebooks do."""
    tree = ast.parse(text)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)  # noqa: S102 - running chapters is the job
    if isinstance(last, ast.Expr) and not text.rstrip().endswith(";"):
        code = compile(ast.Expression(last.value), name, "eval")
        value = eval(code, namespace)  # noqa: S307 - running chapters is the job
        if value is not None:
            yield value
    elif isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), name, "exec"), namespace)  # noqa: S102 - the same


def _plot(name: str, figure: Figure) -> Plot:
    return Plot(name=name, figure=figure, description=_described(figure), mathematics=True)


def _described(figure: Figure) -> str:
    """Return what a figure says to one who does not see it: titles, axes, what is in the legend.

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
    """Return the machine and the libraries that chapters run on, in words."""
    libraries = [f"{name} {version(package)}" for name, package in
                 (("PyTorch", "torch"), ("NumPy", "numpy"))]  # fmt: skip
    model = cpuinfo.get_cpu_info().get("brand_raw") or platform.processor() or "unknown processor"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch = sys.modules.get("torch")
    gpu = [torch.cuda.get_device_name()] if torch is not None and _has_gpu() else []
    python = f"Python {platform.python_version()}"
    return ", ".join([model, f"{cores} cores", *gpu, *libraries, python])


def main(folder: str, *paths: str) -> None:
    """Run chapters; write what came of each into a folder as soon as it is known."""
    until = time.perf_counter() + ALL_S
    for path in map(Path, paths):
        left_s = until - time.perf_counter()
        late = f"all chapters together took over {ALL_S:g} s" if left_s < CHAPTER_S else ""
        ran = run(read(path), min(CHAPTER_S, left_s), late)
        text = replace(ran, place=here()).as_json()
        (Path(folder) / f"{path.stem}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
