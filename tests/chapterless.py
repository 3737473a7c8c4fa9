"""Pages without chapters, which take longer than what a test of a whole process is about.

Used as `pytest -p tests.chapterless`, and as `python -m tests.chapterless` for `python -m reports`.
"""

import sys

from bench import explain

explain.COMMAND = (sys.executable, "-m", "tests.chapterless")

if __name__ == "__main__":
    from reports.__main__ import main
    from reports.pages import build

    build.find = list
    sys.exit(main())
