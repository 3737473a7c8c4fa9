"""A result file is explained in a process of its own, which ends with the run."""

import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bench import explain

RESULT = Path("result.json")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Let a shell script stand in for `python -m reports`."""

    def write(text):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)
        monkeypatch.setattr(explain, "COMMAND", (str(path),))

    return write


def test_the_last_line_is_the_page(program):
    program("echo one; echo two; echo site/index.html; echo slow >&2")
    made = explain.explain(RESULT, Path("site"))
    assert (made.headlines, made.page) == ("one\ntwo", "site/index.html")
    assert (made.warnings, made.error) == ("slow\n", "")


def test_without_pages_every_line_is_a_headline(program):
    program("echo one; echo two")
    made = explain.explain(RESULT, None)
    assert (made.headlines, made.page, made.error) == ("one\ntwo\n", "", "")


def test_a_process_that_is_killed_keeps_its_headlines_and_is_an_error(program):
    program("echo one; kill -9 $$")
    made = explain.explain(RESULT, Path("site"))
    assert (made.headlines, made.page) == ("one\n", "")
    assert made.error.startswith("python -m reports summary result.json --build site ended with -9")


def test_ctrl_c_ends_what_the_process_started_too(program, monkeypatch):
    program("sleep 1000 & echo $!; wait")
    started = []

    def interrupted(process, timeout):
        started.append(psutil.Process(int(process.stdout.readline())))
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        explain.explain(RESULT, None)
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


def test_headlines_that_take_too_long_are_given_up_with_the_command_that_prints_them(
    program, tmp_path
):
    pid = tmp_path / "pid"
    program(f"sleep 1000 & echo $! > {pid}; wait")
    made = explain.explain(RESULT, None, limit_s=0.5)
    assert made.headlines == "python -m reports summary result.json prints the headlines"
    assert (made.page, made.error) == ("", "")
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(pid.read_text())).wait(timeout=10)
