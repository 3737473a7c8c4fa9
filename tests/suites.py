"""Files of other suites: one written by pytest-benchmark itself, and any made from its form."""

import copy
import subprocess
import sys

from tests.conftest import PLAIN

SUITE = """
import pytest

IDS = ["\\U0001f469\\u200d\\U0001f4bb", "a\\u200fb", "x" * 3000]


@pytest.mark.benchmark(group="sums")
@pytest.mark.parametrize("n", [10, 100, 1000])
@pytest.mark.parametrize("how", ["list", "tuple"])
def test_sum(benchmark, how, n):
    values = {"list": list, "tuple": tuple}[how](range(n))
    benchmark.pedantic(sum, (values,), rounds=5, iterations=10)


@pytest.mark.parametrize("x", [1, 2, 3], ids=IDS)
def test_names(benchmark, x):
    benchmark.pedantic(sum, ([x],), rounds=5)


def test_nan(benchmark):
    benchmark.extra_info["loss"] = {"last": [1.0, float("nan")], "most": float("inf")}
    benchmark.pedantic(sum, ([1],), rounds=5)


def test_one_round(benchmark):
    benchmark.pedantic(sum, ([1],), rounds=1)
"""
UNESCAPED = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support"


def write_suite(folder):
    """Have pytest-benchmark measure a small suite with odd names: `suite.json` in the folder."""
    (folder / "test_it.py").write_text(SUITE)
    (folder / "pytest.ini").write_text(f"[pytest]\n{UNESCAPED} = true\n")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--benchmark-json=suite.json", "test_it.py"],
        cwd=folder,
        env=PLAIN,
        check=True,
        capture_output=True,
        timeout=60,
    )


STATS = {
    "min": 0.9e-3,
    "max": 3e-3,
    "mean": 1.1e-3,
    "stddev": 1e-4,
    "median": 1e-3,
    "iqr": 5e-5,
    "rounds": 20,
    "iterations": 1,
}


def suite_test(name="test_a", *, time_s=1e-3, group=None, file="t.py", params=None, **stats):
    """A test whose median is `time_s`; further keywords replace its statistics."""
    scale = time_s / STATS["median"]
    scaled = {key: STATS[key] * scale for key in ("min", "max", "mean", "stddev", "median", "iqr")}
    shown = "-".join(map(str, params.values())) if params else None
    name = f"{name}[{shown}]" if shown else name
    return {
        "group": group,
        "name": name,
        "fullname": f"{file}::{name}",
        "params": params,
        "param": shown,
        "extra_info": {},
        "stats": STATS | scaled | stats,
    }


def suite_file(*tests, **head):
    """A file that holds some tests."""
    base = {
        "machine_info": {"node": "x", "python_version": "3.12.1", "cpu": {"count": 4}},
        "commit_info": {"id": "abc", "dirty": False},
        "benchmarks": copy.deepcopy(list(tests)),
        "datetime": "2026-01-02T03:04:05+00:00",
        "version": "5.1.0",
    }
    return base | head


def many_tests(groups, of_each):
    """Tests in groups, with medians from 1 microsecond up."""
    return [
        suite_test(
            f"test_{group}_{n}", time_s=1e-6 * (1 + group) * (1 + n) ** 2, group=f"group {group}"
        )
        for group in range(groups)
        for n in range(of_each)
    ]
