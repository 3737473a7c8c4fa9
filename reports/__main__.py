"""Explains result files: pages, comparisons, figures, tables. `python -m reports COMMAND --help`.

A FILE is a path or an address that fsspec opens; `*` matches several (`s3://bucket/runs/*.json`).
Without a FILE, a command takes the newest result of this clone. If there is none, it takes the
committed machines.
"""

import argparse
import codecs
import gc
import io
import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.results.places import writable_file, writable_folder
from reports.chapters.outputs import RECORDED, failures, outputs, record, slowest
from reports.chapters.reading import find
from reports.charts.blocks import blocks_over_time
from reports.charts.drawing import Plot, pdf, png, standalone, whole
from reports.charts.foreign import foreign_plans
from reports.charts.sizes import time_against_size
from reports.compare.best import DONE
from reports.compare.columns import column_of
from reports.compare.comparison import LIKE, Comparison, compare
from reports.compare.gate import asked, gate, parse_share, reasons
from reports.compare.many import load_many
from reports.compare.markdown import as_markdown
from reports.compare.names import FULL, NAME
from reports.compare.sides import origins_of
from reports.compare.tables import print_comparison
from reports.findings.findings import Findings
from reports.findings.foreign import sections
from reports.findings.summary import summary
from reports.pages import check as checking
from reports.pages import readme
from reports.pages.build import build as assemble
from reports.pages.build import comparison_page, with_references
from reports.pages.first import shared_card
from reports.pages.writing import Site, write_folder, write_single
from reports.read import export
from reports.read.intake import expand, printable
from reports.read.interval import Interval
from reports.read.load import load_all
from reports.read.names import distinct_labels
from reports.read.result import Result, Tabular

HERE = Path(__file__).resolve().parent
SITE = HERE / "site"
OUT = "--out"
SINGLE = HERE / "numpy-vs-pytorch.html"
PICTURES = {".png": png, ".pdf": pdf}
KINDS = (".svg", *PICTURES)  # endings of a chart's file
PIPE = 200  # columns of what is printed into a pipe
LACKING = "numpy-vs-pytorch"  # the name of the handler of characters that cannot be encoded
PLAIN = {"…": "...", "’": "'", "×": "x", "µ": "u", "–": "-", "—": "-", "±": "+-", "†": "+"}
T = TypeVar("T", bound=Tabular)


