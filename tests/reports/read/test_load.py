"""Files are untrusted input: good ones are read, bad ones give one clear line."""

import copy
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.results import foreign, schema
from reports.findings.facts import facts
from reports.findings.figures import device_figures, figures, sort_keys
from reports.findings.findings import Findings
from reports.read.load import UnreadableError, load, load_all
from tests.conftest import CASE, ONE, PLAIN, asked, content, entry, small_file


def changed(path, value):
    """Return the small file with another value at `path`: `benchmarks.1.extra_info.size`."""
    data = small_file()
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place = data
    for step in way:
        place = place[step]
    place[last] = value
    return data


def error_of(path):
    with pytest.raises(UnreadableError) as caught:
        load(path)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith(f"{path}: ")
    assert len(message) < 1000
    return message.removeprefix(f"{path}: ")


SAMPLES = "extra_info.samples"


def test_every_cell_has_a_row_whether_measured_or_not(write):
    result = load(write(small_file()))
    table = result.table.set_index("cell")
    assert (result.label, result.own) == ("box", True)
    assert len(table) == 9
    win = table.loc[f"{CASE.format(64)}/torch-cpu"]
    assert (win["ratio"], win["low"], win["high"]) == (3.0, 2.9, 3.1)
    assert win["time_s"] == pytest.approx(64e-6 / 3)
    absent = table.loc[f"{CASE.format(64)}/torch-cuda"]
    assert (absent["status"], absent["reason"]) == ("skipped", "no cuda device")
    assert (absent["workload"], absent["size"], absent["dtype"]) == ("matmul", "n=64", "float32")
    assert np.isnan(absent["time_s"])


def test_blocks_are_loaded_on_request_with_visit_and_worker(write):
    path = write(changed(f"benchmarks.3.{SAMPLES}.visits", [[1, 5, 1], [2, 5, 1], [3, 6, 1]]))
    assert load(path).blocks.empty
    blocks = load(path, blocks=True).blocks
    mine = blocks[blocks["cell"] == f"{CASE.format(64)}/torch-cpu"]
    assert mine["visit"].tolist() == [1, 2, 3]
    assert mine["worker"].tolist() == [5, 5, 6]
    assert mine["start_s"].tolist() == [1.0, 2.0, 3.0]
    assert mine["disturbed"].tolist() == [False, True, False]
    assert (mine["time_s"] / (64e-6 / 3)).tolist() == pytest.approx([0.95, 1.1, 1.2])
    assert load(write(content([])), blocks=True).blocks.empty


def test_a_row_has_the_quality_and_the_ledger_of_its_cell(write):
    ledger = dict.fromkeys(
        ("host_to_device_s", "launch_s", "kernel_s", "device_to_host_s", "wall_s"), 0.25
    )
    quality = {"accuracy": 0.5, "losses": [2.0, 1.0], "saved_bytes": 8}
    data = changed("benchmarks.1.extra_info.ledger", ledger)
    data["benchmarks"][1]["extra_info"]["quality"] = quality
    row = load(write(data)).table.iloc[1]
    assert row[["kernel_s", "accuracy", "saved_bytes"]].tolist() == [0.25, 0.5, 8]
    assert row["losses"] == [2.0, 1.0]


def test_a_file_without_a_label_takes_its_file_name(write):
    data = changed("machine_info.label", "")
    assert load(write(data, "my-box.2.json")).label == "my-box.2"


