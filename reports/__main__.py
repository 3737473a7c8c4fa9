"""Result files explained: pages, comparisons, figures, tables. `python -m reports COMMAND --help`.

A FILE is a path or whatever fsspec opens, with patterns (`s3://bucket/runs/*.json`); without one it
is the newest result of this clone, or the committed machines.
"""

import argparse
import sys
import textwrap
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.chapters.outputs import failures, outputs, record, slowest
from reports.chapters.reading import find
from reports.charts.blocks import blocks_over_time
from reports.charts.drawing import Plot, inline, png, standalone
from reports.charts.sizes import time_against_size
from reports.compare.comparison import Comparison, compare
from reports.compare.gate import parse_share, regressions
from reports.compare.many import load_many
from reports.compare.pair import pairs_in
from reports.compare.tables import print_comparison
from reports.compare.verdicts import NOT_COMPARABLE
from reports.findings.findings import Findings
from reports.findings.summary import summary
from reports.pages import check as checking
from reports.pages import readme
from reports.pages.build import build as assemble
from reports.pages.build import comparison_page
from reports.pages.writing import Site, write_folder, write_single
from reports.read import export
from reports.read.intake import expand
from reports.read.load import load_all
from reports.read.result import Result, Tabular

HERE = Path(__file__).resolve().parent
Run = Callable[[argparse.Namespace], int]
T = TypeVar("T", bound=Tabular)


class NoResultError(Exception):
    """Nothing to work on; the message says what was expected, and what to do."""


def build(
    files: Sequence[Path | str], out: Path, *, single: bool = False, pictures: bool = False
) -> tuple[Path, list[str]]:
    """Build pages from result files, the first of them their subject.

    Returns the first page, and a line for each file that could not be read and each chapter that
    could not be run.

    Raises
    ------
    NoResultError : none of the files could be read.

    """
    results, complaints = _readable(files, blocks=True)
    site = assemble(results, complaints, pictures=pictures)
    for line in filter(None, (*site.complaints, site.log)):
        print(line, file=sys.stderr)
    page = (write_single if single else write_folder)(site, out)
    return page, [*complaints, *site.complaints]


def chart(workload: str, file: Path | str) -> Plot:
    """Draw one workload's times against its sizes.

    Raises
    ------
    NoResultError : the file cannot be read, or holds no time of that workload.

    """
    results, _ = _readable([file])
    timed = results[0].timed
    rows = [row for row in timed if row.workload == workload]
    if not rows:
        known = dict.fromkeys(row.workload for row in timed)
        raise NoResultError(
            f"{file} must hold times of {workload!r}; it holds {', '.join(known) or 'none'}"
        )
    threads, dtype = rows[0].threads, rows[0].dtype
    return time_against_size([r for r in rows if (r.threads, r.dtype) == (threads, dtype)])


def samples(cell: str, file: Path | str) -> Plot:
    """Draw every block of a cell, beside NumPy's.

    Raises
    ------
    NoResultError : the file cannot be read, or holds no blocks of that cell.

    """
    results, _ = _readable([file], blocks=True)
    blocks = results[0].blocks
    if cell not in set(blocks["cell"]):
        near = get_close_matches(cell, set(blocks["cell"]), cutoff=0)
        raise NoResultError(
            f"{file} must hold blocks of the cell {cell!r}; near it are {', '.join(near) or 'none'}"
        )
    row = next(row for row in results[0].rows if row.cell == cell)
    both = results[0].blocks_of([cell, row.numpy_cell])
    finding = Findings(results[0]).speedups.get(f"speedup/{cell}")
    title = finding.text if finding else row.case
    return blocks_over_time(both, "\n".join(textwrap.wrap(title, 88)))


def _readable(
    files: Sequence[Path | str], *, blocks: bool = False
) -> tuple[list[Result], list[str]]:
    return _some(*load_all(dict.fromkeys(expand(files)), blocks=blocks))