class NoResultError(Exception):
    """There is no usable result; the message says what was expected, and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = vars(_parser().parse_args(arguments))
    run: Callable[..., int] = options.pop("run")
    _print_any_name()
    gc.freeze()  # collections of garbage skip what is imported: a tenth of the time of a build
    try:
        return run(**options)
    except (NoResultError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def _print_any_name() -> None:
    """Let names and signs be printed that the terminal's encoding lacks: replaced or escaped."""
    codecs.register_error(LACKING, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=LACKING)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(PLAIN.get(char) or char.encode("unicode_escape").decode() for char in text), (
        error.end
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reports",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        run: Callable[..., int], *, files: str = "", out: str = ""
    ) -> Callable[..., argparse.Action]:
        """Add a command: its docstring is its help, its parameters are its options."""
        name, text = run.__name__.strip("_"), (run.__doc__ or "").strip(".")
        subparser = commands.add_parser(name, help=text, description=text)
        subparser.set_defaults(run=run)
        if files:
            subparser.add_argument(
                "files", nargs="*", metavar="FILE", help=f"result files (default: {files})"
            )
        if out:
            subparser.add_argument("--out", type=Path, help=out)
        return subparser.add_argument

    add = command(
        _build, files="the newest", out="folder (default: reports/site); with --single-file, a file"
    )
    add("--single-file", action="store_true", help="write one page that can be mailed")
    add("--png", action="store_true", help="also write each figure as a PNG file")
    add = command(_compare, out="folder for a page (default: write no page)")
    add(
        "files",
        nargs="+",
        metavar="FILE",
        help="result files; A1,A2,A3 B1,B2,B3 compares several files a side (of other tools)",
    )
    add(
        "--baseline",
        type=int,
        default=1,
        metavar="N",
        help="number of the baseline among the files (default: 1), or of a file of its side",
    )
    add(
        "--fail-above",
        metavar="SHARE",
        help="exit 1 if something is clearly slower by more, like 5%%, or nothing can be compared;"
        " of other tools' files, also if all tests together are",
    )
    add(
        "--match",
        choices=(FULL, NAME),
        default=FULL,
        help="how tests of other tools' files are matched: by their full names (full, the default),"
        " or whatever their folders (name)",
    )
    add(
        "--question",
        choices=(LIKE, DONE),
        default=LIKE,
        help="what --fail-above looks at: each contender against itself (like, the default), or"
        " when the work is done, by the best contender of each machine (done)",
    )
    add(
        "--transfers",
        action="store_true",
        help="the time of a device includes the transfers to it and back",
    )
    add(
        "--format",
        choices=("text", "markdown"),
        default="text",
        dest="kind",
        help="format of what is printed (default: text)",
    )
    add(
        "--all",
        action="store_true",
        dest="every",
        help="print every cell, not only clear differences",
    )
    add = command(_check)
    add("site", nargs="?", type=Path, default=SITE, help="folder or page (default: reports/site)")
    add = command(_summary)
    add("file", nargs="?", metavar="FILE", help="a result file (default: the newest)")
    add("--build", type=Path, metavar="DIR", help="also build its pages, in this folder")
    command(_list, files="all in this clone")
    add = command(
        _export, files="the newest", out="file (default: the terminal; Parquet needs a file)"
    )
    add(
        "--format",
        choices=export.FORMATS,
        default="csv",
        dest="kind",
        help="format of the table (default: csv)",
    )
    add = command(_record)
    add("label", help="this machine's name on pages")
    add = command(_readme)
    add("--check", action="store_true", help="write nothing; exit 1 if the file is out of date")
    add = command(_card)
    add("file", nargs="?", metavar="FILE", help="a result file (default: the newest)")
    add("--out", type=Path, default=Path("card.png"), help="a .png file (default: card.png)")
    for run, subject, text in (
        (_chart, "workload", "name of a workload, like matmul"),
        (_samples, "cell", "id of a cell, like matmul/n=64/float32/threads=1/torch-cpu"),
    ):
        name = f"{run.__name__.strip('_')}.svg"
        add = command(run)
        add(subject, help=text)
        add("file", nargs="?", metavar="FILE", help="a result file (default: the newest)")
        add(
            "--out",
            type=Path,
            default=Path(name),
            help=f"an .svg, .png or .pdf file (default: {name})",
        )
    return parser


def _build(*, files: list[str], out: Path | None, single_file: bool, png: bool) -> int:
    """Build the pages of a run; several runs are also compared."""
    results, complaints = _readable(files or newest(), blocks=True)
    if single_file:
        where = out or SINGLE
        writable_folder(where.parent, OUT)
        writable_file(where, OUT)
    else:
        where = writable_folder(out or SITE, OUT)
    site = _site(results, complaints, pictures=png)
    print((write_single if single_file else write_folder)(site, where))
    return 1 if complaints or site.complaints else 0


def _site(results: list[Result], complaints: list[str], *, pictures: bool = False) -> Site:
    """Return a site; print which of its chapters failed, and how long they took."""
    site = assemble(results, complaints, pictures=pictures)
    for line in filter(None, (*site.complaints, site.log)):
        print(line, file=sys.stderr)
    return site


def _compare(
    *,
    files: list[str],
    out: Path | None,
    baseline: int,
    fail_above: str | None,
    question: str,
    transfers: bool,
    match: str,
    kind: str,
    every: bool,
) -> int:
    """Compare machines, or runs of one machine.

    Of other tools' files, several of one machine and commit are one side, whose visits they are;
    so are files joined by commas: A1,A2,A3 B1,B2,B3.
    """
    above = parse_share(fail_above) if fail_above is not None else None
    origins = origins_of(files)
    addresses = [address for address, _ in origins]
    results, complaints = _report_unreadable(*load_many(addresses))
    if out is not None:
        writable_folder(out, OUT)
    if not 1 <= baseline <= len(results):
        raise ValueError(f"--baseline must be from 1 to {len(results)}, got {baseline}")
    comparison = compare(
        results, baseline - 1, transfers=transfers, matching=match, origins=dict(origins)
    )
    if kind == "markdown":
        print(as_markdown(comparison, all_cells=every), end="")
    else:
        print_comparison(comparison, _console(), all_cells=every)
    if out is not None:
        site = Site()
        site.pages.append(comparison_page(site, comparison, ()))
        print(write_folder(site, out), file=sys.stderr if kind == "markdown" else None)
    failed = above is not None and _gate(comparison, question, above)
    return 1 if complaints or failed else 0