INFO = "benchmarks.1.extra_info"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("benchmarks", 5, "benchmarks: Input should be a valid list"),
        ("benchmarks", {}, "benchmarks: Input should be a valid list"),
        ("benchmarks.1", None, "benchmarks.1: "),
        (f"{INFO}", [], f"{INFO}: "),
        (f"{INFO}.time_s", "1.0", f"{INFO}.time_s: Input should be a valid number"),
        (f"{INFO}.time_s", True, f"{INFO}.time_s: Input should be a valid number"),
        (f"{INFO}.time_s", None, f"{INFO}.time_s: "),
        (f"{INFO}.time_s", 0, f"{INFO}.time_s: Input should be greater than 0"),
        (f"{INFO}.typical_s", -1.0, f"{INFO}.typical_s: Input should be greater than 0"),
        (f"{INFO}.typical_s", 5e-324, f"{INFO}.typical_s: Value error, 0 or a number from 1e-50"),
        (f"{INFO}.flops", 1e300, f"{INFO}.flops: Value error, 0 or a number from 1e-50"),
        (f"{INFO}.flops", 10**400, f"{INFO}.flops: Input should be a valid number"),
        (f"{INFO}.flops", [1.0], f"{INFO}.flops: "),
        (f"{INFO}.blocks", 2.5, f"{INFO}.blocks: Input should be a valid integer"),
        (f"{INFO}.blocks", "3", f"{INFO}.blocks: Input should be a valid integer"),
        (f"{INFO}.blocks", -1, f"{INFO}.blocks: Input should be greater than or equal to 0"),
        (f"{INFO}.threads", True, f"{INFO}.threads: Input should be a valid integer"),
        (f"{INFO}.peak_memory_bytes", 10**400, f"{INFO}.peak_memory_bytes: Input should be less"),
        (f"{INFO}.axis_value", 0, f"{INFO}.axis_value: Input should be greater than 0"),
        (f"{INFO}.axis_value", -4.0, f"{INFO}.axis_value: Input should be greater than 0"),
        (f"{INFO}.size", ["n=1"], f"{INFO}.size: Input should be a valid string"),
        (f"{INFO}.size", 16, f"{INFO}.size: Input should be a valid string"),
        (f"{INFO}.workload", None, f"{INFO}.workload: Input should be a valid string"),
        (f"{INFO}.contender", "\x1b[31m", "no control characters expected, got '\\x1b'"),
        (f"{INFO}.size", "n=1\x00", "no control characters expected, got '\\x00'"),
        (f"{INFO}.workload", "x\r\n", "no control characters expected, got '\\r'"),
        (f"{INFO}.speedup.low", -1.0, f"{INFO}.speedup.low: "),
        (f"{INFO}.speedup.ratio", 0, f"{INFO}.speedup.ratio: "),
        (f"{INFO}.speedup.ratio", 9.0, f"{INFO}.speedup: Value error, low <= ratio <= high"),
        (f"{INFO}.speedup", {"ratio": 2.0, "low": 3.0, "high": 1.0}, "low <= ratio <= high"),
        (f"{INFO}.speedup_typical.high", 0.1, f"{INFO}.speedup_typical: Value error, low <= ratio"),
        (f"{INFO}.samples.starts_s", [1.0], "benchmarks.1: Value error, the samples of matmul"),
        (f"{INFO}.samples.visits", [[1, 1, 2]], "must be as many as its data, 3; got 3 starts"),
        (f"{INFO}.samples.visits", [[1, 1, -3]], f"{INFO}.samples.visits.0.2: "),
        ("benchmarks.1.stats.data", [1.0], "must be as many as its data, 1; got 3 starts"),
        ("benchmarks.1.stats.data", [1.0, 0.0, 1.0], "benchmarks.1.stats.data.1: "),
        ("cells.0.status", "great", "cells.0.status: Input should be 'ok', 'mismatch'"),
        ("cells.0.id", "x" * 501, "cells.0.id: String should have at most 500 characters"),
        ("cells.1.reason", "\u202etxt", "cells.1.reason: Value error, no control characters"),
        (
            "cells.1",
            {**asked("matmul/n=16/float32/threads=1/numpy")},
            "each once expected, got 'mat",
        ),
        (
            "cells.1",
            {**asked("a/b/c/threads=1/numpy")},
            "benchmarks: an id from cells expected",
        ),
        (
            "cells.1.id",
            "elsewhere",
            "cells.1: Value error, id: matmul/n=16/",
        ),
        (f"{INFO}.cell", "elsewhere", "cell: matmul/n=16/float32/threads=1/"),
        (f"{INFO}.contender", "numpy", "contender: torch-cpu expected from its fields, got numpy"),
        (f"{INFO}.time_low_s", 1.0, "time_low_s <= time_s <= time_high_s expected"),
        (f"{INFO}.time_high_s", 1e-9, "time_low_s <= time_s <= time_high_s expected"),
        ("machine_info", None, "machine_info: "),
        ("machine_info.label", "x" * 10**6, "machine_info.label: String should have at most 500"),
        ("machine_info.label", "\x1b[31m", "machine_info.label: Value error, no control char"),
        ("machine_info.label", "\ud800", "machine_info.label: Input should be a valid string"),
        ("machine_info.cpu", [], "machine_info.cpu: "),
        ("machine_info.peaks", {"\x1b": 1}, "machine_info.peaks.\ufffd.[key]: Value error"),
        ("commit_info.dirty", "maybe", "commit_info.dirty: "),
        ("datetime", 5, "datetime: Input should be a valid string"),
        ("schema", "other/9", "schema: 'numpy-vs-pytorch/2' expected, got 'other/9'"),
        ("schema", "\x1b[31m", "schema: 'numpy-vs-pytorch/2' expected, got '\\x1b[31m'"),
        ("schema", ["x" * 10**6], "schema: 'numpy-vs-pytorch/2' expected, got ['xxx"),
        ("schema", False, "schema: 'numpy-vs-pytorch/2' expected, got False"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_an_invalid_field_is_named_in_one_clear_line(write, path, value, message):
    assert message in error_of(write(changed(path, value)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "no result file: the list of benchmarks that pytest-benchmark writes"),
        ("5", "no result file: the list of benchmarks that pytest-benchmark writes"),
        ('"x"', "no result file: the list of benchmarks that pytest-benchmark writes"),
        ("null", "no result file: the list of benchmarks that pytest-benchmark writes"),
        ("{}", "no result file: the list of benchmarks that pytest-benchmark writes"),
        ("{", "not readable as JSON"),
        ('{"schema": "numpy-vs-pytorch/1"}', "no result file: datetime: Field required"),
    ],
)
def test_other_json_is_no_result_file(write, text, message):
    assert error_of(write(text)).startswith(message)


