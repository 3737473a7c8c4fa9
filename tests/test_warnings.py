"""Warnings are errors in this project's tests, and in nobody's run."""

import tomllib
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_a_warning_is_an_error_in_tests():
    with pytest.raises(UserWarning, match="old"):
        warnings.warn("old", stacklevel=1)


def test_a_run_of_the_benchmark_has_pytests_own_filters():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "filterwarnings" not in settings["tool"]["pytest"]["ini_options"]