def _some(results: list[T], complaints: list[str]) -> tuple[list[T], list[str]]:
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not results:
        raise NoResultError(
            "no readable result file; measure first: pytest bench/ --benchmark-only"
        )
    return results, complaints


def own() -> list[str]:
    """Return the results of this clone, the oldest first."""
    found = sorted(HERE.glob("results/*/*.json*"), key=lambda path: (path.stem, path.suffix))
    return list(map(str, found))


def committed() -> list[str]:
    """Return the results of other machines that came with the project."""
    return list(map(str, sorted(HERE.glob("machines/*.json"))))


def newest() -> list[str]:
    """Return the newest result of this clone, else the committed ones of other machines."""
    return own()[-1:] or committed()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except (NoResultError, FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reports",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Run, told: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=told, description=told)
        made.set_defaults(run=run)
        return made

    building = command("build", _build, "build the pages of a run; of several, each and compared")
    building.add_argument("files", nargs="*", metavar="FILE", help="result files (the newest)")
    building.add_argument(
        "--out", type=Path, help="folder (reports/site), or with --single-file a file"
    )
    building.add_argument("--single-file", action="store_true", help="one page that can be mailed")
    building.add_argument("--png", action="store_true", help="each figure as a PNG file, too")
    comparing = command("compare", _compare, "machines, or runs of one machine, side by side")
    comparing.add_argument("files", nargs="+", metavar="FILE", help="result files")
    comparing.add_argument(
        "--baseline",
        type=int,
        default=1,
        metavar="N",
        help="which of them all are compared with (1, the first)",
    )
    comparing.add_argument(
        "--fail-above", metavar="SHARE", help="exit 1 if anything is surely slower by more: 5%%"
    )
    comparing.add_argument(
        "--all", action="store_true", help="print every case, not only what differs"
    )
    comparing.add_argument("--out", type=Path, help="folder for the page (none is written)")
    checked = command("check", _check, "is every number of a site its file's, is it whole?")
    checked.add_argument(
        "site", nargs="?", type=Path, default=HERE / "site", help="folder or page (reports/site)"
    )
    listing = command("list", _list, "known runs and machines")
    listing.add_argument(
        "files", nargs="*", metavar="FILE", help="result files (all of this clone)"
    )
    exporting = command("export", _export, "the cells of runs as one table")
    exporting.add_argument("files", nargs="*", metavar="FILE", help="result files (the newest)")
    exporting.add_argument("--format", choices=export.FORMATS, default="csv")
    exporting.add_argument("--out", type=Path, help="file (the terminal; for Parquet needed)")
    summing = command("summary", _summary, "what a run says at its end")
    summing.add_argument("file", nargs="?", metavar="FILE", help="a result file (the newest)")
    recording = command(
        "record", _record, "keep what the chapters show here for readers without such a machine"
    )
    recording.add_argument("label", help="of this machine, as pages name it")
    telling = command("readme", _readme, "write reports/README.md from the committed machines")
    telling.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if it is stale"
    )
    drawing = command("chart", _chart, "draw one workload's times")
    drawing.add_argument("workload")
    doubting = command("samples", _samples, "draw all blocks of one cell, beside NumPy's")
    doubting.add_argument("cell", help="as on the page: matmul/n=64/float32/threads=1/torch-cpu")
    for one, name in ((drawing, "chart"), (doubting, "samples")):
        one.add_argument("file", nargs="?", help="a result file (the newest)")
        one.add_argument(
            "--out", type=Path, default=Path(f"{name}.svg"), help=f"{name}.svg, or .png"
        )
    return parser


def _build(chosen: argparse.Namespace) -> int:
    usual = HERE / ("numpy-vs-pytorch.html" if chosen.single_file else "site")
    page, complaints = build(
        chosen.files or newest(),
        chosen.out or usual,
        single=chosen.single_file,
        pictures=chosen.png,
    )
    print(page)
    return 1 if complaints else 0


