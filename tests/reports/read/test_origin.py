"""Files of other tools are refused in one line that names the tool."""

import json

import pytest

from reports.read.load import UnreadableError, load

GOOGLE = {"name": "BM_x", "run_type": "iteration", "real_time": 1.0, "cpu_time": 1.0}
JMH = {"jmhVersion": "1.36", "benchmark": "a.B.c", "mode": "thrpt", "primaryMetric": {}}
FILES = {
    "Google Benchmark": {"context": {"library_build_type": "release"}, "benchmarks": [GOOGLE]},
    "asv": {
        "commit_hash": "f",
        "env_name": "v",
        "params": {},
        "python": "3.11",
        "results": {},
        "version": 2,
    },
    "asv (its list of benchmarks)": {"b.time_x": {"code": "", "param_names": []}, "version": 2},
    "pyperf": {"benchmarks": [{"runs": [{"values": [1.0]}]}], "metadata": {}, "version": "1.0"},
    "JMH": [JMH],
    "hyperfine": {"results": [{"command": "ls", "mean": 1.0, "times": [1.0]}]},
    "Criterion.rs": {"mean": {}, "median": {}, "median_abs_dev": {}, "slope": None, "std_dev": {}},
    "Criterion": ["criterion", "1.6", []],
    "BenchmarkDotNet": {"Title": "t", "HostEnvironmentInfo": {}, "Benchmarks": []},
    "k6": {"root_group": {}, "metrics": {"http_req_duration": {}}},
    "Catch2": {"version": 1, "metadata": {"catch2-version": "3"}, "test-run": {}},
    "mitata": {"layout": [], "context": {}, "benchmarks": [{"alias": "a", "runs": []}]},
    "nanobench": {"results": [{"title": "t", "measurements": []}]},
    "Vitest": {"files": [{"filepath": "f", "groups": []}]},
    "pytest-codspeed": {
        "creator": {},
        "instrument": {},
        "benchmarks": [{"name": "a", "stats": {}}],
    },
    "pytest-json-report": {"created": 1.0, "exitcode": 0, "summary": {}, "tests": []},
    "github-action-benchmark": [{"name": "a", "unit": "ms", "value": 1.0}],
    "BenchmarkTools.jl": [{"Julia": "1.9", "BenchmarkTools": "1.3"}, []],
    "Bencher": {"a": {"latency": {"value": 1.0}}},
    "fio": {"fio version": "3", "jobs": []},
    "Jupyter (a notebook)": {"cells": [], "nbformat": 4},
}
TEXTS = {
    "JUnit XML": '<?xml version="1.0"?>\n<testsuites><testsuite/></testsuites>',
    "go test -bench": "goos: linux\nBenchmarkX-8   100   12.5 ns/op\n",
    "hyperfine (CSV)": "command,mean,stddev,median\nls,1,1,1\n",
    "JMH (text)": "Benchmark   Mode  Cnt  Score   Error  Units\n",
    "Google Benchmark (CSV)": "name,iterations,real_time,cpu_time,time_unit\n",
    "a web page": "<!DOCTYPE html>\n<html></html>",
    "Git LFS": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "pytest, what it printed": "--- benchmark: 2 tests ---\nName (time in ns)  Min\n",
    "pytest-benchmark, as CSV": "name,min,max,mean\na,1,1,1\n",
    "k6": '{"metric":"x","type":"Metric","data":{}}\n{"metric":"x","type":"Point","data":{}}\n',
    "go test -json": '{"Time":"t","Action":"run","Package":"p"}\n{}\n',
}


def refused(path):
    with pytest.raises(UnreadableError) as caught:
        load(path)
    message = str(caught.value)
    assert message.isprintable()
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("tool", FILES)
def test_a_file_of_another_tool_is_recognised_by_name(write, tool):
    line = refused(write(FILES[tool]))
    assert line.startswith(f"written by {tool}")
    assert "pytest --benchmark-json=FILE" in line


@pytest.mark.parametrize("tool", TEXTS)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_text_of_another_tool_is_recognised_by_name(write, tool, name):
    assert refused(write(TEXTS[tool], name)).startswith(f"written by {tool}")


def test_an_odd_file_of_another_tool_is_recognised_too(write):
    odd = json.dumps(FILES["Google Benchmark"] | {"x": float("nan")})
    assert refused(write(odd)).startswith("written by Google Benchmark")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": 1, "b": 2}, "got an object with the fields a, b"),
        ({str(n): 1 for n in range(9)}, "got an object with the fields 0, 1, 2, 3, 4, 5, …"),
        ({}, "got an empty object"),
        ([1, 2], "got a list of 2 values"),
        ({"benchmarks": [1, {"x": 2}]}, "got an object with the fields benchmarks"),
    ],
)
def test_a_file_of_an_unknown_tool_says_what_it_holds(write, content, words):
    assert refused(write(content)).endswith(words)


@pytest.mark.parametrize(
    "content",
    [
        {"datetime": "x", "benchmarks": []},
        {"machine_info": {}, "benchmarks": []},
        {"benchmarks": [None, {"fullname": "a"}]},
        {"benchmarks": [{"name": "a", "stats": None}]},
    ],
)
def test_little_is_needed_of_a_file_of_pytest_benchmark(write, content):
    result = load(write(content))
    assert len(result.foreign) == len(content["benchmarks"])
