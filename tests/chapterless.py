"""Pages without chapters, which take longer than what a test of a whole process is about.

Used as `pytest -p tests.chapterless`, and as `python -m tests.chapterless` for `python -m reports`.
"""

import sys
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, bool, bool]:
    """Leave chapters out of the pages of a run, once all is measured."""
    try:
        return (yield)
    finally:
        leave_out()


def leave_out():
    from reports import build  # noqa: PLC0415 - seconds, once nothing is timed

    build.find = list


if __name__ == "__main__":
    from reports.__main__ import main

    leave_out()
    sys.exit(main())