@pytest.mark.parametrize("key", ["time_s", "typical_s", "cell", "axis_value", "contender"])
def test_a_missing_field_is_named(write, key):
    data = small_file()
    del data["benchmarks"][1]["extra_info"][key]
    assert f"{INFO}.{key}: Field required" in error_of(write(data))


def test_a_number_too_large_for_a_float_is_refused(write):
    text = json.dumps(small_file())
    assert f"{INFO}.speedup.high" not in text
    assert "finite number" in error_of(write(text.replace('"flops": 2000000.0', '"flops": 1e999')))
    assert "finite number" in error_of(write(text.replace("0.52", "1e999")))


def test_more_cells_than_the_limit_are_refused():
    model = schema.ResultFile.model_fields
    assert all(model[name].metadata[0].max_length == 100_000 for name in ("cells", "benchmarks"))
    benchmarks = foreign.ForeignFile.model_fields["benchmarks"]
    assert benchmarks.metadata[0].max_length == 100_000
    cells = [asked(f"{CASE.format(16)}/numpy")] * 100_001
    with pytest.raises(ValueError, match="at most 100000 items"):
        schema.ResultFile.model_validate({"datetime": "x", "cells": cells})


def test_a_duplicate_among_many_cells_is_named_quickly(write):
    cells = [asked(f"{CASE.format(n)}/numpy") for n in range(20_000)]
    data = content([]) | {"cells": [*cells, cells[-1]]}
    assert (
        "cells: each once expected, got 'matmul/n=19999/float32/threads=1/numpy' twice"
        in error_of(write(data))
    )


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "../../etc/passwd", "{0.__class__}", "a\tb", "%s"]
)
def test_markup_and_paths_are_plain_text(write, label):
    data = changed("machine_info.label", label)
    data["cells"][-1]["reason"] = label
    result = load(write(data))
    assert result.label == label
    finding = Findings(result).all[f"speedup/{data['cells'][-1]['id']}"]
    assert finding.text.endswith(f"has no speedup ({label}).")
    assert "<script" not in finding.html


def test_a_broken_file_does_not_hide_the_others(write, tmp_path):
    good, bad = write(small_file(), "good.json"), write("{", "bad.json")
    addresses = [bad, good, tmp_path / "missing.json", "nosuch://x", tmp_path]
    results, errors = load_all(addresses)
    assert [(result.path, result.name) for result in results] == [(str(good), str(good))]
    assert [line.partition(": ")[0] for line in errors] == [
        str(address) for address in addresses if address != good
    ]


def test_unknown_fields_are_ignored(write):
    data = content([entry(f"{CASE.format(2)}/numpy", 1.0, ONE, news="soon")]) | {"later": 1}
    assert len(load(write(data)).table) == 1


def bench(name="test_sort", **stats):
    return {
        "group": None,
        "name": name,
        "fullname": f"tests/test_it.py::{name}",
        "params": None,
        "stats": {
            "min": 0.1,
            "max": 0.4,
            "mean": 0.2,
            "stddev": 0.1,
            "median": 0.2,
            "iqr": 0.04,
            "q1": 0.18,
            "q3": 0.22,
            "rounds": 16,
            "iterations": 1,
            "ld15iqr": 0.1,
            "hd15iqr": 0.4,
            "outliers": "1;0",
        }
        | stats,
    }