def _gate(comparison: Comparison, question: str, above: float) -> bool:
    """Print what is clearly slower by more than a share; return whether the gate fails.

    It also fails if nothing of a machine could be compared.
    """
    found, answer = gate(comparison, question, above), asked(comparison, question)
    for mean in found.overall:
        what = f"{mean.cells} tests together on {mean.machine}"
        print(f"slower, {_least(mean.ratio)}: {what}", file=sys.stderr)
    for pair in found.slow:
        print(f"slower, {_least(pair.ratio)}: {pair.key} on {pair.machine}", file=sys.stderr)
    for machine, why in found.unasked.items():
        print(f"nothing of {machine} could be compared: {why}", file=sys.stderr)
    not_comparable = len(answer.pairs) - len(answer.comparable)
    why = f" ({reasons(answer.pairs)})" if not_comparable and not found.unasked else ""
    print(
        f"{len(found.slow)} of {len(answer.pairs)} clearly slower by more than {above:.1%};"
        f" {not_comparable} could not be compared{why}",
        file=sys.stderr,
    )
    return found.fails


def _least(ratio: Interval) -> str:
    """Return by how much the other machine is slower, at least."""
    return f"at least {1 / ratio.high - 1:.1%}"


def _check(*, site: Path) -> int:
    """Check a site: recompute every number, follow every link."""
    complaints = checking.check(site)
    for complaint in complaints:
        print(complaint)
    print(f"{site}: " + (f"{len(complaints)} faults" if complaints else "no faults"))
    return 1 if complaints else 0


def _summary(*, file: str | None, build: Path | None) -> int:
    """Print the headlines of a run, as at its end."""
    results, complaints = _readable([_file_or_newest(file)], blocks=build is not None)
    for line in summary(with_references(results[0])):
        print(line)
    sys.stdout.flush()  # whatever becomes of the pages
    if build is not None:
        writable_folder(build, "--build")
        print(write_folder(_site(results, complaints), build))
    return 0


def _list(*, files: list[str]) -> int:
    """List the known runs and machines."""
    results, complaints = _report_unreadable(*load_many(expand(files or [*committed(), *own()])))
    points = [len(result.scaling.points) if result.scaling else 0 for result in results]
    of_points = ["points"] if any(points) else []
    heads = ["machine", "measured", "timed", "cells", *of_points, "GPU", "commit", "file"]
    table = Table(*heads, box=None)
    labels = distinct_labels(results)
    columns = column_of(labels), column_of([result.name for result in results])
    for result, count, label, file in zip(results, points, *columns, strict=True):
        timed = result.table["time_s"].notna()
        gpus = ", ".join(gpu.name for gpu in result.machine.gpus) or "none"
        row = (
            result.datetime[:16].replace("T", " "),
            str(int(timed.sum())),
            str(len(timed)),
            *([str(count)] if of_points else []),
            gpus if result.own else "",
            result.commit.id[:8],
        )
        table.add_row(label, *(Text(text) for text in row), file)
    _console().print(table)
    return 1 if complaints else 0


def _console() -> Console:
    """Return the terminal; a pipe is wide, unless COLUMNS says how wide."""
    given = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    return Console(width=None if given else PIPE)


def _export(*, files: list[str], out: Path | None, kind: str) -> int:
    """Write the cells of all given runs as one table."""
    results, complaints = _report_unreadable(*load_many(expand(files or newest())))
    content = export.as_bytes(export.tidy(results), kind)
    if out is not None:
        writable_file(out, OUT).write_bytes(content)
        print(out)
    elif kind == "parquet":
        raise ValueError("Parquet is a binary format: name a file with --out")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)  # always UTF-8, whatever the terminal's encoding
    return 1 if complaints else 0


def _record(*, label: str) -> int:
    """Record the chapters' outputs on this machine, for pages that are built elsewhere."""
    writable_folder(RECORDED, "tutorial/recorded")
    shown = outputs(find())
    print(record(shown, label))
    failed = failures(shown)
    for line in (slowest(shown), *failed):
        print(line, file=sys.stderr)
    return 1 if failed else 0


