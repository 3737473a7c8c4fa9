"""`python -m reports build [FILES] [--out DIR]`: the pages of result files."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.load import load_all
from reports.pages import write

HERE = Path(__file__).resolve().parent


class NoResultError(Exception):
    """Nothing to build a page from; the message says what to do."""


def build(files: Sequence[Path], out: Path) -> Path:
    """Build the site from result files, the first of them its subject; return its first page.

    Raises
    ------
    NoResultError : none of the files could be read.

    """
    results, complaints = load_all(files)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not results:
        raise NoResultError(
            "no readable result file; measure first: pytest bench/ --benchmark-only"
        )
    return write(results, complaints, out)


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
    chosen = parser.parse_args(arguments)
    try:
        print(build(chosen.files or newest(), chosen.out))
    except NoResultError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