MACHINE = {
    "node": "host",
    "processor": "x86_64",
    "machine": "x86_64",
    "system": "Linux",
    "release": "4.4.0",
    "python_compiler": "GCC 5.4.0",
    "python_version": "3.5.2",
    "python_implementation": "CPython",
    "python_build": ["default", "Nov 17 2016"],
}
VERSIONS = {
    "2.5": {
        "machine_info": MACHINE,
        "commit_info": {"unversioned": True},
        "benchmarks": [bench(q1=0.1)],
        "datetime": "2015-07-28T11:43:55.061520",
        "version": "2.5.0",
    },
    "3.2": {
        "machine_info": MACHINE
        | {
            "cpu": {
                "vendor_id": "GenuineIntel",
                "hardware": "",
                "brand": "Intel(R) Core(TM) i7",
                "count": 8,
                "model": 58,
                "flags": ["fpu"],
                "l2_cache_size": "256 KB",
                "cpuinfo_version": [4, 0, 0],
                "hz_actual_raw": [2600000000, 0],
            }
        },
        "commit_info": {
            "id": "f12",
            "time": "2019-01-07T20:00:00",
            "dirty": True,
            "project": "it",
            "branch": "(unknown)",
            "author_time": None,
        },
        "benchmarks": [
            bench(ops=5.0, total=3.2)
            | {
                "param": "1-2",
                "params": {"n": 1},
                "extra_info": {},
                "options": {"disable_gc": False, "timer": "perf_counter"},
            }
        ],
        "datetime": "2019-01-07T20:31:30.193930",
        "version": "3.2.0",
    },
    "4.0": {
        "machine_info": MACHINE
        | {
            "cpu": {
                "python_version": "3.10.6.final.0 (64 bit)",
                "cpuinfo_version_string": "9.0.0",
                "arch": "X86_64",
                "bits": 64,
                "count": 12,
                "brand_raw": "AMD Ryzen 5",
                "hz_advertised": [3600000000, 0],
                "family": 25,
                "model": 33,
            }
        },
        "commit_info": {
            "id": "unknown",
            "time": None,
            "author_time": None,
            "dirty": False,
            "error": "Exception('no repo')",
            "project": "it",
            "branch": "(unknown)",
        },
        "benchmarks": [
            bench(ops=5.0, total=3.2, data=[0.2, 0.1])
            | {
                "param": "a",
                "params": {"f": "UNSERIALIZABLE[<function f at 0x7f>]"},
                "extra_info": {"cell": 5, "any": [1, {"deep": None}], "speedup": 2},
            }
        ],
        "datetime": "2022-11-05T10:00:00.000000+00:00",
        "version": "4.0.0",
    },
    "5.1": {
        "machine_info": MACHINE | {"cpu": {"brand_raw": "Apple M2", "count": 8}},
        "commit_info": {"id": "abc", "dirty": False},
        "benchmarks": [
            bench(ops=5.0, total=3.2)
            | {"group": "sorts", "extra_info": "any", "params": ["x"], "tomorrow": {}}
        ],
        "datetime": "2024-10-30T11:51:35.790000+00:00",
        "version": "5.1.0",
        "tomorrow": [1],
    },
}


@pytest.mark.parametrize(
    ("version", "processor", "cores", "commit", "case"),
    [
        ("2.5", "", 0, "unknown", "test_sort"),
        ("3.2", "Intel(R) Core(TM) i7", 8, "f12", "test_sort"),
        ("4.0", "AMD Ryzen 5", 12, "unknown", "test_sort"),
        ("5.1", "Apple M2", 8, "abc", "sorts"),
    ],
)
def test_a_file_of_any_pytest_benchmark_is_read(write, version, processor, cores, commit, case):
    result = load(write(VERSIONS[version], "mine.json"))
    assert (result.own, result.label) == (False, "mine")
    assert (result.machine.processor, result.machine.cpu.count) == (processor, cores)
    assert result.commit.id == commit
    (row,) = result.table.to_dict("records")
    assert row["cell"] == "tests/test_it.py::test_sort"
    assert (row["case"], row["contender"]) == (case, "test_sort")
    assert (row["status"], row["typical_s"], row["time_s"]) == ("ok", 0.2, 0.1)
    assert all(np.isnan(row[name]) for name in ("ratio", "time_low_s", "time_high_s"))