def _readme(*, check: bool) -> int:
    """Write reports/README.md from the committed machines."""
    if not check:
        writable_file(readme.README, "reports/README.md")
        print(readme.write())
        return 0
    complaints = readme.stale()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def _card(*, file: str | None, out: Path) -> int:
    """Draw the three answers of the first page as a picture to share, 1200 x 630 pixels."""
    if out.suffix != ".png":
        raise ValueError(f"--out must end in .png, got {out}")
    writable_file(out, OUT)
    results, _ = _readable([_file_or_newest(file)])
    if not results[0].own:
        raise NoResultError(
            f"{results[0].name}: a card shows the answers of a run of this suite; this file is"
            " another suite's: build shows its tests"
        )
    if not results[0].rows:
        raise NoResultError(f"{results[0].name}: a card shows answers about cells; it has none")
    out.write_bytes(shared_card(with_references(results[0])))
    print(out)
    return 0


def _chart(*, workload: str, file: str | None, out: Path) -> int:
    """Draw the times of a workload against its sizes, or of a group of another suite's file."""
    _check_kind(out)
    results, _ = _readable([_file_or_newest(file)])
    return _write(_plot(results[0], workload), out)


def _plot(result: Result, name: str) -> Plot:
    """Return the chart of a workload, or of a group of another suite's tests."""
    rows = [row for row in result.timed if row.workload == name]
    if rows:
        threads, dtype = rows[0].threads, rows[0].dtype
        first = [row for row in rows if (row.threads, row.dtype) == (threads, dtype)]
        return time_against_size(first)
    groups = {section.name: section for section in sections(result)}
    planned = foreign_plans([groups[name]]) if name in groups else {}
    plots = (plan() for plan in planned.values())
    if plot := next(filter(None, plots), None):
        return plot
    if name in groups:
        raise NoResultError(f"{result.name} must hold two or more times in {name!r} to draw it")
    known = ", ".join(dict.fromkeys((*(row.workload for row in result.timed), *groups))) or "none"
    raise NoResultError(f"{result.name} must hold times of {name!r}; it holds {printable(known)}")


def _samples(*, cell: str, file: str | None, out: Path) -> int:
    """Draw every block of a cell, next to NumPy's blocks."""
    _check_kind(out)
    (result, *_), _ = _readable([_file_or_newest(file)], blocks=True)
    known = set(result.blocks["cell"])
    if cell not in known:
        near = ", ".join(get_close_matches(cell, known, cutoff=0)) or "none"
        raise NoResultError(
            f"{_file_or_newest(file)} must hold blocks of the cell {cell!r}; near it are {near}"
        )
    row = next(row for row in result.rows if row.cell == cell)
    both = result.blocks_of([cell, row.numpy_cell])
    speedup = Findings(result).speedups.get(f"speedup/{cell}")
    title = textwrap.fill(speedup.text if speedup else row.case, 88)
    return _write(blocks_over_time(both, title), out)


def _check_kind(out: Path) -> None:
    if out.suffix.lower() not in {"", *KINDS}:
        raise ValueError(f"--out must end in {' or '.join(KINDS)}, got {out}")


def _write(plot: Plot, out: Path) -> int:
    writable_file(out, OUT)
    kind = out.suffix.lower()
    if kind in PICTURES:
        out.write_bytes(PICTURES[kind](plot))
    else:
        out.write_text(standalone(whole(plot)), encoding="utf-8")
    print(out)
    return 0


def _readable(
    files: Sequence[Path | str], *, blocks: bool = False
) -> tuple[list[Result], list[str]]:
    return _report_unreadable(*load_all(dict.fromkeys(expand(files)), blocks=blocks))


def _report_unreadable(results: list[T], complaints: list[str]) -> tuple[list[T], list[str]]:
    """Print why files could not be read; return the results of the others."""
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not results:
        raise NoResultError(
            "no readable result file; measure first: pytest bench/ --benchmark-only"
        )
    return results, complaints


def own() -> list[str]:
    """Return the results of this clone, the oldest first."""
    paths = sorted(HERE.glob("results/*/*.json*"), key=lambda path: (path.stem, path.suffix))
    return list(map(str, paths))


def committed() -> list[str]:
    """Return the results of other machines that came with the project."""
    return list(map(str, sorted(HERE.glob("machines/*.json"))))


def newest() -> list[str]:
    """Return the newest result of this clone, else the committed ones of other machines."""
    return own()[-1:] or committed()


def _file_or_newest(file: str | None) -> str:
    return file or next(iter(newest()), "a result file")


if __name__ == "__main__":
    sys.exit(main())
