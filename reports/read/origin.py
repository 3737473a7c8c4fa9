"""Recognises files of other tools, so that the line that refuses them names the tool.

A tool is recognised by the fields that it alone writes together.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

HEAD = 4000  # characters of a text that are searched
MOST_FIELDS = 6  # fields of an unknown file that are named
LIKE_OURS = ("machine_info", "commit_info")  # pytest-benchmark alone writes these
OF_TEST = ("fullname", "stats")

Fields = frozenset[str]


def tool_of(content: Any) -> str:
    """Return the name of the tool that wrote a JSON value; "" for pytest-benchmark or unknown."""
    if isinstance(content, list):
        first = content[0] if content else None
        return _first(_OF_ITEMS, _fields(first)) or ("Criterion" if first == "criterion" else "")
    if not isinstance(content, dict) or any(key in content for key in LIKE_OURS):
        return ""
    by_fields = _first(_OF_OBJECTS, frozenset(content))
    return by_fields or _by_parts(content)


def of_pytest_benchmark(content: Mapping[str, Any]) -> bool:
    """Return whether an object looks like a file of pytest-benchmark: empty, odd or whole."""
    tests = content.get("benchmarks")
    if not isinstance(tests, list):
        return False
    if any(key in content for key in LIKE_OURS):
        return True
    named = [test for test in tests if isinstance(test, dict) and set(OF_TEST) & set(test)]
    return bool(named) or (not tests and "datetime" in content)


def tool_of_text(text: str) -> str:
    """Return the name of the tool that wrote a text that is no JSON; "" if it is unknown.

    Of JSON lines, the first tells.
    """
    head = text.lstrip("\ufeff \t\r\n")[:HEAD]
    try:
        return tool_of(json.loads(text.lstrip("\ufeff").partition("\n")[0]))
    except (ValueError, RecursionError):
        matches = (name for pattern, name in _OF_TEXTS if re.search(pattern, head, re.MULTILINE))
        return next(matches, "")


def unknown(content: Any) -> str:
    """Return what a JSON value of an unknown tool is, in words."""
    if isinstance(content, dict):
        fields = ", ".join(list(content)[:MOST_FIELDS])
        more = ", …" if len(content) > MOST_FIELDS else ""
        return f"an object with the fields {fields}{more}" if content else "an empty object"
    if isinstance(content, list):
        return f"a list of {len(content)} values"
    return "a single value"


def _fields(value: Any) -> Fields:
    return frozenset(value) if isinstance(value, dict) else frozenset()


def _first(table: tuple[tuple[str, str], ...], fields: Fields) -> str:
    return next((tool for names, tool in table if fields.issuperset(names.split("|"))), "")


_OF_OBJECTS = (  # fields of the object, and the tool; the first that matches counts
    ("nbformat|cells", "Jupyter (a notebook)"),
    ("HostEnvironmentInfo|Benchmarks", "BenchmarkDotNet"),
    ("commit_hash|env_name|results", "asv"),
    ("commit_hash|results|params|python", "asv"),
    ("asv_version", "asv"),
    ("machine|os|arch|cpu|ram", "asv (its description of a machine)"),
    ("root_group|metrics", "k6"),
    ("metric|type|data", "k6"),
    ("creator|instrument|benchmarks", "pytest-codspeed"),
    ("runtime|cpu|benches", "Deno bench"),
    ("devices|meta|benchmarks", "NVBench"),
    ("intervals|start|end", "iperf3"),
    ("responseTimeHistogram|summary", "oha"),
    ("spec|result", "bombardier"),
    ("type|name|stats|contents", "Gatling"),
    ("title|systems|results", "Phoronix Test Suite"),
    ("counter-value|event", "perf stat"),
    ("group_id|function_id|full_id", "Criterion.rs"),
    ("group_id|function_id|throughput", "Criterion.rs"),
    ("sampling_mode|iters|times", "Criterion.rs"),
    ("mean|median|median_abs_dev|std_dev", "Criterion.rs"),
    ("reason|typical|iteration_count", "cargo-criterion"),
    ("id|iteration_count|measured_values", "cargo-criterion"),
    ("reason|group_name|benchmarks", "cargo-criterion"),
    ("lastUpdate|repoUrl|entries", "github-action-benchmark"),
    ("numTotalTests|testResults", "Jest"),
    ("numTotalTestSuites|testResults", "Jest"),
    ("exitcode|summary|tests", "pytest-json-report"),
    ("exitcode|summary|collectors", "pytest-json-report"),
    ("pytest_version|$report_type", "pytest-reportlog"),
    ("nodeid|$report_type", "pytest-reportlog"),
    ("Time|Action|Package", "go test -json"),
    ("fio version|jobs", "fio"),
    ("latencies|status_codes|throughput", "vegeta"),
    ("latency|requests|throughput|connections", "autocannon"),
    ("aggregate|intermediate", "Artillery"),
    ("audits|categories|lighthouseVersion", "Lighthouse"),
    ("traceEvents", "a trace viewer (Chrome, PyTorch profiler)"),
    ("$schema|profiles|shared", "speedscope"),
    ("elapsed_time_sec|files|max_footprint_mb", "Scalene"),
    ("meta|files|totals", "coverage.py"),
    ("Julia|BenchmarkTools", "BenchmarkTools.jl"),
    ("context|layout|benchmarks", "mitata"),
)
_OF_ITEMS = (  # fields of the first item of a list, and the tool
    ("jmhVersion|primaryMetric", "JMH"),
    ("benchmark|mode|primaryMetric", "JMH"),
    ("command|mean|times", "hyperfine"),
    ("Julia|BenchmarkTools", "BenchmarkTools.jl"),
    ("num_requests|num_failures|response_times", "Locust"),
    ("name|central_tendency|ips", "benchmark-ips"),
    ("name|ips|stddev", "benchmark-ips"),
    ("name|unit|value", "github-action-benchmark"),
    ("nodeid|$report_type", "pytest-reportlog"),
)
_OF_TEXTS = (  # how a text begins or what it holds, and the tool
    (r"\A<\?xml[^>]*>\s*<testsuite|\A<testsuite", "JUnit XML (pytest --junitxml)"),
    (r"\A(<\?xml[^>]*>\s*)?<(Catch2TestRun|Catch )", "Catch2 (XML)"),
    (r"<phpbench", "PHPBench (XML)"),
    (r"<BenchmarkDotNet|<HostEnvironmentInfo", "BenchmarkDotNet (XML)"),
    (r"\A(<\?xml[^>]*>\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", "pytest-benchmark, a histogram (SVG)"),
    (r"(?i)\A<!doctype html|\A<html", "a web page (HTML), perhaps of a file: download it raw"),
    (r"\Aversion https://git-lfs", "Git LFS, a pointer to a file: git lfs pull fetches it"),
    (r"\Agoos: |^Benchmark\S+\s+\d+\s+[\d.]+ ns/op", "go test -bench (text)"),
    (r'\A"?Benchmark"?,"?Mode"?,"?Threads"?,', "JMH (CSV)"),
    (r"\ABenchmark\s+(\(\w+\)\s+)*Mode\s+Cnt\s", "JMH (text)"),
    (r"\AMethod[,;]Job[,;]", "BenchmarkDotNet (CSV)"),
    (r"\Acommand,mean,stddev,", "hyperfine (CSV)"),
    (r"\Agroup,function,value,throughput_num", "Criterion.rs (CSV)"),
    (r"\Aname,iterations,real_time,cpu_time", "Google Benchmark (CSV)"),
    (r"\Acontext,|^name,iterations,real_time", "Google Benchmark (CSV)"),
    (r"\Ametric_name,timestamp,metric_value", "k6 (CSV)"),
    (r"\Atype,name,request_count|\AType,Name,Request Count", "Locust (CSV)"),
    (r"\AtimeStamp,elapsed,label", "JMeter (CSV)"),
    (r"\Aname,.*\b(min|mean|median)\b", "pytest-benchmark, as CSV: its JSON file is needed"),
    (r"^-+ benchmark.*: \d+ tests? -+$|^Name \(time in \w+\)", "pytest, what it printed"),
    (r"\ATime \(mean ± σ\)|^Benchmark (#)?\d+: ", "hyperfine (text)"),
    (r"\A\| Command \| Mean \[", "hyperfine (Markdown)"),
    (r"\A\[OVERALL\], RunTime", "YCSB (text)"),
    (r"\Asysbench [\d.]+", "sysbench (text)"),
    (r"^transaction type: ", "pgbench (text)"),
    (r"^Running \d+.* test @ http", "wrk (text)"),
    (r"\AThis is ApacheBench", "ApacheBench (text)"),
    (r"window\.BENCHMARK_DATA", "github-action-benchmark (data.js)"),
)


def _by_parts(content: Mapping[str, Any]) -> str:
    """Return the tool by the fields of the parts of an object."""
    return next((tool for tool, is_its in _BY_PARTS if is_its(content)), "")


def _part(content: Mapping[str, Any], key: str) -> Fields:
    """Return the fields of a part, or of its first item if it is a list."""
    part = content.get(key)
    return _fields(part[0] if isinstance(part, list) and part else part)


def _values(content: Mapping[str, Any]) -> Iterator[Fields]:
    return map(_fields, content.values())


def _every(content: Mapping[str, Any], *fields: str) -> bool:
    return bool(content) and all(set(fields) <= value for value in _values(content))


_BY_PARTS: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    (
        "Google Benchmark",
        lambda content: bool(
            {"real_time", "cpu_time", "run_type", "family_index"} & _part(content, "benchmarks")
            or {"library_build_type", "mhz_per_cpu", "load_avg"} & _part(content, "context")
        ),
    ),
    (
        "pyperf",
        lambda content: (
            ("runs" in _part(content, "benchmarks") and "context" not in content)
            or {"benchmarks", "version", "metadata"} <= set(content)
        ),
    ),
    ("mitata", lambda content: "runs" in _part(content, "benchmarks")),
    (
        "hyperfine",
        lambda content: (
            {"command", "mean"} <= _part(content, "results")
            or {"command", "times"} <= _part(content, "results")
        ),
    ),
    ("asv", lambda content: "results" in content and "requirements" in content),
    (
        "asv (its list of benchmarks)",
        lambda content: any("param_names" in v for v in _values(content)),
    ),
    ("nanobench", lambda content: "measurements" in _part(content, "results")),
    (
        "Catch2",
        lambda content: "catch2-version" in _part(content, "metadata") or "test-run" in content,
    ),
    ("Vitest", lambda content: {"filepath", "groups"} <= _part(content, "files")),
    ("tinybench", lambda content: {"hz", "rme"} <= _part(content, "results")),
    ("benchmark.js", lambda content: {"hz", "stats"} <= _part(content, "benchmarks")),
    ("k6", lambda content: any(key.startswith("http_req") for key in _part(content, "metrics"))),
    ("k6", lambda content: "iteration_duration" in _part(content, "metrics")),
    ("JMeter", lambda content: _every(content, "transaction", "sampleCount")),
    ("Locust", lambda content: {"num_requests", "response_times"} <= _part(content, "stats")),
    (
        "Bencher",
        lambda content: (
            bool(content)
            and all(
                isinstance(test, dict) and test and all("value" in each for each in _values(test))
                for test in content.values()
            )
        ),
    ),
)
