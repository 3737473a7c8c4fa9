"""Options: valid ones are parsed, each invalid one is an error of one line."""

import pytest

from bench.options import parse, parse_budget, parse_label, parse_threads
from bench.results.places import writable_folder


def test_valid_options_are_parsed():
    assert parse_budget("240") == 240
    assert parse_threads("1,all", 8) == (1, 8)
    assert parse_threads("all,8", 8) == (8,)
    assert parse_label("dell-xps.15_2") == "dell-xps.15_2"


@pytest.mark.parametrize(
    ("budget", "full", "self_test", "seconds"),
    [
        (None, False, False, 180),
        (None, True, False, 900),
        (None, False, True, 360),
        ("60", True, True, 60),
        ("60", False, False, 60),
    ],
)
def test_the_default_budget_grows_with_the_selection(tmp_path, budget, full, self_test, seconds):
    options = parse(
        budget=budget,
        threads="1",
        devices="cpu",
        label="box",
        results=str(tmp_path),
        full=full,
        report=False,
        self_test=self_test,
        resume=False,
    )
    assert options.budget_s == seconds
    assert options.site == tmp_path / "site"


@pytest.mark.parametrize("text", ["0", "-3", "nan", "inf", "soon", ""])
def test_a_budget_must_be_above_zero(text):
    with pytest.raises(ValueError, match=f"--budget must be .*above 0; got '{text}'"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["0", "9", "two", "-1", "1.5", ""])
def test_threads_must_be_usable_cores(text):
    with pytest.raises(ValueError, match=r"--threads must be .* 8 cores usable here"):
        parse_threads(text, 8)


@pytest.mark.parametrize("text", ["", ".", "../etc", "a/b", "a b", "<script>", "x" * 65, "-a"])
def test_a_label_must_be_a_valid_file_name(text):
    with pytest.raises(ValueError, match="--machine must be"):
        parse_label(text)


def test_a_missing_results_folder_is_created(tmp_path):
    assert writable_folder(tmp_path / "a" / "b", "--results").is_dir()


def test_an_impossible_results_folder_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"--results must be a folder to write into; got .*file"):
        writable_folder(tmp_path / "file" / "folder", "--results")
