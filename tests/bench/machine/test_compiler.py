"""A compiler that is there but cannot be used is a reason, given before a cell is timed."""

import pytest

from bench.machine import compiler
from bench.machine.compiler import why_no_cpp


@pytest.fixture
def cxx(tmp_path, monkeypatch):
    """Let a shell script stand in for the compiler; the cache folder is empty."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))

    def write(text, mode=0o700):
        path = tmp_path / "c++"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(mode)
        monkeypatch.setenv("CXX", str(path))
        return path

    return write


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "echo note >&2; echo 'fatal error: Python.h: No such file' >&2; exit 1",
            "Python.h: No su",
        ),
        ("exit 3", "it ended with status 3"),
        # what cannot be loaded, as in a folder that is mounted without exec
        ('while [ "$1" != -o ]; do shift; done; echo x > "$2"', "trial.so"),
    ],
)
def test_a_compiler_that_fails_is_named_with_its_error_and_the_folder(
    cxx, tmp_path, script, reason
):
    path = cxx(script)
    why = why_no_cpp()
    assert why.startswith(f"torch.compile cannot use {path} in {tmp_path}/cache (set CXX to")
    assert "TORCHINDUCTOR_CACHE_DIR to another folder): " in why
    assert reason in why


def test_a_compiler_that_may_not_be_executed_is_not_here(cxx):
    path = cxx("exit 0", mode=0o600)
    assert why_no_cpp() == f"torch.compile needs a C++ compiler on a CPU; {path} is not here"


def test_a_compiler_that_never_ends_is_given_up(cxx, monkeypatch):
    monkeypatch.setattr(compiler, "LIMIT_S", 0.2)
    cxx("exec sleep 1000")
    assert "no answer within 0.2 s" in why_no_cpp()


def test_a_cache_that_cannot_be_made_is_named(cxx, tmp_path):
    cxx("exit 0")
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert f"in {tmp_path}/cache (set CXX to another compiler, TORCHINDUCTOR_CACH" in why_no_cpp()


def test_the_cache_is_where_pytorch_puts_it(monkeypatch):
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    from torch._inductor.runtime.cache_dir_utils import default_cache_dir  # noqa: PLC0415 - slow

    assert str(compiler.cache_folder()) == default_cache_dir()
