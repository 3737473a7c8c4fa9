"""`python -m reports build [FILES]`: pages; `python -m reports chart WORKLOAD [FILE]`: a figure."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.charts import standalone
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
    figures = {section.name: section.chart for section in sections(results[0])}
    if workload not in figures:
        known = ", ".join(figures) or "none"
        raise NoResultError(f"{file} must hold times of {workload!r}; it holds {known}")
    out.write_text(standalone(figures[workload]), encoding="utf-8")
    return out


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
    own = sorted(HERE.glob("results/*/*.json*"), key=lambda path: path.stem)
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
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "build":
            print(build(chosen.files or newest(), chosen.out))
        else:
            file = chosen.file or next(iter(newest()), Path("a result file"))
            print(chart(chosen.workload, file, chosen.out))
    except NoResultError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
