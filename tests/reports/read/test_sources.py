"""Code is shown only from this project's files, and only if it is unchanged since it was timed."""

import pytest

from bench.workload import discover
from reports.read import sources

ROOT = sources.ROOT


def of(name):
    workload = discover()[name]
    names = [path.relative_to(ROOT).as_posix() for path in workload.sources]
    return sources.timed_code(names, workload.source_sha256)


@pytest.mark.parametrize("name", discover())
def test_both_bodies_of_every_workload_are_quoted_from_its_file(name):
    code = of(name)
    text = (ROOT / "bench" / "workloads" / f"{name}.py").read_text()
    assert code.state == "same"
    assert code.summary
    assert set(code.bodies) == {"numpy", "torch"}
    for body in code.bodies.values():
        assert all(part.strip() in text for part in body.split("\n\n\n"))


def test_a_body_includes_the_functions_it_calls():
    by_hand = of("train_cnn").bodies["numpy"]
    assert "def gradients(" in by_hand
    assert "def forward(" in by_hand
    assert "def cnn_torch(" not in by_hand


def test_changed_code_is_not_shown():
    code = sources.timed_code(["bench/workloads/matmul.py"], "0" * 64)
    assert (code.state, code.bodies, code.files) == ("changed", {}, {})
    assert "Product of two square matrices" in code.summary


@pytest.mark.parametrize(
    "name",
    ["../x.py", "/etc/passwd", "pyproject.toml", "bench/../conftest.py", "tests/conftest.py"],
)
def test_a_name_of_any_other_file_is_refused(name):
    assert sources.timed_code([name], "0" * 64).state == "absent"
    with pytest.raises(sources.SourceError, match="must name a Python file of bench or tutorial"):
        sources.read_source(name)