def test_fields_of_another_tool_with_names_of_this_suite_are_ignored(write):
    theirs = {"gpus": "2 of them", "cpu": "fast", "versions": 5, "peaks": [], "label": "lab-7"}
    result = load(write(VERSIONS["5.1"] | {"machine_info": MACHINE | theirs}))
    assert (result.label, result.machine.gpus, result.machine.processor) == ("lab-7", [], "")
    escaped = VERSIONS["5.1"] | {"machine_info": theirs | {"label": "\x1b", "release": 5}}
    assert load(write(escaped)).label == "\\x1b"
    assert load(write(VERSIONS["5.1"] | {"machine_info": 5}, "five.json")).label == "five"


def test_a_file_of_another_suite_has_findings_on_its_tests_alone(write):
    findings = Findings(load(write(VERSIONS["4.0"])))
    assert list(findings.all) == ["tests", "range", "rounds", "group/1"]
    assert findings.headlines() == []
    assert [fact.key for fact in facts(findings.result)][:2] == ["cpu", "cores"]


@pytest.mark.parametrize("stats", [{"min": 0.0}, {"min": 0.0, "median": 0.0}, {"median": 0.0}])
def test_a_time_of_0_counts_as_no_time(write, stats):
    data = VERSIONS["5.1"] | {"benchmarks": [bench(**stats), bench("test_other")]}
    first, second = load(write(data)).table.to_dict("records")
    assert (first["status"], first["reason"]) == ("skipped", "its clock read 0 seconds")
    assert np.isnan(first["time_s"])
    assert second["status"] == "ok"


def test_what_a_file_states_about_its_process_is_kept(write):
    process = load(write(VERSIONS["4.0"])).process
    assert process.stated["machine_info.python_compiler"] == "GCC 5.4.0"
    assert process.stated["version"] == "4.0.0"
    assert process.options["rounds"] == {"tests/test_it.py::test_sort": "16"}
    assert "deep" in process.options["extra_info"]["tests/test_it.py::test_sort"]
    assert not {"machine_info.system", "commit_info.id", "datetime"} & set(process.stated)


def test_two_long_lists_that_differ_at_their_ends_have_different_texts(write):
    flags = [f"flag{n}" for n in range(100)]
    texts = {
        load(write(VERSIONS["5.1"] | {"machine_info": {"cpu": {"flags": each}}})).process.stated[
            "machine_info.cpu.flags"
        ]
        for each in (flags, [*flags, "sse9"])
    }
    assert len(texts) == 2
    assert max(map(len, texts)) < 120


def test_many_and_deep_fields_are_bounded_and_none_is_dropped(write):
    wide = {f"x{n}": n for n in range(1000)}
    one, other = (
        load(write(VERSIONS["5.1"] | {"later": {"a": {"b": {"c": last}}, **wide, "z": last}}))
        for last in (1, 2)
    )
    assert len(one.process.stated) < 400
    differ = {k for k, text in one.process.stated.items() if other.process.stated[k] != text}
    assert differ == {"later.a.b", "later.further"}


def test_a_file_without_a_list_of_tests_gives_one_clear_line(write):
    head = VERSIONS["5.1"] | {"benchmarks": {}}
    assert "the list of benchmarks that pytest-benchmark writes" in error_of(write(head))
    assert error_of(write({"datetime": "x"})).endswith("got an object with the fields datetime")


def test_a_file_that_pytest_benchmark_writes_is_read(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('f', [sum, 'é'])\n"
        "def test_sum(benchmark, f):\n"
        "    benchmark.extra_info['how'] = [1, None]\n"
        "    benchmark.pedantic(sum, ([1, 2],), rounds=5, iterations=100)\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    path = tmp_path / "mine.json"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--benchmark-json={path}", "test_it.py"],
        cwd=tmp_path,
        env=PLAIN,
        check=True,
        capture_output=True,
        timeout=60,
    )
    result = load(path)
    assert result.own is False
    assert len(result.table) == 2
    assert result.table["cell"].iloc[0] == "test_it.py::test_sum[sum]"
    assert (result.table["time_s"] > 0).all()
    assert (result.table["typical_s"] >= result.table["time_s"]).all()
    assert result.machine.processor
    assert result.machine.python_version == sys.version.split()[0]


