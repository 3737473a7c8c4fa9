"""`python -m reports build [FILES]`: pages; `chart WORKLOAD` and `samples CELL`: figures."""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from reports.charts import blocks_over_time, standalone
from reports.findings import NUMPY, speedup
from reports.load import Result, load_all
from reports.pages import sections, write

HERE = Path(__file__).resolve().parent


class NoResultError(Exception):
    """Nothing to build a page from; the message says what to do."""


def build(files: Sequence[Path], out: Path) -> Path:
    """Build the site from result files, the first of them its subject; return its first page.

    Raises
    ------
    NoResultError : none of the files could be read.

    """
    results, complaints = _readable(files)
    return write(results, complaints, out)


def chart(workload: str, file: Path, out: Path) -> Path:
    """Write the chart of one workload as an SVG file; return its path.

    Raises
    ------
    NoResultError : the file cannot be read, or holds no time of that workload.

    """
    results, _ = _readable([file])
    figures = {s.name: next(iter(s.charts.values())) for s in sections(results[0])}
    if workload not in figures:
        known = ", ".join(figures) or "none"
        raise NoResultError(f"{file} must hold times of {workload!r}; it holds {known}")
    out.write_text(standalone(figures[workload]), encoding="utf-8")
    return out


def samples(cell: str, file: Path, out: Path) -> Path:
    """Write a chart of every block of a cell, beside NumPy's, as an SVG file; return its path.

    Raises
    ------
    NoResultError : the file cannot be read, or holds no blocks of that cell.

    """
    results, _ = _readable([file])
    blocks = results[0].blocks
    if cell not in set(blocks["cell"]):
        near = get_close_matches(cell, set(blocks["cell"]), cutoff=0)
        raise NoResultError(
            f"{file} must hold blocks of the cell {cell!r}; near it are {', '.join(near) or 'none'}"
        )
    case = cell.rpartition("/")[0]
    both = blocks[blocks["cell"].isin([cell, f"{case}/{NUMPY}"])]
    both = both.assign(contender=both["cell"].str.rpartition("/")[2])
    table = results[0].table
    row = table[table["cell"] == cell].to_dict("records")[0]
    title = case if row["contender"] == NUMPY else speedup(row).text
    out.write_text(standalone(blocks_over_time(both, wrapped(title))), encoding="utf-8")
    return out


def wrapped(title: str) -> str:
    """Return a sentence in lines that fit above a chart."""
    return "\n".join(textwrap.wrap(title, 88))


def _readable(files: Sequence[Path]) -> tuple[list[Result], list[str]]:
    results, complaints = load_all(files)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not results:
        raise NoResultError(
            "no readable result file; measure first: pytest bench/ --benchmark-only"
        )
    return results, complaints


def newest() -> list[Path]:
    """Return the newest result of this clone, else the committed ones of other machines."""
    own = sorted(HERE.glob("results/*/*.json*"), key=lambda path: (path.stem, path.suffix))
    return own[-1:] or sorted(HERE.glob("machines/*.json"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build the pages")
    building.add_argument("files", nargs="*", type=Path, help="result files (the newest)")
    building.add_argument("--out", type=Path, default=HERE / "site", help="folder for the pages")
    drawing = commands.add_parser("chart", help="draw one workload's chart")
    drawing.add_argument("workload")
    drawing.add_argument("file", nargs="?", type=Path, help="a result file (the newest)")
    drawing.add_argument("--out", type=Path, default=Path("chart.svg"), help="the figure's file")
    doubting = commands.add_parser("samples", help="draw all blocks of one cell, beside NumPy's")
    doubting.add_argument("cell", help="as on the page: matmul/n=64/float32/threads=1/torch-cpu")
    doubting.add_argument("file", nargs="?", type=Path, help="a result file (the newest)")
    doubting.add_argument("--out", type=Path, default=Path("samples.svg"), help="the figure's file")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "build":
            print(build(chosen.files or newest(), chosen.out))
        else:
            file = chosen.file or next(iter(newest()), Path("a result file"))
            draw, name = (
                (chart, chosen.workload) if chosen.command == "chart" else (samples, chosen.cell)
            )
            print(draw(name, file, chosen.out))
    except NoResultError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
