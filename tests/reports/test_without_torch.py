"""A session that tests `reports` needs no PyTorch, whose import takes seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SESSION = """
import sys
import pytest

status = pytest.main(sys.argv[1:])
sys.exit("PyTorch was imported" if "torch" in sys.modules else status)
"""
ABOUT_WORKLOADS = ("pages/test_pages.py", "read/test_sources.py", "chapters/test_prose.py")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["tests/reports/test_units.py"], id="run"),
        pytest.param(
            [
                "tests/reports",
                "--collect-only",
                *(f"--ignore=tests/reports/{file}" for file in ABOUT_WORKLOADS),
            ],
            id="collect",
        ),
    ],
)
def test_a_session_of_reports_imports_no_pytorch(arguments):
    done = subprocess.run(
        [sys.executable, "-c", SESSION, "-q", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