PEAK = {"flop_s": {"float32": 4e9}, "copy_bytes_s": 2e7, "read_bytes_s": 1e7, "cache_bytes": 1000}


def rich_file():
    """Return the small file with every optional field, threads and dtypes."""
    data = small_file()
    data["machine_info"] |= {
        "cpu": {"model": "m", "usable_cores": 2},
        "ram_bytes": 1024,
        "gpus": [{"name": "g", "promise": {"flop_s": {"float32": 1e9}, "bytes_s": 1e9}}],
        "blas": {"numpy": [{"internal_api": "openblas"}], "torch": {"library": "mkl"}},
        "peaks": {"cpu/threads=1": PEAK, "cpu/threads=2": PEAK},
        "self_test": {
            "comparisons": 4,
            "excluding_1": 1,
            "widest_half_width": 0.05,
            "furthest": 0.09,
            "rows": [{"cell": "a/numpy", "ratio": 1.1, "low": 1.05, "high": 1.15}],
        },
    }
    for two in ("threads=2", "float64"):
        for benchmark in data["benchmarks"][:6]:
            other = copy.deepcopy(benchmark["extra_info"])
            other |= {"threads": 2} if two == "threads=2" else {"dtype": "float64"}
            one = "threads=1" if two == "threads=2" else "float32"
            other["cell"] = other["cell"].replace(one, two)
            data["benchmarks"].append({"extra_info": other, "stats": benchmark["stats"]})
            data["cells"].append(asked(other["cell"], "ok"))
    for benchmark in data["benchmarks"]:
        benchmark["extra_info"] |= {
            "precision": "float32",
            "time_low_s": benchmark["extra_info"]["time_s"] * 0.98,
            "time_high_s": benchmark["extra_info"]["time_s"] * 1.02,
            "code_lines": 3,
            "ledger": None,
        }
    return data


def places(value, way=()):
    """Yield the path to every value inside a JSON value."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*way, key)
        if isinstance(part, dict | list):
            yield from places(part, (*way, key))


RICH = rich_file()
PLACES = sorted(places(RICH), key=str)
LARGE = (1e-9, 1e9, 1e50, 1e-50, 1e300, 5e-324, 2**63, 10**400)
USUAL = (*LARGE, -1, 0, 0.5, 1, 2, True, None, "", [], {})
NAMES = ("numpy", "torch-cpu", "torch-cuda", "ok", "tie", "train_mlp", "{x}", "<b>")
JSON = st.one_of(
    st.sampled_from(USUAL),
    st.sampled_from(NAMES),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(1e-3, 1e3),
    st.text(max_size=4),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part),
        max_leaves=4,
    ),
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(["set", "drop", "twice"]), JSON),
    min_size=1,
    max_size=3,
)


def apply(data, change):
    (*way, last), how, value = change
    place = data
    try:
        for step in way:
            place = place[step]
        old = place[last]
    except (KeyError, IndexError, TypeError):
        return  # an earlier change took it away
    if not isinstance(place, dict | list):
        return
    if how == "set":
        place[last] = value
    elif how == "drop":
        del place[last]
    elif isinstance(place, list):
        place.insert(last, old)


UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=UNCHECKED)
@given(CHANGES)
def test_any_file_is_refused_in_one_line_or_reported_completely(write, changes):
    data = copy.deepcopy(RICH)
    for change in changes:
        apply(data, change)
    path = write(data)
    results, errors = load_all([path], blocks=True)
    assert len(results) + len(errors) == 1
    for message in errors:
        assert message.isprintable()
        assert message.startswith(f"{path}: ")
    for result in results:
        check_all_texts(result)


def check_all_texts(result):
    for finding in Findings(result).all.values():
        assert finding.text.endswith(".")
        assert finding.html
        assert finding.elsewhere("<m>", "f.json").html
    assert all(fact.text for fact in facts(result))
    for row in result.timed:
        assert set(sort_keys(row)) <= set(figures(row, result.machine.peaks))
        device_figures(row)


def test_a_file_whose_times_are_all_medians_is_recognised(write):
    data = small_file()
    assert not load(write(data)).medians_alone
    for each in data["benchmarks"]:
        each["extra_info"]["typical_s"] = each["extra_info"]["time_s"]
    assert load(write(data)).medians_alone
    assert not load(write(VERSIONS["5.1"])).medians_alone
    assert not load(write(content([]))).medians_alone
