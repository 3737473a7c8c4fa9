"""Open pages in a real browser, at the width of a desk and of a phone: nothing may stick out."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = (1200, 500)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip
PROBE = """<script>document.title = "wide " + document.documentElement.scrollWidth + " of " +
innerWidth + "; text " + document.body.innerText.length;</script>"""


def look(page: Path, width: int) -> str:
    """Return the browser's own word on how wide a page came out."""
    with tempfile.TemporaryDirectory() as folder:
        probe = page.with_name(f"probe-{page.name}")
        probe.write_text(page.read_text(encoding="utf-8") + PROBE, encoding="utf-8")
        size = f"--window-size={width},900"
        command = [
            "chromium",
            *FLAGS,
            f"--user-data-dir={folder}",
            size,
            "--dump-dom",
            probe.as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        finally:
            probe.unlink()
    return done.stdout


def main() -> None:
    """Look at each page named on the command line."""
    for name in sys.argv[1:]:
        for width in WIDTHS:
            dom = look(Path(name).resolve(), width)
            found = re.search(r"<title>wide (\d+) of (\d+); text (\d+)</title>", dom)
            if found is None:
                sys.exit(f"{name}: the browser did not show it")
            wide, inner, text = map(int, found.groups())
            print(f"{name}: {wide} of {inner} pixels, {text} characters")
            if wide > inner or text < 1000:
                sys.exit(f"{name}: at {width} pixels, something sticks out or is missing")


main()