def _compare(chosen: argparse.Namespace) -> int:
    above = parse_share(chosen.fail_above) if chosen.fail_above is not None else None
    results, complaints = _some(*load_many(expand(chosen.files)))
    if not 1 <= chosen.baseline <= len(results):
        raise ValueError(f"--baseline must be from 1 to {len(results)}, got {chosen.baseline}")
    comparison = compare(results, chosen.baseline - 1)
    print_comparison(comparison, Console(), all_cells=chosen.all)
    if chosen.out is not None:
        site = Site()
        site.pages.append(comparison_page(site, comparison, ()))
        print(write_folder(site, chosen.out))
    failed = above is not None and _gate(comparison, above)
    return 1 if complaints or failed else 0


def _gate(comparison: Comparison, above: float) -> bool:
    """Print what is surely slower by more than a share, and how much could not be asked."""
    slow = regressions(comparison, above)
    for pair in pairs_in(slow):
        least = f"at least {1 / pair.ratio.high - 1:.1%}"
        print(f"slower, {least}: {pair.key} on {pair.machine}", file=sys.stderr)
    unasked = int((comparison.pairs["verdict"] == NOT_COMPARABLE).sum())
    print(
        f"{len(slow)} of {len(comparison.pairs)} surely slower by more than {above:.1%};"
        f" {unasked} could not be compared",
        file=sys.stderr,
    )
    return bool(len(slow))


def _check(chosen: argparse.Namespace) -> int:
    complaints = checking.check(chosen.site)
    for complaint in complaints:
        print(complaint)
    print(f"{chosen.site}: " + (f"{len(complaints)} complaints" if complaints else "all is well"))
    return 1 if complaints else 0


def _list(chosen: argparse.Namespace) -> int:
    results, complaints = _some(*load_many(expand(chosen.files or [*committed(), *own()])))
    table = Table("machine", "measured", "timed", "of", "GPU", "commit", "file", box=None)
    for result in results:
        timed = result.table["time_s"].notna()
        gpus = ", ".join(gpu.name for gpu in result.machine.gpus) or "none"
        row = (
            result.label, result.datetime[:16].replace("T", " "), str(int(timed.sum())),
            str(len(timed)), gpus if result.own else "", result.commit.id[:8], result.name,
        )  # fmt: skip
        table.add_row(*(Text(text) for text in row))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    return 1 if complaints else 0


def _export(chosen: argparse.Namespace) -> int:
    results, complaints = _some(*load_many(expand(chosen.files or newest())))
    content = export.as_bytes(export.tidy(results), chosen.format)
    if chosen.out is not None:
        chosen.out.write_bytes(content)
        print(chosen.out)
    elif chosen.format == "parquet":
        raise ValueError("Parquet is no text: name a file with --out")
    else:
        sys.stdout.write(content.decode())
    return 1 if complaints else 0


def _summary(chosen: argparse.Namespace) -> int:
    results, _ = _readable([_one(chosen.file)])
    for line in summary(Findings(results[0])):
        print(line)
    return 0


def _record(chosen: argparse.Namespace) -> int:
    shown = outputs(find())
    print(record(shown, chosen.label))
    failed = failures(shown)
    print(slowest(shown), file=sys.stderr)
    for complaint in failed:
        print(complaint, file=sys.stderr)
    return 1 if failed else 0


def _readme(chosen: argparse.Namespace) -> int:
    if not chosen.check:
        print(readme.write())
        return 0
    complaints = readme.stale()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def _chart(chosen: argparse.Namespace) -> int:
    return _drawn(chart(chosen.workload, _one(chosen.file)), chosen.out)


def _samples(chosen: argparse.Namespace) -> int:
    return _drawn(samples(chosen.cell, _one(chosen.file)), chosen.out)


def _one(file: str | None) -> str:
    return file or next(iter(newest()), "a result file")


def _drawn(plot: Plot, out: Path) -> int:
    if out.suffix == ".png":
        out.write_bytes(png(plot))
    else:
        out.write_text(standalone(inline(plot)), encoding="utf-8")
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
