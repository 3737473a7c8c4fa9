"""A signal ends a run with all that it has started, even where Python loses the interrupt."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
LOST = """
import os, signal, subprocess, time
from bench import interruption

interruption.ENDS_S = 0.3
stop = interruption.Interruption()
stop.install()
print(stop.left_s(), subprocess.Popen(["sleep", "1000"], start_new_session=True).pid, flush=True)


class Closed:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        while stop.left_s() is None:  # the signal has yet to come
            pass


Closed()  # an exception in a destructor is printed and ignored
time.sleep(1000)
"""


def test_an_interrupt_that_python_ignores_ends_the_process_and_its_children():
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    ended = subprocess.run(
        [sys.executable, "-c", LOST],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    signal.signal(signal.SIGINT, inherited)
    assert "Exception ignored" in ended.stderr
    assert ended.returncode == 2, ended.stderr
    before, pid = ended.stdout.split()
    assert before == "None"
    assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == "zombie"


def test_a_package_that_cannot_be_imported_is_one_line(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('libgomp.so.1:\\n cannot open')")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "bench/", "--benchmark-only"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 4
    (line,) = ended.stderr.strip().splitlines()
    assert f"{sys.executable} cannot import them: ImportError: libgomp.so.1: cannot open" in line
    assert "pip install -e ." in line


@pytest.mark.parametrize("name", ["benchmark", "terminal"])
def test_a_plugin_that_is_switched_off_is_one_line(name):
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "bench/", "-p", f"no:{name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 4
    lines = [line for line in ended.stderr.splitlines() if line]
    assert lines == [f"ERROR: bench/ needs pytest's plugin '{name}'; got -p no:{name}"]
