"""Code is shown from this project's files alone, and only as what was timed where it still is."""

import pytest

from bench.workload import discover
from reports.read import sources

ROOT = sources.ROOT


def of(name):
    workload = discover()[name]
    names = [path.relative_to(ROOT).as_posix() for path in workload.sources]
    return sources.timed_code(names, workload.source_sha256)


@pytest.mark.parametrize("name", discover())
def test_both_bodies_of_every_workload_are_the_files_bytes(name):
    found = of(name)
    text = (ROOT / "bench" / "workloads" / f"{name}.py").read_text()
    assert found.state == "same"
    assert found.summary
    assert set(found.bodies) == {"numpy", "torch"}
    for body in found.bodies.values():
        assert all(part.strip() in text for part in body.split("\n\n\n"))


def test_a_body_brings_the_functions_of_its_file_that_it_calls():
    by_hand = of("train_cnn").bodies["numpy"]
    assert "def gradients(" in by_hand
    assert "def forward(" in by_hand
    assert "def cnn_torch(" not in by_hand


def test_changed_code_is_not_shown_but_named():
    found = sources.timed_code(["bench/workloads/matmul.py"], "0" * 64)
    assert (found.state, found.bodies, found.files) == ("changed", {}, {})
    assert "Product of two square matrices" in found.summary


@pytest.mark.parametrize(
    "name",
    ["../x.py", "/etc/passwd", "pyproject.toml", "bench/../conftest.py", "tests/conftest.py"],
)
def test_any_other_name_leads_nowhere(name):
    assert sources.timed_code([name], "0" * 64).state == "absent"
    with pytest.raises(sources.SourceError, match="must name a Python file of bench or tutorial"):
        sources.read_source(name)
