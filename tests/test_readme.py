"""The README agrees with the project: example, workloads, counts, commands and links."""

import re
from pathlib import Path

import pytest

from bench.workload import discover
from tutorial.__main__ import chapters

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_the_example_is_the_code_of_argmax():
    source = (ROOT / "bench" / "workloads" / "argmax.py").read_text()
    assert source.split('"""', 2)[2].strip() in README


@pytest.mark.parametrize("name", discover())
def test_the_readme_names_every_workload(name):
    assert f"`{name}`" in README


def test_the_readme_marks_the_questions():
    marked = set(re.findall(r"`(\w+)`\\\*", README))
    assert marked == {name for name, workload in discover().items() if workload.is_question}


def test_the_readme_counts_workloads_and_chapters_right():
    assert f"each of {len(discover())} workloads" in README
    assert f"{len(chapters())} chapters" in README


def test_there_are_two_commands_each_one_line_from_a_fresh_clone():
    lines = [line.strip() for line in README.splitlines() if line.startswith("    python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("pytest bench/ --benchmark-only")
    assert lines[1].endswith("pytest -n 2")


def test_every_link_to_a_file_leads_to_one():
    for target in re.findall(r"\]\(([^):]+)\)", README):
        assert (ROOT / target).exists()
